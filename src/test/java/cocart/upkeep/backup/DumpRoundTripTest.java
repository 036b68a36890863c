package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.LocalServer;
import cocart.upkeep.TestServers;
import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a database may hold: dumped and loaded into another, it is the same. */
class DumpRoundTripTest {

    /** What MariaDB and MySQL both have. */
    private static final List<String> COMMON = List.of(
            "CREATE TABLE wp_types (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, t LONGTEXT, c CHAR(5) CHARACTER SET"
                    + " latin1, b LONGBLOB, v VARBINARY(20), bits BIT(13), js JSON, g GEOMETRY, f DOUBLE,"
                    + " n DECIMAL(40,20), e ENUM('a','ö'), s SET('x','y'), d DATE, dt DATETIME(6), ts TIMESTAMP NULL,"
                    + " y YEAR, ti TIME(3)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
            "INSERT INTO wp_types VALUES (1, 'Köttbullar \uD83D\uDED2 \\\\ ''x'' \\n\\r\\n\\0\\Z ;\\n-- Dump completed\\n"
                    + "\\\\! touch x\\nDELIMITER //', 'äöü', 0x00FF270A5C0D1A, 0x00, b'1010101010101', '{\"k\": \"\uD83D\uDED2\"}',"
                    + " ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0))'), 1.7976931348623157e308,"
                    + " -12345678901234567890.12345678901234567890, 'ö', 'x,y', '0000-00-00', '2026-11-24 03:00:00.123456',"
                    + " '2026-03-29 01:30:00', 1999, '-838:59:59.000')",
            "INSERT INTO wp_types (id, dt, d) VALUES (18446744073709551614, '0000-00-00 00:00:00', '2026-00-00')",
            "CREATE TABLE `wp od``d \uFF11; \\! \"'` (`a b` INT, `sel``ect` INT)",
            "INSERT INTO `wp od``d \uFF11; \\! \"'` VALUES (1, 2)",
            "CREATE TABLE wp_parent (id INT PRIMARY KEY)",
            "CREATE TABLE wp_child (id INT, p INT, FOREIGN KEY (p) REFERENCES wp_parent (id))",
            "CREATE TABLE wp_parted (id INT) PARTITION BY HASH (id) PARTITIONS 3",
            "CREATE VIEW a_first AS SELECT id, t FROM wp_types",
            "CREATE VIEW b_over AS SELECT MAX(id) AS `m ax` FROM a_first",
            "CREATE VIEW a_over AS SELECT `m ax` + 1 AS x FROM b_over",
            "CREATE TRIGGER guard BEFORE INSERT ON wp_parent FOR EACH ROW BEGIN SET NEW.id = COALESCE(NEW.id, 1);\r\n"
                    + " SET @a = '`\\\\'';;'; END",
            "CREATE PROCEDURE p(IN a INT) COMMENT 'ö; //' BEGIN SELECT a; -- x\n SELECT ';;'; END",
            "CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a + 1",
            "CREATE VIEW with_function AS SELECT f(1) AS two");

    /** The embedded server's scheduler is out of order. */
    private static final List<String> EVENT = List.of(
            "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DISABLE DO DELETE FROM wp_parent");

    private static final List<String> GENERATED = List.of(
            "CREATE TABLE wp_generated (a VARCHAR(9), len INT GENERATED ALWAYS AS (LENGTH(a)) VIRTUAL,"
                    + " up VARCHAR(9) GENERATED ALWAYS AS (UPPER(a)) STORED, KEY (len))",
            "INSERT INTO wp_generated (a) VALUES ('abc'), (NULL)");

    private static final List<String> MARIADB = List.of(
            "CREATE SEQUENCE numbers START WITH 7 INCREMENT BY 3",
            "SELECT NEXT VALUE FOR numbers",
            "CREATE TABLE wp_address (i INET6)",
            "INSERT INTO wp_address VALUES ('::1')",
            "/*M!100700 CREATE TABLE wp_new (u UUID) */",
            "/*M!100700 INSERT INTO wp_new VALUES ('123e4567-e89b-12d3-a456-426614174000') */");

    @TempDir
    Path folder;

    private EmbeddedMariaDb embedded;
    private DatabaseDump dump;
    private DatabaseLoad load;

    @BeforeEach
    void programs() throws Exception {
        embedded = TestServers.mariadb();
        dump = new DatabaseDump(List.of(embedded.program("mariadb-dump").toString()));
        load = new DatabaseLoad(List.of(embedded.program("mariadb").toString()));
    }

    @Test
    void ofMariaDb114() throws Exception {
        embedded.create("trip", "tripper", "t1");
        embedded.create("landed", "tripper", "t1");
        try (Connection root = embedded.administrator()) {
            for (String host : List.of("localhost", "127.0.0.1", "%")) {
                execute(root, List.of("GRANT ALL ON trip.* TO 'tripper'@'" + host + "'"));
            }
            roundTrip(root, embedded.port(), all(COMMON, GENERATED, MARIADB));
        }
    }

