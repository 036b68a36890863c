package cocart.upkeep.migrate;

import java.time.Duration;

/**
 * How much of a store's time a step may take.
 *
 * @param lockWait longest wait for a table or row that is in use, in whole seconds, at least 1: shoppers queue behind us
 *     meanwhile
 * @param block longest time that writes of carts may wait for a step that is measured under lock
 * @param pause between two chunks of a long step, where the plan names none; may be zero
 */
public record StepLimits(Duration lockWait, Duration block, Duration pause) {

    /** What {@code config/application.properties} ships. */
    public static final StepLimits DEFAULT =
            new StepLimits(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofMillis(10));

    long lockWaitSeconds() {
        return Math.max(1, lockWait.toSeconds());
    }
}
