/** A store's WordPress as it runs: the queue of its Action Scheduler, WP-Cron, its object cache. */
@NullMarked
package cocart.upkeep.wordpress;

import org.jspecify.annotations.NullMarked;
