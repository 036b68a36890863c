package cocart.upkeep.demo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A small shop's database in the shape of a real one: WordPress, WooCommerce's Action Scheduler, CoCart 2.9.3. */
public final class ShopDatabase {

    private final Connection connection;
    private final String prefix;

    public ShopDatabase(Connection connection, String prefix) {
        this.connection = connection;
        this.prefix = prefix;
    }

    /**
     * Makes the tables as CoCart 2.9.3 leaves them.
     *
     * @param databaseVersion value of {@code cocart_db_version}, or null for a store that never had one (2.8.4)
     */
    public void create(@Nullable String databaseVersion, int carts) throws SQLException {
        execute("CREATE TABLE " + prefix + "options (option_id bigint(20) unsigned NOT NULL AUTO_INCREMENT,"
                + " option_name varchar(191) NOT NULL DEFAULT '', option_value longtext NOT NULL,"
                + " autoload varchar(20) NOT NULL DEFAULT 'yes', PRIMARY KEY (option_id),"
                + " UNIQUE KEY option_name (option_name), KEY autoload (autoload))");
        execute("CREATE TABLE " + prefix + "cocart_carts (cart_id bigint(20) unsigned NOT NULL AUTO_INCREMENT,"
                + " cart_key char(42) NOT NULL, cart_value longtext NOT NULL, cart_expiry bigint(20) unsigned NOT NULL,"
                + " PRIMARY KEY (cart_id), UNIQUE KEY cart_key (cart_key))");
        actionScheduler();
        option("cocart_version", "2.9.3");
        if (databaseVersion != null) {
            option("cocart_db_version", databaseVersion);
        }
        Random random = new Random(42);
        for (int i = 0; i < carts; i++) {
            addCart(String.format("t_%040x", i), value(random));
        }
    }

    /** The tables of Action Scheduler 3.6, as WordPress makes them outside of a strict mode. */
    private void actionScheduler() throws SQLException {
        execute("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'");
        execute("CREATE TABLE " + prefix + "actionscheduler_actions (action_id bigint(20) unsigned NOT NULL"
                + " AUTO_INCREMENT, hook varchar(191) NOT NULL, status varchar(20) NOT NULL, scheduled_date_gmt datetime"
                + " DEFAULT '0000-00-00 00:00:00', scheduled_date_local datetime DEFAULT '0000-00-00 00:00:00', priority"
                + " tinyint(3) unsigned NOT NULL DEFAULT 10, args varchar(191) DEFAULT NULL, schedule longtext DEFAULT"
                + " NULL, group_id bigint(20) unsigned NOT NULL DEFAULT 0, attempts int(11) NOT NULL DEFAULT 0,"
                + " last_attempt_gmt datetime DEFAULT '0000-00-00 00:00:00', last_attempt_local datetime DEFAULT"
                + " '0000-00-00 00:00:00', claim_id bigint(20) unsigned NOT NULL DEFAULT 0, extended_args varchar(8000)"
                + " DEFAULT NULL, PRIMARY KEY (action_id), KEY hook (hook), KEY status (status))");
        execute("CREATE TABLE " + prefix + "actionscheduler_groups (group_id bigint(20) unsigned NOT NULL"
                + " AUTO_INCREMENT, slug varchar(255) NOT NULL, PRIMARY KEY (group_id), KEY slug (slug(191)))");
        execute("CREATE TABLE " + prefix + "actionscheduler_logs (log_id bigint(20) unsigned NOT NULL AUTO_INCREMENT,"
                + " action_id bigint(20) unsigned NOT NULL, message text NOT NULL, log_date_gmt datetime DEFAULT"
                + " '0000-00-00 00:00:00', log_date_local datetime DEFAULT '0000-00-00 00:00:00', PRIMARY KEY (log_id),"
                + " KEY action_id (action_id))");
    }

    private static String value(Random random) {
        return "a:1:{s:4:\"cart\";s:" + random.nextInt(1000) + ":\""
                + "Köttbullar \uD83D\uDED2 'x' \\\\ ".repeat(3 + random.nextInt(60)) + "\";}";
    }

    /** Puts a cart into the old columns, as a shopper's visit does. */
    public void addCart(String key, String value) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO " + prefix
                + "cocart_carts (cart_key, cart_value, cart_expiry) VALUES (?, ?, 1800000000)")) {
            insert.setString(1, key);
            insert.setString(2, value);
            insert.executeUpdate();
        }
    }

    public void option(String name, String value) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO " + prefix
                + "options (option_name, option_value) VALUES (?, ?) ON DUPLICATE KEY UPDATE option_value = ?")) {
            insert.setString(1, name);
            insert.setString(2, value);
            insert.setString(3, value);
            insert.executeUpdate();
        }
    }

    /** An option's value, or null. */
    public @Nullable String option(String name) throws SQLException {
        return text("SELECT option_value FROM " + prefix + "options WHERE option_name = '" + name + "'");
    }

    /** Queues CoCart's own updater as a click on "Update CoCart Database" does. */
    public void queueUpdater(String status) throws SQLException {
        for (String args : List.of(
                "{\"update_callback\":\"cocart_update_300_db_structure\"}",
                "{\"update_callback\":\"cocart_update_300_db_version\"}")) {
            execute("INSERT INTO " + prefix + "actionscheduler_actions (hook, status, args, group_id) VALUES"
                    + " ('cocart_run_update_callback', '" + status + "', '" + args + "', 4)");
        }
    }

    /** The columns of the carts table in order, with their types. */
    public List<String> columns() throws SQLException {
        List<String> columns = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SHOW COLUMNS FROM " + prefix + "cocart_carts")) {
            while (rows.next()) {
                columns.add(rows.getString(1) + " " + rows.getString(2)
                        + ("NO".equals(rows.getString(3)) ? " NOT NULL" : ""));
            }
        }
        return columns;
    }

    /** The carts in their old columns, one text each, by id. */
    public List<String> carts() throws SQLException {
        List<String> carts = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT cart_id, cart_key, cart_value, cart_expiry FROM "
                        + prefix + "cocart_carts ORDER BY cart_id")) {
            while (rows.next()) {
                carts.add(rows.getString(1) + "|" + rows.getString(2) + "|" + rows.getString(3) + "|"
                        + rows.getString(4));
            }
        }
        return carts;
    }

    public void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private @Nullable String text(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : null;
        }
    }
}
