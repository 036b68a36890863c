package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import cocart.upkeep.store.EmbeddedFtp.Security;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Who gets in over FTP and FTPS, and what is said to who does not. */
class FtpLoginTest {

    @TempDir
    static Path shared;

    private static Path keys;
    private static Path otherKeys;

    @TempDir
    Path folder;

    private Path root;

    @BeforeAll
    static void keys() throws Exception {
        keys = EmbeddedFtp.certificate(shared.resolve("keys.p12"), "IP:127.0.0.1");
        otherKeys = EmbeddedFtp.certificate(shared.resolve("other.p12"), "DNS:other.example");
    }

    @BeforeEach
    void folders() throws Exception {
        root = Files.createDirectories(folder.resolve("shop"));
        Files.createDirectories(root.resolve("wp-content"));
    }

    @Test
    void plainFtpLetsInAndWarnsOnce() throws Exception {
        Logger log = (Logger) LoggerFactory.getLogger(StoreFilesFactory.class);
        ListAppender<ILoggingEvent> said = new ListAppender<>();
        said.start();
        log.addAppender(said);
        try (EmbeddedFtp server = new EmbeddedFtp(root)) {
            StoreSettings store = SftpServers.store(
                    "ftp:deploy@127.0.0.1:" + server.port() + "/?password=RAW(" + EmbeddedFtp.PASSWORD + ")");
            StoreSettings other = new StoreSettings(
                    "warned",
                    store.files(),
                    null,
                    store.plugins(),
                    store.database(),
                    false,
                    store.settle(),
                    store.detectCron(),
                    store.zone(),
                    store.backup());
            for (int i = 0; i < 2; i++) {
                new StoreFilesFactory(new org.apache.camel.impl.DefaultCamelContext(), folder)
                        .open(other)
                        .close();
            }
            assertThat(said.list)
                    .filteredOn(event -> event.getLevel() == Level.WARN)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .singleElement()
                    .asString()
                    .contains("Store warned: ftp: sends its password", "upkeep.store.warned.files");
        } finally {
            log.detachAppender(said);
        }
    }

    @Test
    void passwordsMayHoldAnything() throws Exception {
        try (EmbeddedFtp server = new EmbeddedFtp(root)) {
            String encoded = URLEncoder.encode(EmbeddedFtp.PASSWORD, StandardCharsets.UTF_8);
            assertThat(said("ftp:deploy@127.0.0.1:" + server.port() + "/?password=" + encoded))
                    .isEqualTo("in");
            assertThat(said("ftp:deploy:" + encoded + "@127.0.0.1:" + server.port() + "/"))
                    .isEqualTo("in");
            assertThat(said("ftp://deploy:" + encoded + "@127.0.0.1:" + server.port() + "/?passiveMode=false"))
                    .isEqualTo("in");
        }
    }

    @Test
    void aWrongPasswordIsSaidWithoutIt() throws Exception {
        try (EmbeddedFtp server = new EmbeddedFtp(root)) {
            assertThat(said("ftp:deploy@127.0.0.1:" + server.port() + "/?password=RAW(gue$$)"))
                    .contains("does not let the user deploy in with this password", "upkeep.store.acme.files")
                    .doesNotContain("gue$$");
        }
    }

    @ParameterizedTest
    @CsvSource({"EXPLICIT, false", "IMPLICIT, true"})
    void aCertificateThatTheTrustStoreHasLetsIn(Security security, boolean implicit) throws Exception {
        try (EmbeddedFtp server = new EmbeddedFtp(root, true, security, keys, 0)) {
            Files.createDirectories(folder.resolve("config"));
            Files.copy(keys, folder.resolve("config/trust.p12"));
            assertThat(tls(
                            server,
                            "ftpClient.trustStore.file=config/trust.p12&ftpClient.trustStore.password=RAW(changeit)&implicit="
                                    + implicit))
                    .isEqualTo("in");
            assertThat(server.commands)
                    .contains("PBSZ 0", "PROT P")
                    .filteredOn(command -> command.startsWith("AUTH"))
                    .hasSize(implicit ? 0 : 1);
        }
    }

    @Test
    void aCertificateThatNobodyHasSignedIsRefusedWithTheRemedy() throws Exception {
        try (EmbeddedFtp server = new EmbeddedFtp(root, true, Security.EXPLICIT, keys, 0)) {
            assertThat(tls(server, "soTimeout=5000"))
                    .contains(
                            "the certificate of 127.0.0.1:" + server.port() + " is not signed by anybody",
                            "openssl s_client -connect 127.0.0.1:" + server.port() + " -starttls ftp",
                            "keytool -importcert",
                            "ftpClient.trustStore.file=config/trust.p12",
                            "upkeep.store.acme.files");
            assertThat(server.commands).noneMatch(command -> command.startsWith("PASS"));
        }
    }

