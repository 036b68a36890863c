/** Job 4: proof, carts compared, the mark in the store. */
@NullMarked
package cocart.upkeep.complete;

import org.jspecify.annotations.NullMarked;
