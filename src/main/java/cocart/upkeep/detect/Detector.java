package cocart.upkeep.detect;

import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.ProofResult;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.DueUpdate;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.OwnUpdaters.Declared;
import cocart.upkeep.state.PluginStates;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.Stores;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks at a store's plugins and says which data update the installed code needs, by the schema alone. */
public final class Detector {

    private final Stores stores;
    private final Plans plans;
    private final Proofs proofs;
    private final Updates updates;
    private final PluginFolder folder;
    private final Sightings sightings;
    private final PluginStates plugins;
    private final Events events;
    private final OwnUpdaters ownUpdaters;
    private final Jobs jobs;

    public Detector(
            Stores stores,
            Plans plans,
            Proofs proofs,
            Updates updates,
            PluginFolder folder,
            Sightings sightings,
            PluginStates plugins,
            Events events,
            OwnUpdaters ownUpdaters,
            Jobs jobs) {
        this.jobs = jobs;
        this.ownUpdaters = ownUpdaters;
        this.plugins = plugins;
        this.events = events;
        this.stores = stores;
        this.plans = plans;
        this.proofs = proofs;
        this.updates = updates;
        this.folder = folder;
        this.sightings = sightings;
    }

    /**
     * Stores that are to be looked at now: by their schedule, and where a change only has to be seen once more to count,
     * since new carts may be lost until then.
     */
    public List<String> dueStores() {
        Set<String> due = new LinkedHashSet<>(jobs.due("detect"));
        Instant now = jobs.now();
        sightings.waiting().forEach((store, since) -> {
            if (stores.all().stream().anyMatch(one -> one.id().equals(store))
                    && !since.plus(stores.get(store).settle()).isAfter(now)
                    && !jobs.hasFailed(store, "detect")) {
                due.add(store);
            }
        });
        return List.copyOf(due);
    }

    /** Slugs of the plugins to look at. */
    public List<String> plugins(String store) {
        return stores.get(store).plugins();
    }

    /** Looks at a plugin's folder. */
    public PluginLook look(String store, String plugin) {
        try (StoreFiles files = stores.files(store)) {
            return folder.look(store, files, plugin);
        }
    }

    /** Records what was seen; settled, unsettled or absent follows from what was seen before. */
    public Sighting record(String store, PluginLook look) {
        Optional<Sighting> before = sightings.latest(store, look.plugin());
        Sighting now = sightings.record(store, look, stores.get(store).settle());
        boolean news = before.isEmpty()
                || before.get().state() != now.state()
                || !before.get().fingerprint().equals(now.fingerprint());
        if (news) {
            events.record(store, sentence(now, before.isEmpty()));
        }
        return now;
    }

    private static String sentence(Sighting sighting, boolean first) {
        String name = sighting.plugin() + (sighting.version() == null ? "" : " " + sighting.version());
        return switch (sighting.state()) {
            case SETTLED ->
                name + " has settled"
                        + (sighting.rolledBackFrom() == null
                                ? "."
                                : ", rolled back from " + sighting.rolledBackFrom() + ".");
            case ABSENT -> name + " is absent.";
            case UNSETTLED ->
                name + " is unsettled: "
                        + (sighting.reason() != null
                                ? sighting.reason()
                                : (first
                                        ? "seen for the first time; waiting whether its files stay as they are."
                                        : "its files have changed; waiting whether they stay as they are."));
        };
    }

    /**
     * The data update that a settled plugin needs; null if none. An open one that nothing asks for any more is ended:
     * complete when the schema has been brought up to date by somebody else, canceled when the code was rolled back.
     * An update that the plugin's source declares and no plan describes is blocked, after those that plans describe.
     */
    public @Nullable DueUpdate due(String store, Sighting sighting) {
        String version = sighting.version();
        if (sighting.state() != Sighting.State.SETTLED || version == null) {
            return null;
        }
        DueUpdate due = null;
        Schema schema = new Schema();
        for (UpdatePlan plan : plans.of(sighting.plugin())) {
            boolean needed = isNeeded(plan, store, sighting, version);
            Optional<DataUpdate> open = updates.open(store, sighting.plugin())
                    .filter(update -> update.toVersion().equals(plan.version()));
            if (!needed) {
                open.ifPresent(update -> updates.cancel(
                        update, "the code was rolled back to " + version + ", which needs no data update"));
                if (plan.declared()) {
                    continue;
                }
            }
            try (StoreDatabase database = stores.database(store)) {
                ProofResult result = proofs.check(plan, database);
                schema.add(result, needed);
                boolean behind =
                        result.markValue() == null || PhpVersion.compare(result.markValue(), plan.version()) < 0;
                if (needed && (!result.holds() || behind)) {
                    if (due == null && !result.tableMissing()) {
                        due = due(store, sighting, version, plan, result.markValue());
                    }
                } else if (needed) {
                    open.filter(update -> update.state().equals("awaiting-approval"))
                            .ifPresent(update -> updates.complete(
                                    update,
                                    null,
                                    null,
                                    "Data update of " + sighting.plugin() + " to " + plan.version()
                                            + " complete: done outside of this program, and proven in the schema."));
                }
            }
        }
        schema.record(plugins, store, sighting.plugin());
        Optional<DataUpdate> blocked = updates.open(store, sighting.plugin())
                .filter(update -> update.state().equals("blocked"));
        if (due == null) {
            undescribed(store, sighting, version, blocked);
        } else if (blocked.isPresent()) {
            ownUpdaters.planned(blocked.get(), due);
        }
        return due;
    }

