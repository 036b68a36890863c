package cocart.upkeep.state;

import cocart.upkeep.store.Faults;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.h2.api.ErrorCode;
import org.jspecify.annotations.Nullable;

/** Why the state database cannot be opened, in words, by the codes of all its kinds. */
final class StateFaults {

    /** What H2 says while one process stops serving a file and the next begins to. */
    private static final Set<Integer> GONE = Set.of(
            ErrorCode.DATABASE_IS_CLOSED,
            ErrorCode.CONNECTION_BROKEN_1,
            ErrorCode.OBJECT_CLOSED,
            ErrorCode.ERROR_OPENING_DATABASE_1);

    /** PostgreSQL starts or stops, has no connection left or ended an idle one, or two instances made the same table. */
    private static final Set<String> PASSING =
            Set.of("57P01", "57P02", "57P03", "53300", "23505", "42P07", "40001", "40P01", "25P03");

    /** SQL state of what failed for want of room. */
    static final String FULL = "53100";

    /** What systems say when they have no room (or no inode) left, or no more for this user. */
    private static final List<String> NO_ROOM =
            List.of("No space left on device", "Disk quota exceeded", "not enough space on the disk");

    private StateFaults() {}

    private static boolean isInUse(String reason) {
        String lower = reason.toLowerCase(Locale.ROOT);
        return lower.contains("already in use") || lower.contains("locked");
    }

    /** True if it may be over in a moment. */
    static boolean isPassing(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLTransientConnectionException
                    || (cause instanceof SQLException && "Connection is closed".equals(cause.getMessage()))) {
                return true; // the pool waited for a connection in vain, or has closed a broken one
            }
            if (cause instanceof SQLException && isInUse(String.valueOf(cause.getMessage()))) {
                return true; // H2's file, by a process that is just ending or has not begun to share it
            }
        }
        SQLException sql = sql(error);
        return sql != null
                && (GONE.contains(sql.getErrorCode())
                        || isAway(sql)
                        || PASSING.contains(String.valueOf(sql.getSQLState()))
                        || sql.getErrorCode() == 1040
                        || sql.getErrorCode() == 1050
                        || sql.getErrorCode() == 1205
                        || sql.getErrorCode() == 1213);
    }

    /** What is to be done where the file of the database is not the one that was opened; null if that is not why. */
    static @Nullable String gone(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof FileGoneException) {
                return cause.getMessage();
            }
        }
        return null;
    }

    /** True if there is no room left where the database is. */
    static boolean isFull(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql
                    && (FULL.equals(sql.getSQLState()) || sql.getErrorCode() == 1021 || sql.getErrorCode() == 1114)) {
                return true;
            }
            String message = String.valueOf(cause.getMessage());
            if (NO_ROOM.stream().anyMatch(message::contains)) {
                return true;
            }
        }
        return false;
    }

    /** True if there is no server, or it does not answer. */
    static boolean isAway(Throwable error) {
        SQLException sql = sql(error);
        return sql != null && !GONE.contains(sql.getErrorCode()) && isAway(sql);
    }

    /**
     * What is wrong and what to do about it, to follow the database's name.
     *
     * @param user who logged in
     */
    static String words(Throwable error, String user) {
        if (isFull(error)) {
            return "cannot be opened, because its disk is full; make room there";
        }
        String gone = gone(error);
        if (gone != null) {
            return "cannot be opened: " + gone;
        }
        SQLException sql = sql(error);
        String reason = reason(sql == null ? error : sql); // the pool's own words are only that it waited
        if (sql == null) {
            return "cannot be opened (" + reason + "); check upkeep.database.url, .username and .password";
        }
        String state = String.valueOf(sql.getSQLState());
        int code = sql.getErrorCode();
        if (code == ErrorCode.FILE_CORRUPTED_1) {
            return "is damaged; put it back from a backup, or move it away: all stores are then looked at anew, but history,"
                    + " approvals and unfinished updates are forgotten";
        }
        if (isInUse(reason)) {
            return "is in use by another process that does not share it; stop that process, or add ;AUTO_SERVER=TRUE to"
                    + " upkeep.database.url";
        }
        if (state.startsWith("28") || code == 1045 || code == 1698 || code == ErrorCode.WRONG_USER_OR_PASSWORD) {
            return "does not let user " + user + " in with this password; check upkeep.database.username and .password";
        }
        if (state.equals("3D000") || code == 1049) {
            return "does not exist on that server; create it, empty, for user " + user
                    + ", or correct upkeep.database.url";
        }
        if (state.equals("42501") || code == 1044 || code == 1142 || code == 1227) {
            return "does not let user " + user + " make tables (" + reason + "); give it all rights on this database";
        }
        if (isAway(sql)) {
            return "does not answer (" + reason + "); start that server, or correct upkeep.database.url";
        }
        return "cannot be opened (" + reason + "); check upkeep.database.url, .username and .password";
    }

    private static boolean isAway(SQLException sql) {
        return String.valueOf(sql.getSQLState()).startsWith("08")
                && sql.getErrorCode() != ErrorCode.WRONG_USER_OR_PASSWORD;
    }

    /** The innermost error of a database that says what kind it is. */
    private static @Nullable SQLException sql(Throwable error) {
        SQLException found = null;
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && (sql.getSQLState() != null || found == null)) {
                found = sql;
            }
        }
        return found;
    }

    private static String reason(Throwable error) {
        Throwable cause = error;
        while (cause.getCause() != null && !(cause instanceof SQLException)) {
            cause = cause.getCause();
        }
        String message = cause instanceof SQLException sql
                ? Faults.words(sql)
                : String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
        return message.replaceAll("\\s*\\[[0-9-]+\\]$", "");
    }
}
