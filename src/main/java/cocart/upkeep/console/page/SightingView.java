package cocart.upkeep.console.page;

import org.jspecify.annotations.Nullable;

/** What was seen of a plugin's folder, from one time to another. */
public record SightingView(
        String plugin,
        @Nullable String version,
        Mark state,
        Mark schema,
        @Nullable String databaseVersion,
        @Nullable String reason,
        Moment first,
        Moment last) {}
