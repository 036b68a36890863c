package cocart.upkeep.console;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts wrong tokens for each address; one that offers too many is not listened to for the rest of a minute. */
final class WrongTokens {

    static final int MOST = 10;
    private static final Duration WINDOW = Duration.ofMinutes(1);

    /** Addresses that are remembered; beyond that the one that has been quiet longest is forgotten. */
    private static final int ADDRESSES = 1000;

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    private record Count(Instant since, int wrong) {}

    private final Clock clock;
    private final Map<String, Count> counts = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Count> eldest) {
            return size() > ADDRESSES;
        }
    };

    WrongTokens(Clock clock) {
        this.clock = clock;
    }

    /** Seconds until a token of an address is looked at again; 0 for at once. */
    synchronized long wait(String address) {
        Count count = counts.get(address);
        if (count == null || count.wrong < MOST) {
            return 0;
        }
        long left = Duration.between(clock.instant(), count.since.plus(WINDOW)).toSeconds();
        return left < 0 ? 0 : left + 1;
    }

    /** A wrong one was offered. */
    synchronized void add(String address) {
        Instant now = clock.instant();
        Count count = counts.get(address);
        Count next = count == null || count.since.plus(WINDOW).isBefore(now)
                ? new Count(now, 1)
                : new Count(count.since, count.wrong + 1);
        counts.put(address, next);
        if (next.wrong == MOST) {
            LOG.warn(
                    "The console was offered {} wrong tokens from {} within a minute; it does not listen to it for the"
                            + " rest of that minute.",
                    MOST,
                    address);
        }
    }

    /** How many addresses it knows. */
    synchronized int remembered() {
        return counts.size();
    }
}
