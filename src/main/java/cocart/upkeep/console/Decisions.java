package cocart.upkeep.console;

import cocart.upkeep.migrate.Replanning;
import cocart.upkeep.notify.Notices;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.Stores;
import java.util.Optional;

/** What a person decides about a store's data update or notice, by command or in the console. */
public final class Decisions {

    /**
     * What came of a decision.
     *
     * @param done false if there was nothing to do
     * @param text what was done, or why nothing was; a sentence, in the latter case as a clause
     */
    public record Outcome(boolean done, String text) {}

    private final Stores stores;
    private final Updates updates;
    private final OwnUpdaters ownUpdaters;
    private final Replanning replanning;
    private final Notices notices;
    private final String lease;

    /** @param lease as it stands in the settings, for sentences */
    public Decisions(
            Stores stores,
            Updates updates,
            OwnUpdaters ownUpdaters,
            Replanning replanning,
            Notices notices,
            String lease) {
        this.stores = stores;
        this.updates = updates;
        this.ownUpdaters = ownUpdaters;
        this.replanning = replanning;
        this.notices = notices;
        this.lease = lease;
    }

    /**
     * Lets a data update go on.
     *
     * @param byWordPress one that no plan describes: WordPress is to run CoCart's own callbacks
     */
    public Outcome approve(String store, boolean byWordPress) {
        return told(store, byWordPress ? handOver(store) : approve(store));
    }

    private Outcome approve(String store) {
        Optional<DataUpdate> update = updates.current(store);
        if (update.isPresent() && updates.approve(update.get())) {
            return done("Approved: the data update of " + update.get().plugin() + " to "
                    + update.get().toVersion() + " goes on with the next tick of run, or with upkeep once " + store);
        }
        String state = state(update);
        return nothing(
                state.equals("blocked")
                        ? String.valueOf(update.get().reason())
                        : "no data update awaits approval (state: " + state + ")");
    }

    private Outcome handOver(String store) {
        Optional<DataUpdate> update = updates.current(store);
        if (state(update).equals("blocked")
                && !ownUpdaters.of(update.get().id()).mayBeHandedOver()) {
            return nothing(String.valueOf(update.get().reason())); // it says what to do in a network
        }
        if (update.isEmpty() || !ownUpdaters.handOver(update.get())) {
            return nothing("no data update is blocked (state: " + state(update)
                    + "); one that has a plan is approved without --by-wordpress");
        }
        boolean url = stores.get(store).url() != null;
        return done("Approved: with the next tick of run, or with upkeep once " + store
                + ", the store is backed up and WordPress is asked to run "
                + String.join(", ", ownUpdaters.of(update.get().id()).names()) + ". "
                + (url
                        ? "WP-Cron is called at upkeep.store." + store + ".url."
                        : "They wait for the store's own WP-Cron, which runs with a visit, because upkeep.store."
                                + store + ".url is not set.")
                + " CoCart 4.2.0 and later were seen to call callbacks complete without running them, so what has"
                + " become of the tables is not proven.");
    }

    /**
     * Takes a failed or canceled data update up again.
     *
     * @param replan by the plan as it is now, also one that is under way
     */
    public Outcome retry(String store, boolean replan) {
        return told(store, replan ? replan(store) : retry(store));
    }

    private Outcome retry(String store) {
        Optional<DataUpdate> update = updates.current(store);
        String changed = update.filter(last -> !last.isOpen() && !last.state().equals("complete"))
                .map(replanning::changedSinceBegun)
                .orElse(null);
        if (changed != null) {
            return nothing(changed);
        }
        if (update.isPresent() && updates.retry(update.get())) {
            ownUpdaters.anew(update.get());
            return done("The data update of " + update.get().plugin() + " to "
                    + update.get().toVersion()
                    + " is pending again; it goes on with the next tick of run, or with upkeep once " + store);
        }
        return nothing("no data update has failed or was canceled (state: " + state(update) + ")");
    }

    private Outcome replan(String store) {
        Optional<DataUpdate> current = updates.current(store);
        if (current.isEmpty()) {
            return nothing("there is no data update");
        }
        DataUpdate update = current.get();
        if (!replanning.replan(update)) {
            return nothing("no plan can be taken now (state: " + update.state() + "); "
                    + (update.isOpen()
                            ? "a step is running, or its run was killed less than " + lease
                                    + " ago: ask again when it has ended"
                            : "only for an update that is under way, failed or canceled"));
        }
        DataUpdate now = updates.get(update.id());
        if (now.isApproved()) {
            updates.waiting(now.id(), null);
        }
        return done("The data update of " + now.plugin() + " to " + now.toVersion()
                + " goes by the plan as it is in config/updates now (state: " + now.state() + ")"
                + (now.isApproved() ? "; it goes on with the next tick of run, or with upkeep once " + store : ""));
    }

    /** Cancels a data update; steps that are done stay done. */
    public Outcome cancel(String store) {
        Optional<DataUpdate> update = updates.current(store);
        if (update.isPresent() && updates.cancel(update.get(), "canceled by upkeep cancel")) {
            return told(
                    store,
                    done("Canceled: the data update of " + update.get().plugin() + " to "
                            + update.get().toVersion() + "; upkeep retry " + store + " takes it up again"));
        }
        return told(store, nothing("no data update can be canceled now (state: " + state(update) + ")"));
    }

    /** Takes away what is shown for a store. */
    public Outcome dismiss(String store) {
        return dismiss(store, "");
    }

    /** @param notice id of the only one to take away; empty for all */
    public Outcome dismiss(String store, String notice) {
        boolean gone = notice.isEmpty() ? notices.dismiss(store) : notices.dismiss(store, notice);
        return told(store, gone ? done("Dismissed.") : nothing("there is no notice to dismiss"));
    }

    /** Brings the store's notices to what it is now. */
    private Outcome told(String store, Outcome outcome) {
        notices.refresh(store);
        return outcome;
    }

    private static String state(Optional<DataUpdate> update) {
        return update.map(DataUpdate::state).orElse("none");
    }

    private static Outcome done(String text) {
        return new Outcome(true, text);
    }

    private static Outcome nothing(String why) {
        return new Outcome(false, why);
    }
}
