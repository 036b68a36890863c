package cocart.upkeep.complete;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.ProofResult;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Ends a data update that WordPress has made: what can be proven is proven, the carts are compared, and what cannot be
 * proven is called so. The mark in the store is CoCart's own to set.
 */
public final class HandedOver {

    private static final String MARK = "cocart_db_version";

    private final Stores stores;
    private final Plans plans;
    private final Proofs proofs;
    private final Updates updates;
    private final OwnUpdaters ownUpdaters;
    private final Comparator<String> versions;

    /** @param versions PHP's order of versions */
    public HandedOver(
            Stores stores,
            Plans plans,
            Proofs proofs,
            Updates updates,
            OwnUpdaters ownUpdaters,
            Comparator<String> versions) {
        this.stores = stores;
        this.plans = plans;
        this.proofs = proofs;
        this.updates = updates;
        this.ownUpdaters = ownUpdaters;
        this.versions = versions;
    }

    /**
     * Proves and records an update all of whose callbacks have ended as complete.
     *
     * @throws StoreException (permanent) if a proof that there is does not hold, the carts differ, or CoCart itself does
     *     not call the update done
     */
    public void record(DataUpdate update) {
        List<UpdatePlan> known = plans.of(update.plugin()).stream()
                .filter(plan -> versions.compare(plan.version(), update.toVersion()) <= 0)
                .toList();
        try (StoreDatabase database = stores.database(update.store())) {
            for (UpdatePlan plan : known) {
                ProofResult result = proofs.check(plan, database);
                if (!result.holds()) {
                    throw new StoreException(
                            "store " + update.store() + ": WordPress has run CoCart's callbacks, but the schema is not"
                                    + " what database version " + plan.version() + " of " + update.plugin()
                                    + " needs: " + String.join(" ", result.failures()),
                            null,
                            true);
                }
            }
            String mark = known.isEmpty() ? MARK : known.get(known.size() - 1).mark();
            String reached = proofs.option(database, mark);
            if (reached == null || versions.compare(reached, update.toVersion()) < 0) {
                throw new StoreException(
                        "store " + update.store() + ": WordPress calls CoCart's callbacks complete, but " + mark
                                + " is "
                                + (reached == null ? "not set" : "still " + reached) + " and not " + update.toVersion()
                                + ", so they did not do their work; see wp-content/uploads/wc-logs, and add a plan to"
                                + " config/updates",
                        null,
                        true);
            }
            boolean proven = known.stream().anyMatch(plan -> versions.compare(plan.version(), update.toVersion()) == 0);
            CartCheck.@Nullable Result carts = carts(update, known, database);
            updates.complete(
                    update,
                    carts == null ? null : carts.after(),
                    carts == null ? null : carts.checksum(),
                    "Data update of " + update.plugin() + " to " + update.toVersion() + " made by WordPress: "
                            + String.join(", ", ownUpdaters.of(update.id()).names()) + " ended as complete, and " + mark
                            + " is " + reached + "; "
                            + (proven
                                    ? "proven in the schema, "
                                    : "not proven, because config/updates has no proofs for it; ")
                            + (carts == null ? "carts could not be compared." : carts.text()));
        }
    }

    private CartCheck.@Nullable Result carts(DataUpdate update, List<UpdatePlan> known, StoreDatabase database) {
        DataUpdate now = updates.get(update.id());
        if (known.isEmpty() || now.cartsBefore() == null) {
            return null;
        }
        try (Connection connection = database.connectForLong()) {
            Carts.Measure measure = Carts.measure(connection, known.get(known.size() - 1), database);
            CartCheck.Result result = CartCheck.decide(now.cartsBefore(), now.checksumBefore(), measure, false);
            if (!result.fine()) {
                throw new StoreException(
                        "store " + update.store() + ": WordPress has made the update, but " + result.text()
                                + " Compare with snapshot " + now.snapshotId()
                                + "; if the carts are right as they are now, upkeep retry " + update.store()
                                + " counts anew and runs nothing again.",
                        null,
                        true);
            }
            return result;
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + update.store() + ": the carts cannot be counted: " + Faults.words(e), e);
        }
    }
}
