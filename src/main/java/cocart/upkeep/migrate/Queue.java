package cocart.upkeep.migrate;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Troubles;
import cocart.upkeep.store.StoreException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The queue of steps. A step is claimed with a token under a row lock; only the holder of the token can record its end.
 * Steps of an update run in order, one at a time per store; nothing after a failed step runs.
 */
public final class Queue {

    private final Database database;
    private final Instance instance;
    private final Events events;
    private final Duration lease;
    private final int attempts;
    private final Duration backOff;

    /**
     * @param lease how long a claim lasts without a heartbeat
     * @param attempts runs of a step before it is failed, at least 1
     * @param backOff wait before the second attempt; doubled for each further one
     */
    public Queue(Database database, Instance instance, Events events, Duration lease, int attempts, Duration backOff) {
        this.database = database;
        this.instance = instance;
        this.events = events;
        this.lease = lease;
        this.attempts = attempts;
        this.backOff = backOff;
    }

    /** Positions of an update's steps that are in the queue already. */
    public Set<Integer> known(String dataUpdateId) {
        return Set.copyOf(database.sql("steps-known")
                .param("update", dataUpdateId)
                .query(Integer.class)
                .list());
    }

    /** Claims the store's next step; null if there is none, it is not due yet, or one is running. */
    public @Nullable ClaimedStep claim(String store) {
        return database.inTransaction(() -> {
            LocalDateTime now = database.now();
            String token = UUID.randomUUID().toString();
            ClaimedStep step = database.sql("step-next")
                    .param("store", store)
                    .param("now", now)
                    .param("expired", now.minus(lease))
                    .query((row, n) -> new ClaimedStep(
                            row.getString("data_update_id"),
                            store,
                            row.getString("plugin"),
                            row.getString("to_version"),
                            row.getInt("position"),
                            row.getString("name"),
                            row.getInt("attempts") + 1,
                            row.getObject("reached_key", Long.class),
                            row.getObject("carts_before") != null,
                            token))
                    .optional()
                    .orElse(null);
            if (step == null) {
                return null;
            }
            database.sql("step-claim")
                    .param("update", step.dataUpdateId())
                    .param("position", step.position())
                    .param("instance", instance.id())
                    .param("token", token)
                    .update();
            database.sql("update-in-progress").param("id", step.dataUpdateId()).update();
            return step;
        });
    }

    /** Remembers the carts as they were just before the step changes anything. */
    public void measured(ClaimedStep step, long carts, String checksum) {
        fenced(database.sql("step-measured").param("carts", carts).param("checksum", checksum), step);
    }

    /** Remembers how far a chunked step is. */
    public void reached(ClaimedStep step, long key) {
        fenced(database.sql("step-reached").param("key", key), step);
    }

    /**
     * Records that a step is done.
     *
     * @param cartsChecked {@code untouched}, {@code no-op} or {@code unlocked}: how it is known what happened to the carts
     */
    public void complete(ClaimedStep step, String cartsChecked) {
        fenced(database.sql("step-complete").param("checked", cartsChecked), step);
        events.record(
                step.store(),
                "Step " + step.name() + (cartsChecked.equals("no-op") ? " was already done." : " complete."));
    }

    /**
     * Records that an attempt failed.
     *
     * @return true if the step is now failed for good, false if it is tried again later
     */
    public boolean fail(ClaimedStep step, Exception error) {
        StoreException known = StoreException.in(error);
        boolean permanent = known != null && known.isPermanent();
        boolean last = permanent || step.attempts() >= attempts;
        LocalDateTime now = database.now();
        long wait = backOff.toMillis() << Math.min(step.attempts() - 1, 16);
        String message = Troubles.sentence(error);
        database.sql("step-fail")
                .param("status", last ? "failed" : "pending")
                .param("error", message.length() > 2000 ? message.substring(0, 2000) : message)
                .param("due", now.plus(Duration.ofMillis(wait)))
                .param("update", step.dataUpdateId())
                .param("position", step.position())
                .param("token", step.token())
                .update();
        events.failure(
                step.store(),
                "Step " + step.name() + " failed"
                        + (last ? ": " : ", attempt " + step.attempts() + " of " + attempts + ": ") + message);
        return last;
    }

    /** True if all steps of an update are complete, and there are as many as its plan has. */
    public boolean allComplete(String dataUpdateId, int planned) {
        return database.sql("steps-complete")
                        .param("update", dataUpdateId)
                        .query(Long.class)
                        .single()
                == planned;
    }

    /** True if each step that changed something was measured under lock and left the carts as they were. */
    public boolean cartsUntouched(String dataUpdateId) {
        return database.sql("steps-unproven")
                        .param("update", dataUpdateId)
                        .query(Long.class)
                        .single()
                == 0;
    }

    private void fenced(JdbcClient.StatementSpec statement, ClaimedStep step) {
        int rows = statement
                .param("update", step.dataUpdateId())
                .param("position", step.position())
                .param("token", step.token())
                .update();
        if (rows != 1) {
            throw new StoreException(
                    "store " + step.store() + ": the claim of step " + step.name()
                            + " ran out and another instance took it over; this run's result is dropped",
                    null);
        }
    }
}
