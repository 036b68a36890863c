/** What people are told: notices, which come and go with their causes, and the channels that they are sent by. */
@NullMarked
package cocart.upkeep.notify;

import org.jspecify.annotations.NullMarked;
