package cocart.upkeep.detect;

import java.time.Instant;
import java.util.Locale;
import java.util.stream.Stream;
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

        /** A state that only another version of this program can have written is not acted on; the next look replaces it. */
        static State of(String text) {
            return Stream.of(values())
                    .filter(state -> state.text().equals(text))
                    .findFirst()
                    .orElse(UNSETTLED);
        }

        /** As the state database and {@code status} write it. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
