package cocart.upkeep.migrate;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * Runs one step. A step that runs as a whole does so while this connection alone may touch the carts (LOCK TABLES), and
 * the carts are measured just before and just after: any difference is the step's doing and fails it.
 */
public final class StepRunner {

    /** Seconds to wait for a table that is in use; shoppers queue behind us that long at most. */
    private static final int LOCK_WAIT = 10;

    private static final int DUPLICATE_COLUMN = 1060;
    private static final int UNKNOWN_DATA_TYPE = 4161;
    private static final int LOCK_WAIT_TIMEOUT = 1205;
    private static final int DEADLOCK = 1213;

    /** Remembers what must survive a crash; both are called before the next change. */
    public interface Checkpoint {

        void before(long count, String checksum);

        void reached(long key);
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
            execute(connection, "SET SESSION lock_wait_timeout = " + LOCK_WAIT);
            execute(connection, "SET SESSION innodb_lock_wait_timeout = " + LOCK_WAIT);
            if (isDone(connection, step, database)) {
                return new Outcome("no-op");
            }
            if (step.chunk() != null) {
                inChunks(connection, step, step.chunk(), database, reachedKey, checkpoint);
                return new Outcome("unlocked");
            }
            return whole(connection, plan, step, database, checkpoint);
        } catch (SQLException e) {
            throw explained(plan, step, database, e);
        }
    }

    private Outcome whole(
            Connection connection, UpdatePlan plan, UpdatePlan.Step step, StoreDatabase database, Checkpoint checkpoint)
            throws SQLException {
        boolean locked = lock(connection, database.address().table(plan.carts().table()));
        try {
            Carts.Measure before = Carts.measure(connection, plan, database);
            checkpoint.before(before.count(), before.checksum());
            try {
                execute(connection, Proofs.prefixed(step.sql(), database));
            } catch (SQLException e) {
                if (e.getErrorCode() == DUPLICATE_COLUMN && isDone(connection, step, database)) {
                    return new Outcome("no-op");
                }
                throw e;
            }
            if (!locked) {
                return new Outcome("unlocked");
            }
            Carts.Measure after = Carts.measure(connection, plan, database);
            if (!after.equals(before)) {
                throw new StoreException(
                        "store " + database.store() + ": step " + step.name() + " changed the carts in "
                                + database.address().table(plan.carts().table()) + ": " + before.count()
                                + " before, " + after.count()
                                + " after, and what they hold differs. Restore the table from"
                                + " the snapshot made before this update (zcat database.sql.gz | mariadb NAME), and mend the"
                                + " step in config/updates.",
                        null,
                        true);
            }
            return new Outcome("untouched");
        } finally {
            if (locked) {
                execute(connection, "UNLOCK TABLES");
            }
        }
    }

    /** False if this user may not lock; the comparison at the end is then all there is. */
    private static boolean lock(Connection connection, String table) throws SQLException {
        try {
            execute(connection, "LOCK TABLES " + table + " WRITE");
            return true;
        } catch (SQLException e) {
            if (isDenied(e)) {
                return false;
            }
            throw e;
        }
    }

    private static void inChunks(
            Connection connection,
            UpdatePlan.Step step,
            UpdatePlan.Chunk chunk,
            StoreDatabase database,
            @Nullable Long reachedKey,
            Checkpoint checkpoint)
            throws SQLException {
        String table = database.address().table(chunk.table());
        String lowest = Proofs.scalar(connection, "SELECT MIN(" + chunk.key() + ") FROM " + table);
        String highest = Proofs.scalar(connection, "SELECT MAX(" + chunk.key() + ") FROM " + table);
        if (lowest == null || highest == null) {
            return;
        }
        String sql = Proofs.prefixed(step.sql(), database);
        long from = reachedKey != null ? reachedKey : Long.parseLong(lowest) - 1;
        long end = Long.parseLong(highest);
        while (from < end) {
            long to = Math.min(end, from + chunk.rows());
            execute(connection, sql.replace(":from", Long.toString(from)).replace(":to", Long.toString(to)));
            checkpoint.reached(to);
            from = to;
        }
    }

    private static boolean isDone(Connection connection, UpdatePlan.Step step, StoreDatabase database)
            throws SQLException {
        String done = Proofs.scalar(connection, Proofs.prefixed(step.unless(), database));
        return done != null && !done.equals("0");
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static boolean isDenied(SQLException e) {
        // ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR,
        // ER_COLUMNACCESS_DENIED_ERROR
        return e.getErrorCode() == 1044
                || e.getErrorCode() == 1142
                || e.getErrorCode() == 1227
                || e.getErrorCode() == 1143;
    }

    private static StoreException explained(
            UpdatePlan plan, UpdatePlan.Step step, StoreDatabase database, SQLException e) {
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
        if (e.getErrorCode() == LOCK_WAIT_TIMEOUT || e.getErrorCode() == DEADLOCK) {
            return new StoreException(
                    where + ": " + table + " is in use by another connection for more than " + LOCK_WAIT
                            + " s; nothing was changed, and it is tried again",
                    e);
        }
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        boolean permanent = state.startsWith("42") || e.getErrorCode() == UNKNOWN_DATA_TYPE;
        return new StoreException(
                where + " failed: "
                        + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                        + (permanent ? "; mend its SQL in config/updates" : ""),
                e,
                permanent);
    }
}
