package cocart.upkeep.plan;

import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** Counts and checksums the rows that must survive, over the columns that existed before the update. */
public final class Carts {

    /**
     * @param count rows
     * @param checksum sum over the rows of a 64-bit digest of their old columns; the order of rows does not matter
     */
    public record Measure(long count, String checksum) {}

    private Carts() {}

    /** Reads the whole table once, in a network that of every site; memory does not grow with it. */
    public static Measure measure(Connection connection, UpdatePlan plan, StoreDatabase database) throws SQLException {
        long count = 0;
        BigInteger checksum = BigInteger.ZERO;
        for (Site site : database.sites(connection, plan.carts().table())) {
            Measure measure = measured(connection, plan, site, "");
            count += measure.count();
            checksum = checksum.add(new BigInteger(measure.checksum(), 16));
        }
        return new Measure(count, checksum.toString(16));
    }

    /**
     * The same for a range of keys, whose rows stay locked until the transaction ends: nobody else changes or deletes
     * one, though new ones may come.
     *
     * @param from exclusive
     * @param to inclusive
     */
    public static Measure measureLocked(
            Connection connection, UpdatePlan plan, StoreDatabase database, long from, long to) throws SQLException {
        String key = plan.carts().key();
        return measured(
                connection,
                plan,
                database,
                " WHERE " + key + " > " + from + " AND " + key + " <= " + to + " FOR UPDATE");
    }

    /**
     * The same for the whole table of one site. Where transactions are repeatable reads the gaps between the rows are
     * locked too, so that no new ones come.
     */
    public static Measure measureLocked(Connection connection, UpdatePlan plan, StoreDatabase database)
            throws SQLException {
        return measured(connection, plan, database, " FOR UPDATE");
    }

    private static Measure measured(Connection connection, UpdatePlan plan, StoreDatabase database, String which)
            throws SQLException {
        // lengths keep borders between columns and tell NULL from '-'; bytes, so that character sets do not matter
        String row = plan.carts().columns().stream()
                .map(column -> "COALESCE(LENGTH(" + column + "),'-')," + column)
                .collect(Collectors.joining(","));
        String sql = "SELECT COUNT(*), COALESCE(SUM(CAST(CONV(LEFT(MD5(CONCAT_WS(CAST(',' AS BINARY)," + row
                + ")), 16), 16, 10) AS DECIMAL(20,0))), 0) FROM "
                + database.address().table(plan.carts().table()) + which;
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return new Measure(
                    result.getLong(1), result.getBigDecimal(2).toBigInteger().toString(16));
        }
    }

    /** Counts the rows, which takes a small part of the time of {@link #measure}. */
    public static long count(Connection connection, UpdatePlan plan, StoreDatabase database) throws SQLException {
        return Long.parseLong(Objects.requireNonNull(Proofs.scalar(
                connection,
                "SELECT COUNT(*) FROM " + database.address().table(plan.carts().table()))));
    }

    /** The columns of the carts table of the store, or of its main site; empty if it is not there. */
    static List<String> columns(Connection connection, UpdatePlan plan, StoreDatabase database) throws SQLException {
        List<String> found = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement("SELECT column_name FROM"
                + " information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?"
                + " ORDER BY ordinal_position")) {
            statement.setString(1, database.address().table(plan.carts().table()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
            }
        }
        return found;
    }

    /** How the compared columns are declared: a change of one may change what rows hold without touching them. */
    public static List<String> declarations(Connection connection, UpdatePlan plan, StoreDatabase database)
            throws SQLException {
        List<String> found = new ArrayList<>();
        String sql = "SELECT CONCAT_WS(' ', column_name, column_type, character_set_name, collation_name, is_nullable)"
                + " FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?"
                + " AND column_name IN ("
                + String.join(",", Collections.nCopies(plan.carts().columns().size(), "?")) + ") ORDER BY column_name";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, database.address().table(plan.carts().table()));
            for (int i = 0; i < plan.carts().columns().size(); i++) {
                statement.setString(i + 2, plan.carts().columns().get(i));
            }
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
            }
        }
        return found;
    }

    /** True if what is rolled back leaves no trace in the table, and a snapshot of it can be read: InnoDB. */
    public static boolean isTransactional(Connection connection, UpdatePlan plan, StoreDatabase database)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?")) {
            statement.setString(1, database.address().table(plan.carts().table()));
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && "InnoDB".equalsIgnoreCase(row.getString(1));
            }
        }
    }
}
