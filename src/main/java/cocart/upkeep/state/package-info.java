/** The state database: what all instances know of all stores. Ground floor. */
@NullMarked
package cocart.upkeep.state;

import org.jspecify.annotations.NullMarked;
