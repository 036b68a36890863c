package cocart.upkeep.migrate;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.DueUpdate;
import cocart.upkeep.state.PluginStates;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Which data update of a store goes on now, its steps, and what has to be known before the first one runs. */
public final class Planning {

    /** A step to be put into the queue. */
    public record PlannedStep(String dataUpdateId, int position, String name) {}

    private final Stores stores;
    private final Plans plans;
    private final Proofs proofs;
    private final Updates updates;
    private final PluginStates plugins;
    private final Queue queue;

    public Planning(Stores stores, Plans plans, Proofs proofs, Updates updates, PluginStates plugins, Queue queue) {
        this.queue = queue;
        this.stores = stores;
        this.plans = plans;
        this.proofs = proofs;
        this.updates = updates;
        this.plugins = plugins;
    }

    /** Opens the data update that is due; null if a human has to decide first. */
    public @Nullable DataUpdate open(DueUpdate due) {
        return updates.plan(
                        due.store(), due.plugin(), due.from(), due.to(), due.code(), due.exposedSince(), due.approved())
                .orElse(null);
    }

    /** True if every step of the update's plan is complete, and it was not canceled meanwhile. */
    public boolean allDone(DataUpdate update) {
        return updates.get(update.id()).isApproved()
                && queue.allComplete(update.id(), plan(update).steps().size());
    }

    /** A step's attempt failed: it is tried again, or failed and its update with it. */
    public void stepFailed(ClaimedStep step, Exception error) {
        queue.fail(step, error);
    }

    /** The steps of an update's plan that are not in the queue yet, in order. */
    public List<PlannedStep> steps(DataUpdate update) {
        List<UpdatePlan.Step> steps = plan(update).steps();
        Set<Integer> known = queue.known(update.id());
        return IntStream.range(0, steps.size())
                .filter(i -> !known.contains(i))
                .mapToObj(i -> new PlannedStep(update.id(), i, steps.get(i).name()))
                .toList();
    }

    /**
     * The approved data update of a store that may go on now; null if there is none, its plugin's files are changing,
     * or CoCart's own updater is at work (then we wait and look at the schema afterwards).
     */
    public @Nullable DataUpdate next(String store) {
        for (DataUpdate update : updates.approved(store)) {
            String waiting = waiting(update);
            updates.waiting(update.id(), waiting);
            if (waiting == null) {
                return update;
            }
        }
        return null;
    }

    /** Counts the carts before the first step, unless that was done. */
    public void countCarts(DataUpdate update) {
        if (updates.get(update.id()).cartsBefore() != null) {
            return;
        }
        UpdatePlan plan = plan(update);
        try (StoreDatabase database = stores.database(update.store());
                Connection connection = database.connectForLong()) {
            Carts.Measure carts = Carts.measure(connection, plan, database);
            updates.cartsBefore(update.id(), carts.count(), carts.checksum());
        } catch (SQLException e) {
            throw new StoreException("store " + update.store() + ": the carts cannot be counted: " + e.getMessage(), e);
        }
    }

    private @Nullable String waiting(DataUpdate update) {
        Optional<PluginStates.PluginState> plugin = plugins.of(update.store(), update.plugin());
        if (plugin.isPresent() && !plugin.get().state().equals("settled")) {
            return "Waiting for the files of " + update.plugin() + " to settle.";
        }
        try (StoreDatabase database = stores.database(update.store())) {
            Proofs.Updater updater = proofs.updater(plan(update), database);
            return updater.busy()
                    ? "Waiting for CoCart's own updater (Action Scheduler: " + updater.pending() + " pending, "
                            + updater.inProgress() + " in progress); then the schema is looked at."
                    : null;
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
