package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code upkeep check} looks whether news could be sent and the page be served, and sends nothing. */
class ChannelsCheckTest {

    @TempDir
    Path folder;

    private final GreenMail mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    private WebHook hook;
    private Shop shop;

    @BeforeEach
    void open() throws Exception {
        hook = new WebHook();
        mail.start();
        mail.setUser("upkeep@example.org", "upkeep", "m4il-s3cret");
        shop = new Shop(folder, "manual", "2.9.3", 5);
        shop.files.plugin("2.9.3");
    }

    @AfterEach
    void close() throws Exception {
        shop.close();
        mail.stop();
        hook.close();
    }

    @Test
    void whatIsThereIsFineAndGetsNothing() throws Exception {
        Shop.Said check = check();
        assertThat(check.code()).as(check.out() + check.err()).isZero();
        assertThat(check.out())
                .contains("ok      console address\nok      webhook\nok      mail\n")
                .contains("ok      acme: database\n        " + Shop.SLUG
                        + " 3.0.0: nothing due for 2.9.3, but from code of version 3.0.0 on\n")
                .doesNotContain("step ", "proof ");
        assertThat(hook.got).isEmpty();
        assertThat(mail.getReceivedMessages()).isEmpty();
    }

    @Test
    void whatIsNotThereIsSaidInASentenceEach() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Shop.Said check = check(
                    "upkeep.console.port = " + taken.getLocalPort(),
                    "upkeep.notify.webhook.url = http://127.0.0.1:1/" + WebHook.SECRET,
                    server("wr0ng-s3cret"));
            assertThat(check.code()).isEqualTo(1);
            assertThat(check.out())
                    .contains(
                            "failed  console address: The console cannot listen at 127.0.0.1:" + taken.getLocalPort()
                                    + ", because another program does",
                            "failed  webhook: nothing listens at 127.0.0.1:1 (Connection refused);"
                                    + " check upkeep.notify.webhook.url\n",
                            "failed  mail: 127.0.0.1:" + mail.getSmtp().getPort()
                                    + " does not let user upkeep in (535 ")
                    .doesNotContain("s3cret");
        }
        assertThat(check(
                                "upkeep.notify.webhook.url = http://no-such-host.invalid/x",
                                "upkeep.notify.mail.enabled = false")
                        .out())
                .contains("failed  webhook: there is no host no-such-host.invalid, or no name server answers")
                .doesNotContain("mail");
        assertThat(check("upkeep.notify.webhook.url = https://127.0.0.1:"
                                + mail.getSmtp().getPort() + "/x")
                        .out())
                .contains("failed  webhook: no TLS connection can be made to 127.0.0.1:")
                .endsWith("\nNot ok: webhook\n");
    }

    @Test
    void aWebhookIsTriedTheWayThatTheMessageGoes() throws Exception {
        Path route = shop.home.resolve("routes/notify.camel.yaml");
        String shipped = Files.readString(route);
        String[] plain = {"upkeep.notify.webhook.url = http://hook.invalid/x", "upkeep.notify.mail.enabled = false"};
        String[] secured = {"upkeep.notify.webhook.url = https://localhost:4/x", "upkeep.notify.mail.enabled = false"};
        assertThat(check(plain).out()).contains("failed  webhook: there is no host hook.invalid");
        Path keys = TlsSmtp.certificate(folder.resolve("keys.p12"), "dns:localhost");
        try (TlsSmtp server = new TlsSmtp(TlsSmtp.Kind.SMTPS, keys);
                Proxy proxy = new Proxy(server.port())) {
            String way = "          httpMethod: POST\n";
            Files.writeString(
                    route,
                    shipped.replace(
                            way,
                            way + "                          proxyHost: 127.0.0.1\n"
                                    // with an SSLContextParameters Camel speaks TLS with the proxy itself, else
                                    + "                          proxyAuthScheme: http\n"
                                    + "                          proxyPort: " + proxy.port() + "\n"));
            assertThat(check(plain).out()).contains("ok      webhook\n");
            assertThat(proxy.asked).isEmpty();
            assertThat(check(secured).out())
                    .contains("failed  webhook: no TLS connection can be made to localhost:4 (")
                    .contains("); check upkeep.notify.webhook.url and the proxy that http:webhook goes through\n");
            assertThat(proxy.asked).containsExactly("CONNECT localhost:4 HTTP/1.1");
            Files.writeString(
                    route,
                    Files.readString(route)
                                    .replace(way, way + "                          sslContextParameters: \"#own\"\n")
                            + String.join(
                                    "\n",
                                    "- beans:",
                                    "    - name: own",
                                    "      type: org.apache.camel.support.jsse.SSLContextParameters",
                                    "      properties:",
                                    "        trustManagers:",
                                    "          keyStore:",
                                    "            resource: \"file:" + keys + "\"",
                                    "            password: changeit",
                                    ""));
            assertThat(check(secured).out()).contains("ok      webhook\n");
            proxy.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
            assertThat(check(secured).out())
                    .contains("failed  webhook: the proxy 127.0.0.1:" + proxy.port() + " does not lead to localhost:4"
                            + " (status 403); check upkeep.notify.webhook.url and the proxy that http:webhook goes"
                            + " through\n");
            proxy.close();
            assertThat(check(plain).out())
                    .contains("failed  webhook: nothing listens at 127.0.0.1:" + proxy.port() + " (");
        }
        Files.writeString(route, shipped.replace("uri: http:webhook", "uri: http:elsewhere"));
        Shop.Said untried = check(plain);
        assertThat(untried.code()).isZero();
        assertThat(untried.out())
                .contains("untried webhook, because no route of routes/ sends to http:webhook any more\n")
                .doesNotContain("Not ok");
    }

    /** An HTTP proxy that leads everybody to one server of this machine. */
    private static final class Proxy implements AutoCloseable {

        final List<String> asked = new CopyOnWriteArrayList<>();
        volatile String answer = "HTTP/1.1 200 go on\r\n\r\n";
        private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

        Proxy(int to) throws IOException {
            start(() -> {
                while (!socket.isClosed()) {
                    Socket client = socket.accept();
                    start(() -> lead(client, to));
                }
            });
        }

        private void lead(Socket client, int to) throws IOException {
            try (client) {
                String head = head(client.getInputStream());
                if (head.isEmpty()) {
                    return;
                }
                asked.add(head.lines().findFirst().orElseThrow());
                client.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                try (Socket server = new Socket(InetAddress.getLoopbackAddress(), to)) {
                    start(() -> pass(server, client));
                    pass(client, server);
                }
            }
        }

        /** Something that may break off. */
        private interface Talk {
            void go() throws IOException;
        }

        private static void start(Talk talk) {
            Thread thread = new Thread(() -> {
                try {
                    talk.go();
                } catch (IOException e) {
                    // it hung up
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        private static String head(InputStream in) throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int next = in.read();
                if (next < 0) {
                    return "";
                }
                head.append((char) next);
            }
            return head.toString();
        }

        private static void pass(Socket from, Socket to) throws IOException {
            try (to) {
                from.getInputStream().transferTo(to.getOutputStream());
            }
        }

        int port() {
            return socket.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void aCertificateThatNoBrowserWouldComeInWithIsSaidByCheckAndRun() throws Exception {
        Pem own = Pem.in(folder, "own", "dns:localhost", "EC");
        Pem other = Pem.in(folder, "other", "dns:localhost", "EC");
        Pem rsa = Pem.in(folder, "rsa", "dns:localhost", "RSA");
        Path nonsense = Files.writeString(folder.resolve("nonsense.pem"), "-----BEGIN CERTIFICATE-----\nx\n");
        for (Pem pair : List.of(own, rsa)) {
            Shop.Said fine = check(tls(pair.certificate(), pair.key()));
            assertThat(fine.out()).contains("ok      console address\nok      console certificate\n");
            assertThat(fine.code()).isZero();
        }
        String mistake = "line 21: upkeep.console.tls.key is " + other.key()
                + ", which is not the key of the certificate in " + own.certificate()
                + "; set the two that were made together";
        assertUnusable(tls(own.certificate(), other.key()), mistake);
        Shop.Said run = shop.upkeep("run");
        assertThat(run.code()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(mistake);
        assertUnusable(
                tls(own.certificate(), rsa.key()),
                "line 21: upkeep.console.tls.key is " + rsa.key() + ", which cannot be used (private key algorithm does"
                        + " not match algorithm of public key in end entity certificate (at index 0)); it must be a PEM"
                        + " file with a private key in PKCS 8 without a password");
        assertUnusable(
                tls(nonsense, own.key()),
                "line 20: upkeep.console.tls.certificate is " + nonsense + ", which holds no certificate; it must be a"
                        + " PEM file with the certificate and its chain");
        assertUnusable(
                tls(own.certificate(), own.certificate()),
                "line 21: upkeep.console.tls.key is " + own.certificate() + ", which cannot be used (Missing -----BEGIN"
                        + " PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY----- or -----BEGIN EC PRIVATE KEY-----"
                        + " delimiter); it must be a PEM file with a private key in PKCS 8 without a password");
    }

    private void assertUnusable(String[] tls, String sentence) throws Exception {
        Shop.Said check = check(tls);
        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out())
                .contains("ok      console address\n")
                .containsPattern("failed  console certificate: \\S+" + Pattern.quote("application.properties, ")
                        + Pattern.quote(sentence) + "\n");
    }

    private static String[] tls(Path certificate, Path key) {
        return new String[] {"upkeep.console.tls.certificate = " + certificate, "upkeep.console.tls.key = " + key};
    }

    private Shop.Said check(String... more) throws Exception {
        shop.settings(Stream.concat(
                        Stream.of(
                                "upkeep.console.enabled = true",
                                "upkeep.console.port = 0",
                                "upkeep.notify.webhook.enabled = true",
                                "upkeep.notify.webhook.url = " + hook.url(),
                                "upkeep.notify.mail.enabled = true",
                                server("m4il-s3cret"),
                                "upkeep.notify.mail.from = upkeep@example.org",
                                "upkeep.notify.mail.to = ops@example.org"),
                        Stream.of(more))
                .toArray(String[]::new));
        return shop.upkeep("check");
    }

    private String server(String password) {
        return "upkeep.notify.mail.server = smtp:127.0.0.1:" + mail.getSmtp().getPort()
                + "?username=upkeep&password=RAW(" + password + ")";
    }
}
