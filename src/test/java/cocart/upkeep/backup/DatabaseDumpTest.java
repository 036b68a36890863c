package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.TestServers;
import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dump of a real MariaDB, loaded again, is the database. */
class DatabaseDumpTest {

    private static final String PASSWORD = "qu\"ote's \\ #;$(x) `y` ö";

    @TempDir
    Path folder;

    private EmbeddedMariaDb server;
    private Path target;
    private String program;

    @BeforeEach
    void database() throws Exception {
        server = TestServers.mariadb();
        program = server.program("mariadb-dump").toString();
        server.create("dumped", "dumper", PASSWORD);
        target = folder.resolve("database.sql.gz");
        execute(
                "CREATE TABLE carts (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, k CHAR(42) UNIQUE, v LONGTEXT,"
                        + " b LONGBLOB, d DATETIME(6), n DECIMAL(20,4), g INT GENERATED ALWAYS AS (LENGTH(k)) VIRTUAL,"
                        + " z TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:00') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                "INSERT INTO carts (k, v, b, d, n) VALUES ('a', 'Köttbullar \uD83D\uDED2 \\\\ ''x'' \\n\\0', 0x00FF270A5C, "
                        + "'2026-11-24 03:00:00.123456', -12345.6789), ('b', NULL, NULL, NULL, NULL), ('', '', '', NULL, 0)",
                "INSERT INTO carts (k, v) SELECT CONCAT('big', seq), REPEAT('x', 100000) FROM seq_1_to_60",
                "CREATE TABLE `od`  (`a b` INT, `sel``ect` INT)",
                "CREATE VIEW newest AS SELECT MAX(id) AS id FROM carts",
                "CREATE TRIGGER guard BEFORE INSERT ON carts FOR EACH ROW SET NEW.n = COALESCE(NEW.n, 1)");
    }

    @AfterEach
    void drop() throws Exception {
        try (Connection root = server.administrator();
                Statement statement = root.createStatement()) {
            statement.execute("DROP DATABASE IF EXISTS restored");
        }
    }

    @Test
    void whatIsLoadedIsWhatWasDumped() throws Exception {
        long bytes = new DatabaseDump(List.of("no-such-program", program))
                .dump(database(PASSWORD), target, n -> {})
                .bytes();
        assertThat(target).hasSize(bytes);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
                .isIn("rw-------", "r--------");
        assertThat(folder.toFile().list()).containsExactly("database.sql.gz");

        server.create("restored", "dumper", PASSWORD);
        try (Connection root = server.administrator();
                Statement statement = root.createStatement()) {
            for (String host : List.of("localhost", "127.0.0.1", "%")) {
                statement.execute("GRANT ALL ON dumped.* TO 'dumper'@'" + host + "'");
            }
        }
        ProcessBuilder loader = new ProcessBuilder(
                        server.program("mariadb").toString(),
                        "-h127.0.0.1",
                        "-P" + server.port(),
                        "-udumper",
                        "--default-character-set=utf8mb4",
                        "restored")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("load.log").toFile())
                .redirectInput(unpacked());
        loader.environment().put("MYSQL_PWD", PASSWORD);
        Process load = loader.start();
        assertThat(load.waitFor())
                .as(Files.readString(folder.resolve("load.log")))
                .isZero();
        for (String query : List.of(
                "CHECKSUM TABLE DB.carts",
                "SELECT HEX(v), HEX(b), d, n, g, z FROM DB.carts ORDER BY id",
                "SELECT id FROM DB.newest",
                "SELECT TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.triggers WHERE trigger_schema = 'DB'",
                "SELECT table_name, column_name, column_type, extra FROM information_schema.columns"
                        + " WHERE table_schema = 'DB' ORDER BY table_name, ordinal_position")) {
            assertThat(rows(query.replace("DB", "restored")))
                    .as(query)
                    .isNotEmpty()
                    .isEqualTo(rows(query.replace("DB", "dumped")));
        }
    }

