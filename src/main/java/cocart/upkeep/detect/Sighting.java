package cocart.upkeep.detect;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a plugin after a look.
 *
 * @param version from the header, or null
 * @param rolledBackFrom version that was settled before and is later than this one, or null
 * @param reason why it is not settled, or null
 * @param firstSeen when this fingerprint was first seen, by the state database's clock
 * @param wasSettled true if it has been settled at some time, even if a .maintenance unsettles it now
 */
public record Sighting(
        String id,
        String plugin,
        String fingerprint,
        State state,
        @Nullable String version,
        @Nullable String rolledBackFrom,
        @Nullable String reason,
        Instant firstSeen,
        boolean wasSettled) {

    /** Settled: unchanged for long enough and fit. Absent: not there. Unsettled: anything else; never acted on. */
    public enum State {
        SETTLED,
        UNSETTLED,
        ABSENT;

        /** As the state database and {@code status} write it. */
        public String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
