package cocart.upkeep.migrate;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs a step that is not cut. How it is known that the carts are as they were, the strictest way that does not keep
 * shoppers waiting for longer than {@link StepLimits#block}:
 *
 * <ol>
 *   <li><b>Instant</b>: an {@code ALTER TABLE} of the carts table that the server does by {@code ALGORITHM=INSTANT}, without
 *       touching a row. While this connection alone may touch the table (LOCK TABLES, some milliseconds), one snapshot is
 *       opened before the change and one after it; they are measured (count and checksum) and compared when the lock is
 *       gone, however long that takes.
 *   <li><b>Measured under lock</b> before the statement, and after it in a snapshot that was opened under the lock. Taken
 *       if a measure without lock needs at most a third of the time; other tables of the statement are locked too. What
 *       then takes longer than it may is ended (KILL QUERY, which rolls it back). A statement that writes rows (UPDATE,
 *       DELETE, ...) is measured in its transaction and rolled back if a cart differs; where the tables cannot be
 *       locked, all carts and the gaps between them are locked instead.
 *   <li><b>In the open</b>: without lock, the carts measured before and after. If both are the same they are untouched,
 *       else it is not known whether the store's own traffic is the reason, and {@code unlocked} is recorded: the update
 *       is then complete only if all carts are those from before it. A statement that writes rows and names the carts
 *       table is refused, as it could not be taken back: it must be cut into chunks.
 * </ol>
 *
 * <p>In the first two ways no shopper can write between the measures, so any difference is the step's doing and fails it.
 */
final class WholeStep {

    private static final int DUPLICATE_COLUMN = 1060;
    private static final int OTHER_TABLES = 1100;
    private static final Pattern OTHER_TABLE = Pattern.compile("Table '([A-Za-z0-9_$]+)' was not locked");
    private static final int NO_SUCH_TABLE = 1146;
    private static final int DEFINITION_CHANGED = 1412;

    /** The time under lock is over; the statement was rolled back. */
    private static final class TooLong extends Exception {
        private static final long serialVersionUID = 1;
    }

    /** This user may not lock tables. */
    private static final class NotLocked extends Exception {
        private static final long serialVersionUID = 1;
    }

    private final Connection connection;
    private final UpdatePlan plan;
    private final UpdatePlan.Step step;
    private final StoreDatabase database;
    private final StepLimits limits;
    private final StepRunner.Checkpoint checkpoint;
    private final String table;
    private final String sql;
    private final Optional<AlterTable> alter;
    private final boolean mariaDb;

    /** Tables that the statement uses beside the carts; locked with them. */
    private final Set<String> others = new LinkedHashSet<>();

    /** How the statement was done, for people; ends with "; " or is empty. */
    private String how = "";

    WholeStep(
            Connection connection,
            UpdatePlan plan,
            UpdatePlan.Step step,
            StoreDatabase database,
            StepLimits limits,
            StepRunner.Checkpoint checkpoint)
            throws SQLException {
        this.connection = connection;
        this.plan = plan;
        this.step = step;
        this.database = database;
        this.limits = limits;
        this.checkpoint = checkpoint;
        table = database.address().table(plan.carts().table());
        sql = Proofs.prefixed(step.sql(), database);
        alter = AlterTable.of(sql);
        mariaDb = String.valueOf(Proofs.scalar(connection, "SELECT VERSION()")).contains("MariaDB");
    }

    /** @return {@code untouched}, {@code no-op} or {@code unlocked} */
    String run() throws SQLException {
        boolean snapshots = Carts.isTransactional(connection, plan, database);
        boolean writes = StepRunner.WRITES.matcher(sql.strip()).matches();
        if (snapshots && alter.filter(found -> found.table().equals(table)).isPresent()) {
            String checked = instant();
            if (checked != null) {
                return checked;
            }
        }
        if (!isMeasurable()) {
            return inTheOpen("the carts are too many to be measured under lock within " + seconds());
        }
        try {
            while (true) {
                try {
                    return snapshots && writes ? inTransaction(true) : underLock(snapshots);
                } catch (SQLException e) {
                    if (!isMissing(e)) {
                        throw e;
                    }
                }
            }
        } catch (NotLocked e) {
            return snapshots && writes ? inOwnTransaction() : inTheOpen("the database user may not LOCK TABLES");
        } catch (TooLong e) {
            return inTheOpen(tooLong());
        } catch (SQLException e) {
            if (e.getErrorCode() == OTHER_TABLES || e.getErrorCode() == NO_SUCH_TABLE && !others.isEmpty()) {
                return snapshots && writes
                        ? inOwnTransaction()
                        : inTheOpen("it uses other tables, which cannot be locked with the carts");
            }
            throw e;
        }
    }

    /** True if the statement failed because a further table must be locked too, which it is the next time. */
    private boolean isMissing(SQLException e) {
        Matcher other = OTHER_TABLE.matcher(String.valueOf(e.getMessage()));
        return e.getErrorCode() == OTHER_TABLES && other.find() && others.size() < 10 && others.add(other.group(1));
    }

    /** The first way; null if the server does not do it that way, and nothing has happened. */
    private @Nullable String instant() throws SQLException {
        checkpoint.before(Carts.count(connection, plan, database), "not measured");
        try (Snapshot before = new Snapshot();
                Snapshot after = new Snapshot()) {
            if (!before.connect() || !after.connect()) {
                return null;
            }
            try (Lock lock = new Lock(true)) {
                List<String> declared = Carts.declarations(connection, plan, database);
                before.open();
                lock.within(() -> execute(alter.orElseThrow().with(AlterTable.INSTANT)));
                after.open();
                boolean redeclared =
                        !Carts.declarations(connection, plan, database).equals(declared);
                lock.close();
                how = "ALGORITHM=INSTANT: " + AlterTable.INSTANT.meaning() + "; ";
                note("writes waited " + lock.millis() + " ms");
                if (redeclared) {
                    throw changed("the compared columns are declared otherwise now");
                }
            }
            Carts.Measure then = Carts.measure(before.connection(), plan, database);
            checkpoint.before(then.count(), then.checksum());
            compare(then, Carts.measure(after.connection(), plan, database));
            return "untouched";
        } catch (NotLocked | TooLong e) {
            return StepRunner.isDone(connection, step, database) ? "unlocked" : null;
        } catch (SQLException e) {
            if (AlterTable.isRefused(e)) {
                return null;
            }
            if (e.getErrorCode() == DUPLICATE_COLUMN && StepRunner.isDone(connection, step, database)) {
                return "no-op";
            }
            if (e.getErrorCode() == DEFINITION_CHANGED) {
                note("the server does not show the table any more as it was before, so the carts cannot be compared");
                return "unlocked";
            }
            throw e;
        }
    }

    /** The second way. */
    private String underLock(boolean snapshots) throws SQLException, NotLocked, TooLong {
        try (Snapshot snapshot = new Snapshot()) {
            boolean snapshotAfter = snapshots && snapshot.connect();
            Carts.Measure before;
            Carts.Measure after;
            try (Lock lock = new Lock(true)) {
                before = lock.within(() -> Carts.measure(connection, plan, database));
                checkpoint.before(before.count(), before.checksum());
                if (!change(lock)) {
                    return "no-op";
                }
                if (snapshotAfter) {
                    snapshot.open();
                    lock.close();
                    after = afterwards(snapshot.connection());
                } else {
                    after = afterwards(connection);
                    lock.close();
                }
                note("writes waited " + lock.millis() + " ms");
            }
            compare(before, after);
            return "untouched";
        }
    }

    /**
     * The second way for a statement that writes rows: it is committed only when the carts are seen to be as they were.
     *
     * @param tables false if the tables cannot be locked, only the rows of the carts
     */
    private String inTransaction(boolean tables) throws SQLException, NotLocked, TooLong {
        if (!tables) {
            // whatever the server's default, no row may come into a gap
            StepRunner.execute(connection, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        }
        connection.setAutoCommit(false);
        try (Lock lock = new Lock(tables)) {
            boolean committed = false;
            try {
                Carts.Measure before = lock.within(() -> measure(tables));
                checkpoint.before(before.count(), before.checksum());
                attempt(sql, lock);
                Carts.Measure after = lock.within(() -> measure(tables));
                if (!after.equals(before)) {
                    throw new StoreException(
                            "store " + database.store() + ": step " + step.name() + " changes the carts in " + table
                                    + " (" + before.count() + " before, " + after.count() + " after, and what they"
                                    + " hold differs); it was rolled back and no cart was changed. Mend its sql in"
                                    + " config/updates",
                            null,
                            true);
                }
                connection.commit();
                committed = true;
            } finally {
                if (!committed) {
                    rollBack(); // before the lock is given back, which would commit
                }
            }
            lock.close();
            note("writes waited " + lock.millis() + " ms");
            return "untouched";
        } finally {
            if (!connection.isClosed()) {
                connection.setAutoCommit(true);
            }
        }
    }

    private String inOwnTransaction() throws SQLException {
        try {
            return inTransaction(false);
        } catch (TooLong e) {
            throw notAtOnce(tooLong());
        } catch (NotLocked e) {
            throw new IllegalStateException("rows are locked without a right of their own", e);
        }
    }

    private Carts.Measure measure(boolean tables) throws SQLException {
        return tables ? Carts.measure(connection, plan, database) : Carts.measureLocked(connection, plan, database);
    }

    private void rollBack() {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // the connection is gone, and with it the transaction
        }
    }

    /** The carts after the statement; that they cannot be read any more is its doing, too. */
    private Carts.Measure afterwards(Connection reader) throws SQLException {
        try {
            return Carts.measure(reader, plan, database);
        } catch (SQLException e) {
            if (String.valueOf(e.getSQLState()).startsWith("42")) {
                throw changed("they cannot be read any more (" + Faults.words(e) + ")");
            }
            throw e;
        }
    }

    /** The third way: shoppers go on, so that a difference may be theirs. */
    private String inTheOpen(String why) throws SQLException {
        if (StepRunner.WRITES.matcher(sql.strip()).matches() && isNamed()) {
            throw notAtOnce(why);
        }
        Carts.Measure before = Carts.measure(connection, plan, database);
        checkpoint.before(before.count(), before.checksum());
        if (!changeInTheOpen()) {
            return "no-op";
        }
        boolean same = afterwards(connection).equals(before);
        note("not under lock, because " + why
                + (same ? "; the carts are the same before and after" : "; the carts differ before and after"));
        return same ? "untouched" : "unlocked";
    }

    private boolean changeInTheOpen() throws SQLException {
        try {
            return change(null);
        } catch (TooLong e) {
            throw new IllegalStateException("there is no limit", e);
        }
    }

    /**
     * Runs the statement, an ALTER TABLE in the best way that the server knows.
     *
     * @param lock whose time is not to be exceeded, or null
     * @return false if somebody else has just done it
     */
    private boolean change(@Nullable Lock lock) throws SQLException, TooLong {
        String refused = "";
        if (alter.isPresent()) {
            for (AlterTable.Way way : AlterTable.ways(mariaDb)) {
                try {
                    boolean changed = attempt(alter.get().with(way), lock);
                    how = (refused.isEmpty() ? "" : "ALGORITHM=INSTANT is not possible (" + refused + "); ")
                            + "ALGORITHM=" + way.name() + ": " + way.meaning() + "; ";
                    return changed;
                } catch (SQLException e) {
                    if (!AlterTable.isRefused(e)) {
                        throw e;
                    }
                    refused = refused.isEmpty() ? Faults.words(e) : refused;
                }
            }
        }
        boolean changed = attempt(sql, lock);
        how = refused.isEmpty()
                ? ""
                : "neither ALGORITHM=INSTANT nor another way without copying the table is possible (" + refused
                        + "): it was copied, and writes waited meanwhile; ";
        return changed;
    }

    private boolean attempt(String statement, @Nullable Lock lock) throws SQLException, TooLong {
        try {
            return lock == null ? execute(statement) : lock.within(() -> execute(statement));
        } catch (TooLong e) {
            // ended a moment too late: it is done
            if (StepRunner.isDone(connection, step, database)) {
                return true;
            }
            throw e;
        } catch (SQLException e) {
            if (e.getErrorCode() == DUPLICATE_COLUMN && StepRunner.isDone(connection, step, database)) {
                return false;
            }
            throw e;
        }
    }

    private boolean execute(String statement) throws SQLException {
        StepRunner.execute(connection, statement);
        return true;
    }

    /** True if a measure takes at most a third of the time for which shoppers may wait. */
    private boolean isMeasurable() throws SQLException {
        // who waits for a table in use learns nothing about how long a measure takes
        StepRunner.execute(connection, "SET SESSION lock_wait_timeout = 1");
        long most = limits.block().toNanos() / 3;
        long began = System.nanoTime();
        try (TimeLimit limit = TimeLimit.on(database, connection, most)) {
            Carts.measure(connection, plan, database);
            return System.nanoTime() - began <= most;
        } catch (SQLException e) {
            if (TimeLimit.isHit(e)) {
                return false;
            }
            throw e;
        } finally {
            StepRunner.execute(connection, "SET SESSION lock_wait_timeout = " + limits.lockWaitSeconds());
        }
    }

    private boolean isNamed() {
        return Pattern.compile("\\b" + Pattern.quote(table) + "\\b")
                .matcher(sql)
                .find();
    }

    private void note(String text) {
        checkpoint.note(how + text + ".");
    }

    private String tooLong() {
        return "it would have kept writes waiting for more than " + seconds();
    }

    private String seconds() {
        return limits.block().toMillis() / 1000d + " s (upkeep.migrate.block)";
    }

    private void compare(Carts.Measure before, Carts.Measure after) {
        if (!after.equals(before)) {
            throw changed(before.count() + " before, " + after.count() + " after, and what they hold differs");
        }
    }

    private StoreException changed(String what) {
        return new StoreException(
                "store " + database.store() + ": step " + step.name() + " changed the carts in " + table + ": " + what
                        + ". " + checkpoint.remedy(),
                null,
                true);
    }

    private StoreException notAtOnce(String why) {
        return new StoreException(
                "store " + database.store() + ": step " + step.name() + " names " + table
                        + " and writes rows, which is done only where it can be taken back; it cannot, because " + why
                        + ". Nothing was changed; cut it into chunks in config/updates, or raise upkeep.migrate.block",
                null,
                true);
    }

    private interface Work<T> {
        T run() throws SQLException;
    }

    /** The carts table, locked for all others; what is done in its time is ended when that is over. */
    private final class Lock implements AutoCloseable {

        private final boolean tables;
        private final long since;
        private long millis = -1;

        /** @param tables false if the rows are locked by what is measured, until the transaction ends */
        Lock(boolean tables) throws SQLException, NotLocked {
            this.tables = tables;
            try {
                if (tables) {
                    StepRunner.execute(
                            connection,
                            "LOCK TABLES " + table + " WRITE"
                                    + others.stream()
                                            .map(other -> ", `" + other + "` WRITE")
                                            .collect(Collectors.joining()));
                }
            } catch (SQLException e) {
                if (StepRunner.isDenied(e)) {
                    throw new NotLocked();
                }
                throw e;
            }
            since = System.nanoTime();
        }

        <T> T within(Work<T> work) throws SQLException, TooLong {
            long left = limits.block().toNanos() - (System.nanoTime() - since);
            try (TimeLimit limit = TimeLimit.on(database, connection, left)) {
                T result = work.run();
                if (limit.isUsed()) {
                    throw new TooLong();
                }
                return result;
            } catch (SQLException e) {
                if (TimeLimit.isHit(e)) {
                    throw new TooLong();
                }
                throw e;
            }
        }

        /** How long it was held. */
        long millis() {
            return millis;
        }

        @Override
        public void close() throws SQLException {
            if (millis < 0) {
                millis = (System.nanoTime() - since) / 1_000_000;
                if (tables) {
                    StepRunner.execute(connection, "UNLOCK TABLES");
                }
            }
        }
    }

    /** The store's database as it is at one moment, to be read later. */
    private final class Snapshot implements AutoCloseable {

        private @Nullable Connection reader;

        /** Connects beforehand, as that takes time; false if the server gives us no further connection. */
        boolean connect() throws SQLException {
            try {
                reader = database.connectForLong();
            } catch (StoreException e) {
                return false;
            }
            StepRunner.execute(reader, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            return true;
        }

        /** This is the moment. */
        void open() throws SQLException {
            StepRunner.execute(connection(), "START TRANSACTION WITH CONSISTENT SNAPSHOT");
        }

        Connection connection() {
            return Objects.requireNonNull(reader);
        }

        @Override
        public void close() throws SQLException {
            if (reader != null) {
                reader.close();
            }
        }
    }
}
