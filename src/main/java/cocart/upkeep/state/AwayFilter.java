package cocart.upkeep.state;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * What Quartz and the pool say at length, each in its way, when the state database is away becomes our sentence, once a
 * minute; everything else that they say is logged. Named in logback.xml.
 */
public final class AwayFilter extends TurboFilter {

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
                || !(logger.getName().startsWith("org.quartz") || logger.getName().startsWith("com.zaxxer.hikari"))
                || !StateFaults.isPassing(cause)) {
            return FilterReply.NEUTRAL;
        }
        if (level.isGreaterOrEqual(Level.WARN)) {
            Away.say();
        }
        return FilterReply.DENY;
    }
}
