package cocart.upkeep.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server by itself: slow clients, and TLS. */
class ConsoleServerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    @TempDir
    Path folder;

    private final DefaultCamelContext camel = new DefaultCamelContext();

    @AfterEach
    void stop() {
        camel.stop();
    }

    private ConsoleServer start(@Nullable Path certificate, @Nullable Path key) throws Exception {
        ConsoleSettings settings = new ConsoleSettings("127.0.0.1", 0, Set.of(), false, certificate, key);
        Gate gate = new Gate(
                new Access(new Token(folder.resolve("token")), Set.of(), settings.scheme(), false, Clock.systemUTC()),
                settings.isTls());
        ConsoleServer server = new ConsoleServer(settings, gate, true, PATIENCE);
        camel.addService(server, true, true);
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("platform-http:/slow").delay(PATIENCE.toMillis() * 2).setBody(constant("done"));
                from("platform-http:/").setBody(constant("here"));
            }
        });
        camel.start();
        gate.open();
        return server;
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
                try (Socket asks = new Socket("127.0.0.1", server.getPort())) {
                    asks.setSoTimeout(20_000);
                    asks.getOutputStream()
                            .write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
                    assertThat(new String(asks.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                            .startsWith("HTTP/1.1 200 ");
                }
            }
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
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
                .inheritIO()
                .start();
        assertThat(made.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(store))) {
            keys.load(in, "changeit".toCharArray());
        }
        Certificate certificate = keys.getCertificate("console");
        Path pem = pem("CERTIFICATE", certificate.getEncoded());
        Path key = pem(
                "PRIVATE KEY", keys.getKey("console", "changeit".toCharArray()).getEncoded());
        ConsoleServer server = start(pem, key);

        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("console", certificate);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        HttpResponse<String> answer = HttpClient.newBuilder()
                .sslContext(tls)
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

    private Path pem(String kind, byte[] content) throws Exception {
        return Files.writeString(
                folder.resolve(kind.replace(' ', '-') + ".pem"),
                "-----BEGIN " + kind + "-----\n"
                        + Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(content) + "\n-----END " + kind
                        + "-----\n");
    }
}
