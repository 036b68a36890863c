package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import cocart.upkeep.demo.EmbeddedSftp;
import cocart.upkeep.faults.TestSshd;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.List;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyEncryptionContext;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.apache.sshd.server.subsystem.SubsystemFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who gets in, and what is said to who does not. */
class SftpLoginTest {

    private static final String PASSWORD = "s3cret!";

    @TempDir
    Path folder;

    private Path home;
    private Path root;
    private Path knownHosts;

    @BeforeEach
    void folders() throws Exception {
        home = Files.createDirectories(folder.resolve("home"));
        root = Files.createDirectories(folder.resolve("shop"));
        Files.createDirectories(root.resolve("wp-content"));
        knownHosts = home.resolve("config/known_hosts");
    }

    @Test
    void passwordAndKnownHostLetIn() throws Exception {
        try (EmbeddedSftp server = server(List.of())) {
            server.trustIn(knownHosts);
            assertThat(enter(server, "password=RAW(" + PASSWORD + ")")).isEqualTo("in");
        }
    }

    @Test
    void aLoginWithoutSftpIsToldFromOneThatFails() throws Exception {
        SubsystemFactory other = subsystem("netconf", "");
        try (TestSshd server = new TestSshd(folder.resolve("host-key"), other).start()) {
            server.trustIn(knownHosts);
            assertThat(said("sftp:deploy@127.0.0.1:" + server.port() + "/?password=x"))
                    .contains("lets the user deploy in, but offers no SFTP")
                    .contains("Subsystem sftp internal-sftp");
        }
    }

    /** As a start file of the login's shell does in front of OpenSSH's sftp-server. */
    @Test
    void aGreetingInFrontOfSftpIsShown() throws Exception {
        SubsystemFactory talking = subsystem("sftp", "Welcome to \u001b[1mshop.example\u001b[0m!\n" + "x".repeat(500));
        try (TestSshd server = new TestSshd(folder.resolve("host-key"), talking).start()) {
            server.trustIn(knownHosts);
            assertThat(said("sftp:deploy@127.0.0.1:" + server.port() + "/?password=x"))
                    .contains("does not speak SFTP but says 'Welcome to ?[1mshop.example")
                    .contains("~/.bashrc")
                    .hasSizeLessThan(300);
        }
    }

    /** A subsystem that says something and waits. */
    private static SubsystemFactory subsystem(String name, String says) {
        return new SubsystemFactory() {
            @Override
            public String getName() {
                return name;
            }

            @Override
            public Command createSubsystem(ChannelSession channel) {
                return new SftpScript() {
                    @Override
                    void begin() {
                        raw(says.getBytes(StandardCharsets.UTF_8));
                    }

                    @Override
                    void answer(int type, int id, SftpPacket packet) {
                        // never
                    }
                };
            }
        };
    }

    @Test
    void passwordsMayHoldAnything() throws Exception {
        String odd = "a&b=c?d#e%41+f{g}:h(i/j";
        try (EmbeddedSftp server = new EmbeddedSftp(root, folder.resolve("host-key"), 0, odd, List.of())) {
            server.trustIn(knownHosts);
            assertThat(enter(server, "password=RAW(" + odd + ")&compression=0")).isEqualTo("in");
            assertThat(enter(server, "password=" + URLEncoder.encode(odd, StandardCharsets.UTF_8)))
                    .isEqualTo("in");
            assertThat(said("sftp:deploy:" + URLEncoder.encode(odd, StandardCharsets.UTF_8) + "@127.0.0.1:"
                            + server.port() + "/"))
                    .isEqualTo("in");
        }
    }

