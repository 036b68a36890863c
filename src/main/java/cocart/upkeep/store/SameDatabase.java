package cocart.upkeep.store;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * Finds out whether two addresses lead to the same database, by asking the servers: a database has many addresses
 * ({@code localhost}, {@code 127.0.0.1}, a socket, the end of a tunnel). A lock that is taken by one way and seen by the
 * other is on the same server.
 */
public final class SameDatabase {

    private SameDatabase() {}

    /** True if both lead to the same server, whatever database they use there. */
    public static boolean isOnOneServer(Connection one, Connection other) throws SQLException {
        String lock = "upkeep-" + new BigInteger(96, new SecureRandom()).toString(36);
        if (ask(one, "SELECT GET_LOCK(?, 0)", lock).equals("0")) {
            throw new SQLException("a lock was not given");
        }
        try {
            return !ask(other, "SELECT IS_USED_LOCK(?)", lock).isEmpty();
        } finally {
            ask(one, "SELECT RELEASE_LOCK(?)", lock);
        }
    }

    /** @throws StoreException if one of them hangs up meanwhile */
    public static boolean is(Connection one, Connection other) {
        try {
            return isOnOneServer(one, other) && hasSameName(one, other);
        } catch (SQLException e) {
            throw new StoreException(
                    "It could not be found out whether --database-url is the store's own database (" + Faults.words(e)
                            + "); nothing was restored, try again.",
                    e);
        }
    }

    /** The server knows whether it tells capitals from small letters. */
    private static boolean hasSameName(Connection one, Connection other) throws SQLException {
        String first = ask(one, "SELECT DATABASE()");
        String second = ask(other, "SELECT DATABASE()");
        boolean capitals = ask(one, "SELECT @@lower_case_table_names").equals("0");
        return capitals ? first.equals(second) : first.equalsIgnoreCase(second);
    }

    /** The answer; empty for NULL. */
    private static String ask(Connection connection, String question, String... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(question)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            try (ResultSet row = statement.executeQuery()) {
                String answer = row.next() ? row.getString(1) : null;
                return answer == null ? "" : answer;
            }
        }
    }
}
