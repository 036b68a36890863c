package cocart.upkeep.migrate;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.Away;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.DueUpdate;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.PluginStates;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which data update of a store goes on now, its steps, and what has to be known before the first one runs. */
public final class Planning {

    /**
     * A step to be put into the queue.
     *
     * @param checksum of the step as the plan has it
     */
    public record PlannedStep(String dataUpdateId, int position, String name, String checksum) {}

    private final Stores stores;
    private final Plans plans;
    private final Proofs proofs;
    private final Updates updates;
    private final PluginStates plugins;
    private final Queue queue;
    private final Replanning replanning;
    private final Rehearsals rehearsals;
    private final OwnUpdater ownUpdater;
    private final OwnUpdaters ownUpdaters;

    public Planning(
            Stores stores,
            Plans plans,
            Proofs proofs,
            Updates updates,
            PluginStates plugins,
            Queue queue,
            Replanning replanning,
            Rehearsals rehearsals,
            OwnUpdater ownUpdater,
            OwnUpdaters ownUpdaters) {
        this.queue = queue;
        this.replanning = replanning;
        this.rehearsals = rehearsals;
        this.stores = stores;
        this.plans = plans;
        this.proofs = proofs;
        this.ownUpdater = ownUpdater;
        this.ownUpdaters = ownUpdaters;
        this.updates = updates;
        this.plugins = plugins;
    }

    /** Opens the data update that is due; null if a human has to decide first, or its plan was changed under way. */
    public @Nullable DataUpdate open(DueUpdate due) {
        return updates.plan(
                        due.store(), due.plugin(), due.from(), due.to(), due.code(), due.exposedSince(), due.approved())
                .filter(open -> open.toVersion().equals(due.to())) // another one is under way and comes first
                .filter(open -> replanning.refusal(open) == null)
                .orElse(null);
    }

    /** True if every step is complete, no site of a network lacks steps, and it was not canceled meanwhile. */
    public boolean allDone(DataUpdate update) {
        return updates.get(update.id()).isApproved()
                && queue.allComplete(update.id(), queue.known(update.id()).size())
                && steps(update).isEmpty();
    }

    /**
     * False if a blog with an old schema has come in between, after the last step: its steps are planned by the next look
     * and run before the update is completed.
     */
    public boolean hasAllSteps(DataUpdate update) {
        try {
            return isByWordPress(update)
                    || !updates.get(update.id()).isApproved()
                    || steps(update).isEmpty();
        } catch (StoreException e) {
            return true; // what went wrong before this is what counts
        }
    }

    /** True if every step is complete, and CoCart's own updater has not begun meanwhile: then the update can be proven. */
    public boolean isReady(DataUpdate update) {
        return allDone(update) && !waits(update);
    }

    /** True if WordPress makes this update, because a person said so. */
    public boolean isByWordPress(DataUpdate update) {
        return ownUpdaters.of(update.id()).isHandedOver();
    }

    /**
     * A step's attempt failed: it is tried again, or failed and its update with it. If that cannot be recorded, its lease
     * runs out and it is tried again too.
     */
    public void stepFailed(ClaimedStep step, Exception error) {
        Away.tolerate(() -> queue.fail(step, error));
    }

    /**
     * The steps of an update's plan that are not in the queue yet, in order. In a network these are its steps for each
     * site that is not proven; a blog may join at any time.
     */
    public List<PlannedStep> steps(DataUpdate update) {
        UpdatePlan plan = plan(update);
        Set<Integer> known = queue.known(update.id());
        try (StoreDatabase database = stores.database(update.store())) {
            return proofs.ofEach(plan, database).stream()
                    .filter(found -> found.site().isMain() || !found.result().holds())
                    .flatMap(found -> steps(update.id(), plan, found.site()))
                    .filter(step -> !known.contains(step.position()))
                    .toList();
        }
    }

