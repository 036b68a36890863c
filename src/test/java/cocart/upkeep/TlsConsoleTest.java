package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands and a run whose page is TLS only. */
class TlsConsoleTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PLUGIN = "cart-rest-api-for-woocommerce";
    private static final String NEVER = "0 0 0 1 1 ? 2099";

    @TempDir
    Path folder;

    @Test
    void byTlsTheyAskTheHolderOfItsCertificateAndNobodyElse() throws Exception {
        Path secure = Files.createDirectories(folder.resolve("secure/config")).getParent();
        Files.createDirectories(folder.resolve("shop"));
        Shop.copy(Path.of("routes"), secure.resolve("routes"));
        Shop.copy(Path.of("config/updates"), secure.resolve("config/updates"));
        // no name of this machine stands in it
        Pem own = Pem.in(folder, "own", "dns:upkeep.example", "EC");
        Pem other = Pem.in(folder, "other", "dns:localhost,ip:127.0.0.1", "EC");
        settings(secure, own);
        try (Bundle run = new Bundle(Settings.load(secure, null), true)) {
            run.start();
            plan(run, "t0");
            // the files are renewed, and the run goes on with those before
            settings(secure, other, "database.url = jdbc:h2:mem:secure");
            assertApproved(run, secure, 0);
            assertThat(Shop.say("--home", secure.toString(), "approve", "t0").err())
                    .contains("no data update awaits approval (state: pending)");

            Path file = secure.resolve("data/console.json");
            String said = Files.readString(file);
            int port = run.consoleAddress().orElseThrow().getPort();
            for (Foreign.Kind kind : Foreign.Kind.values()) {
                int store = kind.ordinal() + 1;
                plan(run, "t" + store);
                settings(secure, own);
                try (Foreign foreign = new Foreign(kind, own, other)) {
                    Files.writeString(file, said.replace(":" + port + "/", ":" + foreign.port() + "/"));
                    assertApproved(run, secure, store);

                    settings(secure, own, "database.url = jdbc:h2:mem:none;IFEXISTS=TRUE");
                    Shop.Said neither = Shop.say("--home", secure.toString(), "status");
                    assertThat(neither.code()).isEqualTo(2);
                    assertThat(neither.err())
                            .hasLineCount(1)
                            .contains(
                                    "check upkeep.database.url, .username and .password. The run that is alive ",
                                    " at https://127.0.0.1:" + foreign.port() + "/")
                            .contains(
                                    kind == Foreign.Kind.ANOTHER_CERTIFICATE
                                            ? " does not hold its certificate\n"
                                            : "/: ");
                    assertThat(foreign.asked).as(kind.name()).hasValueGreaterThanOrEqualTo(3);
                    assertThat(foreign.got).as(kind.name()).noneMatch(text -> text.contains("earer"));
                }
            }
        }
    }

    /** Status and approve of one of the stores, whoever is asked. */
    private void assertApproved(Bundle run, Path home, int store) throws Exception {
        JsonNode status = JSON.readTree(
                Shop.say("--home", home.toString(), "status", "--json").out());
        assertThat(status.at("/stores/" + store + "/dataUpdate/state").asText()).isEqualTo("awaiting-approval");
        Shop.Said approved = Shop.say("--home", home.toString(), "approve", "t" + store);
        assertThat(approved.code()).as(approved.err()).isZero();
        assertThat(approved.out()).startsWith("Approved: the data update of ");
        assertThat(run.updates.current("t" + store).orElseThrow().state()).isEqualTo("pending");
    }

    /** A home whose page is TLS only. */
    private void settings(Path secure, Pem pair, String... more) throws Exception {
        Files.copy(pair.certificate(), secure.resolve("config/own.pem"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(pair.key(), secure.resolve("config/own.key"), StandardCopyOption.REPLACE_EXISTING);
        List<String> lines = new ArrayList<>(List.of(
                "stores = t0, t1, t2, t3",
                "detect.cron = " + NEVER,
                "backup.cron = " + NEVER,
                "tick.cron = " + NEVER,
                "console.port = 0",
                "console.tls.certificate = config/own.pem",
                "console.tls.key = config/own.key"));
        lines.addAll(List.of(more));
        IntStream.range(0, 4).forEach(i -> lines.add("store.t" + i + ".files = file:" + folder.resolve("shop")));
        Files.write(
                secure.resolve("config/application.properties"),
                lines.stream().map(line -> "upkeep." + line).toList());
    }

    /** Whoever has got a port, and would answer whatever is asked there. */
    private static final class Foreign implements AutoCloseable {

        enum Kind {
            ANOTHER_CERTIFICATE,
            /** It shows the run's certificate, which anybody can read, and does not have its key. */
            COPIED_CERTIFICATE,
            NO_TLS
        }

        final AtomicInteger asked = new AtomicInteger();
        final List<String> got = new CopyOnWriteArrayList<>();
        private final ServerSocket server;

        Foreign(Kind kind, Pem copied, Pem other) throws Exception {
            InetAddress here = InetAddress.getLoopbackAddress();
            if (kind == Kind.NO_TLS) {
                server = new ServerSocket(0, 50, here);
            } else {
                KeyStore keys = KeyStore.getInstance("PKCS12");
                keys.load(null, null);
                keys.setKeyEntry("a", other.secret(), new char[0], new Certificate[] {
                    kind == Kind.COPIED_CERTIFICATE ? copied.shown() : other.shown()
                });
                KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
                managers.init(keys, new char[0]);
                SSLContext tls = SSLContext.getInstance("TLS");
                tls.init(managers.getKeyManagers(), null, null);
                server = tls.getServerSocketFactory().createServerSocket(0, 50, here);
            }
            Thread thread = new Thread(() -> {
                while (!server.isClosed()) {
                    try (Socket client = server.accept()) {
                        asked.incrementAndGet();
                        answer(client);
                    } catch (java.io.IOException e) {
                        // it hung up; the next one
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        private void answer(Socket client) throws java.io.IOException {
            byte[] buffer = new byte[8192];
            int length = client.getInputStream().read(buffer);
            got.add(new String(buffer, 0, Math.max(0, length), StandardCharsets.ISO_8859_1));
            client.getOutputStream()
                    .write("HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{\"stores\":[],\"notices\":[]}\n"
                            .getBytes(StandardCharsets.US_ASCII));
        }

        int port() {
            return server.getLocalPort();
        }

        @Override
        public void close() throws java.io.IOException {
            server.close();
        }
    }

    private static void plan(Bundle run, String store) {
        run.updates
                .plan(store, PLUGIN, "2.9.3", "3.0.0", "4.3.6", Instant.now(), false)
                .orElseThrow();
    }
}
