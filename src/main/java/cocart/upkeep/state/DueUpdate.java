package cocart.upkeep.state;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A data update that a store needs.
 *
 * @param from database version now, or null if the store has none
 * @param to database version that the plan leads to
 * @param code version of the installed, settled code
 * @param exposedSince when the files began to change towards that code
 * @param approved true if it may go on without a human
 */
public record DueUpdate(
        String store,
        String plugin,
        @Nullable String from,
        String to,
        String code,
        Instant exposedSince,
        boolean approved) {}
