package cocart.upkeep.detect;

import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.OwnUpdaters.Declared;
import cocart.upkeep.store.StoreFiles;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The code of a plugin that lies in a store, as far as data updates depend on it.
 *
 * @param version from the main file's header
 * @param declared what its source declares in {@code db_updates}
 */
public record InstalledCode(String version, List<Declared> declared) {

    /** Reads it; empty if no file names a version, as while it is copied there. */
    public static Optional<InstalledCode> read(String store, StoreFiles files, String slug) {
        return Optional.ofNullable(new PluginFolder(Clock.systemUTC())
                        .look(store, files, slug)
                        .version())
                .map(version -> new InstalledCode(
                        version, PluginSource.read(files, slug).source().updates()));
    }

    /** True if a plan is for this code: it is of the plan's version or newer, and declares it where that is asked for. */
    public boolean needs(UpdatePlan plan) {
        return needs(plan, version, () -> declared);
    }

    static boolean needs(UpdatePlan plan, String version, Supplier<List<Declared>> declared) {
        return PhpVersion.compare(version, plan.version()) >= 0
                && (!plan.declared()
                        || declared.get().stream()
                                .anyMatch(one -> PhpVersion.compare(one.version(), plan.version()) == 0));
    }
}
