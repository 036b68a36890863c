package cocart.upkeep.console.page;

import org.jspecify.annotations.Nullable;

/**
 * One of a store's jobs: how it last went and when it is due again.
 *
 * @param started when it last began, or null
 * @param took how long that took, or null while it runs
 * @param error why it failed, or null
 * @param next when it is due again, or null if its schedule has no time
 */
public record JobView(
        String name,
        Mark state,
        @Nullable Moment started,
        @Nullable String took,
        @Nullable String error,
        @Nullable Moment next) {}
