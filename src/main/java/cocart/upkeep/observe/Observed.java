package cocart.upkeep.observe;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Jobs;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** What is seen of the state database from outside, at most so often: probes and scrapes cost it next to nothing. */
public final class Observed implements AutoCloseable {

    private static final Duration FRESH = Duration.ofSeconds(2);
    private static final Duration FRESH_PING = Duration.ofSeconds(1);

    private final ExecutorService threads = Executors.newFixedThreadPool(2, work -> {
        Thread thread = new Thread(work, "observe");
        thread.setDaemon(true);
        return thread;
    });
    private final Cached<Figures> figures;
    private final Cached<Object> ping;

    /**
     * @param stores ids of all stores
     * @param backups a store's schedule of backups
     * @param lease how long a claim lasts without a heartbeat
     * @param snapshotSlack how much later than its schedule a snapshot may be
     * @param queueSlack how long after its time work may lie
     */
    public Observed(
            Database database,
            List<String> stores,
            Function<String, Jobs.Schedule> backups,
            Duration lease,
            Duration snapshotSlack,
            Duration queueSlack) {
        StateFigures source =
                new StateFigures(database, stores, backups, new StateFigures.Limits(lease, snapshotSlack, queueSlack));
        figures = new Cached<>(source::read, FRESH, threads);
        ping = new Cached<>(database::now, FRESH_PING, threads);
    }

    /** All figures, a few seconds old at most; empty if the state database does not answer in time. */
    Optional<Figures> figures(Duration patience) {
        return figures.get(patience);
    }

    /** True if the state database answered in time, within the last second. */
    boolean isThere(Duration patience) {
        return ping.get(patience).isPresent();
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
