package cocart.upkeep.migrate;

import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.OwnUpdaters.Known;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.Stores;
import cocart.upkeep.wordpress.ActionScheduler;
import cocart.upkeep.wordpress.ActionScheduler.Action;
import cocart.upkeep.wordpress.ActionScheduler.Call;
import cocart.upkeep.wordpress.WpCron;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A data update that no plan describes, made by WordPress itself because a person said so: CoCart's callbacks are put
 * into the store's Action Scheduler as a click on its button does, and followed to their end. Each call looks at the
 * store and goes one step further.
 */
public final class ByWordPress {

    /** The hook that runs a callback, in all releases. */
    public static final String RUN = "cocart_run_update_callback";

    /** The hook that sets the database version at the end, since 4.0.0. */
    public static final String FINAL = "cocart_update_db_to_current_version";

    private static final Duration BETWEEN_NUDGES = Duration.ofSeconds(30);

    private final Stores stores;
    private final Updates updates;
    private final OwnUpdaters state;
    private final ActionScheduler scheduler;
    private final WpCron cron;
    private final Function<String, Duration> limits;

    /** @param limits how long the callbacks may take from when they were queued, by store */
    public ByWordPress(
            Stores stores,
            Updates updates,
            OwnUpdaters state,
            ActionScheduler scheduler,
            WpCron cron,
            Function<String, Duration> limits) {
        this.stores = stores;
        this.updates = updates;
        this.state = state;
        this.scheduler = scheduler;
        this.cron = cron;
        this.limits = limits;
    }

    /**
     * Queues the callbacks unless that is done, and looks how far they are.
     *
     * @return true if all have ended well, so that the update can be proven and recorded; false if they are waited for,
     *     there is no snapshot yet, or the update has failed
     */
    public boolean follow(DataUpdate update) {
        if (updates.get(update.id()).snapshotId() == null) {
            return false; // backed up, then changed
        }
        Known known = state.of(update.id());
        try (StoreDatabase database = stores.database(update.store())) {
            List<Call> calls = calls(known);
            if (known.queuedAt() == null) {
                String refusal = refusal(update, database);
                if (refusal != null) {
                    updates.fail(update, refusal + ". Nothing was queued");
                    return false;
                }
                queue(update, known, database, calls);
                known = state.of(update.id());
            }
            List<String> hooks = calls.stream().map(Call::hook).distinct().toList();
            List<Action> ours = scheduler.from(database, hooks, Objects.requireNonNull(known.firstAction()));
            List<Action> open = ours.stream()
                    .filter(action -> action.isPending() || action.isInProgress())
                    .toList();
            if (!open.isEmpty() && isNudgeDue(known)) {
                // WP-Cron often works the queue before it answers
                state.nudged(
                        update.id(),
                        cron.call(update.store(), stores.get(update.store()).url()));
                known = state.of(update.id());
                ours = scheduler.from(database, hooks, Objects.requireNonNull(known.firstAction()));
                open = ours.stream()
                        .filter(action -> action.isPending() || action.isInProgress())
                        .toList();
            }
            if (!open.isEmpty()) {
                return waitOn(update, known, database, ours, open);
            }
            String failure = failure(database, ours, calls);
            if (failure != null) {
                fail(update, failure);
                return false;
            }
            return true;
        }
    }

    /** Why an update cannot be handed over to WordPress; null if it can. */
    private @Nullable String refusal(DataUpdate update, StoreDatabase database) {
        int blogs = scheduler.blogs(database);
        return blogs <= 1
                ? null
                : "each of the " + blogs
                        + " blogs of this network has an Action Scheduler and a WP-Cron of its own, and only"
                        + " a single site can be handed over to WordPress; add a plan to config/updates/"
                        + update.plugin()
                        + ".yaml, which is made in every blog, or update each blog in its own wp-admin";
    }

    private void queue(DataUpdate update, Known known, StoreDatabase database, List<Call> calls) {
        long first;
        if (known.firstAction() == null) {
            first = scheduler.next(database);
            // if this process dies right after they are queued, the next one knows them by this
            state.first(update.id(), first);
        } else {
            first = known.firstAction();
        }
        long begins = scheduler.queue(database, calls, first);
        state.queued(
                update,
                begins,
                (begins < first
                                ? "CoCart's callbacks were in the store's Action Scheduler already: "
                                : "CoCart's callbacks are in the store's Action Scheduler: ")
                        + String.join(", ", known.names()) + ".");
    }

    private boolean waitOn(
            DataUpdate update, Known known, StoreDatabase database, List<Action> ours, List<Action> open) {
        Duration limit = limits.apply(update.store());
        Instant queued = Objects.requireNonNull(known.queuedAt());
        long running = open.stream().filter(Action::isInProgress).count();
        if (state.since(queued).compareTo(limit) >= 0 && running == 0) {
            int canceled = scheduler.cancel(database, open);
            if (canceled == open.size()) {
                fail(
                        update,
                        "WordPress did not run CoCart's callbacks within " + OwnUpdater.text(limit) + " ("
                                + (ours.size() - open.size()) + " of " + ours.size()
                                + " had ended; the rest is canceled). "
                                + known.nudge() + ". Does WP-Cron run in the store?");
                return false;
            }
        }
        updates.waiting(
                update.id(),
                "Waiting for WordPress to run CoCart's callbacks (" + (ours.size() - open.size()) + " of " + ours.size()
                        + " have ended), until "
                        + queued.plus(limit).truncatedTo(ChronoUnit.SECONDS) + " at most. " + known.nudge() + ".");
        return false;
    }

    private @Nullable String failure(StoreDatabase database, List<Action> ours, List<Call> calls) {
        for (Action action : ours) {
            if (!action.status().equals("complete")) {
                String log = scheduler.lastLog(database, action.id());
                return "action " + action.id() + " of the store's Action Scheduler ("
                        + PlainText.of(action.args() == null ? action.hook() : action.args()) + ") is "
                        + PlainText.of(action.status()) + (log == null ? "" : ", its log says: " + PlainText.of(log));
            }
        }
        for (Call call : calls) {
            if (ours.stream()
                    .noneMatch(action ->
                            action.hook().equals(call.hook()) && call.args().equals(action.args()))) {
                return "the action " + call.args() + " is not in the store's Action Scheduler any more, so nobody knows"
                        + " whether it was run";
            }
        }
        return null;
    }

    private void fail(DataUpdate update, String reason) {
        updates.fail(
                update,
                reason + ". Nothing is marked as done"
                        + (reason.endsWith("?")
                                ? ""
                                : "; see WooCommerce, Status, Scheduled" + " Actions in wp-admin"));
        state.requeue(update);
    }

    private boolean isNudgeDue(Known known) {
        return known.nudgedAt() == null || state.since(known.nudgedAt()).compareTo(BETWEEN_NUDGES) >= 0;
    }

    /** As CoCart's {@code update()} queues them. */
    private static List<Call> calls(Known known) {
        List<Call> calls = new ArrayList<>();
        known.names().forEach(name -> calls.add(new Call(RUN, "update_callback", name)));
        if (known.finalVersion() != null) {
            calls.add(new Call(FINAL, "version", known.finalVersion()));
        }
        return calls;
    }
}
