package cocart.upkeep.store;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds out where a store's database is: from its settings, and for what they leave out from {@code wp-config.php}. */
public final class DatabaseAddresses {

    private static final int DEFAULT_PORT = 3306;
    private static final Pattern URL =
            Pattern.compile("jdbc:(?:mariadb|mysql)://(\\[[^\\]]+\\]|[^:/?,]+)(?::([0-9]{1,5}))?/([^/?]+)(?:\\?(.*))?");

    private DatabaseAddresses() {}

    /**
     * With a tunnel, hosts, ports and sockets are as the store's own host sees them.
     *
     * @param wpConfig content of the store's {@code wp-config.php}, asked only if a setting is missing
     * @throws StoreException (permanent) that names the property to set
     */
    public static DatabaseAddress resolve(StoreSettings store, Supplier<Optional<byte[]>> wpConfig) {
        try {
            return resolved(store, wpConfig);
        } catch (IllegalArgumentException e) {
            throw new StoreException(
                    "store " + store.id() + ": " + e.getMessage() + "; check DB_* in wp-config.php, or set "
                            + property(store, "url, .username, .password and .prefix"),
                    e,
                    true);
        }
    }

    /**
     * Another database, by a URL that a person gives.
     *
     * @param own the store's: user, password and table prefix are taken from it where the URL does not have them
     * @param url {@code jdbc:mariadb://host:port/name}, with {@code ?user=…&password=…} if wanted
     * @throws StoreException (permanent) if it is none
     */
    public static DatabaseAddress other(DatabaseAddress own, String url) {
        Matcher parts = URL.matcher(url);
        if (!parts.matches()) {
            throw new StoreException("The database URL must look like jdbc:mariadb://127.0.0.1:3306/shop", null, true);
        }
        String options = parts.group(4);
        String username = option(options, "user");
        String password = option(options, "password");
        try {
            return new DatabaseAddress(
                    parts.group(1),
                    parts.group(2) == null ? DEFAULT_PORT : Integer.parseInt(parts.group(2)),
                    null,
                    parts.group(3),
                    username != null ? username : own.username(),
                    password != null ? password : own.password(),
                    own.prefix(),
                    options);
        } catch (IllegalArgumentException e) {
            throw new StoreException("The database URL cannot be used: " + e.getMessage(), e, true);
        }
    }

    private static DatabaseAddress resolved(StoreSettings store, Supplier<Optional<byte[]>> wpConfig) {
        StoreSettings.DatabaseSettings settings = store.database();
        WpConfig config = !settings.isIncomplete()
                ? null
                : new WpConfig(wpConfig.get()
                        .orElseThrow(() -> new StoreException(
                                "store " + store.id() + ": there is no wp-config.php in the WordPress root; set "
                                        + property(store, "url, .username, .password and .prefix"),
                                null,
                                true)));
        String prefix = settings.prefix() != null ? settings.prefix() : from(store, config, "$table_prefix", "prefix");
        if (!prefix.matches("[A-Za-z0-9_]{1,40}")) {
            throw new StoreException(
                    "store " + store.id()
                            + ": $table_prefix in wp-config.php is not letters, digits and underscores; it"
                            + " is not used. Check the file, or set " + property(store, "prefix"),
                    null,
                    true);
        }
        String username = settings.username();
        String password = settings.password();
        if (settings.url() != null) {
            Matcher url = URL.matcher(settings.url());
            if (!url.matches()) {
                throw new StoreException(
                        property(store, "url") + " must look like jdbc:mariadb://127.0.0.1:3306/shop", null, true);
            }
            String options = url.group(4);
            if (username == null) {
                username = option(options, "user");
            }
            if (password == null) {
                password = option(options, "password");
            }
            return new DatabaseAddress(
                    url.group(1),
                    url.group(2) == null ? DEFAULT_PORT : Integer.parseInt(url.group(2)),
                    option(options, "localSocket"),
                    url.group(3),
                    username != null ? username : from(store, config, "DB_USER", "username"),
                    password != null ? password : from(store, config, "DB_PASSWORD", "password"),
                    prefix,
                    without(options, "localSocket"));
        }
        String name = from(store, config, "DB_NAME", "url");
        String host = from(store, config, "DB_HOST", "url");
        username = username != null ? username : from(store, config, "DB_USER", "username");
        password = password != null ? password : from(store, config, "DB_PASSWORD", "password");
        return parsed(store, host, name, username, password, prefix);
    }

