package cocart.upkeep.complete;

import cocart.upkeep.plan.Carts;
import org.jspecify.annotations.Nullable;

/** Decides whether the carts survived an update. */
public final class CartCheck {

    /**
     * @param fine true if no cart was lost or changed by the update
     * @param text one clause for people
     */
    public record Result(boolean fine, String text, long after, String checksum) {}

    private CartCheck() {}

    /**
     * Compares the carts before the first step with those now.
     *
     * @param untouched true if every step that changed something was measured under lock and left the carts as they
     *     were; then a difference is the store's own traffic
     */
    public static Result decide(
            @Nullable Long countBefore, @Nullable String checksumBefore, Carts.Measure now, boolean untouched) {
        String counts = countBefore + " carts before, " + now.count() + " after";
        if (countBefore != null && countBefore == now.count() && now.checksum().equals(checksumBefore)) {
            return new Result(true, counts + ", none changed.", now.count(), now.checksum());
        }
        if (untouched && countBefore != null) {
            return new Result(
                    true,
                    counts + ": the store's own traffic; each step left the carts as they were.",
                    now.count(),
                    now.checksum());
        }
        return new Result(
                false,
                "the carts are not those from before the update (" + counts
                        + "), and it is not known that the store's own traffic is the reason.",
                now.count(),
                now.checksum());
    }
}
