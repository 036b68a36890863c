/** What the page shows, in records that its templates read; nothing here asks a store. */
@NullMarked
package cocart.upkeep.console.page;

import org.jspecify.annotations.NullMarked;
