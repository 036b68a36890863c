package cocart.upkeep.complete;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.ProofResult;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.Rehearsed;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.PluginStates;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.DatabaseCopy;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Brings a data update whose steps are done to its end: proven, carts compared, marked, recorded. */
public final class Completion {

    private final Stores stores;
    private final Plans plans;
    private final Proofs proofs;
    private final Mark mark;
    private final Updates updates;
    private final PluginStates plugins;

    public Completion(Stores stores, Plans plans, Proofs proofs, Mark mark, Updates updates, PluginStates plugins) {
        this.stores = stores;
        this.plans = plans;
        this.proofs = proofs;
        this.mark = mark;
        this.updates = updates;
        this.plugins = plugins;
    }

    /** @throws StoreException (permanent) if a proof does not hold; it says which, and what was found */
    public void prove(DataUpdate update) {
        try (StoreDatabase database = stores.database(update.store())) {
            prove(plan(update), update.codeVersion(), database);
        }
    }

    private void prove(UpdatePlan plan, String version, StoreDatabase database) {
        ProofResult result = proofs.check(plan, database);
        if (!result.failures().isEmpty()) {
            String remedy = result.remedies().isEmpty()
                    ? "mend the tables, or add a step to config/updates, then run upkeep retry " + database.store()
                            + " --replan"
                    : String.join("; ", result.remedies());
            throw new StoreException(
                    "store " + database.store() + ": the schema is not what " + plan.plugin() + " " + version
                            + " needs: " + String.join(" ", result.failures())
                            + " The plan's steps are done and leave it so: " + remedy + ".",
                    null,
                    true);
        }
    }

    /**
     * Brings a data update to its end on a copy, where no traffic can explain another cart.
     *
     * @param before the carts before the first step
     * @throws StoreException (permanent) if a proof does not hold or a cart is not the same
     */
    public void rehearse(Rehearsed rehearsed, Rehearsed.Due due, Carts.Measure before, DatabaseCopy copy) {
        UpdatePlan plan = due.plan();
        part(
                rehearsed,
                "proofs",
                "hold",
                (long) plan.proofs().size(),
                () -> prove(plan, due.code() == null ? plan.version() : due.code(), copy.database()));
        part(rehearsed, "compare carts", "the same", before.count(), () -> {
            try (Connection connection = copy.database().connectForLong()) {
                Carts.Measure now = Carts.measure(connection, plan, copy.database());
                CartCheck.Result result = CartCheck.decide(before.count(), before.checksum(), now, false);
                if (!result.fine()) {
                    throw new StoreException(
                            "store " + rehearsed.store() + ": " + before.count() + " carts before the update, "
                                    + now.count() + " after, and what they hold differs; mend the steps in"
                                    + " config/updates",
                            null,
                            true);
                }
            } catch (SQLException e) {
                throw new StoreException(
                        "store " + rehearsed.store() + ": the carts in the copy cannot be counted: " + Faults.words(e),
                        e);
            }
        });
        part(rehearsed, "set " + plan.mark(), "complete", null, () -> mark.set(plan, copy.database()));
        rehearsed.proven(due);
    }

    private static void part(Rehearsed rehearsed, String name, String fine, @Nullable Long rows, Runnable work) {
        long begun = System.nanoTime();
        String status = "failed";
        try {
            work.run();
            status = fine;
        } finally {
            rehearsed.add(name, status, System.nanoTime() - begun, rows);
        }
    }

    /**
     * Compares the carts with those before the first step.
     *
     * @param untouched true if every step that changed something was measured under lock
     * @throws StoreException (permanent) if they differ and the store's own traffic does not explain it
     */
    public CartCheck.Result compareCarts(DataUpdate update, boolean untouched) {
        UpdatePlan plan = plan(update);
        try (StoreDatabase database = stores.database(update.store());
                Connection connection = database.connectForLong()) {
            Carts.Measure now = Carts.measure(connection, plan, database);
            DataUpdate known = updates.get(update.id()); // the caller's copy is from before the carts were counted
            CartCheck.Result result = CartCheck.decide(known.cartsBefore(), known.checksumBefore(), now, untouched);
            if (!result.fine()) {
                throw new StoreException(
                        "store " + update.store() + ": " + result.text() + " Compare with snapshot "
                                + known.snapshotId()
                                + " of the store (its database.sql.gz can be loaded with: zcat database.sql.gz | mariadb"
                                + " NAME); if the carts are right as they are now, upkeep retry " + update.store()
                                + " counts anew.",
                        null,
                        true);
            }
            return result;
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + update.store() + ": the carts cannot be counted: " + Faults.words(e), e);
        }
    }

    /** Sets the plugin's database version in the store; proofs are checked again just before. */
    public void mark(DataUpdate update) {
        try (StoreDatabase database = stores.database(update.store())) {
            mark.set(plan(update), database);
        }
    }

    /** Records the end, and what the schema is now. */
    public void record(DataUpdate update, CartCheck.Result carts) {
        try (StoreDatabase database = stores.database(update.store())) {
            ProofResult proven = proofs.check(plan(update), database);
            plugins.schema(update.store(), update.plugin(), proven.schema(), proven.markValue());
        }
        updates.complete(
                update,
                carts.after(),
                carts.checksum(),
                "Data update of " + update.plugin() + " to " + update.toVersion() + " complete: proven in the schema, "
                        + carts.text());
    }

    private UpdatePlan plan(DataUpdate update) {
        Optional<UpdatePlan> plan = plans.find(update.plugin(), update.toVersion());
        return plan.orElseThrow(() -> new StoreException(
                "store " + update.store() + ": config/updates has no plan any more for " + update.plugin() + " "
                        + update.toVersion() + "; put it back, or upkeep cancel " + update.store(),
                null,
                true));
    }
}
