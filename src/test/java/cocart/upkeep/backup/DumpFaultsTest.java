package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.LocalServer;
import cocart.upkeep.TestServers;
import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rights that are missing, tables that change meanwhile, rows, tables and disks of every size. */
class DumpFaultsTest {

    @TempDir
    Path folder;

    private EmbeddedMariaDb server;
    private DatabaseDump dump;
    private DatabaseLoad load;
    private Path file;

    @BeforeEach
    void database() throws Exception {
        server = TestServers.mariadb();
        server.create("faulty", "owner", "o1");
        dump = new DatabaseDump(List.of(server.program("mariadb-dump").toString()));
        load = new DatabaseLoad(List.of(server.program("mariadb").toString()));
        file = folder.resolve("database.sql.gz");
    }

    @Test
    void whatMayNotBeReadIsLeftOutAndSaid() throws Exception {
        server.create("reader_has_none", "reader", "r1");
        asRoot(
                "CREATE TABLE faulty.t (a INT)",
                "CREATE VIEW faulty.v AS SELECT a FROM faulty.t",
                "CREATE TRIGGER faulty.guard BEFORE INSERT ON faulty.t FOR EACH ROW SET NEW.a = 1",
                "CREATE PROCEDURE faulty.secret() SELECT 1",
                "CREATE PROCEDURE faulty.`odd\nname`() SELECT 1");
        for (String host : List.of("localhost", "127.0.0.1", "%")) {
            asRoot("GRANT SELECT, EXECUTE ON faulty.* TO reader@'" + host + "'");
        }
        assertThat(dump.dump(database("faulty", "reader", "r1"), file, n -> {}).lacks())
                .containsExactly(
                        "the views v are not in it (grant SELECT and SHOW VIEW, and EXECUTE where they call functions)",
                        "stored routines are not in it, because the text of odd name, secret may not be read"
                                + " (grant SELECT ON mysql.proc, from MariaDB 11.3 on SHOW CREATE ROUTINE, in MySQL 8"
                                + " SHOW_ROUTINE)",
                        "triggers, if there are any, are not in it (grant TRIGGER)");
        assertThat(text(file))
                .contains("-- * stored routines are not in it, because the text of odd name, secret")
                .endsWith("-- Dump completed\n");
        load.load(file, "acme", database("reader_has_none", "reader", "r1").address(), null);
    }

    @Test
    void rightsOnLessThanAllAreSaid() throws Exception {
        server.create("half_has_none", "half", "h1");
        asRoot(
                "CREATE TABLE faulty.t (a INT)",
                "CREATE TABLE faulty.hidden (a INT)",
                "CREATE FUNCTION faulty.f() RETURNS INT RETURN 1",
                "CREATE VIEW faulty.calls AS SELECT faulty.f() AS one");
        for (String host : List.of("localhost", "127.0.0.1", "%")) {
            asRoot("GRANT SELECT, SHOW VIEW ON faulty.calls TO half@'" + host + "'");
            asRoot("GRANT SELECT ON faulty.t TO half@'" + host + "'");
        }
        List<String> less = List.of(
                "tables and columns that the user may not read are not in it (grant SELECT on the whole database)",
                "the views calls are not in it (grant SELECT and SHOW VIEW, and EXECUTE where they call functions)");
        String triggers = "triggers, if there are any, are not in it (grant TRIGGER)";
        String how = "(grant SELECT ON mysql.proc, from MariaDB 11.3 on SHOW CREATE ROUTINE, in MySQL 8 SHOW_ROUTINE)";
        assertThat(dump.dump(database("faulty", "half", "h1"), file, n -> {}).lacks())
                .containsExactly(
                        less.get(0),
                        less.get(1),
                        "stored routines of others, if there are any, are not in it " + how,
                        triggers);
        for (String host : List.of("localhost", "127.0.0.1", "%")) {
            asRoot("GRANT EXECUTE ON FUNCTION faulty.f TO half@'" + host + "'");
        }
        assertThat(dump.dump(database("faulty", "half", "h1"), file, n -> {}).lacks())
                .containsExactly(
                        less.get(0),
                        "stored routines are not in it, because the text of f may not be read " + how,
                        triggers);
    }

    @Test
    void eventsThatMayNotBeReadAreSaid() throws Exception {
        LocalServer other = LocalServer.mariadb();
        other.create("faulty", "owner", "o1");
        try (Connection root = other.administrator();
                Statement statement = root.createStatement()) {
            statement.execute("REVOKE EVENT ON faulty.* FROM owner@'127.0.0.1'");
            statement.execute("REVOKE EVENT ON faulty.* FROM owner@localhost");
        }
        assertThat(dump.dump(database(other.port(), "faulty", "owner", "o1"), file, n -> {})
                        .lacks())
                .containsExactly("events, if there are any, are not in it (grant EVENT)");
    }

