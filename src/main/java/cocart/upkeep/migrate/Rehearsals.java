package cocart.upkeep.migrate;

import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.Rehearsed;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Troubles;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How rehearsals ended, and whether a data update may go on: where the settings ask for a rehearsal, only after one of
 * this plan and this code version was proven on the snapshot that was made for the update, or a later one.
 */
public final class Rehearsals {

    /** @param outcome {@code proven}, {@code failed} or {@code impossible} */
    private record Row(
            String checksum,
            @Nullable String code,
            @Nullable String snapshot,
            String outcome,
            @Nullable String reason,
            LocalDateTime ended) {}

    private final Database database;
    private final Plans plans;
    private final Updates updates;
    private final Events events;
    private final Predicate<String> required;
    private final Duration retryAfter;

    /**
     * @param required whether a store's data updates need a rehearsal
     * @param retryAfter how long after one that was impossible the next is tried
     */
    public Rehearsals(
            Database database,
            Plans plans,
            Updates updates,
            Events events,
            Predicate<String> required,
            Duration retryAfter) {
        this.database = database;
        this.plans = plans;
        this.updates = updates;
        this.events = events;
        this.required = required;
        this.retryAfter = retryAfter;
    }

    /** True if a data update, which has its snapshot, needs a rehearsal and it is time for one. */
    public boolean isWanted(DataUpdate update) {
        DataUpdate now = updates.get(update.id());
        if (!isRequired(now) || now.snapshotId() == null) {
            return false;
        }
        Row row = row(now);
        return row == null
                || row.outcome().equals("impossible")
                        && !row.ended().plus(retryAfter).isAfter(database.now())
                || row.outcome().equals("failed") && !Objects.equals(row.snapshot(), newest(now.store()));
    }

    /** True if a data update's steps may run; if not, why not is said in its state. */
    public boolean isOpen(DataUpdate update) {
        DataUpdate now = updates.get(update.id());
        if (!isRequired(now)) {
            return true;
        }
        Row row = row(now);
        if (row != null && row.outcome().equals("proven")) {
            return true;
        }
        if (now.snapshotId() != null) {
            String refusal = refusal(now);
            updates.waiting(now.id(), refusal != null ? refusal : "Waiting for a rehearsal that another run is at.");
        }
        return false;
    }

    /** What no plan describes cannot be rehearsed, and is never begun without a human. */
    private boolean isRequired(DataUpdate update) {
        return required.test(update.store())
                && plans.find(update.plugin(), update.toVersion()).isPresent();
    }

    /** Why a data update does not go on, when the last rehearsal was not well and it is not time for another; or null. */
    @Nullable
    String refusal(DataUpdate update) {
        if (!isRequired(update) || update.snapshotId() == null || isWanted(update)) {
            return null;
        }
        Row row = row(update);
        if (row == null || row.outcome().equals("proven")) {
            return null;
        }
        String again = row.outcome().equals("impossible")
                ? " It is tried again after upkeep.retry.after, or at once by: upkeep rehearse " + update.store()
                : " Another one follows when the plan in config/updates is mended or the next backup is made, or at once by:"
                        + " upkeep rehearse "
                        + update.store();
        return "Refused: " + row.reason() + "." + again;
    }

    /** Records a rehearsal that came to its end. */
    public void record(Rehearsed rehearsed) {
        for (Rehearsed.Due due : rehearsed.due()) {
            put(rehearsed, due, "proven", null);
            events.record(
                    rehearsed.store(),
                    "Rehearsed on a copy of snapshot " + rehearsed.snapshot() + ": the data update of "
                            + due.plan().plugin() + " to " + due.plan().version() + " is proven.");
        }
    }

    /**
     * Records a rehearsal that did not come to its end: failed if the update did, impossible if there was no copy to run
     * it on or a server went away.
     *
     * @param rehearsed as far as it came, or null
     * @return the same with the reason
     */
    public Rehearsed failed(String store, @Nullable Rehearsed rehearsed, Exception error) {
        StoreException known = StoreException.in(error);
        String sentence = Troubles.sentence(error).replaceFirst("[.]$", "");
        if (rehearsed == null) {
            Rehearsed none = new Rehearsed(store, null);
            none.fail(sentence);
            for (DataUpdate update : updates.approved(store)) {
                plans.find(update.plugin(), update.toVersion())
                        .ifPresent(plan -> tell(
                                none,
                                new Rehearsed.Due(plan, update.codeVersion()),
                                "impossible",
                                "the rehearsal of this data update is not possible: " + sentence));
            }
            return none;
        }
        rehearsed.fail(sentence);
        boolean permanent = known != null && known.isPermanent();
        for (Rehearsed.Due due : rehearsed.due()) {
            if (rehearsed.isProven(due)) {
                put(rehearsed, due, "proven", null);
            } else {
                tell(
                        rehearsed,
                        due,
                        permanent ? "failed" : "impossible",
                        "the rehearsal on a copy of snapshot " + rehearsed.snapshot()
                                + (permanent ? " failed; nothing in the store was changed: " : " was broken off: ")
                                + sentence);
            }
        }
        return rehearsed;
    }

    /** Records, and says it if it is news. */
    private void tell(Rehearsed rehearsed, Rehearsed.Due due, String outcome, String reason) {
        String before = find(rehearsed.store(), due.plan()).map(Row::reason).orElse(null);
        put(rehearsed, due, outcome, reason);
        if (!Objects.equals(before, Database.cut(reason))) {
            events.failure(
                    rehearsed.store(),
                    "Data update of " + due.plan().plugin() + " to "
                            + due.plan().version() + ": " + reason + ".");
        }
    }

    private void put(Rehearsed rehearsed, Rehearsed.Due due, String outcome, @Nullable String reason) {
        database.inTransaction(() -> {
            boolean known = find(rehearsed.store(), due.plan()).isPresent();
            return database.sql(known ? "rehearsal-change" : "rehearsal-add")
                    .param("store", rehearsed.store())
                    .param("plugin", due.plan().plugin())
                    .param("to", due.plan().version())
                    .param("checksum", due.plan().checksum())
                    .param("code", due.code())
                    .param("snapshot", rehearsed.snapshot())
                    .param("outcome", outcome)
                    .param("reason", Database.cut(reason))
                    .update();
        });
    }

    /** The last rehearsal, if it was of this plan and code, and of a snapshot that is not too old; else null. */
    private @Nullable Row row(DataUpdate update) {
        return plans.find(update.plugin(), update.toVersion())
                .flatMap(plan ->
                        find(update.store(), plan).filter(row -> row.checksum().equals(plan.checksum())))
                .filter(row -> update.codeVersion().equals(row.code()))
                .filter(row -> row.snapshot() == null
                        ? row.outcome().equals("impossible")
                        : update.snapshotId() != null && row.snapshot().compareTo(update.snapshotId()) >= 0)
                .orElse(null);
    }

    private Optional<Row> find(String store, UpdatePlan plan) {
        return database.sql("rehearsal-of")
                .param("store", store)
                .param("plugin", plan.plugin())
                .param("to", plan.version())
                .query((row, n) -> new Row(
                        row.getString("plan_checksum"),
                        row.getString("code_version"),
                        row.getString("snapshot_id"),
                        row.getString("outcome"),
                        row.getString("reason"),
                        row.getObject("ended_at", LocalDateTime.class)))
                .optional();
    }

    private @Nullable String newest(String store) {
        return database.sql("snapshot-newest")
                .param("store", store)
                .query((row, n) -> Optional.ofNullable(row.getString(1)))
                .single()
                .orElse(null);
    }
}
