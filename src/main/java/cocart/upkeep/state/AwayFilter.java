package cocart.upkeep.state;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * What Quartz, the pool and the transactions say at length, each in its way, when the state database is away becomes our sentence, once a
 * minute; everything else that they say is logged. Named in logback.xml.
 */
public final class AwayFilter extends TurboFilter {

    private static final long HOUR = TimeUnit.HOURS.toNanos(1);
    private static final AtomicLong TAKEN_FOR_DEAD = new AtomicLong();

    private static final List<String> VERBOSE =
            List.of("org.quartz", "com.zaxxer.hikari", "org.springframework.transaction");

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] parameters,
            @Nullable Throwable error) {
        if (format != null && format.contains("is still active but was recovered by another instance")) {
            takenForDead();
            return FilterReply.DENY;
        }
        Throwable cause = error;
        if (cause == null && parameters != null && parameters.length > 0) {
            cause = parameters[parameters.length - 1] instanceof Throwable last ? last : null;
        }
        if (cause == null
                || VERBOSE.stream().noneMatch(logger.getName()::startsWith)
                || !(StateFaults.isPassing(cause) || StateFaults.isFull(cause))) {
            return FilterReply.NEUTRAL;
        }
        if (level.isGreaterOrEqual(Level.WARN)) {
            Away.say(cause);
        }
        return FilterReply.DENY;
    }

    /** Quartz says so at each of its checks, for as long as two machines' clocks differ. */
    private static void takenForDead() {
        long said = TAKEN_FOR_DEAD.get();
        long now = System.nanoTime();
        if ((said == 0 || now - said > HOUR) && TAKEN_FOR_DEAD.compareAndSet(said, now)) {
            LoggerFactory.getLogger("upkeep")
                    .warn(
                            "Another instance took this one for dead: the clocks of their machines differ by more than some seconds,"
                                    + " or this one stood still. Nothing is lost, but ticks may come late; set the clocks by NTP.");
        }
    }
}
