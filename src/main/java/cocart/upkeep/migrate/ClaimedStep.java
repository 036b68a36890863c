package cocart.upkeep.migrate;

import org.jspecify.annotations.Nullable;

/**
 * A step that this instance may run now.
 *
 * @param position place in the plan, from 0
 * @param attempts attempts so far, this one included
 * @param reachedKey last key that a chunked step has done, or null
 * @param wasStarted true if an earlier attempt got as far as measuring the carts and its end is not known
 * @param token proves that the claim is still ours: whoever lost its lease cannot record a result
 */
public record ClaimedStep(
        String dataUpdateId,
        String store,
        String plugin,
        String toVersion,
        int position,
        String name,
        int attempts,
        @Nullable Long reachedKey,
        boolean wasStarted,
        String token) {}
