package cocart.upkeep.migrate;

import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Notices that a plan in {@code config/updates} is not the one by which a data update goes. Before its first step the
 * new plan is simply taken; from then on it is refused until a human takes it ({@code upkeep retry STORE --replan}).
 */
public final class Replanning {

    /** Which step of which blog: the same step of another blog is another one. */
    private record Key(int blog, String checksum) {}

    /** A step in the queue: what has to be known of it if it stays. */
    private record Row(
            String name,
            String status,
            int attempts,
            @Nullable Long reached,
            @Nullable Long carts,
            @Nullable String cartsChecksum,
            @Nullable String checked,
            @Nullable LocalDateTime started,
            @Nullable LocalDateTime finished) {}

    private final Database database;
    private final Plans plans;
    private final Updates updates;
    private final Events events;
    private final Duration lease;

    /** @param lease how long a claim of a step lasts without a heartbeat */
    public Replanning(Database database, Plans plans, Updates updates, Events events, Duration lease) {
        this.database = database;
        this.plans = plans;
        this.updates = updates;
        this.events = events;
        this.lease = lease;
    }

    /**
     * Why an open data update does not go on by the plan as it is now; null if it does. One whose first step has not
     * begun takes a new plan here and now.
     */
    @Nullable
    String refusal(DataUpdate update) {
        Optional<UpdatePlan> plan = plans.find(update.plugin(), update.toVersion());
        if (plan.isEmpty()) {
            return null; // said by whoever needs it
        }
        String now = plan.get().checksum();
        String known = known(update.id());
        if (known == null) {
            database.sql("plan-adopt")
                    .param("id", update.id())
                    .param("checksum", now)
                    .update();
            known = known(update.id());
        }
        if (now.equals(known)) {
            return null;
        }
        if (!isBegun(update.id()) && take(update, plan.get(), false)) {
            return null;
        }
        return "Refused: " + changed(update);
    }

    /** A sentence if the plan is not the one by which a data update, open or at its end, has begun; else null. */
    public @Nullable String changedSinceBegun(DataUpdate update) {
        String known = known(update.id());
        boolean same = known == null
                || plans.find(update.plugin(), update.toVersion())
                        .map(plan -> plan.checksum().equals(known))
                        .orElse(true);
        return same || !isBegun(update.id()) ? null : changed(update);
    }

    /**
     * Takes the plan as it is now. A failed or canceled update is tried again. Steps that are complete and the same in
     * the new plan stay complete; all others are to be run, which those that are done already in the store turn into
     * no-ops ({@code unless}).
     *
     * @return false if the update is at its end or a step is running
     */
    public boolean replan(DataUpdate update) {
        UpdatePlan plan = plans.find(update.plugin(), update.toVersion())
                .orElseThrow(() -> new StoreException(
                        "store " + update.store() + ": config/updates has no plan for " + update.plugin() + " "
                                + update.toVersion() + "; add it",
                        null,
                        true));
        database.sql("plan-adopt")
                .param("id", update.id())
                .param("checksum", plan.checksum())
                .update();
        return take(update, plan, true);
    }

    /** @throws StoreException if a plan is not the one by which an update goes: it was changed a moment ago */
    void require(ClaimedStep step, UpdatePlan plan) {
        String known = known(step.dataUpdateId());
        if (known != null && !known.equals(plan.checksum())) {
            throw new StoreException("store " + step.store() + ": " + changed(updates.get(step.dataUpdateId())), null);
        }
    }

