package cocart.upkeep.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.mariadb.jdbc.Driver;

/** A store's database over JDBC (MariaDB's driver, which speaks to MySQL too). */
public final class JdbcStoreDatabase implements StoreDatabase {

    /** Longest silence of a database that is asked something short. */
    private static final int IDLE_MILLIS = 60_000;

    private static final int LONG_MILLIS = 6 * 3_600_000;

    private static final Driver DRIVER = new Driver();

    private final String store;
    private final DatabaseAddress address;
    private final @Nullable Tunnel tunnel;

    public JdbcStoreDatabase(String store, DatabaseAddress address) {
        this.store = store;
        this.address = address;
        this.tunnel = null;
    }

    /**
     * A database at the end of a tunnel, which is closed with it. Whoever connects, and be it another program, uses
     * {@link #address}. With TLS the driver then compares the server's certificate with the name 127.0.0.1, so
     * that {@code sslMode=verify-full} fails where the certificate names a host; {@code verify-ca} works, and the way to
     * the store's host is encrypted and its key checked by SSH anyway.
     */
    JdbcStoreDatabase(String store, Tunnel tunnel) {
        this.store = store;
        this.address = tunnel.local();
        this.tunnel = tunnel;
    }

    @Override
    public String store() {
        return store;
    }

    @Override
    public DatabaseAddress address() {
        return address;
    }

    @Override
    public Connection connectForLong() {
        Connection connection = connect();
        try {
            connection.setNetworkTimeout(Runnable::run, LONG_MILLIS);
            return connection;
        } catch (SQLException e) {
            throw explained(e);
        }
    }

    @Override
    public Connection connect() {
        if (tunnel != null) {
            tunnel.open();
        }
        Properties properties = new Properties();
        if (address.options() != null) {
            for (String option : address.options().split("&")) {
                int equals = option.indexOf('=');
                if (equals > 0) {
                    properties.setProperty(option.substring(0, equals), option.substring(equals + 1));
                }
            }
        }
        properties.setProperty("user", address.username());
        properties.setProperty("password", address.password());
        // the far end of a tunnel has its own time limit, which is told better
        properties.putIfAbsent("connectTimeout", tunnel == null ? "10000" : "30000");
        properties.putIfAbsent("socketTimeout", String.valueOf(IDLE_MILLIS));
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("allowLocalInfile", "false");
        properties.setProperty("useMysqlMetadata", "true");
        properties.setProperty("transactionIsolation", "READ_COMMITTED");
        try {
            Connection connection = DRIVER.connect(url(), properties);
            if (connection == null) {
                throw new SQLException("the driver does not know this address");
            }
            return connection;
        } catch (SQLException e) {
            throw explained(e);
        }
    }

    private String url() {
        String server = address.socket() != null
                ? "address=(localSocket=" + address.socket() + ")"
                : (address.host().isEmpty() ? "localhost" : address.host()) + ":" + address.port();
        return "jdbc:mariadb://" + server + "/" + address.name();
    }

    private StoreException explained(SQLException e) {
        String where = "store " + store + ": ";
        StoreException barred = tunnel == null || e.getErrorCode() > 0 ? null : tunnel.fault(e);
        if (barred != null) {
            return barred;
        }
        String place = tunnel != null
                ? tunnel.place()
                : address.socket() != null ? address.socket() : address.host() + ":" + address.port();
        String settings = "upkeep.store." + store + ".database.*, or DB_* in wp-config.php";
        if (tunnel != null && String.valueOf(e.getMessage()).contains("hostname verification failed")) {
            return new StoreException(
                    where + "the certificate of the database at " + place + " does not name 127.0.0.1, by which it is"
                            + " reached through the tunnel; write sslMode=verify-ca in upkeep.store." + store
                            + ".database.url",
                    e,
                    true);
        }
        return switch (e.getErrorCode()) {
            case 1045, 1698 ->
                new StoreException(
                        where + "the database at " + place + " does not let the user " + address.username()
                                + " in with this password; check " + settings + mayWantTls(),
                        e,
                        true);
            case 1044, 1049 ->
                new StoreException(
                        where + "there is no database " + address.name() + " at " + place + " for the user "
                                + address.username() + "; check " + settings,
                        e,
                        true);
            default ->
                new StoreException(
                        where + "the database at " + place + " cannot be reached ("
                                + Faults.words(e) + "); is it up, and is "
                                + settings + " right?",
                        e);
        };
    }

    /** Servers refuse an account that demands TLS in the words of a wrong password. */
    private String mayWantTls() {
        return address.options() != null && address.options().contains("sslMode=")
                ? ""
                : "; if this account demands TLS, write sslMode=verify-full in upkeep.store." + store + ".database.url";
    }

    @Override
    public void close() {
        // connections belong to their callers, but those through a tunnel end with it
        if (tunnel != null) {
            tunnel.close();
        }
    }
}
