package cocart.upkeep.migrate;

import cocart.upkeep.store.StoreDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Shoppers who put carts into a store, change and empty them all the while, as CoCart does: half of them by the old
 * column list, half by the new one as soon as it is there. Each keeps a ledger of its own carts, so that afterwards every
 * row can be compared with what its shopper last wrote and the server confirmed.
 */
final class SellingStore implements AutoCloseable {

    private static final int NO_SUCH_COLUMN = 1054;
    private static final int MANY = 1_000;

    private final StoreDatabase database;
    private final AtomicBoolean open = new AtomicBoolean(true);
    private final List<Thread> shoppers = new ArrayList<>();
    private final Map<String, String> ledger = new ConcurrentHashMap<>();
    private final List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
    private final AtomicLong longest = new AtomicLong();
    private final AtomicLong writes = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();

    /** Opens with carts that are there already. */
    SellingStore(StoreDatabase database, int carts) throws SQLException {
        this.database = database;
        try (Connection connection = database.connect();
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO wp_cocart_carts (cart_key, cart_value, cart_expiry) VALUES (?, ?, ?)")) {
            connection.setAutoCommit(false);
            for (int i = 0; i < carts; i++) {
                insert.setString(1, "t_" + i);
                insert.setString(2, value(i, 0));
                insert.setLong(3, i);
                insert.addBatch();
                if (i % MANY == MANY - 1) {
                    insert.executeBatch();
                    connection.commit();
                }
                ledger.put("t_" + i, row(value(i, 0), i));
            }
            insert.executeBatch();
            connection.commit();
        }
    }

    private static String value(int cart, int version) {
        return "a:1:{s:4:\"cart\";s:9:\"" + cart + "/" + version + "\";} Köttbullar 🛒 " + "x".repeat(cart % 97);
    }

    private static String row(String value, long expiry) {
        return value + "|" + expiry;
    }

    /** Lets shoppers in, each with carts of its own. */
    SellingStore start(int many, int carts) {
        for (int s = 0; s < many; s++) {
            int shopper = s;
            Thread thread = new Thread(() -> shop(shopper, many, carts), "shopper-" + s);
            shoppers.add(thread);
            thread.start();
        }
        return this;
    }

    private void shop(int shopper, int many, int carts) {
        Random random = new Random(shopper);
        boolean modern = shopper % 2 == 0;
        int fresh = 0;
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            // a new cart by the old column list must go on when there are columns without a default, as on real sites
            statement.execute("SET SESSION sql_mode = ''");
            while (open.get()) {
                int cart = random.nextInt(Math.max(1, carts / many)) * many + shopper;
                String key = "t_" + cart;
                switch (random.nextInt(4)) {
                    case 0 -> {
                        String own = "n_" + shopper + "_" + fresh++;
                        write(connection, modern, own, value(cart, fresh), fresh);
                    }
                    case 1 -> {
                        ledger.remove(key);
                        timed(connection, "DELETE FROM wp_cocart_carts WHERE cart_key = ?", key);
                    }
                    default -> write(connection, modern, key, value(cart, random.nextInt()), random.nextInt(1 << 30));
                }
            }
        } catch (Throwable e) {
            failures.add(e);
        }
    }

    /** INSERT ... ON DUPLICATE KEY UPDATE, as CoCart saves a cart. */
    private void write(Connection connection, boolean modern, String key, String value, long expiry)
            throws SQLException {
        if (modern) {
            try {
                timed(
                        connection,
                        "INSERT INTO wp_cocart_carts (cart_key, cart_value, cart_created, cart_expiry, cart_source,"
                                + " cart_hash) VALUES (?, ?, 17, ?, 'cocart', 'h') ON DUPLICATE KEY UPDATE cart_value ="
                                + " VALUES(cart_value), cart_expiry = VALUES(cart_expiry), cart_hash = 'h'",
                        key,
                        value,
                        expiry);
                ledger.put(key, row(value, expiry));
                return;
            } catch (SQLException e) {
                if (e.getErrorCode() != NO_SUCH_COLUMN) {
                    throw e;
                }
                refused.incrementAndGet(); // this is what migrating is for
            }
        }
        timed(
                connection,
                "INSERT INTO wp_cocart_carts (cart_key, cart_value, cart_expiry) VALUES (?, ?, ?) ON DUPLICATE KEY"
                        + " UPDATE cart_value = VALUES(cart_value), cart_expiry = VALUES(cart_expiry)",
                key,
                value,
                expiry);
        ledger.put(key, row(value, expiry));
    }

    private void timed(Connection connection, String sql, Object... values) throws SQLException {
        long began = System.nanoTime();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.execute();
        }
        longest.accumulateAndGet((System.nanoTime() - began) / 1_000_000, Math::max);
        writes.incrementAndGet();
    }

    /** The longest that one write took, in milliseconds. */
    long longestMillis() {
        return longest.get();
    }

    void forgetLongest() {
        longest.set(0);
    }

    long writes() {
        return writes.get();
    }

    /** Closes the doors; shoppers finish what they do. */
    List<Throwable> stop() throws InterruptedException {
        open.set(false);
        for (Thread shopper : shoppers) {
            shopper.join();
        }
        return failures;
    }

    /** What is not as the ledger has it, at most ten of them; empty if no cart was lost, changed or doubled. */
    List<String> differences() throws SQLException {
        List<String> differences = new ArrayList<>();
        Map<String, String> expected = new HashMap<>(ledger);
        try (Connection connection = database.connectForLong();
                Statement statement = connection.createStatement()) {
            statement.setFetchSize(MANY);
            try (ResultSet rows =
                    statement.executeQuery("SELECT cart_key, cart_value, cart_expiry FROM wp_cocart_carts")) {
                while (rows.next() && differences.size() < 10) {
                    String key = rows.getString(1);
                    String found = row(rows.getString(2), rows.getLong(3));
                    @Nullable String wanted = expected.remove(key);
                    if (!found.equals(wanted)) {
                        differences.add(key + ": " + found + " instead of " + wanted);
                    }
                }
            }
        }
        expected.keySet().stream().limit(10).forEach(key -> differences.add(key + " is lost"));
        return differences;
    }

    @Override
    public void close() throws InterruptedException {
        stop();
    }
}