    private boolean take(DataUpdate update, UpdatePlan plan, boolean retry) {
        try {
            return database.inTransaction(() -> {
                Map<Key, Row> before = rows(update.id());
                boolean again = retry && updates.retry(update);
                String known = Objects.requireNonNull(known(update.id()));
                if (database.sql("plan-change")
                                .param("id", update.id())
                                .param("checksum", plan.checksum())
                                .param("before", known)
                                .update()
                        != 1) {
                    throw new Undone();
                }
                split(update, plan, before, again);
                if (!known.equals(plan.checksum())) {
                    events.record(
                            update.store(),
                            "Data update of " + update.plugin() + " goes by the plan of " + update.toVersion()
                                    + " as it is in config/updates now ("
                                    + plan.steps().size() + " steps).");
                }
                return true;
            });
        } catch (Undone e) {
            return false;
        }
    }

    private void split(DataUpdate update, UpdatePlan plan, Map<Key, Row> before, boolean again) {
        database.sql("plan-steps-remove")
                .param("id", update.id())
                .param("expired", database.now().minus(lease))
                .update();
        if (!rows(update.id()).isEmpty()) {
            throw new Undone();
        }
        Map<Integer, String> blogs = new TreeMap<>(Map.of(Site.MAIN, ""));
        before.forEach((key, row) -> blogs.put(key.blog(), Place.suffix(key.blog(), row.name())));
        blogs.forEach((blog, suffix) -> split(update, plan.steps(), before, again, blog, suffix));
    }

    private void split(
            DataUpdate update,
            List<UpdatePlan.Step> steps,
            Map<Key, Row> before,
            boolean again,
            int blog,
            String suffix) {
        for (int i = 0; i < steps.size(); i++) {
            String checksum = steps.get(i).checksum();
            Row row = before.get(new Key(blog, checksum));
            boolean same = row != null;
            boolean complete = same && row.status().equals("complete");
            // counted anew after a retry: what was measured before is of no use then
            boolean measured = same && !again;
            database.sql("plan-step-add")
                    .param("id", update.id())
                    .param("position", new Place(blog, i).position())
                    .param("name", steps.get(i).name() + suffix)
                    .param("status", complete ? "complete" : "pending")
                    .param("checksum", checksum)
                    .param("attempts", complete ? row.attempts() : 0)
                    .param("reached", same ? row.reached() : null)
                    .param("carts", measured ? row.carts() : null)
                    .param("cartsChecksum", measured ? row.cartsChecksum() : null)
                    .param("checked", !complete ? null : measured ? row.checked() : "no-op")
                    .param("started", same ? row.started() : null)
                    .param("finished", complete ? row.finished() : null)
                    .update();
        }
    }

    /** Takes back what was done so far: the update is at its end, a step is running, or somebody else was faster. */
    private static final class Undone extends RuntimeException {

        Undone() {
            super(null, null, false, false);
        }
    }

    private Map<Key, Row> rows(String id) {
        Map<Key, Row> rows = new HashMap<>();
        database.sql("plan-steps").param("id", id).query(row -> {
            int position = row.getInt("position");
            rows.put(
                    new Key(
                            Place.at(position).blog(),
                            Objects.requireNonNullElse(row.getString("plan_checksum"), "-" + position)),
                    new Row(
                            row.getString("name"),
                            row.getString("status"),
                            row.getInt("attempts"),
                            row.getObject("reached_key", Long.class),
                            row.getObject("carts_before", Long.class),
                            row.getString("checksum_before"),
                            row.getString("carts_checked"),
                            row.getObject("started_at", LocalDateTime.class),
                            row.getObject("finished_at", LocalDateTime.class)));
        });
        return rows;
    }

    private @Nullable String known(String id) {
        return database.sql("plan-of-update")
                .param("id", id)
                .query((row, n) -> Optional.ofNullable(row.getString(1)))
                .single()
                .orElse(null);
    }

    private boolean isBegun(String id) {
        return database.sql("plan-begun").param("id", id).query(Long.class).single() > 0;
    }

    private static String changed(DataUpdate update) {
        return "the plan of " + update.plugin() + " " + update.toVersion()
                + " in config/updates is not the one by which this data update began; put that back, or take the new one:"
                + " upkeep retry " + update.store() + " --replan";
    }
}
