package cocart.upkeep.state;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * What Quartz, the pool and the transactions say at length, each in its way, when the state database is away becomes our sentence, once a
 * minute; everything else that they say is logged. Named in logback.xml.
 */
public final class AwayFilter extends TurboFilter {

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
}
