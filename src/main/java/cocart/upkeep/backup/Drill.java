package cocart.upkeep.backup;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.ProofResult;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.Events;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Restore drill: loads a store's newest snapshot into a scratch database and looks at what is in it. The store itself
 * need not be there, because the drill is for the day when it is not.
 */
public final class Drill {

    /** Part of a snapshot's distinct contents that is hashed besides the dump. */
    private static final double PART = 0.1;

    private final Stores stores;
    private final Snapshots snapshots;
    private final Verify verify;
    private final Verified verified;
    private final Scratch scratch;
    private final Copies copies;
    private final Plans plans;
    private final Proofs proofs;
    private final Events events;

    public Drill(
            Stores stores,
            Snapshots snapshots,
            Verify verify,
            Verified verified,
            Scratch scratch,
            Copies copies,
            Plans plans,
            Proofs proofs,
            Events events) {
        this.stores = stores;
        this.snapshots = snapshots;
        this.verify = verify;
        this.verified = verified;
        this.scratch = scratch;
        this.copies = copies;
        this.plans = plans;
        this.proofs = proofs;
        this.events = events;
    }

    /** True if a store has a snapshot to try out. */
    public boolean isPossible(String store) {
        return snapshots.newest(store).isPresent();
    }

    /**
     * Tries out a store's newest snapshot. That its schema is outdated is said and no fault: it was so in the store.
     *
     * @return what was found, one sentence
     * @throws StoreException if the snapshot cannot be restored, or there is no server to try it on
     */
    public String run(String store) {
        scratch.check();
        StoreSettings settings = stores.get(store);
        Snapshot snapshot = snapshots
                .newest(store)
                .orElseThrow(
                        () -> new StoreException("store " + store + ": there is no snapshot to try out yet", null));
        String files = sample(snapshot);
        String found;
        try (Copy copy = copies.open(settings, snapshot)) {
            found = "loaded in " + copy.took().toSeconds() + " s" + look(settings, snapshot, copy);
        }
        verified.tried(snapshot);
        String sentence =
                "Restore drill of snapshot " + snapshot.id() + ": its database was " + found + "; " + files + ".";
        events.record(store, sentence);
        return sentence;
    }

    /** Compares the snapshot's files with its manifest and hashes a part of them, and the dump. */
    private String sample(Snapshot snapshot) {
        Report report = verify.look(
                snapshot, new Sample(PART, ThreadLocalRandom.current().nextInt()));
        if (report.results().isEmpty()) {
            throw new StoreException(
                    "store " + snapshot.store() + ": snapshot " + snapshot.id()
                            + " was removed while it was tried out; the next drill takes another",
                    null);
        }
        Report.Result result = report.results().get(0);
        if (!result.isWhole()) {
            verified.damaged(result);
            throw new StoreException(
                    "store " + snapshot.store() + ": snapshot " + snapshot.id() + " is damaged: "
                            + Verified.summary(result) + ". Run: upkeep verify " + snapshot.store(),
                    null,
                    true);
        }
        return report.hashed() + " of " + report.contents() + " contents hashed, all as they were backed up";
    }

    private String look(StoreSettings store, Snapshot snapshot, Copy copy) {
        StoreDatabase database = copy.database();
        try (Connection connection = database.connectForLong()) {
            StringBuilder text = new StringBuilder(", " + copy.tables() + " tables");
            for (UpdatePlan plan : plans.of(store.plugins())) {
                ProofResult proven = proofs.check(plan, database);
                Carts.Measure carts = Carts.measure(connection, plan, database);
                // tables from before an update are no fault: they were so in the store
                text.append("; the tables of ")
                        .append(plan.plugin())
                        .append(proven.holds() ? " are as " : " are from before ")
                        .append(plan.version())
                        .append(proven.holds() ? " needs them, with " : ", as they were in the store, with ")
                        .append(carts.count())
                        .append(carts.count() == 1 ? " cart (checksum " : " carts (checksum ")
                        .append(carts.checksum())
                        .append(')');
            }
            return text.toString();
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + store.id() + ": the database in snapshot " + snapshot.id()
                            + " was loaded, but cannot be used: " + Faults.words(e),
                    e);
        }
    }
}
