package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.util.net.SshdSocketAddress;
import org.apache.sshd.server.forward.RejectAllForwardingFilter;
import org.apache.sshd.server.forward.StaticDecisionForwardingFilter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands with a store whose database is reached through its SFTP login. */
class TunnelledShopTest {

    private static final String TUNNEL = "upkeep.store.acme.database.tunnel = true";

    @TempDir
    Path folder;

    private final Queue<String> asked = new ConcurrentLinkedQueue<>();
    private Shop shop;

    @BeforeEach
    void open() throws Exception {
        shop = new Shop(folder, "automatic", "2.9.3", 20);
        shop.files.plugin("4.3.6");
        shop.sftp.server().setForwardingFilter(new StaticDecisionForwardingFilter(true) {
            @Override
            protected boolean checkAcceptance(String request, Session session, SshdSocketAddress target) {
                asked.add(target.getHostName() + ":" + target.getPort());
                return true;
            }
        });
    }

    @AfterEach
    void close() throws Exception {
        shop.close();
    }

    @Test
    void theDumpAndAWholeUpdateGoThroughTheTunnel() throws Exception {
        shop.settings("upkeep.data-update = automatic", TUNNEL);
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).as(check.out() + check.err()).isZero();
        assertThat(check.out()).contains("ok      acme: database (through the SFTP login)");

        Shop.Said backup = shop.upkeep("backup", "acme");
        assertThat(backup.code()).as(backup.out() + backup.err()).isZero();
        assertThat(dump())
                .contains("CREATE TABLE `wp_cocart_carts`")
                .endsWith("\n")
                .contains("-- Dump completed");

        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).as(once.out() + once.err()).isZero();
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        assertThat(EndToEndTest.status(shop).at("/dataUpdate/state").asText()).isEqualTo("complete");
        assertThat(asked).containsOnly("127.0.0.1:" + Shop.mariadb().port());
        assertThat(once.out() + once.err() + check.out() + backup.err()).doesNotContain("s3cret!", Shop.PASSWORD);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> shop.sftp.server().getActiveSessions().isEmpty());
    }

    @Test
    void aServerThatForwardsNothingIsSaidByCheckAndOnceAndNothingIsChanged() throws Exception {
        shop.sftp.server().setForwardingFilter(RejectAllForwardingFilter.INSTANCE);
        shop.settings("upkeep.data-update = automatic", TUNNEL);
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out())
                .contains("ok      acme: files", "failed  acme: database (through the SFTP login): ")
                .contains("AllowTcpForwarding");
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).isEqualTo(1);
        assertThat(once.out()).contains("AllowTcpForwarding").doesNotContain("Exception");
        assertThat(shop.upkeep("backup", "acme").err()).contains("AllowTcpForwarding");
        assertThat(shop.database.columns()).hasSize(4);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> shop.sftp.server().getActiveSessions().isEmpty());
    }

    @Test
    void aTunnelNeedsAnSftpLogin() throws Exception {
        shop.settings(TUNNEL, "upkeep.store.acme.files = file:" + shop.root);
        Shop.Said said = shop.upkeep("check");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err())
                .contains(
                        "upkeep.store.acme.database.tunnel goes through an SFTP login",
                        "files of this store are file:");
    }

    @Test
    void openSshForwardsAUnixSocketAsDbHostNamesIt() throws Exception {
        try (OpenSshd sshd = new OpenSshd(folder.resolve("sshd"), "AllowTcpForwarding local");
                Connection root = Shop.mariadb().administrator()) {
            String socket = socket(root);
            dbHost("localhost:" + socket);
            sshd.trustIn(shop.home.resolve("config/known_hosts"));
            shop.settings("upkeep.data-update = automatic", TUNNEL, "upkeep.store.acme.files = " + sshd.uri(shop.root));
            Shop.Said once = shop.upkeep("once");
            assertThat(once.code()).as(once.out() + once.err()).isZero();
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
            assertThat(dump()).contains("CREATE TABLE `wp_cocart_carts`");

            // the same by the URL of the settings
            shop.settings(
                    TUNNEL,
                    "upkeep.store.acme.files = " + sshd.uri(shop.root),
                    "upkeep.store.acme.database.url = jdbc:mariadb://localhost/shop?localSocket=" + socket);
            assertThat(shop.upkeep("check").code()).isZero();
        }
    }

    @Test
    void openSshThatMayNotForwardIsSaid() throws Exception {
        try (OpenSshd sshd =
                new OpenSshd(folder.resolve("sshd"), "AllowTcpForwarding no", "AllowStreamLocalForwarding no")) {
            sshd.trustIn(shop.home.resolve("config/known_hosts"));
            shop.settings(TUNNEL, "upkeep.store.acme.files = " + sshd.uri(shop.root));
            assertThat(shop.upkeep("check").out())
                    .contains("does not let the user " + System.getProperty("user.name"), "AllowTcpForwarding local");
            dbHost("localhost:/run/no-such.sock");
            assertThat(shop.upkeep("check").out())
                    .contains("127.0.0.1:3306 as seen from 127.0.0.1 (nor /run/no-such.sock, which was tried first)");
        }
    }

    private void dbHost(String host) throws Exception {
        Path config = shop.root.resolve("wp-config.php");
        Files.writeString(
                config, Files.readString(config).replaceAll("'DB_HOST', '[^']*'", "'DB_HOST', '" + host + "'"));
    }

    private static String socket(Connection root) throws Exception {
        try (var statement = root.createStatement();
                var result = statement.executeQuery("SELECT @@socket")) {
            result.next();
            return result.getString(1);
        }
    }

    private String dump() throws Exception {
        try (Stream<Path> all = Files.walk(shop.home.resolve("data/backups/snapshots"))) {
            Path newest = all.filter(file -> file.endsWith("database.sql.gz"))
                    .sorted()
                    .toList()
                    .get(0);
            try (var in = new GZIPInputStream(Files.newInputStream(newest))) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        }
    }
}
