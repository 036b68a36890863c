package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.demo.EmbeddedSftp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.sshd.common.Service;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.digest.BuiltinDigests;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.server.session.ServerConnectionServiceFactory;
import org.apache.sshd.server.session.ServerUserAuthServiceFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose host key is trusted, and who is asked. */
class TrustTest {

    @TempDir
    Path folder;

    private final List<EmbeddedSftp> servers = new ArrayList<>();
    private final Queue<String> logins = new ConcurrentLinkedQueue<>();
    private Path home;
    private Path knownHosts;
    private EmbeddedSftp server;

    @BeforeEach
    void start() throws Exception {
        home = folder.resolve("home");
        Files.createDirectories(home.resolve("config"));
        knownHosts = home.resolve("config/known_hosts");
        server = server("host-key");
        settings(server);
    }

    @AfterEach
    void stop() throws IOException {
        for (EmbeddedSftp each : servers) {
            each.close();
        }
    }

    @Test
    void aNewKeyIsShownAndRecordedWithoutALogin() throws Exception {
        Shop.Said said = trust("acme", "--fingerprint", fingerprint(server));
        assertThat(said.code()).as(said.err()).isZero();
        assertThat(said.out())
                .contains(
                        "127.0.0.1:" + server.port() + " shows the host key ecdsa-sha2-nistp256 " + fingerprint(server))
                .contains("ssh-keygen -lf /etc/ssh/ssh_host_ecdsa_key.pub")
                .contains("Trusted: recorded in " + knownHosts);
        assertThat(knownHosts).hasContent(server.knownHost());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(knownHosts)))
                .isEqualTo("rw-r--r--");
        assertNobodyLoggedIn();
    }

    @Test
    void aKeyThatIsTrustedIsSaidAndNothingWritten() throws Exception {
        server.trustIn(knownHosts);
        Shop.Said said = trust("acme");
        assertThat(said.code()).isZero();
        assertThat(said.out())
                .startsWith("Already trusted: 127.0.0.1:" + server.port())
                .hasLineCount(1);
        assertThat(trust("acme", "--fingerprint", "SHA256:" + "A".repeat(43)).code())
                .isEqualTo(1);
        assertThat(knownHosts).hasContent(server.knownHost());
        assertNobodyLoggedIn();
    }

    @Test
    void aChangedKeyIsReplacedOnlyOnRequest() throws Exception {
        String before = "# comment of the owner: caf\u00e9\n"
                + "shop.example," + named(server("other-key"), server) + "@revoked "
                + named(server("third-key"), server) + "other.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\n";
        Files.writeString(knownHosts, before);
        Files.setPosixFilePermissions(knownHosts, PosixFilePermissions.fromString("rw-------"));

        Shop.Said said = trust("acme", "--yes");
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.out())
                .contains(fingerprint(server), "Recorded in " + knownHosts + " is ")
                .contains(fingerprint(servers.get(1)));
        assertThat(said.err()).contains("has changed", "upkeep trust acme --replace", "somebody may be listening in");
        assertThat(knownHosts).hasContent(before);

        said = trust("acme", "--yes", "--replace");
        assertThat(said.code()).as(said.err()).isZero();
        List<String> lines = Files.readAllLines(knownHosts);
        assertThat(lines).hasSize(5);
        assertThat(lines.get(0)).isEqualTo("# comment of the owner: caf\u00e9");
        assertThat(lines.get(1)).startsWith("shop.example ecdsa-");
        assertThat(lines.get(2)).startsWith("@revoked ");
        assertThat(lines.get(3)).startsWith("other.example ");
        assertThat(lines.get(4) + "\n").isEqualTo(server.knownHost());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(knownHosts)))
                .isEqualTo("rw-------");
        assertThat(trust("acme").out()).startsWith("Already trusted");
    }

    @Test
    void aServerThatHidesTheRecordedKindOfKeyHasChanged() throws Exception {
        Files.writeString(
                knownHosts,
                "[127.0.0.1]:" + server.port()
                        + " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS\n");
        Shop.Said said = trust("acme", "--yes");
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.out()).contains("is ssh-ed25519 SHA256:");
    }

    @Test
    void aKeyThatIsRevokedIsNotTrusted() throws Exception {
        Files.writeString(knownHosts, "@revoked " + server.knownHost());
        Shop.Said said = trust("acme", "--yes", "--replace");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains("is marked as revoked in " + knownHosts);
    }

    @Test
    void anotherFingerprintThanTheGivenOneIsRefused() {
        Shop.Said said = trust("acme", "--yes", "--fingerprint", "SHA256:" + "A".repeat(43));
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.err()).contains(fingerprint(server) + " and not SHA256:AAAA", "somebody may be listening in");
        assertThat(knownHosts).doesNotExist();
        assertThat(trust("acme", "--fingerprint", "SHA256:short").code()).isEqualTo(2);
    }

    @Test
    void whereNobodyCanBeAskedNothingIsTrusted() {
        Shop.Said said = trust("acme");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.out()).contains(fingerprint(server));
        assertThat(said.err()).contains("no terminal", "--fingerprint " + fingerprint(server), "--yes");
        assertThat(knownHosts).doesNotExist();
    }

    @Test
    void severalAtOnceLoseNothing() throws Exception {
        EmbeddedSftp[] all = Stream.concat(Stream.of(server), more(7).stream()).toArray(EmbeddedSftp[]::new);
        settings(all);
        Files.writeString(knownHosts, "shop.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"); // no line end
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Shop.Said>> said = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                String store = i % 8 == 0 ? "acme" : "acme" + i % 8;
                said.add(threads.submit(() -> trust(store, "--yes")));
            }
            for (Future<Shop.Said> one : said) {
                assertThat(one.get().code()).as(one.get().err()).isZero();
            }
        } finally {
            threads.shutdown();
        }
        List<String> expected = new ArrayList<>(List.of("shop.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"));
        for (EmbeddedSftp each : all) {
            expected.add(each.knownHost().strip());
        }
        assertThat(Files.readAllLines(knownHosts)).containsExactlyInAnyOrderElementsOf(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "no"})
    void onATerminalAHumanIsAsked(String answer) throws Exception {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "script is not installed here: skipped");
        String command = command().stream().map(part -> "'" + part + "'").collect(Collectors.joining(" "));
        Process process = new ProcessBuilder("/usr/bin/script", "-qec", command, "/dev/null")
                .redirectErrorStream(true)
                .start();
        try (var in = process.outputWriter()) {
            in.write(answer + "\n");
            in.flush();
            String said = new String(process.getInputStream().readAllBytes());
            assertThat(said).contains(fingerprint(server), "Trust it? (yes/no)");
            assertThat(process.waitFor()).as(said).isEqualTo(answer.equals("yes") ? 0 : 1);
        }
        assertThat(Files.exists(knownHosts)).isEqualTo(answer.equals("yes"));
    }

    @Test
    void openSshReadsWhatIsWrittenAndItsHashedLinesAreReplaced() throws Exception {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/ssh-keygen")), "ssh-keygen is not installed here: skipped");
        Files.writeString(knownHosts, named(server("other-key"), server) + "other.example ssh-ed25519 AAAA\n");
        assertThat(keygen("-H")).isZero();
        assertThat(Files.readString(knownHosts)).contains("|1|").doesNotContain("127.0.0.1");
        assertThat(trust("acme", "--yes").code()).isEqualTo(1);
        assertThat(trust("acme", "--yes", "--replace").code()).isZero();
        assertThat(Files.readString(knownHosts)).endsWith(server.knownHost());
        assertThat(Files.readAllLines(knownHosts)).hasSize(2);
        assertThat(keygen("-F", "[127.0.0.1]:" + server.port())).isZero();
    }

    @Test
    void theUriMayNameTheFileAndSwitchTheCheckOff() throws Exception {
        settings("sftp:deploy@127.0.0.1:" + server.port()
                + "/?password=RAW(s3cret!)&strictHostKeyChecking=no&knownHostsFile=config/hosts/known");
        Shop.Said said = trust("acme", "--yes");
        assertThat(said.code()).isZero();
        assertThat(said.err()).contains("strictHostKeyChecking=no", "take that out");
        assertThat(home.resolve("config/hosts/known")).hasContent(server.knownHost());
        assertNobodyLoggedIn();
    }

    @Test
    void whereThereIsNoKeyThereIsNothingToTrust() throws Exception {
        settings("file:" + folder);
        Shop.Said said = trust("acme");
        assertThat(said.code()).isZero();
        assertThat(said.out()).contains("There is nothing to trust", "file:");
        assertThat(trust("amce").code()).isEqualTo(2);
    }

    @Test
    void aServerThatIsAwayIsSaid() throws Exception {
        server.close();
        Shop.Said said = trust("acme", "--yes");
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.err()).contains("nothing listens at 127.0.0.1:").hasLineCount(1);
    }

    private void assertNobodyLoggedIn() {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> server.server().getActiveSessions().isEmpty());
        assertThat(logins).isEmpty();
    }

    private EmbeddedSftp server(String key) throws IOException {
        EmbeddedSftp started = new EmbeddedSftp(folder, folder.resolve(key), 0, "s3cret!", List.of());
        started.server()
                .setServiceFactories(List.of(
                        new ServerUserAuthServiceFactory() {
                            @Override
                            public Service create(Session session) throws IOException {
                                logins.add("login");
                                return super.create(session);
                            }
                        },
                        ServerConnectionServiceFactory.INSTANCE));
        servers.add(started);
        return started;
    }

    private List<EmbeddedSftp> more(int count) throws IOException {
        List<EmbeddedSftp> more = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            more.add(server("key-" + i));
        }
        return more;
    }

    /** A server's line in known hosts, under the name of another. */
    private static String named(EmbeddedSftp key, EmbeddedSftp name) throws IOException {
        return key.knownHost().replace(":" + key.port() + " ", ":" + name.port() + " ");
    }

    private static String fingerprint(EmbeddedSftp server) {
        try {
            return KeyUtils.getFingerPrint(
                    BuiltinDigests.sha256,
                    server.server()
                            .getKeyPairProvider()
                            .loadKeys(null)
                            .iterator()
                            .next()
                            .getPublic());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void settings(EmbeddedSftp... all) throws IOException {
        settings(Stream.of(all)
                .map(each -> "sftp:deploy@127.0.0.1:" + each.port() + "/?password=RAW(s3cret!)")
                .toArray(String[]::new));
    }

    /** Stores acme, acme1, acme2, ... */
    private void settings(String... uris) throws IOException {
        StringBuilder text = new StringBuilder();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < uris.length; i++) {
            ids.add("acme" + (i == 0 ? "" : i));
            text.append("upkeep.store.")
                    .append(ids.get(i))
                    .append(".files = ")
                    .append(uris[i])
                    .append('\n');
        }
        Files.writeString(
                home.resolve("config/application.properties"),
                "upkeep.stores = " + String.join(",", ids) + "\n" + text);
    }

    private Shop.Said trust(String... arguments) {
        Shop.Said said = Shop.say(Stream.concat(Stream.of("--home", home.toString(), "trust"), Stream.of(arguments))
                .toArray(String[]::new));
        assertThat(said.out() + said.err()).doesNotContain("s3cret!", "Exception");
        return said;
    }

    private List<String> command() {
        return Stream.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        Shop.classPath(),
                        Upkeep.class.getName(),
                        "--home",
                        home.toString(),
                        "trust",
                        "acme")
                .toList();
    }

    private int keygen(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("ssh-keygen"));
        command.addAll(List.of(options));
        command.addAll(List.of("-f", knownHosts.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }
}