    @Test
    void aViewThatDoesNotWorkAnyMoreDoesNotEndTheDump() throws Exception {
        asRoot(
                "CREATE TABLE faulty.t (a INT)",
                "INSERT INTO faulty.t VALUES (1)",
                "CREATE TABLE faulty.gone (b INT)",
                "CREATE VIEW faulty.broken AS SELECT b FROM faulty.gone",
                "CREATE VIEW faulty.over AS SELECT b FROM faulty.broken",
                "CREATE VIEW faulty.works AS SELECT a FROM faulty.t",
                "CREATE USER gone@localhost",
                "GRANT ALL ON faulty.* TO gone@localhost",
                "CREATE DEFINER = gone@localhost VIEW faulty.ownerless AS SELECT a FROM faulty.t",
                "DROP USER gone@localhost",
                "DROP TABLE faulty.gone");
        assertThat(dump.dump(database("faulty", "owner", "o1"), file, n -> {}).lacks())
                .containsExactly(
                        "the views broken, over, ownerless are not in it, because they do not work in the store either;"
                                + " their text is in comments at its end");
        assertThat(text(file)).contains("VIEW `broken` AS select").endsWith("-- Dump completed\n");
        server.create("landed", "owner", "o1");
        for (String host : List.of("localhost", "127.0.0.1", "%")) {
            asRoot("GRANT SET USER ON *.* TO owner@'" + host + "'");
        }
        load.load(file, "acme", database("landed", "owner", "o1").address(), null);
        assertThat(value("SELECT GROUP_CONCAT(table_name ORDER BY table_name) FROM information_schema.tables"
                        + " WHERE table_schema = 'landed'"))
                .isEqualTo("t,works");
    }

    @Test
    void aLockedViewEndsTheDumpSoonAndIsNotTakenForABrokenOne() throws Exception {
        asRoot("CREATE TABLE faulty.t (a INT)", "CREATE VIEW faulty.v AS SELECT a FROM faulty.t");
        try (Connection other = server.administrator();
                Statement statement = other.createStatement()) {
            statement.execute("LOCK TABLES faulty.t WRITE");
            assertThatThrownBy(() -> dump.dump(database("faulty", "owner", "o1"), file, n -> {}))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("a view or table of the database faulty has been locked for 5 seconds")
                    .hasMessageContaining("tried again later");
            assertThat(folder).isEmptyDirectory();
            statement.execute("UNLOCK TABLES");
        }
        assertThat(dump.dump(database("faulty", "owner", "o1"), file, n -> {}).lacks())
                .isEmpty();
    }

    @Test
    void tablesWithoutTransactionsAreNamed() throws Exception {
        asRoot(
                "CREATE TABLE faulty.old (a INT) ENGINE=MyISAM",
                "CREATE TABLE faulty.aria (a INT) ENGINE=Aria",
                "CREATE TABLE faulty.good (a INT) ENGINE=InnoDB",
                "INSERT INTO faulty.old VALUES (1)");
        assertThat(dump.dump(database("faulty", "owner", "o1"), file, n -> {}).lacks())
                .containsExactly("the tables aria, old are not of the same moment as the rest, because their engine"
                        + " knows no transactions (ALTER TABLE ... ENGINE=InnoDB)");
        assertThat(text(file)).contains("INSERT INTO `old`");
    }

    @Test
    void aTableThatCountsByASequenceIsLoadedAgain() throws Exception {
        asRoot(
                "CREATE SEQUENCE faulty.numbers",
                "CREATE TABLE faulty.counted (n INT DEFAULT (NEXT VALUE FOR faulty.numbers), v INT)",
                "INSERT INTO faulty.counted (v) VALUES (1), (2)");
        assertThat(dump.dump(database("faulty", "owner", "o1"), file, n -> {}).lacks())
                .containsExactly(
                        "it is to be loaded only into a database called faulty, because the tables counted count by"
                                + " a sequence of it");
        asRoot("DROP TABLE faulty.counted", "DROP SEQUENCE faulty.numbers");
        load.load(file, "acme", database("faulty", "owner", "o1").address(), null);
        assertThat(value("SELECT SUM(n * v) FROM faulty.counted")).isEqualTo("5");
    }

