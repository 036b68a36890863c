package cocart.upkeep.state;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One data update of one store.
 *
 * @param fromVersion database version before it, or null if the store had none
 * @param toVersion database version that its plan leads to
 * @param codeVersion version of the installed code
 * @param state {@code awaiting-approval}, {@code pending}, {@code in-progress}, {@code complete}, {@code failed},
 *     {@code canceled} or {@code blocked}
 * @param reason why it is in this state, or null
 * @param snapshotId snapshot made before the first step, or null
 * @param cartsBefore carts before the first step, or null if not yet counted
 * @param exposedSince when the files began to change towards the installed code
 * @param exposureSeconds from then to completion, or null if not complete
 */
public record DataUpdate(
        String id,
        String store,
        String plugin,
        @Nullable String fromVersion,
        String toVersion,
        String codeVersion,
        String state,
        @Nullable String reason,
        @Nullable String snapshotId,
        @Nullable Long cartsBefore,
        @Nullable String checksumBefore,
        @Nullable Long cartsAfter,
        @Nullable String checksumAfter,
        Instant exposedSince,
        @Nullable Long exposureSeconds,
        Instant createdAt,
        @Nullable Instant finishedAt) {

    /** True while something is still to be done or to be decided. */
    public boolean isOpen() {
        return state.equals("awaiting-approval") || state.equals("blocked") || isApproved();
    }

    /** True while steps may run. */
    public boolean isApproved() {
        return state.equals("pending") || state.equals("in-progress");
    }
}
