package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.state.Troubles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that repeats the password, and errors that quote addresses: nothing that anybody reads shows a secret. */
class SecretsTest {

    private static final String FTP_PASSWORD = "ftp-s3cret-w0rd";
    private static final String DATABASE_PASSWORD = "db-s3cret-w0rd";
    private static final String SHOP_PASSWORD = "shop-s3cret-w0rd";
    private static final List<String> SECRETS =
            List.of(FTP_PASSWORD, DATABASE_PASSWORD, SHOP_PASSWORD, WebHook.SECRET, "s3cret-w0rd");

    @TempDir
    Path folder;

    @Test
    void noneIsInLogsStatusApiPagesNoticesMessagesOrErrors() throws Exception {
        try (EchoingFtp ftp = new EchoingFtp();
                WebHook hook = new WebHook()) {
            Path home = Files.createDirectories(folder.resolve("home/config")).getParent();
            Shop.copy(Path.of("routes"), home.resolve("routes"));
            Shop.copy(Path.of("config/updates"), home.resolve("config/updates"));
            Files.writeString(
                    home.resolve("config/application.properties"),
                    String.join(
                            "\n",
                            "upkeep.stores = acme",
                            "upkeep.store.acme.files = ftp:deploy@127.0.0.1:" + ftp.port() + "/?password=RAW("
                                    + FTP_PASSWORD + ")",
                            "upkeep.store.acme.url = https://shop:" + SHOP_PASSWORD + "@acme.example",
                            "upkeep.store.acme.database.url = jdbc:mariadb://127.0.0.1:1/shop",
                            "upkeep.store.acme.database.username = shop",
                            "upkeep.store.acme.database.password = " + DATABASE_PASSWORD,
                            "upkeep.console.port = 0",
                            "upkeep.notify.webhook.enabled = true",
                            "upkeep.notify.webhook.url = " + hook.url(),
                            "upkeep.notify.pause = 0s",
                            "upkeep.detect.cron = * * * * * ?",
                            "upkeep.backup.cron = 0 0 0 1 1 ? 2099",
                            ""));

            Path log = folder.resolve("once.log");
            Process once = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            Shop.classPath(),
                            Upkeep.class.getName(),
                            "--home",
                            home.toString(),
                            "once")
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            assertThat(once.waitFor(100, TimeUnit.SECONDS)).isTrue();
            assertThat(ftp.told()).as("it was really repeated").isNotZero();
            safe(Files.readString(log), "the log", "xxxxxx");

            try (Bundle bundle = new Bundle(Settings.load(home, null), true)) {
                CamelContext camel = bundle.start();
                String everything = "refused " + String.join(", ", SECRETS.subList(0, 3)) + " at " + hook.url();
                bundle.jobs.claim("acme", "back-up");
                bundle.jobs.finish("acme", "back-up", everything);
                bundle.events.record("acme", "An event: " + everything);
                var update = bundle.updates
                        .plan("acme", Shop.SLUG, "2.9.3", "3.0.0", "4.3.6", Instant.now(), false)
                        .orElseThrow();
                bundle.updates.fail(update, everything);
                camel.getRegistry()
                        .lookupByNameAndType("troubles", Troubles.class)
                        .job("acme", "verify", new IllegalStateException(everything));
                bundle.notices.refreshAll();

                for (String[] command : new String[][] {
                    {"status"},
                    {"status", "--json"},
                    {"status", "acme"},
                    {"check"},
                    {"check", "--json"},
                    {"backup", "acme"},
                    {"once", "acme"},
                    {"retry", "acme"},
                }) {
                    Shop.Said said = Shop.say(Stream.concat(Stream.of("--home", home.toString()), Stream.of(command))
                            .toArray(String[]::new));
                    safe(said.out() + said.err(), String.join(" ", command), "");
                }
                URI console = bundle.consoleAddress().orElseThrow();
                for (String path : List.of(
                        "/",
                        "/stores/acme",
                        "/api/v1/status",
                        "/api/v1/stores/acme",
                        "/api/v1/stores/acme/events?limit=1000",
                        "/api/v1/stores/acme/sightings",
                        "/api/v1/stores/acme/snapshots",
                        "/observe/health",
                        "/observe/metrics")) {
                    safe(get(console.resolve(path)), path, path.matches("/stores.*|.*events.*") ? "xxxxxx" : "");
                }
                camel.createProducerTemplate().requestBody("direct:notify", (Object) null);
                assertThat(hook.got).isNotEmpty();
                hook.got.forEach(got -> safe(got.body(), "webhook", ""));
                assertThat(hook.got.toString()).contains("xxxxxx");
            }
        }
    }

    private static void safe(String text, String where, String says) {
        assertThat(text).as(where).isNotEmpty().contains(says).doesNotContain(SECRETS);
    }

    private static String get(URI address) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(address)
                                .timeout(Duration.ofSeconds(30))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    /** An FTP server that lets nobody in and says with what he came. */
    private static final class EchoingFtp implements AutoCloseable {

        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private volatile int told;

        EchoingFtp() throws IOException {
            Thread thread = new Thread(() -> {
                while (!server.isClosed()) {
                    try (Socket client = server.accept()) {
                        talk(client);
                    } catch (IOException e) {
                        // the next one
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        private void talk(Socket client) throws IOException {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
            say(client, "220 ready");
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.startsWith("USER ")) {
                    say(client, "331 password?");
                } else if (line.startsWith("PASS ")) {
                    told++;
                    say(client, "530 Login incorrect, not " + line.substring(5));
                } else {
                    say(client, "500 no");
                }
            }
        }

        private static void say(Socket client, String line) throws IOException {
            client.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        }

        int port() {
            return server.getLocalPort();
        }

        int told() {
            return told;
        }

        @Override
        public void close() throws IOException {
            server.close();
        }
    }
}
