/** Data updates as {@code config/updates/*.yaml} declares them: steps and the proofs that tell whether they are done. Ground floor, beside {@code store}. */
@NullMarked
package cocart.upkeep.plan;

import org.jspecify.annotations.NullMarked;
