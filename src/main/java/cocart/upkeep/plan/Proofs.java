package cocart.upkeep.plan;

import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks a store's schema whether a data update is done. Options, notices and Action Scheduler are not believed. */
public final class Proofs {

    /** Evaluates all proofs of a plan; changes nothing. */
    public ProofResult check(UpdatePlan plan, StoreDatabase database) {
        try (Connection connection = database.connect()) {
            String carts = database.address().table(plan.carts().table());
            String options = database.address().table("options");
            if (!exists(connection, carts) || !exists(connection, options)) {
                return new ProofResult(
                        true,
                        List.of("The table " + (exists(connection, carts) ? options : carts)
                                + " does not exist; is upkeep.store." + database.store()
                                + ".database.prefix right, and has CoCart ever been active?"),
                        null);
            }
            List<String> failures = new ArrayList<>();
            for (UpdatePlan.Proof proof : plan.proofs()) {
                String found = scalar(connection, prefixed(proof.query(), database));
                if (!proof.expect().equals(found)) {
                    failures.add("Proof " + proof.name() + " does not hold (" + proof.description() + " Expected "
                            + proof.expect() + ", found " + found + ".)");
                }
            }
            return new ProofResult(false, List.copyOf(failures), option(connection, options, plan.mark()));
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the proofs of " + plan.plugin() + " " + plan.version()
                            + " cannot be evaluated: " + e.getMessage(),
                    e);
        }
    }

    /** An option that holds a version; null if the store has none, or it is no version. */
    public @Nullable String option(StoreDatabase database, String name) {
        String options = database.address().table("options");
        try (Connection connection = database.connect()) {
            return exists(connection, options) ? option(connection, options, name) : null;
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the option " + name + " cannot be read from " + options + ": "
                            + e.getMessage(),
                    e);
        }
    }

    /** A plan's SQL for a store: its table prefix put in. */
    public static String prefixed(String sql, StoreDatabase database) {
        return sql.replace("{prefix}", database.address().prefix());
    }

    /** The one value of a query, as text; null for NULL or no row. */
    public static @Nullable String scalar(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            return result.next() ? result.getString(1) : null;
        }
    }

    private static boolean exists(Connection connection, String table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?")) {
            statement.setString(1, table);
            try (ResultSet result = statement.executeQuery()) {
                return result.next() && result.getLong(1) > 0;
            }
        }
    }

    private static @Nullable String option(Connection connection, String table, String name) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT LEFT(option_value, 65) FROM " + table + " WHERE option_name = ?")) {
            statement.setString(1, name);
            try (ResultSet result = statement.executeQuery()) {
                String value = result.next() ? result.getString(1) : null;
                // what is no version counts as none: the store may be hostile, and comparing takes time
                return value == null || value.length() > 64 || !PlainText.is(value) ? null : value;
            }
        }
    }
}
