/** The command line and the one place where beans get their names. */
@NullMarked
package cocart.upkeep;

import org.jspecify.annotations.NullMarked;
