package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.TestServers;
import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dumps, good and hostile, are loaded into a real MariaDB. */
class DatabaseLoadTest {

    private static final String PASSWORD = "lo\"ad's \\ #;$(x) ö";
    private static final String END = "-- Dump completed on 2026-11-24  3:00:00\n";

    @TempDir
    Path folder;

    private EmbeddedMariaDb server;
    private DatabaseLoad load;

    @BeforeEach
    void database() throws Exception {
        server = TestServers.mariadb();
        server.create("loaded", "loader", PASSWORD);
        load = new DatabaseLoad(
                List.of("no-such-program", server.program("mariadb").toString()));
    }

    @Test
    void everyByteOfATextComesBack() throws Exception {
        List<Long> told = new ArrayList<>();
        Path dump = dump("/*M!999999\\- enable the sandbox mode */ \n"
                + "CREATE TABLE t (a TEXT) DEFAULT CHARSET=utf8mb4;\n"
                + "INSERT INTO t VALUES ('line\r\nnext\rtab\tnul\\0end\u001A \uD83D\uDED2');\n"
                + "DELIMITER ;;\nCREATE PROCEDURE p() BEGIN SELECT 1;\r\nSELECT 2; END ;;\nDELIMITER ;\n" + END);
        load.load(dump, "acme", address(PASSWORD), told::add);
        assertThat(value("SELECT HEX(a) FROM loaded.t"))
                .isEqualTo("6C696E650D0A6E6578740D746162096E756C00656E641A20F09F9B92");
        assertThat(value("SELECT ROUTINE_DEFINITION FROM information_schema.routines WHERE ROUTINE_SCHEMA = 'loaded'"))
                .contains("1;\r\nSELECT");
        assertThat(told).as("the last call tells the whole file").endsWith(Files.size(dump));
    }

    @Test
    void theCharacterSetOfTheStoresDatabaseIsNotTouched() throws Exception {
        // As dump programs write it around a trigger that is older than the database's character set; it may be cut
        // anywhere.
        for (int filler : List.of(0, 65_000, 65_536 - 460, 65_536 + 460, 131_072)) {
            server.create("loaded", "loader", PASSWORD);
            load.load(
                    dump("CREATE TABLE t (v LONGTEXT);\n-- " + "x".repeat(filler)
                            + "\nALTER DATABASE `sh``op ö` CHARACTER SET latin1 COLLATE latin1_swedish_ci ;\n"
                            + "DELIMITER ;;\nALTER DATABASE `shop` CHARACTER SET latin1 COLLATE latin1_german1_ci ;;\n"
                            + "DELIMITER ;\nINSERT INTO t VALUES ('\nALTER DATABASE `shop` CHARACTER SET x COLLATE y');\n"
                            + END),
                    "acme",
                    address(PASSWORD),
                    null);
            assertThat(value("SELECT DEFAULT_COLLATION_NAME FROM information_schema.schemata"
                            + " WHERE schema_name = 'loaded'"))
                    .isEqualTo("latin1_german1_ci");
            assertThat(value("SELECT v FROM loaded.t")).contains("`shop`");
        }
    }

