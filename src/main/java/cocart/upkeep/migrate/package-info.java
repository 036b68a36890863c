/** Job 3: the queue of steps and what runs them. */
@NullMarked
package cocart.upkeep.migrate;

import org.jspecify.annotations.NullMarked;