    private static Stream<PlannedStep> steps(String id, UpdatePlan plan, Site site) {
        return IntStream.range(0, plan.steps().size())
                .mapToObj(i -> new PlannedStep(
                        id,
                        Place.of(site, i).position(),
                        Place.name(plan.steps().get(i), site),
                        plan.steps().get(i).checksum()));
    }

    /**
     * The approved data update of a store that may go on now; null if there is none, its plan was changed or its
     * rehearsal failed, its plugin's files are changing, or CoCart's own updater is at work (then we wait and look at
     * the schema afterwards). A store's updates go one after the other, oldest first: the queue would give out a step of
     * the oldest one, also while that has to wait.
     */
    public @Nullable DataUpdate next(String store) {
        List<DataUpdate> approved = updates.approved(store);
        if (approved.isEmpty()) {
            return null;
        }
        DataUpdate oldest = approved.get(0);
        return waits(oldest) ? null : oldest;
    }

    /**
     * Asked before each step: true if nothing has come in between that the store's update has to wait for. False if the
     * store cannot be asked; what the step before it did is recorded all the same.
     */
    public boolean mayGoOn(String store) {
        try {
            return next(store) != null;
        } catch (StoreException e) {
            return false;
        }
    }

    private boolean waits(DataUpdate update) {
        String waiting = replanning.refusal(update);
        if (waiting == null) {
            waiting = rehearsals.refusal(update);
        }
        if (waiting == null) {
            waiting = queue.refusal(update);
        }
        if (waiting == null) {
            waiting = waiting(update);
        }
        updates.waiting(update.id(), waiting);
        return waiting != null;
    }

    /** Counts the carts before the first step, unless that was done. */
    public void countCarts(DataUpdate update) {
        if (updates.get(update.id()).cartsBefore() != null) {
            return;
        }
        UpdatePlan plan = cartsPlan(update);
        if (plan == null) {
            return;
        }
        try (StoreDatabase database = stores.database(update.store());
                Connection connection = database.connectForLong()) {
            Carts.Measure carts = Carts.measure(connection, plan, database);
            updates.cartsBefore(update.id(), carts.count(), carts.checksum());
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + update.store() + ": the carts cannot be counted: " + Faults.words(e), e);
        }
    }

    /** The plan that names the carts; for an update that WordPress makes the plugin's last one, null if it has none. */
    private @Nullable UpdatePlan cartsPlan(DataUpdate update) {
        if (!isByWordPress(update)) {
            return plan(update);
        }
        List<UpdatePlan> known = plans.of(update.plugin());
        return known.isEmpty() ? null : known.get(known.size() - 1);
    }

    private @Nullable String waiting(DataUpdate update) {
        Optional<PluginStates.PluginState> plugin = plugins.of(update.store(), update.plugin());
        if (plugin.isPresent() && !plugin.get().state().equals("settled")) {
            return "Waiting for the files of " + update.plugin() + " to settle.";
        }
        OwnUpdaters.Known known = ownUpdaters.of(update.id());
        if (known.isHandedOver()) {
            return null;
        }
        if (!known.callbacks().isEmpty()
                && plans.find(update.plugin(), update.toVersion()).isEmpty()) {
            // tried again by a person, but there is still no plan
            String reason = "config/updates still has no plan for " + update.plugin() + " " + update.toVersion()
                    + (known.mayBeHandedOver()
                            ? "; add one, or run: upkeep approve " + update.store() + " --by-wordpress"
                            : "; add one, or update each of the " + known.blogs() + " blogs in its own wp-admin");
            ownUpdaters.blockAgain(update, reason);
            return reason;
        }
        try (StoreDatabase database = stores.database(update.store())) {
            return ownUpdater.waiting(update, plan(update), database);
        }
    }

    private UpdatePlan plan(DataUpdate update) {
        return plans.find(update.plugin(), update.toVersion())
                .orElseThrow(() -> new StoreException(
                        "store " + update.store() + ": config/updates has no plan any more for " + update.plugin() + " "
                                + update.toVersion() + "; put it back, or upkeep cancel " + update.store(),
                        null,
                        true));
    }
}
