package cocart.upkeep.plan;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the proofs of a plan found.
 *
 * @param tableMissing the carts table or the options table does not exist: nothing can be said
 * @param failures one sentence for each proof that does not hold
 * @param remedies what a person does where the steps leave it so, a clause each, as far as the plan says it; in a network
 *     for the first site where a proof does not hold
 * @param markValue value of the plan's mark option, or null if the store has none
 */
public record ProofResult(
        boolean tableMissing,
        List<String> failures,
        List<String> remedies,
        @Nullable String markValue) {

    /** True if the schema is what the plan leads to. */
    public boolean holds() {
        return !tableMissing && failures.isEmpty();
    }

    /** {@code current}, {@code outdated} or {@code unknown}. */
    public String schema() {
        return tableMissing ? "unknown" : failures.isEmpty() ? "current" : "outdated";
    }
}
