package cocart.upkeep.notify;

import cocart.upkeep.state.Jobs;
import java.time.Duration;

/**
 * When what is sent.
 *
 * @param logs false in commands, which say themselves what there is to say
 * @param quiet hours in which only urgent news is sent
 * @param pause least time between two messages of a channel; what comes meanwhile is in the next one
 * @param backOff how long after a failure it is tried again, at first; the pause doubles each time
 * @param digest when all that is open is sent; an empty cron for never
 */
public record OutboxSettings(boolean logs, Quiet quiet, Duration pause, Duration backOff, Jobs.Schedule digest) {}
