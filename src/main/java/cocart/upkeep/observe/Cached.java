package cocart.upkeep.observe;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A value that is worked out at most once in a while and by one thread, however many ask for it. Who asks waits only so
 * long; a source that hangs holds up nobody. Safe for use by several threads.
 */
final class Cached<T> {

    private static final Logger LOG = LoggerFactory.getLogger(Cached.class);

    private final Supplier<T> source;
    private final long freshNanos;
    private final Executor executor;
    private @Nullable CompletableFuture<T> last;
    private long lastEnded;

    /**
     * @param fresh how long a value, or a failure to get one, stands for the next
     * @param executor where the source is asked
     */
    Cached(Supplier<T> source, Duration fresh, Executor executor) {
        this.source = source;
        this.freshNanos = fresh.toNanos();
        this.executor = executor;
    }

    /** The value; empty if there is none, or none in time. */
    Optional<T> get(Duration patience) {
        try {
            return Optional.of(current().get(patience.toMillis(), TimeUnit.MILLISECONDS));
        } catch (ExecutionException | TimeoutException e) {
            LOG.debug("No value", e);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private synchronized CompletableFuture<T> current() {
        CompletableFuture<T> known = last;
        if (known != null && (!known.isDone() || System.nanoTime() - lastEnded < freshNanos)) {
            return known;
        }
        CompletableFuture<T> next = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return source.get();
                    } finally {
                        ended();
                    }
                },
                executor);
        last = next;
        return next;
    }

    private synchronized void ended() {
        lastEnded = System.nanoTime();
    }
}