    @ParameterizedTest(name = "{0}, {1} bits, passphrase {2}")
    @CsvSource(
            nullValues = "none",
            value = {
                "EdDSA, 256, none",
                "EdDSA, 256, pass phrase",
                "RSA, 3072, none",
                "RSA, 3072, pass phrase",
                "EC, 256, none",
                "EC, 384, pass phrase",
                "EC, 521, none"
            })
    void privateKeysLetIn(String algorithm, int bits, String passphrase) throws Exception {
        KeyPair key = key(algorithm, bits);
        write(key, passphrase, "rw-------");
        try (EmbeddedSftp server = server(List.of(key.getPublic()))) {
            server.trustIn(knownHosts);
            String options = "privateKeyFile=config/id"
                    + (passphrase == null ? "" : "&privateKeyPassphrase=RAW(" + passphrase + ")");
            assertThat(enter(server, options)).isEqualTo("in");
            if (passphrase != null) {
                assertThat(enter(server, "privateKeyFile=config/id&privateKeyPassphrase=wrong"))
                        .contains("the passphrase of the key file", "config/id is wrong", "upkeep.store.acme.files");
                assertThat(enter(server, "privateKeyFile=config/id")).contains("config/id is missing");
            }
        }
    }

    @Test
    void aKeyThatIsNotOnTheServerIsSaid() throws Exception {
        write(key("EdDSA", 256), null, "rw-------");
        try (EmbeddedSftp server = server(List.of())) {
            server.trustIn(knownHosts);
            assertThat(enter(server, "privateKeyFile=config/id"))
                    .contains("does not let the user deploy in", "config/id", "upkeep.store.acme.files");
        }
    }

    @Test
    void aKeyThatOthersMayReadIsNotUsed() throws Exception {
        write(key("EdDSA", 256), null, "rw-r--r--");
        try (EmbeddedSftp server = server(List.of())) {
            assertThat(enter(server, "privateKeyFile=config/id")).contains("rw-r--r--", "chmod 600");
        }
    }

    @Test
    void aKeyThatIsMissingOrNoKeyIsSaid() throws Exception {
        try (EmbeddedSftp server = server(List.of())) {
            server.trustIn(knownHosts);
            assertThat(enter(server, "privateKeyFile=config/id")).contains("config/id does not exist");
            Files.writeString(home.resolve("config/id"), "not a key\n");
            Files.setPosixFilePermissions(home.resolve("config/id"), PosixFilePermissions.fromString("rw-------"));
            assertThat(enter(server, "privateKeyFile=config/id")).contains("holds no private key");
        }
    }

    @Test
    void aWrongPasswordIsSaidWithoutIt() throws Exception {
        try (EmbeddedSftp server = server(List.of())) {
            server.trustIn(knownHosts);
            assertThat(enter(server, "password=RAW(gue$$)"))
                    .contains("does not let the user deploy in", "this password", "upkeep.store.acme.files")
                    .doesNotContain("gue$$");
        }
    }

    @Test
    void anUnknownHostIsRefusedWithItsFingerprint() throws Exception {
        try (EmbeddedSftp server = server(List.of())) {
            assertThat(enter(server, "password=RAW(" + PASSWORD + ")"))
                    .contains("is unknown", "SHA256:", "upkeep trust acme");
        }
    }

    @Test
    void aChangedHostKeyIsRefusedWithBothFingerprints() throws Exception {
        try (EmbeddedSftp server = server(List.of());
                EmbeddedSftp other = new EmbeddedSftp(root, folder.resolve("other-key"), 0, PASSWORD, List.of())) {
            Files.createDirectories(knownHosts.getParent());
            Files.writeString(
                    knownHosts, other.knownHost().replace(":" + other.port() + " ", ":" + server.port() + " "));
            String said = enter(server, "password=RAW(" + PASSWORD + ")");
            assertThat(said).contains("is not the one in " + knownHosts, "somebody may be listening");
            assertThat(said.split("SHA256:", -1)).as(said).hasSize(3);
        }
    }

    @Test
    void onlyTheUriItselfCanSwitchTheCheckOff() throws Exception {
        try (EmbeddedSftp server = server(List.of())) {
            assertThat(enter(server, "password=RAW(" + PASSWORD + ")&strictHostKeyChecking=no"))
                    .isEqualTo("in");
        }
    }

