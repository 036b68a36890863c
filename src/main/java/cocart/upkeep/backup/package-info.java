/** Job 2: verified snapshots of {@code wp-content} and the database. */
@NullMarked
package cocart.upkeep.backup;

import org.jspecify.annotations.NullMarked;
