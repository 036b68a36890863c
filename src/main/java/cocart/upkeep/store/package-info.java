/** A store as it is: its settings, files, {@code wp-config.php} and database. The ground floor. */
@NullMarked
package cocart.upkeep.store;

import org.jspecify.annotations.NullMarked;