    @Test
    void whereNothingListensIsSaid() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        assertThat(enter(port, "/", "password=x")).contains("nothing listens at 127.0.0.1:" + port);
    }

    @Test
    void whoDoesNotAnswerIsNotWaitedForForEver() throws Exception {
        try (ServerSocket silent = new ServerSocket(0)) {
            assertThat(enter(silent.getLocalPort(), "/", "password=x&connectTimeout=500"))
                    .contains("does not answer");
        }
    }

    @Test
    void anotherProtocolIsSaid() throws Exception {
        try (ServerSocket web = new ServerSocket(0)) {
            Thread answer = new Thread(() -> {
                try (var client = web.accept();
                        OutputStream out = client.getOutputStream()) {
                    out.write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes());
                } catch (java.io.IOException e) {
                    // the client went away
                }
            });
            answer.start();
            assertThat(enter(web.getLocalPort(), "/", "password=x&connectTimeout=2000"))
                    .contains("store acme: ", "127.0.0.1:" + web.getLocalPort());
            answer.join();
        }
    }

    @Test
    void aHostThatDoesNotExistIsSaid() {
        assertThat(said("sftp:deploy@no-such-host.invalid/var/www?password=x"))
                .contains("there is no host no-such-host.invalid");
    }

    @Test
    void aFolderThatDoesNotExistIsSaid() throws Exception {
        try (EmbeddedSftp server = server(List.of())) {
            server.trustIn(knownHosts);
            assertThat(enter(server.port(), "/var/www/none", "password=RAW(" + PASSWORD + ")"))
                    .contains("there is no folder /var/www/none", "upkeep.store.acme.files");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "sftp:deploy@shop.example, must name a host and the WordPress root",
        "sftp:shop.example/var/www?password=x, names no user",
        "sftp:deploy@shop.example:port/var/www, must name a host and the WordPress root",
        "sftp:deploy@shop.example/var/www?pasword=hush, is no usable sftp: endpoint"
    })
    void aMalformedUriIsSaidWithoutSecrets(String uri, String expected) {
        assertThat(said(uri)).contains("upkeep.store.acme.files", expected).doesNotContain("hush");
    }

    private EmbeddedSftp server(List<java.security.PublicKey> keys) throws Exception {
        return new EmbeddedSftp(root, folder.resolve("host-key"), 0, PASSWORD, keys);
    }

    private String enter(EmbeddedSftp server, String options) {
        return enter(server.port(), "/", options);
    }

    private String enter(int port, String path, String options) {
        return said("sftp:deploy@127.0.0.1:" + port + path + "?" + options);
    }

    /** {@code in} if the login worked, else the sentence. */
    private String said(String uri) {
        StoreException error = catchThrowableOfType(StoreException.class, () -> {
            try (StoreFiles files = SftpServers.open(home, uri)) {
                assertThat(files.stat("wp-content")).isPresent();
            }
        });
        if (error == null) {
            return "in";
        }
        assertThat(error.getMessage()).doesNotContain(PASSWORD, "Exception");
        return error.getMessage();
    }

    private static KeyPair key(String algorithm, int bits) throws Exception {
        KeyPairGenerator generator = SecurityUtils.getKeyPairGenerator(algorithm);
        if (!algorithm.equals("EdDSA")) {
            generator.initialize(bits);
        }
        return generator.generateKeyPair();
    }

    private void write(KeyPair key, String passphrase, String mode) throws Exception {
        Files.createDirectories(home.resolve("config"));
        Path file = home.resolve("config/id");
        OpenSSHKeyEncryptionContext context = null;
        if (passphrase != null) {
            context = new OpenSSHKeyEncryptionContext();
            context.setPassword(passphrase);
            context.setCipherName("AES");
            context.setCipherType("256");
            context.setCipherMode("CTR");
        }
        try (OutputStream out = Files.newOutputStream(file)) {
            OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(key, "test", context, out);
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }
}
