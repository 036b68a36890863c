package cocart.upkeep.migrate;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Runs a long data step in chunks: each is one short transaction over the next so many rows (not keys: sparse ids make no
 * empty chunks), and behind it the reached key is saved.
 *
 * <p>The position is saved in our own database, which is not the store's, so chunk and position cannot be one
 * transaction. Whoever is killed between the two repeats that chunk. This is why a step's statement must leave rows alone
 * that are done ({@code ... AND cart_hash = ''}, or a value that depends on nothing that the step itself changes).
 *
 * <p>The carts are proven chunk by chunk where the statement is an {@code UPDATE} of the carts table alone, or a {@code DELETE}: within its
 * transaction the rows of the range are locked and measured, the statement runs, they are measured again, and if a
 * compared column of one differs, or more rows were matched than the range has, the chunk is rolled back and the step
 * fails. So nothing is ever committed that changed a cart, and a shopper waits for a chunk's rows at most.
 *
 * <p>Rows that come while the step runs are included: at the end {@code unless} is asked, and while it says "not done"
 * the last chunk and what came after it are done again (a lower id can be committed after a higher one), then the whole
 * table once more. An {@code unless} that reads no table ({@code SELECT 0}) can say nothing, and one pass is all.
 *
 * <p>Keys must be whole numbers below 2^63, which {@code BIGINT UNSIGNED} ids of real tables are; others are refused.
 */
final class Chunks {

    private static final int TRIES = 4;
    private static final long RETRY_MILLIS = 100;
    private static final int TAILS = 50;
    private static final int PASSES = 2;
    private static final long SLOW = Duration.ofMillis(500).toNanos();
    private static final long QUICK = Duration.ofMillis(150).toNanos();

    /** A claim is asked for anew when the last answer is older. */
    private static final long CLAIM_NANOS = Duration.ofSeconds(5).toNanos();

    private static final long PROGRESS_NANOS = Duration.ofMillis(500).toNanos();

    /** The next rows: their last key, and how many they are. */
    private record Range(long to, long rows) {}

    private final Connection connection;
    private final String connectionId;
    private final UpdatePlan plan;
    private final UpdatePlan.Step step;
    private final UpdatePlan.Chunk chunk;
    private final StoreDatabase database;
    private final StepLimits limits;
    private final StepRunner.Checkpoint checkpoint;
    private final String table;
    private final String sql;
    private final boolean proves;

    private long rows;
    private long done;
    private long total;
    private long doneAtStart;
    private long startedAt;
    private long progressAt;
    private long savedAt;

    Chunks(
            Connection connection,
            UpdatePlan plan,
            UpdatePlan.Step step,
            UpdatePlan.Chunk chunk,
            StoreDatabase database,
            StepLimits limits,
            StepRunner.Checkpoint checkpoint)
            throws SQLException {
        this.connection = connection;
        this.connectionId = String.valueOf(Proofs.scalar(connection, "SELECT CONNECTION_ID()"));
        this.plan = plan;
        this.step = step;
        this.chunk = chunk;
        this.database = database;
        this.limits = limits;
        this.checkpoint = checkpoint;
        table = database.address().table(chunk.table());
        sql = Proofs.prefixed(step.sql(), database);
        String carts = database.address().table(plan.carts().table());
        proves = carts.equals(table)
                && chunk.key().equals(plan.carts().key())
                && Pattern.compile("(?is)(?:UPDATE\\s+(`?)" + Pattern.quote(carts) + "\\1\\s+SET|DELETE\\s+FROM\\s+(`?)"
                                + Pattern.quote(carts) + "\\2\\s+WHERE)\\s.*")
                        .matcher(sql.strip())
                        .matches()
                && Carts.isTransactional(connection, plan, database);
        rows = chunk.rows();
    }

