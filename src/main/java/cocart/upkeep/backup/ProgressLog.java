package cocart.upkeep.backup;

import cocart.upkeep.store.LogContext;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A line in the log every 30 seconds, so that runs shorter than that say nothing. */
public final class ProgressLog implements ProgressView {

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");
    private static final Duration EVERY = Duration.ofSeconds(30);

    @Override
    public Run begin(String what, String store) {
        return new Run() {
            private final long begun = System.nanoTime();
            private long said = begun;

            @Override
            public void at(long files, long bytes, long aboutFiles, long aboutBytes) {
                long now = System.nanoTime();
                if (now - said >= EVERY.toNanos()) {
                    said = now;
                    try (LogContext.Scope ignored = LogContext.of(store)) {
                        LOG.info(
                                "{}: {}",
                                what,
                                ProgressText.line(files, bytes, aboutFiles, aboutBytes, Duration.ofNanos(now - begun)));
                    }
                }
            }

            @Override
            public void close() {
                // what came of it is said by whoever ran it
            }
        };
    }
}
