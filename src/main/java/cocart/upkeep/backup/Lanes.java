package cocart.upkeep.backup;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Threads that hash and write while content still comes in. Work of one lane is done in the order in which it was
 * given, and never two pieces of it at once; what waits is bounded in bytes, then giving waits. The first fault is kept
 * and thrown at whoever gives more.
 */
final class Lanes implements Closeable {

    /** What counts for a piece of work beside its bytes. */
    private static final int PIECE = 256;

    private final List<ExecutorService> lanes = new ArrayList<>();
    private final Semaphore room;
    private final int most;
    private final AtomicReference<@Nullable IOException> fault = new AtomicReference<>();

    /** Work on the local disk. */
    interface Work {
        void run() throws IOException;
    }

    /** @param bytes most that may wait */
    Lanes(int count, long bytes) {
        for (int i = 0; i < count; i++) {
            lanes.add(Executors.newSingleThreadExecutor(work -> {
                Thread thread = new Thread(work, "backup-write");
                thread.setDaemon(true);
                return thread;
            }));
        }
        most = (int) Math.min(Integer.MAX_VALUE, Math.max(bytes, 1 << 20));
        room = new Semaphore(most);
    }

    /**
     * Gives work to a lane.
     *
     * @param key work with the same key goes to the same lane
     * @param bytes memory that it holds until it is done
     * @throws IOException if work that was given before has failed; this is not done then
     */
    void give(long key, int bytes, Work work) throws IOException {
        check();
        int weight = Math.min(most, bytes + PIECE);
        try {
            room.acquire(weight);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing");
        }
        lanes.get((int) Math.floorMod(key, (long) lanes.size())).execute(() -> {
            try {
                if (fault.get() == null) {
                    work.run();
                }
            } catch (IOException e) {
                fault.compareAndSet(null, e);
            } catch (RuntimeException e) {
                fault.compareAndSet(null, new IOException(e.toString(), e));
            } finally {
                room.release(weight);
            }
        });
    }

    /** Waits until all work is done. */
    void drain() throws IOException {
        List<Future<?>> ends = new ArrayList<>();
        for (ExecutorService lane : lanes) {
            ends.add(lane.submit(() -> {}));
        }
        try {
            for (Future<?> end : ends) {
                end.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while writing");
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IOException(e);
        }
        check();
    }

    /** About how many bytes wait to be written. */
    long waiting() {
        return most - room.availablePermits();
    }

    /** The first fault, or null. */
    @Nullable
    IOException fault() {
        return fault.get();
    }

    private void check() throws IOException {
        IOException first = fault.get();
        if (first != null) {
            throw first;
        }
    }

    /** Ends the threads when what they were given is done. */
    @Override
    public void close() {
        lanes.forEach(ExecutorService::shutdown);
        for (ExecutorService lane : lanes) {
            try {
                if (!lane.awaitTermination(1, TimeUnit.MINUTES)) {
                    lane.shutdownNow();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                lane.shutdownNow();
            }
        }
    }
}
