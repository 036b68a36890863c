package cocart.upkeep.migrate;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.ProofResult;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.Rehearsed;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.PluginStates;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.DatabaseCopy;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs the steps of the data updates that a store needs on a copy of its database, as they are run in the store. */
public final class Rehearsal {

    private final Stores stores;
    private final Plans plans;
    private final Proofs proofs;
    private final Updates updates;
    private final PluginStates plugins;
    private final OwnUpdaters ownUpdaters;
    private final StepRunner runner;
    private final Comparator<String> versions;

    /** @param versions PHP's order of versions */
    public Rehearsal(
            Stores stores,
            Plans plans,
            Proofs proofs,
            Updates updates,
            PluginStates plugins,
            OwnUpdaters ownUpdaters,
            StepRunner runner,
            Comparator<String> versions) {
        this.stores = stores;
        this.plans = plans;
        this.proofs = proofs;
        this.updates = updates;
        this.plugins = plugins;
        this.ownUpdaters = ownUpdaters;
        this.runner = runner;
        this.versions = versions;
    }

    /**
     * Begins one: which data updates does the copy need for the code that was last seen? All that are not proven there,
     * if the plugin has not been seen yet.
     */
    public Rehearsed begin(String store, DatabaseCopy copy) {
        Rehearsed rehearsed = new Rehearsed(store, copy.snapshot());
        rehearsed.add("load database", "complete", copy.took().toNanos(), null);
        for (String plugin : stores.get(store).plugins()) {
            Optional<DataUpdate> open = updates.open(store, plugin);
            String code = open.map(DataUpdate::codeVersion)
                    .or(() -> plugins.of(store, plugin).map(PluginStates.PluginState::version))
                    .orElse(null);
            for (UpdatePlan plan : plans.of(plugin)) {
                boolean opened =
                        open.filter(u -> u.toVersion().equals(plan.version())).isPresent();
                if (opened || (isFor(plan, code, store) && !isDone(plan, copy.database()))) {
                    rehearsed.add(new Rehearsed.Due(plan, code));
                }
            }
        }
        return rehearsed;
    }

    private boolean isFor(UpdatePlan plan, @Nullable String code, String store) {
        return (code == null || versions.compare(code, plan.version()) >= 0)
                && (!plan.declared() || ownUpdaters.declares(store, plan.plugin(), plan.version()));
    }

    private boolean isDone(UpdatePlan plan, StoreDatabase database) {
        ProofResult result = proofs.check(plan, database);
        return result.tableMissing()
                || result.holds()
                        && result.markValue() != null
                        && versions.compare(result.markValue(), plan.version()) >= 0;
    }

    /**
     * Runs the steps of a data update.
     *
     * @return the carts as they were before
     * @throws StoreException why a step failed; it is the last part of the rehearsal
     */
    public Carts.Measure steps(Rehearsed rehearsed, Rehearsed.Due due, DatabaseCopy copy) {
        StoreDatabase database = copy.database();
        UpdatePlan plan = due.plan();
        Carts.Measure before;
        long begun = System.nanoTime();
        try (Connection connection = database.connectForLong()) {
            before = Carts.measure(connection, plan, database);
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + rehearsed.store() + ": the carts in the copy cannot be counted: " + Faults.words(e), e);
        }
        rehearsed.add("count carts", "complete", System.nanoTime() - begun, before.count());
        for (Proofs.Found found : proofs.ofEach(plan, database)) {
            if (found.site().isMain() || !found.result().holds()) {
                for (UpdatePlan.Step step : plan.steps()) {
                    run(rehearsed, plan, step, found.site());
                }
            }
        }
        return before;
    }

    private void run(Rehearsed rehearsed, UpdatePlan plan, UpdatePlan.Step step, Site site) {
        Seen seen = new Seen();
        long begun = System.nanoTime();
        String status = "failed";
        try {
            StepRunner.Outcome outcome = runner.run(plan, step, site, null, seen);
            status = outcome.cartsChecked().equals("no-op") ? "was done" : "complete";
        } finally {
            long took = System.nanoTime() - begun;
            Long rows = step.chunk() != null && !status.equals("failed")
                    ? count(site, step.chunk().table())
                    : seen.rows;
            rehearsed.add(Place.name(step, site), status, took, rows);
        }
    }

    private static @Nullable Long count(StoreDatabase database, String table) {
        try (Connection connection = database.connectForLong()) {
            String rows = Proofs.scalar(
                    connection, "SELECT COUNT(*) FROM " + database.address().table(table));
            return rows == null ? null : Long.valueOf(rows);
        } catch (SQLException e) {
            return null; // only for the table
        }
    }

    /** A copy is thrown away after a crash, so nothing has to be remembered but what is shown. */
    private static final class Seen implements StepRunner.Checkpoint {

        private @Nullable Long rows;

        @Override
        public void before(long count, String checksum) {
            rows = count;
        }

        @Override
        public void reached(long key) {}

        @Override
        public String remedy() {
            return "Mend the step in config/updates.";
        }
    }
}
