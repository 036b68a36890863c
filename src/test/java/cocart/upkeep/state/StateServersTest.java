package cocart.upkeep.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.StateServers;
import cocart.upkeep.TestServers;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The same state on all kinds of databases. */
class StateServersTest {

    private static final Pattern PARAMETER = Pattern.compile(":#\\$\\{[^}]*}|:#?[A-Za-z]+");

    @ParameterizedTest
    @EnumSource(names = {"H2", "POSTGRESQL", "MARIADB"})
    void sameOnAll(StateServers server) throws Exception {
        same(server);
    }

    @Tag("soak")
    @Test
    void sameOnMysql() throws Exception {
        same(StateServers.MYSQL);
    }

    private static void same(StateServers server) throws Exception {
        StateServers.Place place = server.create();
        try (HikariDataSource source = open(place)) {
            assertEveryStatementIsUnderstood(source, server == StateServers.POSTGRESQL);
            assertTimesAreUtc(new Database(source));
            assertAnOvertakenRunHasNoSay(source);
            assertWhatIsOldBecomesOneLine(source);
            JdbcClient.create(source)
                    .sql("INSERT INTO "
                            + (server == StateServers.H2 ? "\"flyway_schema_history\"" : "flyway_schema_history")
                            + " VALUES (99, '99', 'newer', 'SQL', 'V99__newer.sql', 1, 'x', LOCALTIMESTAMP, 1, "
                            + (server == StateServers.H2 || server == StateServers.POSTGRESQL ? "TRUE" : "1") + ")")
                    .update();
            assertThatThrownBy(() -> open(place).close())
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining("made by a newer or changed version of this program")
                    .message()
                    .doesNotContain("\n");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"H2", "POSTGRESQL", "MARIADB"})
    void aDatabaseOfAnEarlierVersionKeepsWhatItHolds(StateServers server) throws Exception {
        upgraded(server);
    }

    @Tag("soak")
    @Test
    void aMysqlOfAnEarlierVersionKeepsWhatItHolds() throws Exception {
        upgraded(StateServers.MYSQL);
    }

    /** From before own updaters, plan checksums and rehearsals, with an update under way, to now. */
    private static void upgraded(StateServers server) throws Exception {
        StateServers.Place place = server.create();
        String url = server == StateServers.H2 ? place.url() + ";DB_CLOSE_DELAY=-1" : place.url();
        Dialect dialect = Dialect.of(url);
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(Dialect.driverUrl(url));
        config.setUsername(place.username());
        config.setPassword(place.password());
        dialect.options.forEach(config::addDataSourceProperty);
        try (HikariDataSource early = new HikariDataSource(config);
                Connection connection = early.getConnection();
                Statement statement = connection.createStatement()) {
            Flyway.configure()
                    .dataSource(early)
                    .locations(dialect.locations())
                    .placeholders(dialect.placeholders())
                    .target("5")
                    .load()
                    .migrate();
            for (int i = 0; i < 3; i++) {
                statement.execute(
                        "INSERT INTO data_update (id, store, plugin, to_version, code_version, state, open_key, snapshot_id, exposed_since)"
                                + " VALUES ('u" + i + "', 'acme" + i
                                + "', 'cart', '3.0.0', '4.3.6', 'in-progress', 'acme"
                                + i + "/cart', '20261124T030000Z', CURRENT_TIMESTAMP)");
                for (int step = 0; step < 3; step++) {
                    statement.execute(
                            "INSERT INTO data_update_step (data_update_id, position, name, status, reached_key)"
                                    + " VALUES ('u" + i + "', " + step + ", 'step-" + step + "', '"
                                    + (step == 0 ? "complete" : "pending") + "', " + step * 10 + ")");
                }
            }
        }
        try (HikariDataSource source = open(new StateServers.Place(url, place.username(), place.password()))) {
            Database database = new Database(source);
            Events events = new Events(database, new Instance("one"));
            Updates updates = new Updates(database, events);
            DataUpdate update = updates.open("acme1", "cart").orElseThrow();
            assertThat(update.state()).isEqualTo("in-progress");
            assertThat(update.snapshotId()).isEqualTo("20261124T030000Z");
            assertThat(JdbcClient.create(source)
                            .sql("SELECT COUNT(*) FROM data_update_step WHERE plan_checksum IS NULL"
                                    + " AND reached_key = position * 10")
                            .query(Long.class)
                            .single())
                    .isEqualTo(9);
            assertThat(new OwnUpdaters(database, events).of(update.id()).isHandedOver())
                    .isFalse();
            assertThat(updates.complete(update, 7L, "abc", "Fine.")).isTrue();
        }
    }

