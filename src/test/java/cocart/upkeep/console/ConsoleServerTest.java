package cocart.upkeep.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.ext.web.Router;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.apache.camel.impl.DefaultCamelContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server by itself: slow clients, and TLS. */
class ConsoleServerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    @TempDir
    Path folder;

    private static final int LARGE = 1_000_000;
    private static final String GET = "GET %s HTTP/1.1\r\nHost: localhost\r\n";

    private final DefaultCamelContext camel = new DefaultCamelContext();
    private final AtomicInteger answers = new AtomicInteger();
    private @Nullable Gate gate;
    private @Nullable Certificate certificate;

    @AfterEach
    void stop() {
        camel.stop();
    }

    private ConsoleServer start(@Nullable Path certificate, @Nullable Path key) throws Exception {
        return start(certificate, key, PATIENCE);
    }

    private ConsoleServer start(@Nullable Path certificate, @Nullable Path key, Duration patience) throws Exception {
        ConsoleSettings settings = new ConsoleSettings("127.0.0.1", 0, Set.of(), false, certificate, key);
        Token token = new Token(folder.resolve("token"));
        gate = new Gate(
                new Access(
                        token,
                        new Sessions(token, Clock.systemUTC()),
                        Set.of(),
                        settings.scheme(),
                        false,
                        Clock.systemUTC()),
                settings.isTls());
        ConsoleServer server = new ConsoleServer(settings, gate, true, patience);
        camel.addService(server, true, true);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("platform-http:/slow").delay(PATIENCE.toMillis() * 2).setBody(constant("done"));
                from("platform-http:/").setBody(constant("here"));
                from("platform-http:/large")
                        .process(exchange -> answers.incrementAndGet())
                        .setBody(constant("x".repeat(LARGE)));
            }
        });
        camel.start();
        gate.open();
        return server;
    }

    @Test
    void oneThatEndsSaysSo() throws Exception {
        URI address = start(null, null).uri();
        gate.close();
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(address.resolve("api/v1/status")).build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(answer.headers().firstValue("Retry-After")).contains("1");
        assertThat(answer.body()).contains("Upkeep is just stopping.");
    }

    @Test
    void whoSendsAByteNowAndThenIsCutOffAndALongAnswerIsNot() throws Exception {
        ConsoleServer server = start(null, null);
        try (Socket headers = new Socket("127.0.0.1", server.getPort());
                Socket body = new Socket("127.0.0.1", server.getPort());
                Socket waits = new Socket("127.0.0.1", server.getPort())) {
            String head = "HTTP/1.1\r\nHost: localhost\r\n";
            waits.getOutputStream().write(("GET /slow " + head + "Connection: close\r\n\r\n").getBytes());
            headers.getOutputStream().write(("GET / " + head + "X-A: ").getBytes());
            body.getOutputStream().write(("GET / " + head + "Content-Length: 1000\r\n\r\n").getBytes());
            assertCutOff(headers);
            assertCutOff(body);
            assertThat(new String(waits.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 200 ")
                    .contains("done");
        }
    }

    @Test
    void whoHoldsManyConnectionsShutsNobodyOut() throws Exception {
        ConsoleServer server = start(null, null);
        java.util.List<Socket> idle = new java.util.ArrayList<>();
        try {
            for (int i = 0; i < 220; i++) {
                idle.add(new Socket("127.0.0.1", server.getPort()));
                assertThat(ask(server, "/")).contains("\r\nhere\r\n");
            }
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    @Test
    void whoAsksOnAndOnAndTakesNoAnswerIsCutOffAndFillsNoMemory() throws Exception {
        ConsoleServer server = start(null, null, Duration.ofSeconds(30));
        long before = held();
        ByteBuffer requests =
                ByteBuffer.wrap((GET.formatted("/large") + "\r\n").repeat(1000).getBytes(StandardCharsets.US_ASCII));
        List<SocketChannel> greedy = new ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                greedy.add(SocketChannel.open(new InetSocketAddress("127.0.0.1", server.getPort())));
                greedy.get(i).configureBlocking(false);
            }
            int open = greedy.size();
            long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (open > 0 && System.nanoTime() < end) {
                open = 0;
                for (SocketChannel one : greedy) {
                    try {
                        one.write(requests.duplicate());
                        open++;
                    } catch (java.io.IOException e) {
                        // cut off
                    }
                }
                assertThat(ask(server, "/")).contains("\r\nhere\r\n");
                assertThat(held() - before).isLessThan(64 << 20);
            }
            assertThat(open).isZero();
            await().until(() -> camel.getInflightRepository().size() == 0);
        } finally {
            close(greedy);
        }
    }

    @Test
    void answersThatNobodyTakesHaveABoundInAllAndInTime() throws Exception {
        ConsoleServer server = start(null, null);
        List<SocketChannel> takers = new ArrayList<>();
        try {
            for (int i = 0; i < 60; i++) {
                SocketChannel one = SocketChannel.open();
                one.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
                one.connect(new InetSocketAddress("127.0.0.1", server.getPort()));
                one.write(ByteBuffer.wrap((GET.formatted("/large") + "\r\n").getBytes(StandardCharsets.US_ASCII)));
                takers.add(one);
                int asked = i + 1;
                await().until(() -> answers.get() == asked); // so that it is known who has left it longest
            }
            long begun = System.nanoTime();
            assertThat(ask(server, "/large")).hasSizeGreaterThan(LARGE);
            // who has left its answer longest has made room; a slow one still gets it, long after the time for a
            // request
            assertThat(taken(takers.get(0), 0)).isLessThan(LARGE);
            assertThat(taken(takers.get(59), 20)).isGreaterThan(LARGE);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(PATIENCE.multipliedBy(2));
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> System.nanoTime() - begun
                            > PATIENCE.multipliedBy(12).toNanos());
            assertThat(taken(takers.get(58), 0)).isLessThan(LARGE);
        } finally {
            close(takers);
        }
    }

    /** How many bytes come until the other end closes, or the answer is whole. */
    private static int taken(SocketChannel one, int pauseMillis) throws Exception {
        ByteBuffer buffer = ByteBuffer.allocate(8192);
        int all = 0;
        try {
            for (int n = one.read(buffer); n >= 0 && all <= LARGE; n = one.read(buffer.clear())) {
                all += n;
                TimeUnit.MILLISECONDS.sleep(pauseMillis); // a slow line
            }
        } catch (java.io.IOException e) {
            // cut off
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void requestsThatAreSentAheadAreAnsweredInTurnAndEventsFlow(boolean tls) throws Exception {
        ConsoleServer server = tls ? startTls() : start(null, null);
        Router router = VertxPlatformHttpRouter.lookup(camel, VertxPlatformHttpRouter.getRouterNameFromPort(0));
        router.get("/events").handler(context -> {
            AtomicInteger event = new AtomicInteger();
            context.response().setChunked(true).putHeader("Content-Type", "text/event-stream");
            context.vertx().setPeriodic(20, timer -> {
                context.response().write("data: " + event.incrementAndGet() + "\n\n");
                if (event.get() == 5) {
                    context.vertx().cancelTimer(timer);
                    context.response().end();
                }
            });
        });
        try (Socket socket = tls ? trusting().getSocketFactory().createSocket() : new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", server.getPort()));
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write((GET.formatted("/slow") + "\r\n"
                                    + GET.formatted("/") + "Content-Length: 5\r\n\r\nhello"
                                    + GET.formatted("/events") + "\r\n"
                                    + (GET.formatted("/large") + "\r\n").repeat(2)
                                    + GET.formatted("/nothing") + "Connection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(all.replaceAll("x{2,}", "x")
                            .lines()
                            .filter(line -> line.matches("HTTP/1.1 .*|done|here|x|data.*")))
                    .containsExactly(
                            "HTTP/1.1 200 OK",
                            "done",
                            "HTTP/1.1 200 OK",
                            "here",
                            "HTTP/1.1 200 OK",
                            "data: 1",
                            "data: 2",
                            "data: 3",
                            "data: 4",
                            "data: 5",
                            "HTTP/1.1 200 OK",
                            "x",
                            "HTTP/1.1 200 OK",
                            "x",
                            "HTTP/1.1 404 Not Found");
        }
    }

    /** What a proxy in front may take for one request must not be two here; ~ is the end of a line. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "1.1~Transfer-Encoding: chunked~~1;a=\"~X~0~~HIDDEN\"~X~0~~",
                "1.1~Transfer-Encoding: chunked~~1;\nX~0~~HIDDEN",
                "1.1~Transfer-Encoding: chunked~~0\n\nHIDDEN",
                "1.1~Transfer-Encoding: chunked~Content-Length: 60~~0~~HIDDEN",
                "1.0~Transfer-Encoding: chunked~Connection: keep-alive~Content-Length: 60~~0~~HIDDEN",
                "1.1~Transfer-Encoding: chunked, xchunked~~0~~HIDDEN",
                "1.1~Transfer-Encoding: xchunked~~0~~HIDDEN",
                "1.1~Transfer-Encoding:\u000bchunked~~0~~HIDDEN",
                "1.1~Transfer-Encoding : chunked~~0~~HIDDEN",
                "1.1~Content-Length: 0~Content-Length: 60~~HIDDEN",
                "1.1~~\u0001\u0000HIDDEN",
            })
    void aRequestHiddenInAnotherIsNotAnswered(String rest) throws Exception {
        ConsoleServer server = start(null, null);
        try (Socket socket = new Socket("127.0.0.1", server.getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(("GET / HTTP/" + rest.replaceFirst("~", "~Host: localhost~"))
                            .replace("HIDDEN", GET.formatted("/large") + "~")
                            .replace("~", "\r\n")
                            .getBytes(StandardCharsets.ISO_8859_1));
            try {
                socket.getInputStream().readAllBytes(); // until it hangs up
            } catch (java.net.SocketException e) {
                // it did
            }
        }
        assertThat(answers).hasValue(0);
    }

    private static String ask(ConsoleServer server, String path) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write((GET.formatted(path) + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(answer).startsWith("HTTP/1.1 200 ");
            return answer;
        }
    }

    private static void close(List<SocketChannel> all) throws Exception {
        for (SocketChannel one : all) {
            one.close();
        }
    }

    /** Bytes that this process holds, on the heap and beside it. */
    private static long held() {
        System.gc();
        Runtime heap = Runtime.getRuntime();
        return heap.totalMemory()
                - heap.freeMemory()
                + ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                        .mapToLong(BufferPoolMXBean::getMemoryUsed)
                        .sum();
    }

    /** Sends a byte now and then; the other end has had enough of it soon. */
    private static void assertCutOff(Socket socket) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        socket.setSoTimeout(100);
        while (System.nanoTime() < end) {
            try {
                socket.getOutputStream().write('x');
                if (socket.getInputStream().read() < 0) {
                    return;
                }
            } catch (java.net.SocketTimeoutException e) {
                // not yet
            } catch (java.io.IOException e) {
                return;
            }
        }
        throw new AssertionError("the server still listens to it");
    }

    @Test
    void withACertificateItSpeaksTlsOnly() throws Exception {
        ConsoleServer server = startTls();
        HttpResponse<String> answer = HttpClient.newBuilder()
                .sslContext(trusting())
                .build()
                .send(
                        HttpRequest.newBuilder(URI.create("https://localhost:" + server.getPort() + "/"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("here");
        assertThat(answer.headers().firstValue("Strict-Transport-Security")).hasValue("max-age=31536000");
        assertThat(server.uri()).hasScheme("https").hasPort(server.getPort());
        try (Socket plain = new Socket("127.0.0.1", server.getPort())) {
            plain.setSoTimeout(10_000);
            plain.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes());
            assertThat(new String(plain.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .doesNotContain("here");
        }
    }

    @Test
    void aKeyThatDoesNotFitIsSaid() throws Exception {
        Path nonsense = Files.writeString(folder.resolve("nonsense.pem"), "no certificate");
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> start(nonsense, nonsense))
                .hasMessageContaining("upkeep.console.tls.certificate");
    }

    /** The server with a certificate of its own making. */
    private ConsoleServer startTls() throws Exception {
        Path store = folder.resolve("key.p12");
        Process made = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "console",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=dns:localhost,ip:127.0.0.1",
                        "-validity",
                        "2",
                        "-keystore",
                        store.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "changeit")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(made.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(store))) {
            keys.load(in, "changeit".toCharArray());
        }
        certificate = keys.getCertificate("console");
        return start(
                pem("CERTIFICATE", certificate.getEncoded()),
                pem(
                        "PRIVATE KEY",
                        keys.getKey("console", "changeit".toCharArray()).getEncoded()));
    }

    private SSLContext trusting() throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("console", certificate);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        return tls;
    }

    private Path pem(String kind, byte[] content) throws Exception {
        return Files.writeString(
                folder.resolve(kind.replace(' ', '-') + ".pem"),
                "-----BEGIN " + kind + "-----\n"
                        + Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(content) + "\n-----END " + kind
                        + "-----\n");
    }
}
