/** The backup benchmark: ours and the tools that people know, from one server, with round trips of a chosen length. */
@NullMarked
package cocart.upkeep.bench;

import org.jspecify.annotations.NullMarked;