    @Test
    void thePasswordIsNeverOnTheCommandLineNorInTheEnvironment() throws Exception {
        Path seen = folder.resolve("seen.txt");
        Path wrapper = folder.resolve("wrapper.sh");
        Files.writeString(
                wrapper,
                "#!/bin/sh\n{ echo \"$@\"; env; ls -l " + folder.resolve("dump") + "/.client.cnf; } > " + seen
                        + "\nexec " + program + " \"$@\"\n");
        Files.setPosixFilePermissions(wrapper, PosixFilePermissions.fromString("rwx------"));
        Path inner = Files.createDirectory(folder.resolve("dump"));
        new DatabaseDump(List.of(wrapper.toString()))
                .dump(database(PASSWORD), inner.resolve("database.sql.gz"), n -> {});
        assertThat(Files.readString(seen))
                .doesNotContain(PASSWORD, "qu\"ote")
                .contains("--single-transaction", "-rw-------");
        assertThat(inner.toFile().list()).as("the option file is gone").containsExactly("database.sql.gz");
    }

    @Test
    void aWrongPasswordIsSaidAndLeavesNothing() {
        assertThatThrownBy(() -> new DatabaseDump(List.of(program)).dump(database("wr0ng"), target, n -> {}))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("store acme: the database at 127.0.0.1")
                .hasMessageContaining("does not let the user dumper in with this password")
                .hasMessageNotContaining("wr0ng");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aProgramThatStopsInTheMiddleLeavesNothingThatLooksWhole() throws Exception {
        Path half = folder.resolve("half.sh");
        Files.writeString(half, "#!/bin/sh\necho 'CREATE TABLE x (y INT);'\nexit 0\n");
        Files.setPosixFilePermissions(half, PosixFilePermissions.fromString("rwx------"));
        assertThatThrownBy(() -> new DatabaseDump(List.of(half.toString())).dump(database(PASSWORD), target, n -> {}))
                .hasMessageContaining("is not whole");
        Path killed = folder.resolve("killed.sh");
        Files.writeString(killed, "#!/bin/sh\necho 'CREATE TABLE x (y INT);'\nkill -9 $$\n");
        Files.setPosixFilePermissions(killed, PosixFilePermissions.fromString("rwx------"));
        assertThatThrownBy(() -> new DatabaseDump(List.of(killed.toString())).dump(database(PASSWORD), target, n -> {}))
                .hasMessageContaining("the database dump failed");
        Path warned = folder.resolve("warned.sh");
        Files.writeString(
                warned, "#!/bin/sh\necho 'WARNING: no charset' >&2\necho 'dump: Got error: 2013' >&2\nexit 2\n");
        Files.setPosixFilePermissions(warned, PosixFilePermissions.fromString("rwx------"));
        assertThatThrownBy(() -> new DatabaseDump(List.of(warned.toString())).dump(database(PASSWORD), target, n -> {}))
                .hasMessageEndingWith("the database dump failed: dump: Got error: 2013");
        assertThat(target).doesNotExist();
    }

    @Test
    void withoutAProgramTheRemedyIsSaid() {
        DatabaseDump none = new DatabaseDump(List.of("no-such-dump", "/nor/this"));
        assertThat(none.isInstalled()).isFalse();
        assertThatThrownBy(() -> none.dump(database(PASSWORD), target, n -> {}))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isTrue())
                .hasMessageContaining("upkeep.backup.dump-program");
        assertThat(folder).isEmptyDirectory();
    }

    private StoreDatabase database(String password) {
        return new JdbcStoreDatabase(
                "acme",
                new DatabaseAddress("127.0.0.1", server.port(), null, "dumped", "dumper", password, "wp_", null));
    }

    private java.io.File unpacked() throws Exception {
        Path plain = folder.resolve("database.sql");
        try (var in = new GZIPInputStream(Files.newInputStream(target))) {
            Files.copy(in, plain);
        }
        return plain.toFile();
    }

    private void execute(String... statements) throws Exception {
        try (Connection connection = database(PASSWORD).connect();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private List<String> rows(String query) throws Exception {
        List<String> rows = new ArrayList<>();
        try (Connection root = server.administrator();
                Statement statement = root.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.add(String.valueOf(result.getString(i))
                            .replace("restored.", "")
                            .replace("dumped.", ""));
                }
                rows.add(String.join("|", row));
            }
        }
        return rows;
    }
}
