package cocart.upkeep.state;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.StateServers;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationVersion;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A start that was killed while it made the tables, after each statement of each migration: the next start ends it. */
class HalfMigrationTest {

    /** A migration, and how many of its statements were done. */
    private record Cut(Path script, String version, List<String> statements, int done) {}

    @ParameterizedTest
    @EnumSource(names = {"H2", "MARIADB"})
    void theNextStartGoesOnWhereTheFirstWasKilled(StateServers server) throws Exception {
        List<Cut> cuts = cuts(server);
        // on MariaDB a new database for each would take long: after the first, a middle and the last statement
        everyCut(server, server == StateServers.H2 ? cuts : thinned(cuts));
    }

    @Tag("soak")
    @ParameterizedTest
    @EnumSource(names = {"MARIADB", "MYSQL"})
    void afterEachStatementOn(StateServers server) throws Exception {
        everyCut(server, cuts(server));
    }

    @Tag("soak")
    @ParameterizedTest
    @EnumSource(names = {"MARIADB", "MYSQL"})
    void alsoTheTablesForSharedTicks(StateServers server) throws Exception {
        Path script = Path.of("src/main/resources/db/quartz/mysql/V1__quartz.sql");
        List<String> statements = statements(script, "");
        for (int done = 1; done <= statements.size(); done += 3) {
            StateServers.Place place = server.create();
            try (HikariDataSource source = open(place)) {
                try (Connection connection = source.getConnection()) {
                    run(connection, statements.subList(0, done));
                }
                StateDatabase.shareTicks(source, place.url());
                StateDatabase.shareTicks(source, place.url());
                try (Connection connection = source.getConnection()) {
                    assertThat(schema(connection)).as(done + " statements").hasSizeGreaterThan(100);
                    assertThat(history(connection, "quartz_schema_history"))
                            .as("SUCCESS of V1 once")
                            .containsOnlyOnce("1 1");
                }
            }
        }
    }

    private static void everyCut(StateServers server, List<Cut> cuts) throws Exception {
        List<String> whole;
        StateServers.Place fresh = server.create();
        try (HikariDataSource source = open(fresh);
                Connection connection = source.getConnection()) {
            whole = schema(connection);
            assertThat(whole).hasSizeGreaterThan(80);
        }
        for (Cut cut : cuts) {
            StateServers.Place place = server.create();
            // an H2 database in memory lives as long as a connection to it
            try (Connection connection = connect(place)) {
                halfMade(place, server, cut);
                run(connection, cut.statements().subList(0, cut.done()));
                try (HikariDataSource source = open(place)) {
                    assertThat(schema(connection))
                            .as("%s after %d statements", cut.script(), cut.done())
                            .isEqualTo(whole);
                }
                open(place).close(); // and the one after it finds all in order
            }
        }
    }

    /** All migrations before it. */
    private static void halfMade(StateServers.Place place, StateServers server, Cut cut) {
        Dialect dialect = dialect(server);
        Flyway before = Flyway.configure()
                .dataSource(Dialect.driverUrl(place.url()), place.username(), place.password())
                .locations(dialect.locations())
                .placeholders(dialect.placeholders())
                .load();
        String last = "0?"; // there is the history, and nothing in it
        for (var migration : before.info().all()) {
            if (migration.getVersion().compareTo(MigrationVersion.fromVersion(cut.version())) < 0) {
                last = migration.getVersion().getVersion();
            }
        }
        Flyway.configure()
                .configuration(before.getConfiguration())
                .target(last)
                .load()
                .migrate();
    }

    private static Dialect dialect(StateServers server) {
        return server == StateServers.H2 ? Dialect.H2 : Dialect.MYSQL;
    }

    private static List<Cut> cuts(StateServers server) throws Exception {
        List<Path> scripts = new ArrayList<>();
        for (String location : dialect(server).locations()) {
            try (Stream<Path> files =
                    Files.list(Path.of("src/main/resources", location.substring("classpath:".length())))) {
                scripts.addAll(files.toList());
            }
        }
        scripts.sort(Comparator.comparing(script -> MigrationVersion.fromVersion(version(script))));
        List<Cut> cuts = new ArrayList<>();
        for (Path script : scripts) {
            List<String> statements =
                    statements(script, dialect(server).placeholders().get("ofStep"));
            for (int done = 1; done <= statements.size(); done++) {
                cuts.add(new Cut(script, version(script), statements, done));
            }
        }
        assertThat(cuts).hasSizeGreaterThan(30);
        return cuts;
    }

    private static List<Cut> thinned(List<Cut> cuts) {
        return List.of(cuts.get(0), cuts.get(cuts.size() / 2), cuts.get(cuts.size() - 1));
    }

    private static String version(Path script) {
        return script.getFileName().toString().replaceAll("V([0-9.]+)__.*", "$1");
    }

    private static List<String> statements(Path script, String ofStep) throws Exception {
        return HalfMigration.split(Files.readString(script).replace("${ofStep}", ofStep));
    }

    private static void run(Connection connection, List<String> statements) throws Exception {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    /** Every column and index. */
    private static List<String> schema(Connection connection) throws Exception {
        boolean h2 = connection.getMetaData().getDatabaseProductName().equals("H2");
        String here = h2 ? "'PUBLIC'" : "DATABASE()";
        List<String> schema = rows(
                connection,
                "SELECT table_name, column_name, data_type, is_nullable, column_default FROM"
                        + " information_schema.columns WHERE table_schema = " + here);
        schema.addAll(rows(
                connection,
                h2
                        ? "SELECT table_name, index_name, column_name, ordinal_position FROM"
                                + " information_schema.index_columns WHERE table_schema = " + here
                                + " AND index_name NOT LIKE 'PRIMARY_KEY%' AND index_name NOT LIKE 'CONSTRAINT%'"
                        : "SELECT table_name, index_name, column_name, seq_in_index FROM information_schema.statistics"
                                + " WHERE table_schema = " + here));
        schema.removeIf(row -> row.toLowerCase(Locale.ROOT).startsWith("flyway_schema_history"));
        schema.sort(Comparator.naturalOrder());
        return schema;
    }

    private static List<String> history(Connection connection, String table) throws Exception {
        return rows(connection, "SELECT version, success FROM " + table);
    }

    private static List<String> rows(Connection connection, String query) throws Exception {
        List<String> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.add(String.valueOf(result.getString(i)));
                }
                rows.add(String.join(" ", row));
            }
        }
        return rows;
    }

    private static Connection connect(StateServers.Place place) throws Exception {
        return DriverManager.getConnection(Dialect.driverUrl(place.url()), place.username(), place.password());
    }

    private static HikariDataSource open(StateServers.Place place) {
        return StateDatabase.open(Path.of("."), place.url(), place.username(), place.password());
    }
}
