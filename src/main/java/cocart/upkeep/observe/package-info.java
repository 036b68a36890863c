/** Looks at the house from outside: health, metrics, traces and the form of log lines. No job knows it. */
@NullMarked
package cocart.upkeep.observe;

import org.jspecify.annotations.NullMarked;