    /**
     * Runs all chunks.
     *
     * @param reachedKey last key that is done, or null to begin
     * @return true if each chunk was proven to have left the carts as they were
     */
    boolean run(@Nullable Long reachedKey) throws SQLException {
        if (!proves) {
            // if we die, whoever finds the step done knows that it is not known how
            checkpoint.before(Carts.count(connection, plan, database), "not measured");
            checkpoint.note("Carts were not measured chunk by chunk: the statement is no UPDATE or DELETE of "
                    + database.address().table(plan.carts().table()) + " (InnoDB) alone, cut by "
                    + plan.carts().key() + ".");
        }
        Long lowest = lowest();
        if (lowest == null) {
            return proves;
        }
        long from = reachedKey != null ? reachedKey : lowest - 1;
        begin(from);
        long lastFrom = from;
        long highest = Long.MIN_VALUE;
        int tails = 0;
        int passes = from < lowest ? 1 : 0;
        while (true) {
            Range range = next(from);
            if (range != null) {
                if (!chunk(from, range)) {
                    continue;
                }
                lastFrom = from;
                from = range.to();
                save(from, range.rows());
                pause(chunk.pause() != null ? chunk.pause() : limits.pause());
                if (System.nanoTime() - savedAt > CLAIM_NANOS) {
                    checkpoint.reached(from); // we may have been asleep: is the claim still ours?
                    savedAt = System.nanoTime();
                }
                continue;
            }
            if (!isAnswer(step.unless()) || StepRunner.isDone(connection, step, database)) {
                return proves;
            }
            if (from != lastFrom && tails < TAILS && from != highest) {
                tails++;
                highest = from;
                from = lastFrom;
            } else if (passes < PASSES) {
                passes++;
                tails = 0;
                highest = Long.MIN_VALUE;
                Long again = lowest();
                from = again == null ? from : again - 1;
                lastFrom = from;
                begin(from);
                checkpoint.reached(from);
            } else {
                throw new StoreException(
                        "store " + database.store() + ": step " + step.name() + " went over all rows of " + table
                                + " and its \"unless\" still says that it is not done; if the store does not write such"
                                + " rows all the time, mend its sql or unless in config/updates",
                        null);
            }
        }
    }

    /** An {@code unless} that reads no table can say nothing about rows. */
    private static boolean isAnswer(String unless) {
        return Pattern.compile("(?i)\\bFROM\\b").matcher(unless).find();
    }

    private void begin(long from) throws SQLException {
        total = number("SELECT COUNT(*) FROM " + table);
        done = number("SELECT COUNT(*) FROM " + table + " WHERE " + chunk.key() + " <= " + from);
        doneAtStart = done;
        startedAt = System.nanoTime();
        savedAt = startedAt;
        progressAt = startedAt - PROGRESS_NANOS;
    }

