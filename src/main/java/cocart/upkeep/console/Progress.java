package cocart.upkeep.console;

import cocart.upkeep.plan.Plans;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.PluginStates;
import cocart.upkeep.state.PluginStates.PluginState;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.LogContext;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether a store goes on by itself if one waits. */
public final class Progress {

    /** How long a folder that cannot be settled yet (half copied, maintenance) is waited for. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    private final Set<String> said = ConcurrentHashMap.newKeySet();
    private final Stores stores;
    private final PluginStates plugins;
    private final Updates updates;
    private final Jobs jobs;
    private final Plans plans;
    private final OwnUpdaters ownUpdaters;

    public Progress(
            Stores stores, PluginStates plugins, Updates updates, Jobs jobs, Plans plans, OwnUpdaters ownUpdaters) {
        this.plans = plans;
        this.ownUpdaters = ownUpdaters;
        this.stores = stores;
        this.plugins = plugins;
        this.updates = updates;
        this.jobs = jobs;
    }

    /**
     * True while waiting helps: a plugin folder has changed and only has to stay as it is for {@code detect.settle}, steps
     * of an approved update are to run, one has been made after which another may be due, or another run is at it. False
     * when a human is needed, a job failed, CoCart's own updater is waited for, or nothing is left.
     */
    public boolean awaits(String store) {
        if (isClaimed(store)) {
            return true;
        }
        if (jobs.hasFailed(store, "detect") || jobs.hasFailed(store, "migrate")) {
            return false;
        }
        StoreSettings settings = stores.get(store);
        for (PluginState plugin : plugins.of(store, settings.plugins())) {
            if (plugin.state().equals("unsettled")
                    && (plugin.reason() == null
                            || Duration.between(plugin.firstSeenAt(), plugin.lastSeenAt())
                                            .compareTo(PATIENCE)
                                    < 0)) {
                return true;
            }
        }
        if (isFollowed(store)) {
            return true;
        }
        boolean cannotBackUp = jobs.hasFailed(store, "back-up");
        return updates.approved(store).stream()
                .anyMatch(update -> update.reason() == null && (update.snapshotId() != null || !cannotBackUp));
    }

    /** True if an update was completed after the last look, and there is a later plan for what is installed. */
    private boolean isFollowed(String store) {
        return updates.completedSinceLook(store).stream().anyMatch(update -> plans.of(update.plugin()).stream()
                .dropWhile(plan -> !plan.version().equals(update.toVersion()))
                .skip(1)
                .anyMatch(plan -> !plan.declared() || ownUpdaters.declares(store, plan.plugin(), plan.version())));
    }

    /** True if another run has claimed what this one wants to do; says so once. */
    private boolean isClaimed(String store) {
        Map<String, Instant> claims = new TreeMap<>(jobs.claimedByOthers(store));
        claims.keySet().retainAll(Set.of("detect", "migrate"));
        claims.forEach((job, until) -> {
            if (said.add(store + "/" + job)) {
                try (LogContext.Scope ignored = LogContext.of(store)) {
                    LOG.info(
                            "Waiting for job {}, which another run is at; if that one was killed, its claim ends at {}.",
                            job,
                            until.truncatedTo(ChronoUnit.SECONDS));
                }
            }
        });
        return !claims.isEmpty();
    }
}
