package cocart.upkeep.state;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.Location;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.h2.api.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * Ends a migration that was broken off. H2, MariaDB and MySQL keep what a statement has done to the tables at once, not
 * with the end of a transaction: after a kill, or on a full disk, a part of a migration is there, and Flyway stops at it.
 * Our migrations add and drop, and copy or rename as the last they do, so the same migration can go on: what is there
 * already, or gone, is passed over.
 */
final class HalfMigration {

    /** There is such a table, index, column or row already, or no such index any more. */
    private static final Set<Integer> DONE = Set.of(
            1050,
            1060,
            1061,
            1062,
            1091,
            ErrorCode.DUPLICATE_KEY_1,
            ErrorCode.TABLE_OR_VIEW_ALREADY_EXISTS_1,
            ErrorCode.INDEX_ALREADY_EXISTS_1,
            ErrorCode.DUPLICATE_COLUMN_NAME_1,
            ErrorCode.INDEX_NOT_FOUND_1);

    /** There is no such table any more. */
    private static final Set<Integer> GONE =
            Set.of(1051, 1146, ErrorCode.TABLE_OR_VIEW_NOT_FOUND_1, ErrorCode.TABLE_OR_VIEW_NOT_FOUND_DATABASE_EMPTY_1);

    private static final int LOCK_SECONDS = 60;

    private HalfMigration() {}

    /**
     * Brings the tables up to date, also those that are half done.
     *
     * @throws FlywayException why that is not possible
     */
    static void migrate(FluentConfiguration configuration) {
        Flyway flyway = configuration.load();
        try {
            flyway.migrate();
        } catch (FlywayException e) {
            try (Connection connection = configuration.getDataSource().getConnection()) {
                if (!finish(connection, flyway, e instanceof FlywayValidateException)) {
                    throw e;
                }
            } catch (SQLException sql) {
                throw new FlywayException(sql);
            }
            flyway.migrate();
        }
    }

    /** @return false if nothing is half done; if it was, another instance may have ended it meanwhile */
    private static boolean finish(Connection connection, Flyway flyway, boolean wasHalf) throws SQLException {
        boolean locks = !connection.getMetaData().getDatabaseProductName().equals("H2")
                && !connection.getMetaData().getDatabaseProductName().equals("PostgreSQL");
        if (locks) {
            execute(connection, "DO GET_LOCK('upkeep-half-migration', " + LOCK_SECONDS + ")");
        }
        try {
            MigrationInfo half = half(flyway);
            if (half == null) {
                return wasHalf;
            }
            for (String statement : statements(flyway, half)) {
                try {
                    execute(connection, statement);
                } catch (SQLException e) {
                    if (!isDone(statement, e.getErrorCode())) {
                        throw e;
                    }
                }
            }
            flyway.repair(); // forgets the failure
            Flyway.configure()
                    .configuration(flyway.getConfiguration())
                    .target(half.getVersion())
                    .skipExecutingMigrations(true)
                    .load()
                    .migrate();
            return true;
        } finally {
            if (locks) {
                execute(connection, "DO RELEASE_LOCK('upkeep-half-migration')");
            }
        }
    }

    private static boolean isDone(String statement, int error) {
        return DONE.contains(error)
                || (GONE.contains(error) && (statement.startsWith("DROP TABLE ") || statement.contains(" RENAME TO ")));
    }

    private static @Nullable MigrationInfo half(Flyway flyway) {
        return Stream.of(flyway.info().all())
                .filter(migration -> migration.getState() == MigrationState.FAILED)
                .findFirst()
                .orElse(null);
    }

    private static List<String> statements(Flyway flyway, MigrationInfo half) {
        for (Location location : flyway.getConfiguration().getLocations()) {
            String file = "/" + location.getRootPath() + "/" + half.getScript();
            try (InputStream in = HalfMigration.class.getResourceAsStream(file)) {
                if (in != null) {
                    String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    for (Map.Entry<String, String> word :
                            flyway.getConfiguration().getPlaceholders().entrySet()) {
                        text = text.replace("${" + word.getKey() + "}", word.getValue());
                    }
                    return split(text);
                }
            } catch (IOException e) {
                throw new StateException("The migration " + file + " cannot be read: " + e.getMessage(), e);
            }
        }
        throw new StateException("This program has no migration " + half.getScript() + " any more", null);
    }

    /** The statements of a script: each ends with a semicolon at the end of a line; comments are whole lines. */
    static List<String> split(String script) {
        String text = script.lines().filter(line -> !line.startsWith("--")).collect(Collectors.joining("\n"));
        return Stream.of(text.split(";\\s*(\n|$)"))
                .map(String::strip)
                .filter(statement -> !statement.isEmpty())
                .toList();
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
