package cocart.upkeep.state;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What differs between the state databases; everything else is the same SQL for all of them. */
enum Dialect {
    H2("jdbc:h2:", "SET TIME ZONE 'UTC'", Map.of(), null),
    POSTGRESQL(
            "jdbc:postgresql:",
            "SET TIME ZONE 'UTC'; SET idle_in_transaction_session_timeout = '20s'",
            Map.of("connectTimeout", "10", "socketTimeout", "60", "tcpKeepAlive", "true"),
            "org.quartz.impl.jdbcjobstore.PostgreSQLDelegate"),
    /** MariaDB and MySQL, both by MariaDB's driver. */
    MYSQL(
            "jdbc:mariadb:",
            "SET time_zone = '+00:00' /*M! , idle_transaction_timeout = 20 */",
            Map.of("connectTimeout", "10000", "socketTimeout", "60000", "tcpKeepAlive", "true"),
            "org.quartz.impl.jdbcjobstore.StdJDBCDelegate");

    private static final String MYSQL_SCHEME = "jdbc:mysql:";

    private final String scheme;
    /**
     * Each connection's first statement: every time is UTC, and a process that froze in a transaction holds its locks,
     * Quartz's among them, for 20 seconds at most. MySQL has no such limit and skips what is for MariaDB.
     */
    final String start;
    /** Driver's options: without them a server that vanished would be waited for without end. */
    final Map<String, String> options;
    /** How Quartz speaks to it; null if several instances cannot share it. */
    final @Nullable String quartzDelegate;

    Dialect(String scheme, String start, Map<String, String> options, @Nullable String quartzDelegate) {
        this.scheme = scheme;
        this.start = start;
        this.options = options;
        this.quartzDelegate = quartzDelegate;
    }

    /** @throws StateException if no such database is supported */
    static Dialect of(String url) {
        String driverUrl = driverUrl(url);
        return Stream.of(values())
                .filter(dialect -> driverUrl.startsWith(dialect.scheme))
                .findFirst()
                .orElseThrow(() -> new StateException(
                        "upkeep.database.url must start with jdbc:h2:, jdbc:postgresql:, jdbc:mariadb: or jdbc:mysql:, for"
                                + " example jdbc:postgresql://127.0.0.1:5432/upkeep",
                        null));
    }

    /** The URL as its driver takes it: MariaDB's driver serves MySQL too. */
    static String driverUrl(String url) {
        return url.startsWith(MYSQL_SCHEME) ? MYSQL.scheme + url.substring(MYSQL_SCHEME.length()) : url;
    }

    /** Folder of this dialect's own scripts in {@code db/dialect} and {@code db/quartz}. */
    String folder() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Where the migrations are; all but a few are the same for all. */
    String[] locations() {
        return this == MYSQL
                ? new String[] {"classpath:db/migration", "classpath:db/dialect/mysql"}
                : new String[] {"classpath:db/migration"};
    }

    /** Words of migrations that differ: an index is dropped by its name, with MariaDB and MySQL that of its table too. */
    Map<String, String> placeholders() {
        return Map.of("ofStep", this == MYSQL ? "ON data_update_step" : "");
    }

    /**
     * Whether a server is too old, in words.
     *
     * @param product as the driver names it
     * @return for example {@code PostgreSQL 11.4, and at least PostgreSQL 12 is needed}; null if it will do
     */
    static @Nullable String tooOld(String product, int major, int minor) {
        int[] least =
                switch (product) {
                    case "PostgreSQL" -> new int[] {12, 0};
                    case "MariaDB" -> new int[] {10, 6};
                    case "MySQL" -> new int[] {8, 0};
                    default -> new int[] {0, 0};
                };
        return major > least[0] || (major == least[0] && minor >= least[1])
                ? null
                : product + " " + major + "." + minor + ", and at least " + product + " " + least[0]
                        + (least[1] == 0 ? "" : "." + least[1]) + " is needed";
    }
}