    @Test
    void ofAnOlderMariaDbWithoutEncryption() throws Exception {
        LocalServer server = LocalServer.mariadb();
        server.create("trip", "tripper", "t1");
        server.create("landed", "tripper", "t1");
        try (Connection root = server.administrator()) {
            roundTrip(root, server.port(), all(COMMON, EVENT, GENERATED, MARIADB));
        }
    }

    @Test
    void ofAnOlderMariaDbByItsOwnPrograms() throws Exception {
        LocalServer server = LocalServer.mariadb();
        dump = new DatabaseDump(List.of(server.program("mariadb-dump").toString()));
        load = new DatabaseLoad(List.of(server.program("mariadb").toString()));
        ofAnOlderMariaDbWithoutEncryption();
    }

    @Test
    void ofMySql8() throws Exception {
        LocalServer server = LocalServer.mysql();
        server.create("trip", "tripper", "t1");
        server.create("landed", "tripper", "t1");
        try (Connection root = server.administrator()) {
            roundTrip(root, server.port(), all(COMMON, EVENT));
        }
    }

    private void roundTrip(Connection root, int port, List<String> statements) throws Exception {
        JdbcStoreDatabase database = database(port, "trip");
        try (Connection owner = database.connect()) {
            execute(owner, List.of("SET SESSION sql_mode = ''"));
            execute(owner, statements);
        }
        Path file = folder.resolve("database.sql.gz");
        assertThat(dump.dump(database, file, n -> {}).lacks()).isEmpty();
        load.load(file, "acme", database(port, "landed").address(), null);
        Map<String, List<String>> expected = everything(root, "trip");
        assertThat(expected).hasSizeGreaterThan(12);
        Map<String, List<String>> landed = everything(root, "landed");
        assertThat(landed).containsOnlyKeys(expected.keySet());
        SoftAssertions.assertSoftly(each -> expected.forEach(
                (name, rows) -> each.assertThat(landed.get(name)).as(name).isEqualTo(rows)));
    }

    private static JdbcStoreDatabase database(int port, String name) {
        return new JdbcStoreDatabase(
                "acme",
                new DatabaseAddress(
                        "127.0.0.1", port, null, name, "tripper", "t1", "wp_", "allowPublicKeyRetrieval=true"));
    }

    @SafeVarargs
    private static List<String> all(List<String>... lists) {
        return java.util.Arrays.stream(lists).flatMap(List::stream).toList();
    }

    /** What defines and what fills each thing of a database, by its kind and name. */
    private static Map<String, List<String>> everything(Connection root, String database) throws SQLException {
        Map<String, List<String>> found = new TreeMap<>();
        root.setCatalog(database);
        for (String row : rows(root, "SHOW FULL TABLES")) {
            String name = row.substring(0, row.lastIndexOf('|'));
            String quoted = "`" + name.replace("`", "``") + "`";
            found.put("definition of " + name, rows(root, "SHOW CREATE TABLE " + quoted));
            found.put("rows of " + name, rows(root, "SELECT * FROM " + quoted));
            if (row.endsWith("BASE TABLE")) {
                found.put("checksum of " + name, rows(root, "CHECKSUM TABLE " + quoted));
            }
        }
        for (String kind : List.of("TRIGGER guard", "PROCEDURE p", "FUNCTION f", "EVENT nightly")) {
            if (kind.startsWith("EVENT")
                    && rows(root, "SHOW VARIABLES LIKE 'event_scheduler'")
                            .equals(List.of("event_scheduler|DISABLED"))) {
                continue;
            }
            List<String> rows = rows(root, "SHOW CREATE " + kind);
            // when a trigger was made is no part of it
            rows.replaceAll(shown -> shown.replaceAll("\\|[0-9: .-]+$", ""));
            found.put(kind, rows);
        }
        found.values()
                .forEach(rows -> rows.replaceAll(
                        row -> row.replace("`" + database + "`.", "").replace(database + ".", "")));
        return found;
    }

    private static List<String> rows(Connection connection, String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.add(value(result, i));
                }
                rows.add(String.join("|", row));
            }
        }
        return rows;
    }

    private static String value(ResultSet result, int column) throws SQLException {
        if (result.getMetaData().getColumnType(column) == Types.VARCHAR) {
            return String.valueOf(result.getString(column));
        }
        try {
            byte[] bytes = result.getBytes(column);
            return bytes == null ? "NULL" : new String(bytes, StandardCharsets.ISO_8859_1);
        } catch (SQLDataException e) {
            return String.valueOf(result.getString(column)); // the driver gives no bytes of a number
        }
    }

    private static void execute(Connection connection, List<String> statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
