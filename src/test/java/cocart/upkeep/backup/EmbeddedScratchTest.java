package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.TestServers;
import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dumps with things that belong to others are tried out, and give nobody more rights than on the scratch database. */
class EmbeddedScratchTest {

    @TempDir
    static Path folder;

    private static EmbeddedScratch server;
    private static ScratchDatabase database;

    @BeforeAll
    static void start() {
        server = new EmbeddedScratch(folder.resolve("scratch"));
        database = new ScratchDatabase(server);
    }

    @AfterAll
    static void close() {
        database.close();
        server.close();
    }

    @Test
    void whatBelongsToUsersOfTheStoresServerIsLoadedAsTheScratchUsersOwn() throws Exception {
        EmbeddedMariaDb store = TestServers.mariadb();
        store.create("owned", "owner", "o1");
        try (Connection root = store.administrator();
                Statement statement = root.createStatement()) {
            for (String sql : List.of(
                    "GRANT SELECT ON mysql.proc TO owner@localhost",
                    "GRANT SELECT ON mysql.proc TO owner@'127.0.0.1'",
                    "USE owned",
                    "CREATE TABLE t (a INT)",
                    "CREATE VIEW v AS SELECT a FROM t",
                    "CREATE TRIGGER guard BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = 1; END",
                    "CREATE PROCEDURE p()\nBEGIN\nSELECT 1;\nEND",
                    "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1")) {
                statement.execute(sql);
            }
        }
        Path file = folder.resolve("database.sql.gz");
        DatabaseAddress address =
                new DatabaseAddress("127.0.0.1", store.port(), null, "owned", "owner", "o1", "wp_", null);
        assertThat(new DatabaseDump(List.of(store.program("mariadb-dump").toString()))
                        .dump(new JdbcStoreDatabase("acme", address), file, n -> {})
                        .lacks())
                .filteredOn(lack -> !lack.startsWith("events"))
                .isEmpty();
        load(file);
        // the store's server of these tests has no scheduler, so this is as the program writes it
        load(dump("DELIMITER ;;\n/*!50003 SET time_zone             = 'SYSTEM' */ ;;\n"
                + "/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`localhost`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 YEAR"
                + " STARTS '2026-11-24 03:00:00' ON COMPLETION NOT PRESERVE ENABLE DO SELECT 1 */ ;;\nDELIMITER ;\n"));
        for (String owner : List.of(
                "SELECT DEFINER FROM information_schema.VIEWS WHERE TABLE_SCHEMA LIKE 'upkeep%'",
                "SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA LIKE 'upkeep%'",
                "SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA LIKE 'upkeep%'",
                "SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA LIKE 'upkeep%'"
                        + " AND ROUTINE_NAME = 'p'",
                "SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA LIKE 'upkeep%'"
                        + " AND ROUTINE_NAME = 'f'")) {
            assertThat(values(owner)).as(owner).hasSize(1).allMatch(definer -> definer.startsWith("scratch@"));
        }
    }

    @Test
    void aHostileDumpCannotActForAnAdministrator() throws Exception {
        String connections = values("SELECT @@GLOBAL.max_connections").get(0);
        List<String> owners =
                new ArrayList<>(List.of("upkeep@'127.0.0.1'", "root@localhost", "'mariadb.sys'@localhost"));
        values("SELECT CONCAT(QUOTE(User), '@', QUOTE(Host)) FROM mysql.global_priv WHERE User LIKE 'upkeep%'")
                .forEach(owners::add);
        assertThat(owners).as("and nobody can guess these").hasSize(5).doesNotHaveDuplicates();
        List<String> attempts =
                new ArrayList<>(List.of("CREATE PROCEDURE x()", "CREATE DEFINER=`root`@`localhost` PROCEDURE x()"));
        // not as dump programs write it
        owners.forEach(owner -> attempts.add("CREATE  DEFINER=" + owner + " PROCEDURE x()"));
        for (String create : attempts) {
            Path dump =
                    dump("DELIMITER ;;\n" + create + " SET GLOBAL max_connections = 99 ;;\nDELIMITER ;\nCALL x();\n");
            assertThatThrownBy(() -> load(dump))
                    .as(create)
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("ERROR 1227")
                    .hasMessageContaining("do not give the user scratch more rights");
            values("DROP PROCEDURE IF EXISTS " + database.name() + ".x");
        }
        assertThat(values("SELECT @@GLOBAL.max_connections")).containsExactly(connections);
    }

    private void load(Path dump) {
        new DatabaseLoad(server.clientPrograms(), true)
                .load(dump, "acme", server.address(database.name(), "wp_"), null);
    }

    private Path dump(String sql) throws Exception {
        Path file = Files.createTempFile(folder, "database", ".sql.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write((sql + "-- Dump completed\n").getBytes(StandardCharsets.UTF_8));
        }
        return file;
    }

    private List<String> values(String sql) throws Exception {
        List<String> found = new ArrayList<>();
        try (Connection connection = server.connect();
                Statement statement = connection.createStatement()) {
            if (statement.execute(sql)) {
                try (ResultSet rows = statement.getResultSet()) {
                    while (rows.next()) {
                        found.add(rows.getString(1));
                    }
                }
            }
        }
        return found;
    }
}