    @Test
    void aHistoryOfRowsThatIsNotInItIsSaid() throws Exception {
        asRoot("CREATE TABLE faulty.aged (a INT) WITH SYSTEM VERSIONING", "INSERT INTO faulty.aged VALUES (1)");
        assertThat(dump.dump(database("faulty", "owner", "o1"), file, n -> {}).lacks())
                .containsExactly(
                        "of the tables aged (WITH SYSTEM VERSIONING) the rows of now are in it, not their history");
        assertThat(text(file)).contains("INSERT INTO `aged`");
    }

    @Test
    void aDumpThatMySqlWillNotLoadIsSaid() throws Exception {
        LocalServer mysql = LocalServer.mysql();
        mysql.create("faulty", "owner", "o1");
        try (Connection root = mysql.administrator();
                Statement statement = root.createStatement()) {
            statement.execute("CREATE TABLE faulty.sums (a INT, s INT GENERATED ALWAYS AS (a + 1) STORED)");
            statement.execute("CREATE TABLE faulty.plain (a INT, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)");
            statement.execute("CREATE PROCEDURE faulty.secret() SELECT 1");
        }
        assertThat(dump.dump(database(mysql.port(), "faulty", "owner", "o1"), file, n -> {})
                        .lacks())
                .hasSize(2)
                .anyMatch(lack -> lack.startsWith("stored routines are not in it, because the text of secret"))
                .anyMatch(lack -> lack.startsWith("MySQL does not load the tables sums, because they have generated"));
    }