    @Test
    void aCertificateOfAnotherHostIsRefusedUnlessTheUriSaysSo() throws Exception {
        try (EmbeddedFtp server = new EmbeddedFtp(root, true, Security.EXPLICIT, otherKeys, 0)) {
            String trust = "ftpClient.trustStore.file=" + otherKeys + "&ftpClient.trustStore.password=changeit";
            assertThat(tls(server, trust)).contains("is not made out to 127.0.0.1", "endpointCheckingEnabled=false");
            assertThat(tls(server, trust + "&ftpClient.endpointCheckingEnabled=false"))
                    .isEqualTo("in");
        }
    }

    @Test
    void aServerWithoutTlsGetsNoPassword() throws Exception {
        try (EmbeddedFtp server = new EmbeddedFtp(root)) {
            assertThat(tls(server, "soTimeout=5000")).contains("does not offer TLS", "upkeep.store.acme.files");
            assertThat(tls(server, "soTimeout=5000&implicit=true")).contains("no TLS connection", "implicit=true");
            assertThat(server.commands).noneMatch(command -> command.startsWith("PASS"));
        }
    }

    @Test
    void aServerThatWantsTlsIsSaidToPlainFtp() throws Exception {
        try (ScriptedFtp server = new ScriptedFtp()) {
            server.pass = "530 Non-anonymous sessions must use encryption.";
            assertThat(said("ftp:deploy@127.0.0.1:" + server.port() + "/?password=x"))
                    .contains("lets nobody in without TLS", "write ftps:");
        }
    }

    @Test
    void aServerThatIsFullIsSaidAndNotTakenForAWrongPassword() throws Exception {
        try (ScriptedFtp server = new ScriptedFtp()) {
            server.greeting = "421 Too many connections";
            assertThat(said("ftp:deploy@127.0.0.1:" + server.port() + "/?password=x"))
                    .contains("closed the connection", "so many connections at once");
        }
    }

    @Test
    void anotherProtocolIsSaid() throws Exception {
        try (ScriptedFtp server = new ScriptedFtp()) {
            server.greeting = "SSH-2.0-OpenSSH_9.2";
            assertThat(said("ftp:deploy@127.0.0.1:" + server.port() + "/?password=x"))
                    .contains("does not speak FTP");
        }
    }

    @Test
    void whereNothingListensOrAnswersIsSaid() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
            assertThat(said("ftp:deploy@127.0.0.1:" + port + "/?password=x&connectTimeout=500"))
                    .contains("does not answer within", "implicit=true");
        }
        assertThat(said("ftp:deploy@127.0.0.1:" + port + "/?password=x"))
                .contains("nothing listens at 127.0.0.1:" + port);
        assertThat(said("ftp:deploy@no-such-host.invalid/var/www?password=x"))
                .contains("there is no host no-such-host.invalid");
    }

    @Test
    void aFolderThatDoesNotExistIsSaid() throws Exception {
        try (EmbeddedFtp server = new EmbeddedFtp(root)) {
            assertThat(said("ftp:deploy@127.0.0.1:" + server.port() + "/var/www/none?password=RAW("
                            + EmbeddedFtp.PASSWORD + ")"))
                    .contains("there is no folder /var/www/none", "upkeep.store.acme.files");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ftp:deploy@shop.example, must name a host and the WordPress root",
        "ftps:shop.example/var/www?password=x, names no user; write ftps:USER@HOST/PATH",
        "ftp:deploy@shop.example/var/www?pasword=hush, unknown option pasword",
        "ftp:deploy@shop.example/var/www?ftpClient=#mine&password=hush, ftpClient.NAME=VALUE",
        "ftps:deploy@shop.example/w?ftpClient.trustStore.file=none.p12&ftpClient.trustStore.password=hush, it does not exist",
        "ftp:deploy@shop.example/var/www?ftpClient.controlEncoding=klingon&password=hush, is no usable ftp: endpoint"
    })
    void aMalformedUriIsSaidWithoutSecrets(String uri, String expected) {
        assertThat(said(uri)).contains("upkeep.store.acme.files", expected).doesNotContain("hush");
    }

    private String tls(EmbeddedFtp server, String options) {
        return said(
                "ftps:deploy@127.0.0.1:" + server.port() + "/?password=RAW(" + EmbeddedFtp.PASSWORD + ")&" + options);
    }

    /** {@code in} if the login worked, else the sentence. */
    private String said(String uri) {
        StoreException error = catchThrowableOfType(StoreException.class, () -> {
            try (StoreFiles files = SftpServers.open(folder, uri)) {
                assertThat(files.list(""))
                        .hasValueSatisfying(list -> assertThat(list).hasSize(1));
            }
        });
        if (error == null) {
            return "in";
        }
        assertThat(error.getMessage()).doesNotContain(EmbeddedFtp.PASSWORD, "Exception", "hush");
        return error.getMessage();
    }
}
