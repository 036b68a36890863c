package cocart.upkeep.migrate;

import cocart.upkeep.plan.Proofs;
import cocart.upkeep.store.LogContext;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ends what a connection is doing when its time is up, by {@code KILL QUERY} from a second one: the same for every
 * statement, on MariaDB and on MySQL, which have different limits of their own or none. What was ended fails with an
 * error that {@link #isHit} knows.
 */
final class TimeLimit implements AutoCloseable {

    private static final int INTERRUPTED = 1317;

    private final Connection connection;
    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread watch;
    private volatile boolean killed;

    private TimeLimit(StoreDatabase database, Connection connection, String id, long nanos) {
        this.connection = connection;
        watch = new Thread(LogContext.carry(() -> watch(database, id, nanos)), "time-limit-" + database.store());
        watch.setDaemon(true);
        watch.start();
    }

    /**
     * Watches a connection until closed.
     *
     * @param nanos time left; not more than 0 ends the next statement at once
     */
    static TimeLimit on(StoreDatabase database, Connection connection, long nanos) throws SQLException {
        return on(database, connection, String.valueOf(Proofs.scalar(connection, "SELECT CONNECTION_ID()")), nanos);
    }

    /** The same where the connection's number at the server is known. */
    static TimeLimit on(StoreDatabase database, Connection connection, String id, long nanos) {
        return new TimeLimit(database, connection, id, nanos);
    }

    /** True if this error is what the end of somebody's time looks like. */
    static boolean isHit(SQLException e) {
        return e.getErrorCode() == INTERRUPTED;
    }

    /** True if it was made use of; a few things, such as SLEEP, then end without an error. */
    boolean isUsed() {
        return killed;
    }

    private void watch(StoreDatabase database, String id, long nanos) {
        try {
            if (done.await(nanos, TimeUnit.NANOSECONDS)) {
                return;
            }
            // one that comes between two statements may be lost: again, until the block has ended
            do {
                kill(database, id);
            } while (!done.await(200, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void kill(StoreDatabase database, String id) {
        try (Connection other = database.connect();
                Statement statement = other.createStatement()) {
            killed = true;
            statement.execute("KILL QUERY " + id);
        } catch (SQLException | StoreException e) {
            // the server does not answer or the connection is gone: then its statement ends by itself
        }
    }

    /** Ends the watch; no statement after this one is ended by it. */
    @Override
    public void close() throws SQLException {
        done.countDown();
        try {
            watch.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (killed) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("DO 0");
            } catch (SQLException e) {
                if (!isHit(e)) {
                    throw e;
                }
            }
        }
    }
}