    @Test
    void aDumpThatIsNotWholeIsNotBegunWith() throws Exception {
        Path whole = dump("CREATE TABLE begun (a INT);\n" + "-- filler\n".repeat(50_000) + END);
        byte[] bytes = Files.readAllBytes(whole);
        Path cut = Files.write(folder.resolve("cut.gz"), Arrays.copyOf(bytes, bytes.length - 9));
        byte[] flipped = bytes.clone();
        flipped[bytes.length / 2] ^= 0x10;
        Path flip = Files.write(folder.resolve("flip.gz"), flipped);
        Path endless = dump("CREATE TABLE begun (a INT);\n-- Dump completed\nSELECT 1;\n");
        Path plain = Files.writeString(folder.resolve("plain.gz"), "CREATE TABLE begun (a INT);\n" + END);
        for (Path bad : List.of(cut, flip, endless, plain)) {
            assertThatThrownBy(() -> load.load(bad, "acme", address(PASSWORD), null))
                    .as(bad.toString())
                    .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.isPermanent())
                            .isTrue())
                    .hasMessageStartingWith("store acme: the dump " + bad + " is not whole: ")
                    .hasMessageContaining("nothing was loaded");
        }
        assertThat(value("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'loaded'"))
                .isEqualTo("0");
    }

    @Test
    void noCommandOfTheClientIsRunForAHostileStore() throws Exception {
        Path seen = folder.resolve("seen");
        Path sql = Files.writeString(folder.resolve("other.sql"), "CREATE TABLE sourced (a INT);\n");
        for (String command : List.of(
                "\\! touch " + seen,
                "system touch " + seen,
                "\\. " + sql,
                "source " + sql,
                "\\T " + seen,
                "tee " + seen,
                "\\P touch " + seen,
                "pager touch " + seen,
                "/*! \\! touch " + seen + " */;",
                "SELECT 1 \\! touch " + seen,
                "/*M!999999\\- enable the sandbox mode */ \\! touch " + seen,
                "LOAD DATA LOCAL INFILE '" + sql + "' INTO TABLE t;")) {
            assertThatThrownBy(() -> load.load(
                            dump("CREATE TABLE IF NOT EXISTS t (a TEXT);\n" + command + "\nSELECT 2;\n" + END),
                            "acme",
                            address(PASSWORD),
                            null))
                    .as(command)
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("failed: ERROR");
        }
        assertThat(seen).doesNotExist();
        assertThat(value("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'sourced'"))
                .isEqualTo("0");
        assertThat(value("SELECT COUNT(*) FROM loaded.t")).isEqualTo("0");
    }

    @Test
    void aCommentThatSwallowsTheRestIsNoSuccess() throws Exception {
        assertThatThrownBy(() -> load.load(
                        dump("CREATE TABLE t (a INT);\n/* never closed\n" + END), "acme", address(PASSWORD), null))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("failed: ERROR 1064");
    }

    @Test
    void aMissingRightIsSaidWithItsRemedy() throws Exception {
        assertThatThrownBy(() -> load.load(
                        dump("CREATE TABLE t (a INT);\nCREATE DEFINER=`gone`@`elsewhere` VIEW v AS SELECT a FROM t;\n"
                                + END),
                        "acme",
                        address(PASSWORD),
                        null))
                .hasMessageContaining("store acme: loading the dump into the database loaded failed: ERROR 1227")
                .hasMessageContaining("belongs to another user")
                .hasMessageContaining("SET USER")
                .hasMessageContaining("half loaded");
    }

    @Test
    void aWrongPasswordIsSaidWithoutIt() throws Exception {
        assertThatThrownBy(() -> load.load(dump(END), "acme", address("wr0ng"), null))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("Access denied")
                .hasMessageNotContaining("wr0ng");
    }

    @Test
    void aBigDumpToAClientThatDiesIsSaidAndNotWaitedFor() throws Exception {
        Path killed = script("read line; kill -9 $$");
        Path dump = dump("-- filler\n".repeat(500_000) + END);
        assertThatThrownBy(
                        () -> new DatabaseLoad(List.of(killed.toString())).load(dump, "acme", address(PASSWORD), null))
                .hasMessageContaining("loading the dump into the database loaded failed: it said nothing");
    }

    @Test
    void aProgramThatIsNoClientIsNotBelieved() throws Exception {
        for (Path wrong : List.of(script("cat"), script("exit 0"))) {
            assertThatThrownBy(() -> new DatabaseLoad(List.of(wrong.toString()))
                            .load(dump(END), "acme", address(PASSWORD), null))
                    .hasMessageContaining("did not run the dump to its end")
                    .hasMessageContaining("upkeep.backup.client-program");
        }
        Path noProgram = Files.writeString(folder.resolve("text"), "#!/no/such/interpreter\n");
        Files.setPosixFilePermissions(noProgram, PosixFilePermissions.fromString("rwx------"));
        assertThatThrownBy(() -> new DatabaseLoad(List.of(noProgram.toString()))
                        .load(dump(END), "acme", address(PASSWORD), null))
                .hasMessageContaining("cannot be run")
                .hasMessageContaining("upkeep.backup.client-program");
        assertThatThrownBy(() ->
                        new DatabaseLoad(List.of("no-such-client")).load(dump(END), "acme", address(PASSWORD), null))
                .hasMessageContaining("upkeep.backup.client-program");
    }

    @Test
    void thePasswordIsInAFileOfItsOwnThatGoesAway() throws Exception {
        Path seen = folder.resolve("seen.txt");
        Path wrapper = script("{ echo \"$@\"; env; ls -l ${1#--defaults-file=}; } > " + seen + "\nexec "
                + server.program("mariadb") + " \"$@\"");
        new DatabaseLoad(List.of(wrapper.toString())).load(dump(END), "acme", address(PASSWORD), null);
        assertThat(Files.readString(seen)).doesNotContain(PASSWORD, "lo\"ad").contains("-rw-------");
        String file = Files.readString(seen).split("=", 2)[1].split(" ", 2)[0];
        assertThat(Path.of(file)).doesNotExist();
        assertThat(Path.of(file).getParent()).doesNotExist();
    }

    @Test
    void whatAKilledLoadLeftIsRemovedAndNothingElse() throws Exception {
        Path killed = Files.createTempDirectory("upkeep-load");
        Path alive = Files.createTempDirectory("upkeep-load");
        Path link = killed.resolveSibling("upkeep-load-link-" + killed.getFileName());
        try {
            for (Path each : List.of(killed, alive)) {
                Files.writeString(each.resolve(".client.cnf"), "password");
            }
            Files.writeString(folder.resolve(".client.cnf"), "of somebody else");
            Files.createSymbolicLink(link, folder);
            FileTime old = FileTime.from(Instant.now().minus(2, ChronoUnit.HOURS));
            Files.setLastModifiedTime(killed, old);
            Path dump = dump(END);
            Files.setLastModifiedTime(folder, old);
            load.load(dump, "acme", address(PASSWORD), null);
            assertThat(killed).doesNotExist();
            assertThat(alive.resolve(".client.cnf")).exists();
            assertThat(folder.resolve(".client.cnf")).exists();
        } finally {
            Files.deleteIfExists(link);
            Files.deleteIfExists(alive.resolve(".client.cnf"));
            Files.deleteIfExists(alive);
        }
    }

    private Path script(String body) throws IOException {
        Path script = Files.createTempFile(folder, "client", ".sh");
        Files.writeString(script, "#!/bin/sh\n" + body + "\n");
        return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    private Path dump(String sql) throws IOException {
        Path file = Files.createTempFile(folder, "database", ".sql.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(sql.getBytes(StandardCharsets.UTF_8));
        }
        return file;
    }

    private DatabaseAddress address(String password) {
        return new DatabaseAddress("127.0.0.1", server.port(), null, "loaded", "loader", password, "wp_", null);
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
