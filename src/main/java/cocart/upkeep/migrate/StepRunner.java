package cocart.upkeep.migrate;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Runs one step against a store's database: as a whole ({@link WholeStep}) or in chunks ({@link Chunks}), where it is
 * written how the carts are proven, and who waits for how long.
 */
public final class StepRunner {

    /** Statements that change rows. */
    static final Pattern WRITES = Pattern.compile("(?is)(?:UPDATE|DELETE|INSERT|REPLACE|LOAD|WITH)\\b.*");

    private static final int UNKNOWN_DATA_TYPE = 4161;
    private static final int LOCK_WAIT_TIMEOUT = 1205;
    private static final int DEADLOCK = 1213;

    private final StepLimits limits;

    public StepRunner() {
        this(StepLimits.DEFAULT);
    }

    public StepRunner(StepLimits limits) {
        this.limits = limits;
    }

    /** Remembers what must survive a crash, and what people want to know. */
    public interface Checkpoint {

        /** The carts as they are; called before the first change. */
        void before(long count, String checksum);

        /**
         * The last key that a chunked step has done; called after each chunk is committed.
         *
         * @throws StoreException if the step is not ours any more
         */
        void reached(long key);

        /**
         * How far a chunked step is; called now and then.
         *
         * @param rowsTotal rows in the table when they were last counted
         * @param secondsLeft null if it cannot be said yet
         */
        default void progress(long rowsDone, long rowsTotal, @Nullable Long secondsLeft) {}

        /** What a person has to do about carts that a step has changed: one or more sentences. */
        default String remedy() {
            return "Restore the table from the snapshot made before this update: load its dump into another database and"
                    + " copy the table from there. Mend the step in config/updates.";
        }

        /** How the step was done: one or more clauses. */
        default void note(String text) {}
    }

    /** @param cartsChecked {@code untouched}, {@code no-op} or {@code unlocked} */
    public record Outcome(String cartsChecked) {}

    /**
     * Runs a step unless it is done already.
     *
     * @param reachedKey last key that a chunked step has done, or null
     * @throws StoreException what went wrong; permanent if only a human can mend it
     */
    public Outcome run(
            UpdatePlan plan,
            UpdatePlan.Step step,
            StoreDatabase database,
            @Nullable Long reachedKey,
            Checkpoint checkpoint) {
        try (Connection connection = database.connectForLong()) {
            execute(connection, "SET SESSION lock_wait_timeout = " + limits.lockWaitSeconds());
            execute(connection, "SET SESSION innodb_lock_wait_timeout = " + limits.lockWaitSeconds());
            if (isDoneAlready(connection, step, database)) {
                return new Outcome("no-op");
            }
            requireRollBack(connection, plan, step, database);
            if (step.chunk() != null) {
                boolean proven =
                        new Chunks(connection, plan, step, step.chunk(), database, limits, checkpoint).run(reachedKey);
                return new Outcome(proven ? "untouched" : "unlocked");
            }
            return new Outcome(new WholeStep(connection, plan, step, database, limits, checkpoint).run());
        } catch (SQLException e) {
            throw explained(plan, step, database, e);
        }
    }

    /** Asked so that a function of the store that the question calls can change nothing. */
    static boolean isDoneAlready(Connection connection, UpdatePlan.Step step, StoreDatabase database)
            throws SQLException {
        execute(connection, "START TRANSACTION READ ONLY");
        try {
            return isDone(connection, step, database);
        } finally {
            execute(connection, "ROLLBACK");
        }
    }

    /** Rows of a table without transactions are changed for good before it can be seen what became of the carts. */
    private static void requireRollBack(
            Connection connection, UpdatePlan plan, UpdatePlan.Step step, StoreDatabase database) throws SQLException {
        String table = database.address().table(plan.carts().table());
        String sql = Proofs.prefixed(step.sql(), database);
        if (WRITES.matcher(sql.strip()).matches()
                && Pattern.compile("\\b" + Pattern.quote(table) + "\\b")
                        .matcher(sql)
                        .find()
                && !Carts.isTransactional(connection, plan, database)) {
            throw new StoreException(
                    "store " + database.store() + ": step " + step.name() + " writes rows of " + table
                            + ", which is no InnoDB table, so what it did to a cart could not be rolled back; nothing was"
                            + " changed. Run ALTER TABLE " + table + " ENGINE=InnoDB, then: upkeep retry "
                            + database.store(),
                    null,
                    true);
        }
    }

    static boolean isDone(Connection connection, UpdatePlan.Step step, StoreDatabase database) throws SQLException {
        String done = Proofs.scalar(connection, Proofs.prefixed(step.unless(), database));
        return done != null && !done.equals("0");
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** True if another connection was in the way, so that nothing was changed and trying again may help. */
    static boolean isContended(SQLException e) {
        return e.getErrorCode() == LOCK_WAIT_TIMEOUT || e.getErrorCode() == DEADLOCK;
    }

    static boolean isDenied(SQLException e) {
        // ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR,
        // ER_COLUMNACCESS_DENIED_ERROR
        return e.getErrorCode() == 1044
                || e.getErrorCode() == 1142
                || e.getErrorCode() == 1227
                || e.getErrorCode() == 1143;
    }

    private StoreException explained(UpdatePlan plan, UpdatePlan.Step step, StoreDatabase database, SQLException e) {
        String where =
                "store " + database.store() + ": step " + step.name() + " of " + plan.plugin() + " " + plan.version();
        String table = database.address().table(plan.carts().table());
        if (isDenied(e)) {
            return new StoreException(
                    where + " was denied and nothing was changed: the database user "
                            + database.address().username()
                            + " may not change the table. Run as an administrator: GRANT ALTER ON `"
                            + database.address().name() + "`.* TO that user",
                    e,
                    true);
        }
        if (isContended(e)) {
            return new StoreException(
                    where + ": " + table + " is in use by another connection for more than "
                            + limits.lockWaitSeconds() + " s"
                            + (step.chunk() == null
                                    ? "; nothing was changed, and it is tried again"
                                    : "; what is done stays done, and it goes on there when it is tried again"),
                    e);
        }
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        boolean permanent = state.startsWith("42") || e.getErrorCode() == UNKNOWN_DATA_TYPE;
        return new StoreException(
                where + " failed: "
                        + Faults.words(e)
                        + (permanent
                                ? "; mend its SQL in config/updates, then: upkeep retry " + database.store()
                                        + " --replan"
                                : ""),
                e,
                permanent);
    }
}
