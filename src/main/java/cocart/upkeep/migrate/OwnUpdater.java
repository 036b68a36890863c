package cocart.upkeep.migrate;

import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.wordpress.ActionScheduler;
import cocart.upkeep.wordpress.ActionScheduler.Action;
import cocart.upkeep.wordpress.ActionScheduler.Sight;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Never beside CoCart's own updater, and never waiting for it for ever. While its actions are pending or in progress we
 * wait, up to a limit for the whole data update; then those that have not begun are canceled, and those that run longer
 * than Action Scheduler itself would let them count as dead. Asked before each step, so that an updater which appears
 * in between keeps the next step back.
 */
public final class OwnUpdater {

    private final ActionScheduler scheduler;
    private final OwnUpdaters state;
    private final Proofs proofs;
    private final Function<String, Duration> limits;

    /** @param limits how long to wait in all, by store */
    public OwnUpdater(ActionScheduler scheduler, OwnUpdaters state, Proofs proofs, Function<String, Duration> limits) {
        this.scheduler = scheduler;
        this.state = state;
        this.proofs = proofs;
        this.limits = limits;
    }

    /** Why a data update has to wait; null if it may go on, now that nothing is at work or it was stopped. */
    public @Nullable String waiting(DataUpdate update, UpdatePlan plan, StoreDatabase database) {
        if (plan.updater().isEmpty()) {
            return null;
        }
        List<Look> looks = proofs.atWork(plan, database).stream()
                .map(site -> new Look(site, scheduler.look(site, plan.updater())))
                .toList();
        List<Look> busy = looks.stream().filter(look -> look.sight().isBusy()).toList();
        OwnUpdaters.Known known = state.of(update.id());
        if (busy.isEmpty()) {
            noteEnd(update, plan, database, looks.get(0).sight(), known);
            return null;
        }
        Duration limit = limits.apply(update.store());
        Instant seen = state.seen(update.id());
        String text = busy.stream().map(Look::text).collect(Collectors.joining("; "));
        if (known.seenAt() == null) {
            state.note(update, "CoCart's own updater is at work (" + text + "); it is waited for.");
        }
        Duration waited = state.since(seen);
        if (waited.compareTo(limit) < 0) {
            return "Waiting for CoCart's own updater (" + text + "), until "
                    + seen.plus(limit).truncatedTo(ChronoUnit.SECONDS)
                    + " at most; then what has not begun of it is canceled. In either case the schema is looked at.";
        }
        String waiting = null;
        for (Look look : busy) {
            String still = takeOver(update, plan, look.site(), look.sight(), waited);
            waiting = waiting == null ? still : waiting;
        }
        return waiting;
    }

    /** What was seen in one site of a network, or in the store where it is none. */
    private record Look(Site site, Sight sight) {

        String text() {
            return (site.isMain() ? "" : site.address().prefix() + " ") + sight.text();
        }
    }

    private @Nullable String takeOver(
            DataUpdate update, UpdatePlan plan, StoreDatabase database, Sight sight, Duration waited) {
        Duration limit = limits.apply(update.store());
        Duration dead = limit.compareTo(ActionScheduler.DEAD) > 0 ? limit : ActionScheduler.DEAD;
        List<Action> idle = sight.open().stream()
                .filter(action -> action.isPending() && (action.claim() == 0 || isDead(action, dead, waited)))
                .toList();
        int canceled = scheduler.cancel(database, idle);
        // what was begun in this moment is there still, and keeps us waiting
        List<Action> left = scheduler.look(database, plan.updater()).open();
        long alive = left.stream()
                .filter(action -> action.isPending() || !isDead(action, dead, waited))
                .count();
        if (canceled > 0) {
            state.note(
                    update,
                    "CoCart's own updater was not done after " + text(waited) + ", so " + canceled
                            + (canceled == 1 ? " pending action was" : " pending actions were")
                            + " canceled in the store's Action Scheduler, and this update goes on in its place.");
        }
        if (alive > 0) {
            return "Waiting for CoCart's own updater to end what it has begun (" + alive
                    + " actions); one that takes longer than " + text(dead) + " counts as dead.";
        }
        String note = state.of(update.id()).note();
        if (!left.isEmpty() && (note == null || !note.contains("counts as dead"))) {
            state.note(
                    update,
                    (note == null || canceled == 0 ? "" : note + " ")
                            + "An action of CoCart's own updater that was in progress for longer than " + text(dead)
                            + " counts as dead (Action Scheduler itself gives up on one after "
                            + text(ActionScheduler.DEAD) + ").");
        } else if (left.isEmpty() && canceled == 0 && sight.open().isEmpty()) {
            noteOnce(
                    update,
                    note,
                    "The mark that CoCart is installing (_transient_cocart_installing) was still set after "
                            + text(waited)
                            + "; it is set for 5 minutes at most, so it was left behind, and this update goes on.");
        }
        return null;
    }

    /** The updater rests: how it ended is said once, for nothing else in the store tells it. */
    private void noteEnd(
            DataUpdate update, UpdatePlan plan, StoreDatabase database, Sight sight, OwnUpdaters.Known known) {
        String note = known.note();
        if (known.seenAt() != null && note != null && note.endsWith("it is waited for.")) {
            state.note(
                    update,
                    "CoCart's own updater was waited for and has ended"
                            + (sight.ended().isEmpty() ? "" : " (" + sight.endedText() + ")")
                            + "; the schema was looked at then.");
        } else if (known.seenAt() == null
                && note == null
                && update.cartsBefore() == null
                && !sight.ended().isEmpty()
                && !proofs.check(plan, database).holds()) {
            state.note(
                    update,
                    "CoCart's own updater had ended before (" + sight.endedText()
                            + "), but the schema was not what its code needs.");
        }
    }

    private void noteOnce(DataUpdate update, @Nullable String known, String note) {
        if (known == null || known.endsWith("it is waited for.")) {
            state.note(update, note);
        }
    }

    /** An action whose age is not known or, by clocks that differ much, impossible, is as old as our waiting. */
    private static boolean isDead(Action action, Duration dead, Duration waited) {
        Duration age = action.age();
        boolean unknown = age == null || age.compareTo(ActionScheduler.DEAD.negated()) < 0;
        return (unknown ? waited : age).compareTo(dead) >= 0;
    }

    static String text(Duration duration) {
        long seconds = duration.toSeconds();
        return seconds >= 120 ? seconds / 60 + " minutes" : seconds + " seconds";
    }
}
