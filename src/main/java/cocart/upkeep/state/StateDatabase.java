package cocart.upkeep.state;

import cocart.upkeep.store.Faults;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.jspecify.annotations.Nullable;

/** Opens the state database and brings its tables up to date. */
public final class StateDatabase {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(25);
    private static final long PATIENCE_IF_AWAY_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long PAUSE_MILLIS = 500;

    static {
        // a connection is always tried before it is used: the process that served the H2 file may have ended
        System.setProperty("com.zaxxer.hikari.aliveBypassWindowMs", "0");
    }

    private StateDatabase() {}

    /**
     * Opens the database of {@code upkeep.database.url}. All connections are READ COMMITTED and in UTC.
     *
     * @param home what a relative H2 file is relative to
     * @return a pool; the caller closes it
     * @throws StateException if it cannot be opened or was made by a newer program
     */
    public static HikariDataSource open(Path home, String url, String username, String password) {
        Dialect dialect = Dialect.of(url);
        HikariConfig config = new HikariConfig();
        config.setPoolName("state");
        if (dialect == Dialect.H2) {
            // AUTO_SERVER opens a port for other processes of this machine: only on loopback
            System.setProperty("h2.bindAddress", "127.0.0.1");
            // by default a commit stays in memory for up to half a second, and a killed process loses it
            config.setDataSource(new H2DataSource(inHome(home, url) + ";WRITE_DELAY=0;TRACE_LEVEL_FILE=0"));
            // H2 takes a connection for valid although its file was closed after a failed write
            config.setConnectionTestQuery("SELECT 1");
        } else {
            config.setJdbcUrl(Dialect.driverUrl(url));
        }
        dialect.options.forEach((name, value) -> {
            if (!url.contains(name + "=")) {
                config.addDataSourceProperty(name, value);
            }
        });
        config.setUsername(username);
        config.setPassword(password);
        config.setMaximumPoolSize(10);
        config.setMinimumIdle(1);
        // MariaDB at its default, REPEATABLE READ, ends in deadlocks where several instances claim steps
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        config.setConnectionInitSql(dialect.start);
        config.setConnectionTimeout(15_000);
        config.setInitializationFailTimeout(1);
        for (long begun = System.nanoTime(); ; ) {
            try {
                return migrated(config, dialect);
            } catch (FlywayValidateException e) {
                throw new StateException("The state database " + visible(url) + " " + invalid(e), e);
            } catch (TooOldException e) {
                throw new StateException(
                        "The state database " + visible(url) + " is " + e.getMessage()
                                + "; update that server, or set upkeep.database.url to another",
                        e);
            } catch (FlywayException | HikariPool.PoolInitializationException e) {
                // whoever served the H2 file has just ended, a server is starting, or another instance makes the tables
                if (!isWorthAnotherTry(e, System.nanoTime() - begun)) {
                    throw new StateException(
                            "The state database " + visible(url) + " " + StateFaults.words(e, username), e);
                }
                pause();
            }
        }
    }

    /**
     * What is wrong and what to do if the state database is why a start failed; null if it is not.
     *
     * @param username who logged in
     */
    public static @Nullable String away(Throwable error, String url, String username) {
        return StateFaults.isPassing(error) || StateFaults.isFull(error)
                ? "The state database " + visible(url) + " " + StateFaults.words(error, username)
                : null;
    }

    /** Why nothing can be recorded in an open database any more, a clause; empty if that is not known. */
    public static String trouble(HikariDataSource pool) {
        return pool instanceof H2Pool file ? file.trouble() : "";
    }