    /** With nulls throughout: a database that does not know the grammar, a table or a column says so all the same. */
    private static void assertEveryStatementIsUnderstood(HikariDataSource source, boolean postgres) throws Exception {
        List<Path> files;
        try (Stream<Path> all = Files.list(Path.of("src/main/resources/sql"))) {
            files = all.filter(file -> postgres || !file.toString().endsWith("-postgresql.sql"))
                    .sorted()
                    .toList();
        }
        assertThat(files).hasSizeGreaterThan(70);
        List<String> wrong = new ArrayList<>();
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            for (Path file : files) {
                String text = Files.readAllLines(file).stream()
                        .filter(line -> !line.startsWith("--"))
                        .collect(Collectors.joining("\n"));
                int parameters = (int) PARAMETER.matcher(text).results().count();
                try (PreparedStatement statement =
                        connection.prepareStatement(PARAMETER.matcher(text).replaceAll("?"))) {
                    for (int i = 1; i <= parameters; i++) {
                        statement.setNull(i, Types.NULL);
                    }
                    statement.execute();
                } catch (SQLException e) {
                    if (!String.valueOf(e.getSQLState()).startsWith("23")) {
                        wrong.add(file.getFileName() + ": " + e.getMessage());
                    }
                }
                connection.rollback();
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static void assertTimesAreUtc(Database database) {
        assertThat(Duration.between(Instant.now(), database.now().toInstant(java.time.ZoneOffset.UTC))
                        .abs())
                .isLessThan(Duration.ofMinutes(1));
    }

    private static void assertAnOvertakenRunHasNoSay(HikariDataSource source) {
        Jobs frozen = jobs(source, "frozen");
        Jobs other = jobs(source, "other");
        assertThat(frozen.claim("acme", "back-up")).isTrue();
        assertThat(other.claim("acme", "back-up")).isFalse();
        expire(source);
        assertThat(frozen.claim("acme", "back-up"))
                .as("its own run has not ended")
                .isFalse();
        frozen.heartbeat();
        assertThat(other.claim("acme", "back-up"))
                .as("it woke up before somebody else took it")
                .isFalse();
        expire(source);
        assertThat(other.due("back-up")).containsExactly("acme");
        assertThat(other.claim("acme", "back-up")).isTrue();
        assertThat(frozen.isMine("acme", "back-up")).isFalse();
        assertThat(frozen.progress("acme", "back-up", 1, 1)).isFalse();
        frozen.heartbeat();
        frozen.finish("acme", "back-up", "late");
        assertThat(other.isMine("acme", "back-up")).isTrue();
        assertThat(other.error("acme", "back-up")).isEmpty();

        // the other is overtaken in its turn, and the first one's new run is not ended by anything of its old one
        expire(source);
        assertThat(frozen.claim("acme", "back-up")).isTrue();
        other.finish("acme", "back-up", "late");
        assertThat(frozen.isMine("acme", "back-up")).isTrue();
        assertThat(frozen.finish("acme", "back-up", "broken")).isTrue();
        assertThat(frozen.error("acme")).contains("broken");
    }

    private static void assertWhatIsOldBecomesOneLine(HikariDataSource source) {
        Database database = new Database(source);
        Events events = new Events(database, new Instance("one"));
        Updates updates = new Updates(database, events);
        JdbcClient sql = JdbcClient.create(source);
        for (String version : List.of("2.0.0", "3.0.0", "4.0.0")) {
            DataUpdate update = updates.plan("acme", "cart", "1.0", version, version, Instant.now(), true)
                    .orElseThrow();
            sql.sql(
                            "INSERT INTO data_update_step (data_update_id, position, name, status) VALUES (?, 0, 'columns', 'complete')")
                    .param(update.id())
                    .update();
            assertThat(updates.complete(update, 7L, "abc", "Fine.")).isTrue();
            if (!version.equals("3.0.0")) {
                sql.sql("UPDATE data_update SET created_at = ?, finished_at = ? WHERE id = ?")
                        .param(database.now().minusDays(version.equals("2.0.0") ? 100 : 0))
                        .param(database.now().minusDays(91))
                        .param(update.id())
                        .update();
            }
        }
        int days = 200;
        for (String state : List.of("settled", "unsettled", "settled", "unsettled", "settled", "unsettled")) {
            sql.sql(
                            "INSERT INTO plugin_sighting (id, store, plugin, fingerprint, state, first_seen_at, last_seen_at, settled_at)"
                                    + " VALUES (?, 'acme', 'cart', 'x', ?, ?, ?, ?)")
                    .param("sighting-" + days)
                    .param(state)
                    .param(database.now().minusDays(days))
                    .param(database.now().minusDays(days))
                    .param(state.equals("settled") ? database.now().minusDays(days) : null)
                    .update();
            days -= 20;
        }
        sql.sql("UPDATE event SET at = ? WHERE text LIKE '%2.0.0%'")
                .param(database.now().minusDays(91))
                .update();

        new History(database, updates, events, Duration.ofDays(90)).tidy("acme");

        assertThat(sql.sql("SELECT to_version FROM data_update ORDER BY to_version")
                        .query(String.class)
                        .list())
                .as("the newest stays, however old")
                .containsExactly("3.0.0", "4.0.0");
        assertThat(sql.sql("SELECT COUNT(*) FROM data_update_step")
                        .query(Long.class)
                        .single())
                .isEqualTo(2);
        assertThat(sql.sql("SELECT id FROM plugin_sighting ORDER BY first_seen_at")
                        .query(String.class)
                        .list())
                .containsExactly("sighting-120", "sighting-100");
        assertThat(sql.sql("SELECT text FROM event WHERE text LIKE '%2.0.0%'")
                        .query(String.class)
                        .list())
                .singleElement()
                .asString()
                .startsWith("Archived: data update of cart from database version 1.0 to 2.0.0 (code 2.0.0), complete")
                .contains("steps: columns complete")
                .endsWith(". Fine.");
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB"})
    void startedByManyAtOnceOnAnEmptyDatabase(StateServers server) throws Exception {
        StateServers.Place place = server.create();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        CyclicBarrier together = new CyclicBarrier(4);
        try {
            Callable<String> start = () -> {
                together.await();
                try (HikariDataSource source = open(place)) {
                    return StateDatabase.shareTicks(source, place.url());
                }
            };
            for (Future<String> started : threads.invokeAll(List.of(start, start, start, start))) {
                assertThat(started.get()).startsWith("org.quartz");
            }
        } finally {
            threads.shutdownNow();
        }
        try (HikariDataSource source = open(place)) {
            assertThat(JdbcClient.create(source)
                            .sql("SELECT COUNT(*) FROM QRTZ_TRIGGERS")
                            .query(Long.class)
                            .single())
                    .isZero();
        }
    }

    @Test
    void whatIsWrongIsOneSentence() throws Exception {
        StateServers.Place mariadb = StateServers.MARIADB.create();
        StateServers.Place postgres = StateServers.POSTGRESQL.create();
        assertSays(mariadb.url(), mariadb.username(), "wrong", "does not let user keeper in with this password");
        assertSays(postgres.url(), "nobody", "", "does not let user nobody in with this password");
        assertSays(postgres.url() + "_not", "postgres", "", "does not exist on that server; create it, empty");
        try (Connection connection = TestServers.mariadb().administrator();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE OR REPLACE USER 'reader'@'127.0.0.1' IDENTIFIED BY 'r'");
            statement.execute("CREATE OR REPLACE USER 'reader'@'localhost' IDENTIFIED BY 'r'");
            String database = mariadb.url().substring(mariadb.url().lastIndexOf('/') + 1);
            statement.execute("GRANT SELECT ON " + database + ".* TO 'reader'@'127.0.0.1'");
            statement.execute("GRANT SELECT ON " + database + ".* TO 'reader'@'localhost'");
        }
        assertSays(mariadb.url(), "reader", "r", "does not let user reader make tables");
        try (Connection connection =
                        TestServers.postgres().getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("DROP ROLE IF EXISTS reader");
            statement.execute("CREATE ROLE reader LOGIN");
        }
        try (Connection connection = java.sql.DriverManager.getConnection(postgres.url(), "postgres", "");
                Statement statement = connection.createStatement()) {
            statement.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
        }
        assertSays(postgres.url(), "reader", "", "does not let user reader make tables");
        assertSays("jdbc:oracle:x", "a", "b", "must start with jdbc:h2:, jdbc:postgresql:");
        assertThatThrownBy(() -> StateDatabase.shareTicks(new HikariDataSource(), "jdbc:h2:mem:x"))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("set upkeep.database.url to PostgreSQL, MariaDB or MySQL");
    }

    @ParameterizedTest
    @CsvSource({"jdbc:postgresql", "jdbc:mariadb"})
    void aServerThatIsAwayIsSaid(String scheme) throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        assertSays(scheme + "://127.0.0.1:" + port + "/upkeep?password=hush", "upkeep", "", "does not answer (");
    }

    @ParameterizedTest
    @CsvSource({
        "PostgreSQL, 11, 22, true",
        "PostgreSQL, 12, 0, false",
        "PostgreSQL, 17, 1, false",
        "MariaDB, 10, 5, true",
        "MariaDB, 10, 6, false",
        "MariaDB, 11, 4, false",
        "MySQL, 5, 7, true",
        "MySQL, 8, 0, false",
        "H2, 2, 4, false"
    })
    void anOldServerIsRefused(String product, int major, int minor, boolean refused) {
        assertThat(Dialect.tooOld(product, major, minor) != null).isEqualTo(refused);
    }

    private static void assertSays(String url, String username, String password, String expected) {
        assertThatThrownBy(() ->
                        open(new StateServers.Place(url, username, password)).close())
                .isInstanceOf(StateException.class)
                .message()
                .contains(expected)
                .doesNotContain("\n", "Exception", "hush");
    }

    private static HikariDataSource open(StateServers.Place place) {
        return StateDatabase.open(Path.of("."), place.url(), place.username(), place.password());
    }

    private static Jobs jobs(HikariDataSource source, String instance) {
        return new Jobs(
                new Database(source),
                new Instance(instance),
                Duration.ofMinutes(1),
                Duration.ofMinutes(15),
                List.of("acme"),
                (store, job) -> new Jobs.Schedule("0 0 3 * * ?", "UTC"));
    }

    private static void expire(HikariDataSource source) {
        Database database = new Database(source);
        JdbcClient.create(source)
                .sql("UPDATE job_run SET heartbeat_at = ?")
                .param(database.now().minusMinutes(2))
                .update();
    }
}