    private boolean isNeeded(UpdatePlan plan, String store, Sighting sighting, String version) {
        return InstalledCode.needs(plan, version, () -> source(store, sighting).updates());
    }

    /**
     * Approved if the settings say so, or a person has approved the one before it for the same code: who says yes to
     * what a release needs need not say it once more for each of its database versions.
     */
    private DueUpdate due(String store, Sighting sighting, String version, UpdatePlan plan, @Nullable String reached) {
        boolean goesOn = updates.latest(store, sighting.plugin())
                .filter(before -> before.state().equals("complete")
                        && before.snapshotId() != null // not just done by somebody else
                        && before.codeVersion().equals(version)
                        && PhpVersion.compare(before.toVersion(), plan.version()) < 0)
                .isPresent();
        return new DueUpdate(
                store,
                sighting.plugin(),
                reached,
                plan.version(),
                version,
                sightings.exposedSince(store, sighting.plugin()).orElse(sighting.firstSeen()),
                goesOn || stores.get(store).automatic() && sighting.rolledBackFrom() == null);
    }

    /** What is said of a store's schema: the worst that any plan found, and the mark as the last one read it. */
    private static final class Schema {

        private @Nullable String state;
        private @Nullable String mark;

        void add(ProofResult result, boolean needed) {
            // code from before the plan's version needs nothing of it: current as long as it can be read
            String found = needed || result.tableMissing() ? result.schema() : "current";
            if (state == null || found.equals("outdated") || state.equals("current")) {
                state = found;
            }
            mark = result.markValue();
        }

        void record(PluginStates plugins, String store, String plugin) {
            if (state != null) {
                plugins.schema(store, plugin, state, mark);
            }
        }
    }

    /** Blocks what the plugin's source declares and no plan describes, or ends that when nothing asks for it any more. */
    private void undescribed(String store, Sighting sighting, String version, Optional<DataUpdate> blocked) {
        String plugin = sighting.plugin();
        OwnUpdaters.Source source = source(store, sighting);
        List<Declared> unknown = source.updates().stream()
                .filter(declared -> plans.of(plugin).stream()
                        .noneMatch(plan -> PhpVersion.compare(plan.version(), declared.version()) == 0))
                .toList();
        if (unknown.isEmpty()) {
            blocked.ifPresent(update -> ownUpdaters.unblock(
                    update, "the code " + version + " declares no update that config/updates has no plan for."));
            return;
        }
        Optional<UpdatePlan> known = plans.of(plugin).stream().findFirst();
        String mark = known.map(UpdatePlan::mark).orElse("cocart_db_version");
        String reached;
        int blogs;
        try (StoreDatabase database = stores.database(store)) {
            reached = known.isPresent() ? proofs.lowestMark(known.get(), database) : proofs.option(database, mark);
            blogs = known.map(plan -> proofs.sites(plan, database).size()).orElse(1);
        }
        Optional<Declared> last = unknown.stream()
                .filter(declared -> isBehind(reached, declared))
                .max((a, b) -> PhpVersion.compare(a.version(), b.version()));
        if (last.isEmpty()) {
            blocked.ifPresent(update -> ownUpdaters.unblock(
                    update,
                    mark + " of the store is " + reached
                            + " now, so it was made outside of this program; not proven, because there is no plan."));
            return;
        }
        OwnUpdaters.Source asked = new OwnUpdaters.Source(
                source.updates().stream()
                        .filter(declared -> isBehind(reached, declared))
                        .toList(),
                source.finalVersion());
        String names = String.join(
                ", ",
                asked.updates().stream()
                        .flatMap(declared -> declared.callbacks().stream())
                        .toList());
        ownUpdaters.block(
                store,
                plugin,
                reached,
                last.get().version(),
                version,
                sightings.exposedSince(store, plugin).orElse(sighting.firstSeen()),
                asked,
                blogs,
                "The code " + version + " of " + plugin + " asks for database version "
                        + last.get().version()
                        + ", the store has " + (reached == null ? "none" : reached)
                        + ", and config/updates has no plan for it. Its callbacks: "
                        + (names.length() > 1200 ? names.substring(0, 1200) + "..." : names)
                        + (blogs > 1
                                ? ". Add a plan to config/updates/" + plugin + ".yaml, or update each of the " + blogs
                                        + " blogs in its own wp-admin: each runs them by itself"
                                : ". Either add a plan to config/updates/" + plugin
                                        + ".yaml, or let WordPress run them: upkeep approve " + store
                                        + " --by-wordpress"),
                updates.latest(store, plugin));
    }

    private static boolean isBehind(@Nullable String reached, Declared declared) {
        return reached == null || PhpVersion.compare(reached, declared.version()) < 0;
    }

    /** What the plugin declares; its source is read once for each state of its folder. */
    private OwnUpdaters.Source source(String store, Sighting sighting) {
        Optional<OwnUpdaters.Source> known = ownUpdaters.declared(store, sighting.plugin(), sighting.fingerprint());
        if (known.isPresent()) {
            return known.get();
        }
        PluginSource.Read read;
        try (StoreFiles files = stores.files(store)) {
            read = PluginSource.read(files, sighting.plugin());
        }
        if (!read.unreadable().isEmpty()) {
            events.failure(
                    store,
                    "The list $db_updates in " + read.unreadable() + " is not one that can be read without running it;"
                            + " whether " + sighting.plugin() + " " + sighting.version()
                            + " asks for a data update that config/updates has no plan for is not known.");
        }
        ownUpdaters.declare(store, sighting.plugin(), sighting.fingerprint(), read.source());
        return read.source();
    }
}