    /**
     * Runs one chunk; again after a deadlock or a row that somebody holds for too long, with growing pauses.
     *
     * @return false if it took too long, was rolled back, and is to be cut smaller
     */
    private boolean chunk(long from, Range range) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            long began = System.nanoTime();
            connection.setAutoCommit(false);
            try (TimeLimit limit = TimeLimit.on(
                    database, connection, connectionId, limits.block().toNanos())) {
                if (transaction(from, range, attempt == TRIES)) {
                    connection.commit();
                    adapt(System.nanoTime() - began);
                    return true;
                }
                connection.rollback();
            } catch (SQLException e) {
                rollBack();
                if (TimeLimit.isHit(e)) {
                    if (range.rows() == 1) {
                        throw new StoreException(
                                "store " + database.store() + ": step " + step.name() + " needs more than "
                                        + limits.block().toSeconds() + " s for one row of " + table
                                        + "; mend its sql in config/updates, or raise upkeep.migrate.block",
                                e);
                    }
                    rows = Math.max(1, Math.min(rows, range.rows()) / 4);
                    return false;
                }
                if (!StepRunner.isContended(e) || attempt == TRIES) {
                    throw e;
                }
            } catch (RuntimeException e) {
                rollBack();
                throw e;
            } finally {
                if (!connection.isClosed()) {
                    connection.setAutoCommit(true);
                }
            }
            pause(Duration.ofMillis(RETRY_MILLIS << (attempt - 1)));
        }
    }

    /** The statement between two measures; false if a row came into the range meanwhile, so that it is tried again. */
    private boolean transaction(long from, Range range, boolean last) throws SQLException {
        Carts.Measure before = proves ? Carts.measureLocked(connection, plan, database, from, range.to()) : null;
        long matched;
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql.replace(":from", Long.toString(from)).replace(":to", Long.toString(range.to())));
            matched = statement.getLargeUpdateCount();
        }
        if (before == null) {
            return true;
        }
        Carts.Measure after = Carts.measureLocked(connection, plan, database, from, range.to());
        if (after.count() > before.count() && !last) {
            return false;
        }
        if (!after.equals(before) || matched > before.count()) {
            throw new StoreException(
                    "store " + database.store() + ": step " + step.name()
                            + (after.equals(before)
                                    ? " changes rows outside of :from and :to"
                                    : " changes the carts in " + table)
                            + " (" + before.count() + " rows with " + chunk.key() + " from " + (from + 1) + " to "
                            + range.to() + ", " + after.count() + " after it, " + matched
                            + " matched); that chunk was rolled back and no cart was changed. Mend its sql in"
                            + " config/updates",
                    null,
                    true);
        }
        return true;
    }

    private void rollBack() {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // the connection is gone, and with it the transaction
        }
    }

    /** Half as many rows after a slow chunk, twice as many (up to what the plan says) after a quick one. */
    private void adapt(long nanos) {
        if (nanos > SLOW) {
            rows = Math.max(1, rows / 2);
        } else if (nanos < QUICK) {
            rows = Math.min(chunk.rows(), rows * 2);
        }
    }

    private void save(long key, long count) {
        checkpoint.reached(key);
        savedAt = System.nanoTime();
        done += count;
        total = Math.max(total, done);
        if (savedAt - progressAt >= PROGRESS_NANOS || done == total) {
            long here = done - doneAtStart;
            Long left = here <= 0
                    ? null
                    : Math.round((double) (savedAt - startedAt) / here * (total - done) / 1_000_000_000d);
            checkpoint.progress(done, total, left);
            progressAt = savedAt;
        }
    }

    /** The range of the next rows above a key; null if there are none. */
    private @Nullable Range next(long from) throws SQLException {
        String next = "SELECT MAX(k), COUNT(*) FROM (SELECT " + chunk.key() + " AS k FROM " + table + " WHERE "
                + chunk.key() + " > " + from + " ORDER BY " + chunk.key() + " LIMIT " + rows + ") next_rows";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(next)) {
            row.next();
            String to = row.getString(1);
            return to == null ? null : new Range(key(to), row.getLong(2));
        }
    }

    private @Nullable Long lowest() throws SQLException {
        String lowest = Proofs.scalar(connection, "SELECT MIN(" + chunk.key() + ") FROM " + table);
        return lowest == null ? null : key(lowest);
    }

    private long number(String query) throws SQLException {
        return Long.parseLong(String.valueOf(Proofs.scalar(connection, query)));
    }

    private long key(String text) {
        try {
            long key = new BigDecimal(text).longValueExact();
            if (key > Long.MIN_VALUE) {
                return key;
            }
        } catch (ArithmeticException | NumberFormatException e) {
            // said below
        }
        throw new StoreException(
                "store " + database.store() + ": step " + step.name() + " cannot be cut by " + chunk.key() + " of "
                        + table + ", which holds '" + text + "'; a key must be a whole number below 2^63",
                null,
                true);
    }

    private void pause(Duration pause) {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(
                    "store " + database.store() + ": step " + step.name()
                            + " was interrupted between two chunks and goes on where it stopped",
                    e);
        }
    }
}
