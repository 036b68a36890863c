package cocart.upkeep.store;

import cocart.upkeep.store.SftpConnection.Arrival;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens further connections beside a walk, which goes on meanwhile. A server that does not allow them is left alone:
 * the walk does without.
 */
final class MoreConnections implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MoreConnections.class);

    private final String store;
    private final Supplier<SftpConnection> opener;
    private final Queue<Arrival> arrivals;
    private final Set<SftpConnection> ready = new HashSet<>();
    private boolean asked;
    private boolean over;

    /** @param arrivals told of each connection that is open, by an arrival without a packet */
    MoreConnections(String store, Supplier<SftpConnection> opener, Queue<Arrival> arrivals) {
        this.store = store;
        this.opener = opener;
        this.arrivals = arrivals;
    }

    /** Begins to open so many more; only the first call does anything. */
    synchronized void open(int count) {
        if (!asked && count > 0) {
            asked = true;
            Thread thread = new Thread(LogContext.carry(() -> work(count)), "sftp-more");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void work(int count) {
        for (int i = 0; i < count && !isOver(); i++) {
            try {
                add(opener.get());
            } catch (RuntimeException e) {
                LOG.info(
                        "store {}: the server allows no more connections beside the first {} ({})",
                        store,
                        i + 1,
                        e.getMessage());
                return;
            }
        }
    }

    private synchronized boolean isOver() {
        return over;
    }

    private synchronized void add(SftpConnection connection) {
        if (over) {
            connection.close();
        } else {
            ready.add(connection);
            arrivals.add(new Arrival(connection, null));
        }
    }

    /** True if this connection was opened here and is handed over now. */
    synchronized boolean opened(SftpConnection connection) {
        return ready.remove(connection);
    }

    /** Nothing more is opened; what nobody took is closed. */
    @Override
    public synchronized void close() {
        over = true;
        ready.forEach(SftpConnection::close);
        ready.clear();
    }
}