    /**
     * Makes the tables of Quartz's JDBC job store, which has several instances share their ticks. They have a history of
     * their own, so that commands and instances without that store use the same database.
     *
     * @return the class by which Quartz speaks to this database
     * @throws StateException if several instances cannot share it
     */
    public static String shareTicks(DataSource source, String url) {
        Dialect dialect = Dialect.of(url);
        if (dialect.quartzDelegate == null) {
            throw new StateException(
                    "Several instances cannot share " + visible(url)
                            + "; set upkeep.database.url to PostgreSQL, MariaDB or MySQL, or leave the profile cluster out",
                    null);
        }
        for (long begun = System.nanoTime(); ; ) {
            try {
                HalfMigration.migrate(Flyway.configure()
                        .dataSource(source)
                        .locations("classpath:db/quartz/" + dialect.folder())
                        .table("quartz_schema_history")
                        .baselineOnMigrate(true)
                        .baselineVersion("0"));
                return dialect.quartzDelegate;
            } catch (FlywayException e) {
                if (!isWorthAnotherTry(e, System.nanoTime() - begun)) {
                    throw new StateException(
                            "The tables for shared ticks cannot be made in the state database " + visible(url) + ": it "
                                    + StateFaults.words(e, "of upkeep.database.username"),
                            e);
                }
                pause();
            }
        }
    }

    private static boolean isWorthAnotherTry(Exception error, long nanos) {
        return !StateFaults.isFull(error) // a start waits for nobody to make room
                && StateFaults.gone(error) == null
                && StateFaults.isPassing(error)
                && nanos < (StateFaults.isAway(error) ? PATIENCE_IF_AWAY_NANOS : PATIENCE_NANOS);
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static HikariDataSource migrated(HikariConfig config, Dialect dialect) {
        HikariDataSource pool = config.getDataSource() instanceof H2DataSource file
                ? new H2Pool(config, file)
                : new HikariDataSource(config);
        try {
            checkVersion(pool);
            HalfMigration.migrate(Flyway.configure()
                    .dataSource(pool)
                    .locations(dialect.locations())
                    .placeholders(dialect.placeholders())
                    .ignoreMigrationPatterns(new String[0]));
            return pool;
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
    }

    private static void checkVersion(DataSource source) {
        try (Connection connection = source.getConnection()) {
            DatabaseMetaData about = connection.getMetaData();
            String old = Dialect.tooOld(
                    about.getDatabaseProductName(), about.getDatabaseMajorVersion(), about.getDatabaseMinorVersion());
            if (old != null) {
                throw new TooOldException(old);
            }
        } catch (SQLException e) {
            throw new HikariPool.PoolInitializationException(e);
        }
    }

    private static final class TooOldException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private TooOldException(String message) {
            super(message);
        }
    }

    private static String invalid(FlywayValidateException e) {
        return String.valueOf(e.getMessage()).contains("failed migration")
                ? "was left half made by a start that broke off; put it back from a backup, or drop and create it: all stores"
                        + " are then looked at anew, but history, approvals and unfinished updates are forgotten"
                : "was made by a newer or changed version of this program; run that version, or set upkeep.database.url to"
                        + " another database";
    }

    /** An H2 URL with a relative file made absolute below the home folder, whose last part is made private. */
    private static String inHome(Path home, String url) {
        if (!url.startsWith("jdbc:h2:file:./")) {
            return url;
        }
        int options = url.indexOf(';');
        String relative = url.substring("jdbc:h2:file:./".length(), options < 0 ? url.length() : options);
        Path file = home.resolve(relative).normalize();
        if (!home.equals(file.getParent())) {
            makePrivate(file.getParent());
        }
        return "jdbc:h2:file:" + file + (options < 0 ? "" : url.substring(options));
    }

    /** The URL without its options, which may hold a password. */
    private static String visible(String url) {
        return url.replaceAll("[;?].*", "").replaceAll("//[^/@]*@", "//");
    }

    private static void makePrivate(@Nullable Path folder) {
        if (folder == null) {
            return;
        }
        try {
            Files.createDirectories(folder);
            if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
            }
        } catch (IOException e) {
            throw new StateException(
                    "The folder " + folder + " for the state database cannot be made: " + Faults.words(e), e);
        }
    }
}
