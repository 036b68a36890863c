/** An embedded store, real servers from Maven alone: what the demo shows and the tests run against. */
@NullMarked
package cocart.upkeep.demo;

import org.jspecify.annotations.NullMarked;
