package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.TestServers;
import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What belongs to others is told before a database is half replaced. */
class DumpOwnersTest {

    private static final String TRIGGER = "CREATE TABLE t (a INT);\nDELIMITER ;;\n"
            + "/*!50003 CREATE*/ /*!50017 DEFINER=OWNER*/ /*!50003 TRIGGER `r` BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1 */;;\n"
            + "DELIMITER ;\n-- Dump completed\n";

    @TempDir
    Path folder;

    private EmbeddedMariaDb server;
    private StoreDatabase database;

    @BeforeEach
    void database() throws Exception {
        server = TestServers.mariadb();
        server.create("owned", "owned_by", "owned-secret");
        database = new JdbcStoreDatabase(
                "acme",
                new DatabaseAddress(
                        "127.0.0.1", server.port(), null, "owned", "owned_by", "owned-secret", "wp_", null));
    }

    @Test
    void whatBelongsToSomebodyElseIsRefused() throws Exception {
        Path dump = dump("`ro``ot`@`localhost`");
        assertThat(DumpOwners.owners(dump)).containsExactly("ro`ot@localhost");
        assertThatThrownBy(() -> DumpOwners.check(dump, database))
                .isInstanceOf(StoreException.class)
                .hasMessageStartingWith("store acme: nothing was changed")
                .hasMessageContaining("of ro`ot@localhost, and " + currentUser() + " may not make")
                .hasMessageContaining(
                        "GRANT SET USER ON *.* TO '" + currentUser().replace("@", "'@'") + "'");
    }

    @Test
    void whoMayMakeItMayLoadIt() throws Exception {
        Path dump = dump("`root`@`localhost`");
        String user = currentUser();
        String quoted = "'" + user.replace("@", "'@'") + "'";
        try (Connection root = server.administrator();
                Statement statement = root.createStatement()) {
            statement.execute("GRANT SET USER ON *.* TO " + quoted);
            assertThatCode(() -> DumpOwners.check(dump, database)).doesNotThrowAnyException();
            statement.execute("REVOKE SET USER ON *.* FROM " + quoted);
        }
        assertThatThrownBy(() -> DumpOwners.check(dump, database)).isInstanceOf(StoreException.class);
    }

    @Test
    void oneUsersOwnAndNobodysAreNoMatter() throws Exception {
        String own = "`" + currentUser().replace("@", "`@`") + "`";
        assertThatCode(() -> DumpOwners.check(dump(own), database)).doesNotThrowAnyException();
        assertThatCode(() -> DumpOwners.check(dump("CURRENT_USER"), database)).doesNotThrowAnyException();
    }

    private String currentUser() throws Exception {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet user = statement.executeQuery("SELECT CURRENT_USER()")) {
            assertThat(user.next()).isTrue();
            return user.getString(1);
        }
    }

    private Path dump(String owner) throws IOException {
        Path file = Files.createTempFile(folder, "database", ".sql.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(TRIGGER.replace("OWNER", owner).getBytes(StandardCharsets.UTF_8));
        }
        return file;
    }
}
