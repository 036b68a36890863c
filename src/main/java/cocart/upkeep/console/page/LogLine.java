package cocart.upkeep.console.page;

import java.time.Instant;

/** A sentence of a store's history and when it was written. */
public record LogLine(Moment at, String text) {

    static LogLine of(Instant at, String text, Instant now) {
        return new LogLine(java.util.Objects.requireNonNull(Moment.of(at, now)), text);
    }
}
