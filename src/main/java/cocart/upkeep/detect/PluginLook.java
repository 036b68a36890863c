package cocart.upkeep.detect;

import org.jspecify.annotations.Nullable;

/**
 * A plugin's folder as one look found it.
 *
 * @param fingerprint SHA-256 over names, types, sizes and times of everything in it, or {@code absent}
 * @param version from the main file's header, or null
 * @param maintenance a fresh {@code .maintenance} lies in the WordPress root
 * @param unfit why this look cannot be of a settled plugin, one sentence; null if it can
 */
public record PluginLook(
        String plugin,
        boolean present,
        String fingerprint,
        @Nullable String version,
        boolean maintenance,
        @Nullable String unfit) {}