    @Test
    void allTablesAreOfOneMomentWhileOthersWrite() throws Exception {
        asRoot(
                "CREATE TABLE faulty.a_first (id INT PRIMARY KEY, n INT)",
                "CREATE TABLE faulty.b_filler (v LONGTEXT)",
                "CREATE TABLE faulty.c_last (id INT PRIMARY KEY, n INT)",
                "INSERT INTO faulty.a_first VALUES (1, 1000000)",
                "INSERT INTO faulty.c_last VALUES (1, 0)",
                "INSERT INTO faulty.b_filler SELECT REPEAT(UUID(), 3000) FROM seq_1_to_200");
        AtomicBoolean stop = new AtomicBoolean();
        CompletableFuture<Integer> writer = CompletableFuture.supplyAsync(() -> {
            int moved = 0;
            try (Connection connection = database("faulty", "owner", "o1").connect();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                for (; !stop.get(); moved++) {
                    statement.execute("UPDATE a_first SET n = n - 1");
                    statement.execute("UPDATE c_last SET n = n + 1");
                    connection.commit();
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
            return moved;
        });
        try {
            // The program stops between the first and the last table until others have written.
            Path waits = script("'" + server.program("mariadb-dump") + "' \"$@\" | { head -c 2000; sleep 0.3; cat; }");
            new DatabaseDump(List.of(waits.toString())).dump(database("faulty", "owner", "o1"), file, n -> {});
        } finally {
            stop.set(true);
        }
        assertThat(writer.get(1, TimeUnit.MINUTES)).as("transactions meanwhile").isPositive();
        server.create("landed", "owner", "o1");
        load.load(file, "acme", database("landed", "owner", "o1").address(), null);
        assertThat(value("SELECT (SELECT n FROM landed.a_first) + (SELECT n FROM landed.c_last)"))
                .isEqualTo("1000000");
    }

    @Test
    void aTableThatIsAlteredMeanwhileIsDumpedAgain() throws Exception {
        asRoot(
                "CREATE TABLE faulty.a_filler (v LONGTEXT)",
                "CREATE TABLE faulty.z_last (a INT)",
                "INSERT INTO faulty.a_filler SELECT REPEAT(UUID(), 3000) FROM seq_1_to_50");
        Path alter = folder.resolve("alter.cnf");
        Files.writeString(
                alter,
                "[client]\nhost=127.0.0.1\nport=" + server.port()
                        + "\nuser=owner\npassword=o1\nssl-verify-server-cert=0\n");
        Path count = folder.resolve("count");
        String altering = "case \"$1\" in --version) exec '" + server.program("mariadb-dump") + "' --version;; esac\n"
                + "echo >> " + count + "\nset -o pipefail\n'" + server.program("mariadb-dump")
                + "' \"$@\" | { head -c 2000; if [ $(wc -l < " + count + ") -le TIMES ]; then '"
                + server.program("mariadb") + "' --defaults-file=" + alter
                + " faulty -e 'ALTER TABLE z_last ADD COLUMN IF NOT EXISTS b INT, ENGINE=InnoDB' 1>&2; fi; cat; }";
        Path once = script(altering.replace("TIMES", "1"));
        new DatabaseDump(List.of(once.toString())).dump(database("faulty", "owner", "o1"), file, n -> {});
        assertThat(Files.readAllLines(count)).as("runs").hasSize(2);
        assertThat(text(file)).contains("`b` int(11)");
        Files.delete(count);
        Path always = script(altering.replace("TIMES", "9"));
        assertThatThrownBy(() -> new DatabaseDump(List.of(always.toString()))
                        .dump(database("faulty", "owner", "o1"), folder.resolve("never"), n -> {}))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isFalse())
                .hasMessageContaining("store acme: the database was altered while it was dumped, 3 times in a row")
                .hasMessageContaining("1412");
        assertThat(folder.resolve("never")).doesNotExist();
    }

    @Test
    void aRowLargerThanTheProgramsUsualBoundComesBack() throws Exception {
        String before = value("SELECT @@global.max_allowed_packet");
        asRoot("SET GLOBAL max_allowed_packet = 1073741824");
        try {
            asRoot("CREATE TABLE faulty.big (v LONGTEXT)", "INSERT INTO faulty.big VALUES (REPEAT('x', 40000000))");
            dump.dump(database("faulty", "owner", "o1"), file, n -> {});
            server.create("landed", "owner", "o1");
            load.load(file, "acme", database("landed", "owner", "o1").address(), null);
            assertThat(value("SELECT LENGTH(v) FROM landed.big")).isEqualTo("40000000");
        } finally {
            asRoot("SET GLOBAL max_allowed_packet = " + before);
        }
    }

    @Test
    void aMillionCartsAreDumpedInLittleMemory() throws Exception {
        asRoot(
                "CREATE TABLE faulty.wp_cocart_carts (cart_id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,"
                        + " cart_key CHAR(42) NOT NULL, cart_value LONGTEXT NOT NULL, cart_expiry BIGINT UNSIGNED)"
                        + " DEFAULT CHARSET=utf8mb4",
                "INSERT INTO faulty.wp_cocart_carts SELECT seq, SHA1(seq), CONCAT('a:7:{s:4:\"cart\";', REPEAT(seq, 8), '}'),"
                        + " seq FROM seq_1_to_1000000");
        Path out = child("-Xmx64m", "ulimit -c 0");
        assertThat(Files.readString(out)).contains("Result[bytes=");
        long rows = 0;
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            byte[] buffer = new byte[1 << 16];
            byte[] mark = "a:7:{".getBytes(StandardCharsets.US_ASCII);
            int at = 0;
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                for (int i = 0; i < n; i++) {
                    at = buffer[i] == mark[at] ? at + 1 : buffer[i] == mark[0] ? 1 : 0;
                    if (at == mark.length) {
                        rows++;
                        at = 0;
                    }
                }
            }
        }
        assertThat(rows).isEqualTo(1_000_000);
    }

    @Test
    void aFullDiskIsSaidAndLeavesNothing() throws Exception {
        asRoot("CREATE TABLE faulty.t (v TEXT)", "INSERT INTO faulty.t SELECT SHA2(RAND(), 512) FROM seq_1_to_20000");
        Path out = child("-Xmx64m", "ulimit -f 200"); // the largest file that a program may write, in KB
        assertThat(Files.readString(out))
                .contains("store acme: the database dump cannot be written to " + file)
                .contains("is the disk full?");
        assertThat(folder.toFile().list()).containsExactly("child.txt");
    }

    /** Dumps in a JVM of its own; its output. */
    private Path child(String memory, String limit) throws Exception {
        Path out = folder.resolve("child.txt");
        new ProcessBuilder(
                        "/bin/bash",
                        "-c",
                        limit + "; exec \"$@\"",
                        "child",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        memory,
                        "-XX:-UsePerfData",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        DumpMain.class.getName(),
                        server.program("mariadb-dump").toString(),
                        String.valueOf(server.port()),
                        "faulty",
                        "owner",
                        "o1",
                        file.toString())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start()
                .waitFor();
        return out;
    }

    private JdbcStoreDatabase database(String name, String user, String password) {
        return database(server.port(), name, user, password);
    }

    private static JdbcStoreDatabase database(int port, String name, String user, String password) {
        return new JdbcStoreDatabase(
                "acme", new DatabaseAddress("127.0.0.1", port, null, name, user, password, "wp_", null));
    }

    private Path script(String body) throws IOException {
        Path script = Files.createTempFile(folder, "dump", ".sh");
        Files.writeString(script, "#!/bin/bash\n" + body + "\n");
        return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    private static String text(Path gzip) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(gzip))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private void asRoot(String... statements) throws SQLException {
        try (Connection root = server.administrator();
                Statement statement = root.createStatement()) {
            root.setCatalog("faulty");
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private String value(String query) throws SQLException {
        try (Connection root = server.administrator();
                Statement statement = root.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            assertThat(result.next()).isTrue();
            return result.getString(1);
        }
    }
}
