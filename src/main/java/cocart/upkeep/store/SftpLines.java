package cocart.upkeep.store;

import cocart.upkeep.store.SftpConnection.Arrival;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The connections of one walk: opened as far as they are worth it, and again when the last one was lost. */
final class SftpLines implements AutoCloseable {

    /** How often a lost connection is opened again without anything having been read to its end in between. */
    static final int MOST_LOSSES = 3;

    private static final long PAUSE_MILLIS = 300;

    private final String store;
    private final Supplier<SftpConnection> opener;
    private final StoreFiles.Visitor visitor;
    private final int most;
    private final long idleNanos;
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private final List<SftpLine> lines = new ArrayList<>();
    private final MoreConnections more;
    private final Crumbs crumbs;
    private int losses;

    /**
     * @param opener opens another connection to the same server
     * @param most most connections at once
     * @param idleMillis longest silence of the server while an answer is awaited
     */
    SftpLines(String store, Supplier<SftpConnection> opener, StoreFiles.Visitor visitor, int most, int idleMillis) {
        this.store = store;
        this.opener = opener;
        this.visitor = visitor;
        this.most = most;
        this.idleNanos = TimeUnit.MILLISECONDS.toNanos(idleMillis);
        this.crumbs = new Crumbs(store, idleMillis);
        this.more = new MoreConnections(store, opener, arrivals);
    }

    void join(SftpConnection connection) {
        connection.deliverTo(arrivals);
        lines.add(new SftpLine(connection, visitor));
    }

    /** Opens further connections, which join while the walk goes on. */
    void openMore() {
        if (lines.size() < most) {
            more.open(most - 1);
        }
    }

    /** Those that are open now. */
    List<SftpLine> open() {
        return List.copyOf(lines);
    }

    /** The one that has least to do. */
    SftpLine idlest() {
        return lines.stream().min(Comparator.comparingLong(SftpLine::load)).orElseThrow();
    }

    /** Bytes of files that are asked for, or here and not written yet. */
    long asked() {
        return lines.stream().mapToLong(SftpLine::asked).sum();
    }

    /** What is open on the server. */
    int handles() {
        return lines.stream().mapToInt(SftpLine::handles).sum();
    }

    /** Asks for more of the open files. */
    void readMore(long mostAsked) {
        for (SftpLine line : lines) {
            line.readMore(mostAsked / lines.size());
        }
    }

    /** True if nothing waits for an answer. */
    boolean isIdle() {
        return lines.stream().allMatch(SftpLine::isIdle);
    }

    /** The next that arrives; null if that takes long. */
    @Nullable
    Arrival await() {
        long begun = System.nanoTime();
        try {
            Arrival arrival = arrivals.poll(Math.min(idleNanos, TimeUnit.SECONDS.toNanos(1)), TimeUnit.NANOSECONDS);
            crumbs.waited(System.nanoTime() - begun);
            return arrival;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("store " + store + ": interrupted while reading files", e);
        }
    }

    /** The next that is here already; null if nothing is. */
    @Nullable
    Arrival arrived() {
        return arrivals.poll();
    }

    /** The one that something arrived over; null when it was lost before, or joins only now. */
    @Nullable
    SftpLine of(Arrival arrival) {
        if (arrival.packet() != null) {
            crumbs.came(arrival.packet().size());
        }
        for (SftpLine line : lines) {
            if (line.connection == arrival.from()) {
                return line;
            }
        }
        if (more.opened(arrival.from())) {
            join(arrival.from());
        }
        return null;
    }

    boolean isSilent(SftpLine line) {
        return line.silence() > idleNanos;
    }

    /** Something was read to its end: losses so far do not count any more. */
    void wentWell() {
        losses = 0;
    }

    /** Gives up a connection, and opens a new one if it was the last. */
    void replace(SftpLine lost, StoreException why) {
        lines.remove(lost);
        lost.connection.close();
        if (lines.isEmpty()) {
            reopen(why);
        }
    }

    private void reopen(StoreException why) {
        StoreException reason = why;
        while (++losses <= MOST_LOSSES) {
            try {
                Thread.sleep(PAUSE_MILLIS << losses);
                join(opener.get());
                return;
            } catch (StoreException e) {
                if (e.isPermanent()) {
                    throw e;
                }
                reason = e;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw why;
            }
        }
        throw reason == why
                ? why
                : new StoreException(
                        why.getMessage() + " (it could not be opened again: " + reason.getMessage() + ")", reason);
    }

    /** Hands back one that is open; the others are closed with this. */
    SftpConnection keepOne() {
        SftpConnection kept = lines.remove(0).connection;
        kept.deliverTo(null);
        return kept;
    }

    @Override
    public void close() {
        more.close();
        lines.forEach(line -> line.connection.close());
    }
}
