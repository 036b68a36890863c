package cocart.upkeep.state;

import cocart.upkeep.store.Faults;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Set;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.h2.api.ErrorCode;
import org.jspecify.annotations.Nullable;

/** Opens the state database and brings its tables up to date. */
public final class StateDatabase {

    private static final int ATTEMPTS = 10;
    private static final long PAUSE_MILLIS = 500;

    /** What H2 says while one process stops serving a file and the next begins to. */
    private static final Set<Integer> GONE = Set.of(
            ErrorCode.DATABASE_IS_CLOSED,
            ErrorCode.CONNECTION_BROKEN_1,
            ErrorCode.OBJECT_CLOSED,
            ErrorCode.ERROR_OPENING_DATABASE_1);

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
        HikariConfig config = new HikariConfig();
        config.setPoolName("state");
        config.setJdbcUrl(url);
        if (url.startsWith("jdbc:h2:")) {
            // AUTO_SERVER opens a port for other processes of this machine: only on loopback
            System.setProperty("h2.bindAddress", "127.0.0.1");
            // by default a commit stays in memory for up to half a second, and a killed process loses it
            config.setJdbcUrl(inHome(home, url) + ";WRITE_DELAY=0;TRACE_LEVEL_FILE=0");
        }
        config.setUsername(username);
        config.setPassword(password);
        config.setMaximumPoolSize(8);
        config.setMinimumIdle(1);
        config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
        config.setConnectionInitSql(
                url.startsWith("jdbc:mariadb:") ? "SET time_zone = '+00:00'" : "SET TIME ZONE 'UTC'");
        config.setConnectionTimeout(15_000);
        config.setInitializationFailTimeout(10_000);
        for (int attempt = 1; ; attempt++) {
            try {
                return migrated(config);
            } catch (FlywayValidateException e) {
                throw new StateException(
                        "The state database " + visible(url)
                                + " was made by a newer or changed version of this program; run that version, or set"
                                + " upkeep.database.url to another database",
                        e);
            } catch (FlywayException | HikariPool.PoolInitializationException e) {
                // the process that served the H2 file to others has just ended: the next to come serves it
                if (attempt == ATTEMPTS || !isGone(e)) {
                    throw unopened(url, e);
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static HikariDataSource migrated(HikariConfig config) {
        HikariDataSource pool = new HikariDataSource(config);
        try {
            Flyway.configure()
                    .dataSource(pool)
                    .locations("classpath:db/migration")
                    .ignoreMigrationPatterns(new String[0])
                    .load()
                    .migrate();
            return pool;
        } catch (RuntimeException e) {
            pool.close();
            throw e;
        }
    }

    private static boolean isGone(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && GONE.contains(sql.getErrorCode())) {
                return true;
            }
        }
        return false;
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

    private static StateException unopened(String url, Exception e) {
        String reason = root(e).toLowerCase(Locale.ROOT);
        String what = reason.contains("already in use") || reason.contains("locked")
                ? "is in use by another process that does not share it; stop that process, or add ;AUTO_SERVER=TRUE to"
                        + " upkeep.database.url"
                : isDamaged(e)
                        ? "is damaged; put it back from a backup, or move it away: all stores are then looked at anew, but history,"
                                + " approvals and unfinished updates are forgotten"
                        : "cannot be opened (" + root(e) + "); check upkeep.database.url, .username and .password";
        return new StateException("The state database " + visible(url) + " " + what, e);
    }

    private static boolean isDamaged(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getErrorCode() == ErrorCode.FILE_CORRUPTED_1) {
                return true;
            }
        }
        return false;
    }

    /** The URL without its options, which may hold a password. */
    private static String visible(String url) {
        return url.replaceAll("[;?].*", "").replaceAll("//[^/@]*@", "//");
    }

    private static String root(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null && !(cause instanceof SQLException)) {
            cause = cause.getCause();
        }
        String message = String.valueOf(cause.getMessage());
        return message.lines().findFirst().orElse(message).replaceAll("\\s*\\[[0-9-]+\\]$", "");
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