    /** WordPress's rules for DB_HOST (wpdb::parse_db_host): host, host:port, host:/socket, [::1]:port, ::1. */
    private static DatabaseAddress parsed(
            StoreSettings store, String dbHost, String name, String username, String password, String prefix) {
        String host = dbHost;
        String socket = null;
        int port = DEFAULT_PORT;
        int slash = host.indexOf(":/");
        if (slash >= 0) {
            socket = host.substring(slash + 1);
            host = host.substring(0, slash);
        } else {
            Matcher split = Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)\\]|([^:]*))(?::([0-9]{1,5}))?")
                    .matcher(host);
            if (split.matches()) {
                host = split.group(1) != null ? "[" + split.group(1) + "]" : split.group(2);
                port = split.group(3) == null ? DEFAULT_PORT : Integer.parseInt(split.group(3));
            } else if (host.matches("[0-9A-Fa-f:.]+")) {
                host = "[" + host + "]";
            }
        }
        boolean there = store.database().tunnel() || onThisMachine(store.files());
        if (!there && (socket != null || isThisMachine(host))) {
            throw new StoreException(
                    "store " + store.id() + ": DB_HOST in wp-config.php is " + dbHost
                            + ", which only the store's own host can reach; "
                            + (store.files().startsWith("sftp:")
                                    ? "set " + property(store, "tunnel") + " = true to reach it through the SFTP login,"
                                            + " or "
                                    : "")
                            + (store.files().startsWith("ftp") ? "FTP leads to no database: " : "")
                            + "make the database reachable from here and set " + property(store, "url")
                            + " = jdbc:mariadb://HOST:3306/" + name,
                    null,
                    true);
        }
        if (host.isEmpty() || host.equals("localhost")) {
            host = "127.0.0.1";
        }
        return new DatabaseAddress(host, port, socket, name, username, password, prefix, null);
    }

    /** True for every way to write this machine, also 127.1, 0 or a name that leads here. */
    private static boolean isThisMachine(String host) {
        if (host.isEmpty() || host.equals("localhost")) {
            return true;
        }
        try {
            for (InetAddress address : InetAddress.getAllByName(host)) {
                if (address.isLoopbackAddress()
                        || address.isAnyLocalAddress()
                        || NetworkInterface.getByInetAddress(address) != null) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false; // then it cannot be connected to either, which is said with its name
        }
    }

    private static boolean onThisMachine(String files) {
        return files.startsWith("file:")
                || files.matches("(sftp|ftps?):(//)?[^/?]*@(127\\.[0-9.]+|localhost|\\[::1\\])(:[0-9]+)?[/?].*");
    }

    private static String from(StoreSettings store, @Nullable WpConfig config, String name, String property) {
        Optional<WpConfig.Value> value = config == null ? Optional.empty() : config.value(name);
        if (value.isEmpty()) {
            throw new StoreException(
                    "store " + store.id() + ": wp-config.php does not set " + name + "; set "
                            + property(store, property),
                    null,
                    true);
        }
        if (value.get().computed()) {
            throw new StoreException(
                    "store " + store.id() + ": " + name + " in wp-config.php, line "
                            + value.get().line() + ", is computed by PHP, which is not run here; set "
                            + property(store, property),
                    null,
                    true);
        }
        return value.get().text();
    }

    private static @Nullable String option(@Nullable String options, String name) {
        if (options != null) {
            for (String option : options.split("&")) {
                if (option.startsWith(name + "=")) {
                    return URLDecoder.decode(option.substring(name.length() + 1), StandardCharsets.UTF_8);
                }
            }
        }
        return null;
    }

    private static @Nullable String without(@Nullable String options, String name) {
        return options == null
                ? null
                : Stream.of(options.split("&"))
                        .filter(option -> !option.startsWith(name + "="))
                        .collect(Collectors.joining("&"));
    }

    private static String property(StoreSettings store, String name) {
        return "upkeep.store." + store.id() + ".database." + name;
    }
}
