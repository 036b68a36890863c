package cocart.upkeep.plan;

import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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
            Measure measure = ofSite(connection, plan, site);
            count += measure.count();
            checksum = checksum.add(new BigInteger(measure.checksum(), 16));
        }
        return new Measure(count, checksum.toString(16));
    }

    private static Measure ofSite(Connection connection, UpdatePlan plan, Site database) throws SQLException {
        // QUOTE tells NULL from 'NULL'; each column's MD5 keeps borders between columns
        String row = plan.carts().columns().stream()
                .map(column -> "MD5(QUOTE(" + column + "))")
                .collect(Collectors.joining(","));
        String sql = "SELECT COUNT(*), COALESCE(SUM(CAST(CONV(LEFT(MD5(CONCAT(" + row
                + ")), 16), 16, 10) AS DECIMAL(20,0))), 0) FROM "
                + database.address().table(plan.carts().table());
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return new Measure(
                    result.getLong(1), result.getBigDecimal(2).toBigInteger().toString(16));
        }
    }
}
