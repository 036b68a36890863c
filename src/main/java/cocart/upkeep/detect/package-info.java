/** Job 1: which code is installed, has it settled, is a data update due. */
@NullMarked
package cocart.upkeep.detect;

import org.jspecify.annotations.NullMarked;
