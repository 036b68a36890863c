/** What {@code status} and {@code snapshots} show. */
@NullMarked
package cocart.upkeep.console;

import org.jspecify.annotations.NullMarked;
