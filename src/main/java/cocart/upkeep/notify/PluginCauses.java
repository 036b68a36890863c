package cocart.upkeep.notify;

import cocart.upkeep.notify.StoreView.Plugin;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Plugins of a store that are not as they should be. */
final class PluginCauses implements Function<StoreView, Stream<Finding>> {

    /** A person or WordPress may be at work on the folder. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    @Override
    public Stream<Finding> apply(StoreView view) {
        return view.plugins.stream()
                .flatMap(plugin -> Stream.of(rolledBack(plugin), absent(view, plugin), unsettled(plugin)))
                .filter(Objects::nonNull);
    }

    private static @Nullable Finding rolledBack(Plugin plugin) {
        if (plugin.rolledBackFrom() == null) {
            return null;
        }
        return Finding.of(
                Cause.ROLLED_BACK,
                plugin.plugin(),
                plugin.rolledBackFrom() + "\n" + plugin.version(),
                plugin.plugin() + " was rolled back from " + plugin.rolledBackFrom() + " to " + plugin.version()
                        + "; a lower version is never migrated without approval.");
    }

    /** It is absent for a moment in every update; when it stays away, the shop's API does. */
    private static @Nullable Finding absent(StoreView view, Plugin plugin) {
        if (!plugin.state().equals("absent")) {
            return null;
        }
        return Finding.of(
                Cause.PLUGIN_ABSENT,
                plugin.plugin(),
                "",
                plugin.plugin() + " is not in wp-content/plugins; a visit to the plugins page deactivates it."
                        + " Put its folder back, or take it out of upkeep.store." + view.id() + ".plugins.",
                isLong(plugin));
    }

    private static @Nullable Finding unsettled(Plugin plugin) {
        if (!plugin.state().equals("unsettled") || plugin.reason() == null || !isLong(plugin)) {
            return null;
        }
        return Finding.of(
                Cause.PLUGIN_UNSETTLED,
                plugin.plugin(),
                Finding.withoutFigures(plugin.reason()),
                plugin.plugin() + " has been unsettled for more than 10 minutes: " + plugin.reason());
    }

    private static boolean isLong(Plugin plugin) {
        return Duration.between(plugin.firstSeenAt(), plugin.lastSeenAt()).compareTo(PATIENCE) > 0;
    }
}
