package cocart.upkeep.migrate;

import cocart.upkeep.state.Away;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Troubles;
import cocart.upkeep.store.StoreException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The queue of steps. A step is claimed with a token while its store's data updates are locked; only the holder of the
 * token can record its end. Steps of an update run in order, one at a time per store; nothing after a failed step runs.
 * See docs/queue.md.
 */
public final class Queue {

    /** Undoes a transaction that would have completed a step without claiming the next, or the other way round. */
    private static final class NotTogether extends RuntimeException {

        NotTogether() {
            super(null, null, false, false);
        }
    }

    /** A step behind the one that is claimed. */
    public record Ahead(int position, String name) {}

    /** As many as Action Scheduler claims at a time. */
    private static final int MOST_AHEAD = 25;

    /**
     * So many times the attempts may a step begin that each time is left behind: enough for restarts by people, and an end
     * for a step of which the process dies.
     */
    private static final int LEFT_BEHIND = 4;

    /** A data update that may go on. */
    private record Open(String id, String plugin, String toVersion) {}

    /** A step that is not complete, as it stands in the queue. */
    private record Left(
            int position,
            String name,
            String status,
            int attempts,
            @Nullable Long reachedKey,
            boolean wasStarted,
            LocalDateTime dueAt,
            @Nullable LocalDateTime heartbeatAt,
            @Nullable String claimedBy) {

        boolean isRunning() {
            return status.equals("in-progress");
        }
    }

    /** A claim of this instance. The steps that follow are read ahead, so that the next claim need not ask again. */
    private record Held(ClaimedStep step, List<Left> ahead) {}

    private static final Logger LOG = LoggerFactory.getLogger(Queue.class);

    private final Database database;
    private final Instance instance;
    private final Events events;
    private final Duration lease;
    private final int attempts;
    private final Duration backOff;
    private final Map<String, Held> held = new ConcurrentHashMap<>();

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

    /** Why a data update can never come to its end; null if it can. */
    @Nullable
    String refusal(DataUpdate update) {
        return database
                .sql("steps-unknown")
                .param("id", update.id())
                .query((row, n) ->
                        "Refused: the state '" + row.getString("status") + "' of step " + row.getString("name")
                                + " in the state database is none that this version of upkeep knows. Run the newer version that"
                                + " wrote it, or run: upkeep retry " + update.store() + " --replan")
                .list()
                .stream()
                .findFirst()
                .orElse(null);
    }

    /** Claims the store's next step; null if there is none, it is not due yet, or one is running. */
    public @Nullable ClaimedStep claim(String store) {
        return hold(database.inTransaction(() -> next(store)));
    }

    private @Nullable Held next(String store) {
        List<Open> updates = database.sql("updates-to-run")
                .param("store", store)
                .query((row, n) -> new Open(row.getString("id"), row.getString("plugin"), row.getString("to_version")))
                .list();
        if (updates.isEmpty()) {
            return null;
        }
        LocalDateTime now = database.now();
        List<LocalDateTime> running = database.sql("steps-running")
                .param("store", store)
                .query((row, n) -> row.getObject("heartbeat_at", LocalDateTime.class))
                .list();
        if (running.stream().anyMatch(heartbeat -> !isLeftBehind(heartbeat, now))) {
            return null;
        }
        Open chosen = null;
        List<Left> steps = List.of();
        for (Open update : updates) {
            List<Left> left = database.sql("steps-left")
                    .param("update", update.id())
                    .query(Queue::left)
                    .list();
            if (left.isEmpty() || !isDue(left.get(0), now)) {
                continue;
            }
            // what was left behind comes before all else: nobody else may be about to record its end
            if (chosen == null || left.get(0).isRunning()) {
                chosen = update;
                steps = left;
            }
            if (left.get(0).isRunning()) {
                break;
            }
        }
        if (chosen == null) {
            return null;
        }
        Left first = steps.get(0);
        if (first.isRunning() && first.attempts() >= LEFT_BEHIND * attempts) {
            giveUp(store, chosen, first, now);
            return null;
        }
        return take(store, chosen, steps, now);
    }

    /** A step whose attempts do not even come to an error would else be taken over without end. */
    private void giveUp(String store, Open update, Left step, LocalDateTime now) {
        String message = "it began " + step.attempts()
                + " times, and the last time too its end was not recorded: the process died, stood still or lost the state database;"
                + " look for the cause in that machine's logs (killed, out of memory), then: upkeep retry " + store;
        if (database.sql("step-given-up")
                        .param("error", message)
                        .param("update", update.id())
                        .param("position", step.position())
                        .param("attempts", step.attempts())
                        .param("expired", now.minus(lease))
                        .param("future", now.plus(lease))
                        .update()
                == 1) {
            events.failure(store, "Step " + step.name() + " failed: " + message);
            failUpdate(update.id(), store, update.plugin(), "step " + step.name() + ": " + message);
        }
    }

    private void failUpdate(String id, String store, String plugin, String reason) {
        database.sql("update-fail")
                .param("id", id)
                .param("reason", Database.cut(reason))
                .update();
        events.failure(store, "Data update of " + plugin + " failed: " + reason);
    }

    private @Nullable Held take(String store, Open update, List<Left> steps, LocalDateTime now) {
        Left first = steps.get(0);
        Held claim = claim(update, store, steps);
        ClaimedStep step = claim.step();
        if (database.sql("step-claim")
                        .param("update", update.id())
                        .param("position", first.position())
                        .param("attempts", first.attempts())
                        .param("instance", instance.id())
                        .param("token", step.token())
                        .param("expired", now.minus(lease))
                        .param("future", now.plus(lease))
                        .update()
                != 1) {
            return null;
        }
        List<String> news = new ArrayList<>();
        if (database.sql("update-in-progress").param("id", update.id()).update() == 1) {
            news.add("Data update of " + update.plugin() + " in progress.");
        }
        news.add(
                first.isRunning()
                        ? "Step " + step.name() + " taken over from " + first.claimedBy()
                                + ", which was not heard of for " + lease.toSeconds() + " s; attempt " + step.attempts()
                                + "."
                        : started(step.name(), step.attempts()));
        events.record(store, news);
        return claim;
    }

    /** Remembers the carts as they were just before the step changes anything. */
    public void measured(ClaimedStep step, long carts, String checksum) {
        fenced(database.sql("step-measured").param("carts", carts).param("checksum", checksum), step);
    }

    /**
     * Remembers how far a chunked step is.
     *
     * @throws StoreException if the claim was lost or the update was canceled, so that the step must not go on
     */
    public void reached(ClaimedStep step, long key) {
        fenced(database.sql("step-reached").param("key", key), step);
        if (state(step, "update-state").equals("canceled")) {
            throw new StoreException(
                    "store " + step.store() + ": step " + step.name()
                            + " stopped between two chunks, because its data update was canceled",
                    null);
        }
    }

    /**
     * Records that a step is done.
     *
     * @param cartsChecked {@code untouched}, {@code no-op} or {@code unlocked}: how it is known what happened to the carts
     */
    public void complete(ClaimedStep step, String cartsChecked) {
        try {
            database.inTransaction(() -> {
                fenced(database.sql("step-complete").param("checked", cartsChecked), step);
                events.record(step.store(), completed(step.name(), cartsChecked));
                return true;
            });
        } finally {
            held.remove(step.token());
        }
    }

    /**
     * The steps right behind a claimed one that nobody has begun yet, in order, at most {@value #MOST_AHEAD}. Its worker may
     * look which of them are done already, and say so with the {@link StepResult}.
     */
    public List<Ahead> ahead(ClaimedStep step) {
        Held claim = held.get(step.token());
        return claim == null
                ? List.of()
                : claim.ahead().stream()
                        .takeWhile(left -> left.attempts() == 0)
                        .limit(MOST_AHEAD)
                        .map(left -> new Ahead(left.position(), left.name()))
                        .toList();
    }

    /**
     * Records that a step is done, and those behind it of which its result says so, and claims the store's next one; in a
     * single transaction where that is possible.
     *
     * @return the next step; null if there is none or it is not due
     * @see #complete
     */
    public @Nullable ClaimedStep completeAndClaim(ClaimedStep step, StepResult result) {
        Held claim = held.get(step.token());
        if (claim == null || claim.ahead().isEmpty()) {
            complete(step, result.cartsChecked());
            return claim(step.store());
        }
        try {
            Held next = together(claim, result);
            if (next != null) {
                return hold(next);
            }
        } catch (NotTogether e) {
            complete(step, result.cartsChecked());
        } finally {
            held.remove(step.token());
        }
        return claim(step.store());
    }

    /** All of it in a transaction; null if no step is left. */
    private @Nullable Held together(Held claim, StepResult result) {
        ClaimedStep step = claim.step();
        int done = Math.min(result.doneAhead(), claim.ahead().size());
        List<Left> noOps = claim.ahead().subList(0, done);
        List<Left> rest = claim.ahead().subList(done, claim.ahead().size());
        Held next = rest.isEmpty()
                ? null
                : claim(new Open(step.dataUpdateId(), step.plugin(), step.toVersion()), step.store(), rest);
        List<String> news = new ArrayList<>();
        news.add(completed(step.name(), result.cartsChecked()));
        for (Left noOp : noOps) {
            news.add(started(noOp.name(), 1));
            news.add(completed(noOp.name(), "no-op"));
        }
        if (next != null) {
            news.add(started(next.step().name(), next.step().attempts()));
        }
        int rows = 1 + done + (next == null ? 0 : 1);
        return database.inTransaction(() -> {
            if (database.sql("step-complete-and-claim")
                            .param("update", step.dataUpdateId())
                            .param("position", step.position())
                            .param("token", step.token())
                            .param("checked", result.cartsChecked())
                            .param(
                                    "last",
                                    done == 0
                                            ? step.position()
                                            : noOps.get(done - 1).position())
                            .param("next", next == null ? -1 : next.step().position())
                            .param("name", next == null ? "" : next.step().name())
                            .param("attempts", next == null ? -1 : next.step().attempts() - 1)
                            .param("instance", instance.id())
                            .param("nextToken", next == null ? "" : next.step().token())
                            .update()
                    != rows) {
                throw new NotTogether();
            }
            events.record(step.store(), news);
            return next;
        });
    }

    /** The claim of the first of some steps, to be made. */
    private static Held claim(Open update, String store, List<Left> steps) {
        Left first = steps.get(0);
        return new Held(
                new ClaimedStep(
                        update.id(),
                        store,
                        update.plugin(),
                        update.toVersion(),
                        first.position(),
                        first.name(),
                        first.attempts() + 1,
                        first.reachedKey(),
                        first.wasStarted(),
                        UUID.randomUUID().toString()),
                List.copyOf(steps).subList(1, steps.size()));
    }

    /**
     * Records that an attempt failed; with the last one the update is failed too. Nothing is recorded if the claim was
     * lost meanwhile. After a cancel the step is not tried again.
     *
     * @return true if the step is now failed for good
     */
    public boolean fail(ClaimedStep step, Exception error) {
        StoreException known = StoreException.in(error);
        boolean permanent = known != null && known.isPermanent();
        String message = Objects.requireNonNull(Database.cut(Troubles.sentence(error)));
        try {
            return database.inTransaction(() -> {
                boolean canceled = state(step, "update-lock").equals("canceled");
                // that our own database was away says nothing about the step, and is no reason to give it up
                boolean last = !canceled && !Away.isCauseOf(error) && (permanent || step.attempts() >= attempts);
                if (database.sql("step-fail")
                                .param("status", canceled ? "canceled" : last ? "failed" : "pending")
                                .param("error", message)
                                .param("due", database.now().plus(waitAfter(step.attempts())))
                                .param("update", step.dataUpdateId())
                                .param("position", step.position())
                                .param("token", step.token())
                                .update()
                        != 1) {
                    LOG.warn("{}", overtaken(step));
                    return false;
                }
                events.failure(
                        step.store(),
                        "Step " + step.name()
                                + (canceled
                                        ? " failed and canceled: "
                                        : last
                                                ? " failed: "
                                                : " failed, pending again, attempt " + step.attempts() + " of "
                                                        + attempts + ": ")
                                + message);
                if (last) {
                    failUpdate(
                            step.dataUpdateId(), step.store(), step.plugin(), "step " + step.name() + ": " + message);
                }
                return last;
            });
        } finally {
            held.remove(step.token());
        }
    }

    /**
     * Keeps the claims of all steps that this instance is running for another lease. One whose end could not be recorded,
     * because the state database was away, is not among them: its lease runs out and it is taken over.
     */
    public void heartbeat() {
        held.values().forEach(claim -> database.sql("step-heartbeat")
                .param("update", claim.step().dataUpdateId())
                .param("position", claim.step().position())
                .param("token", claim.step().token())
                .update());
    }

    /**
     * This process is being stopped: what it still runs is taken over after a lease, as ever, but does not count as an
     * attempt of which a process died.
     */
    public void release() {
        held.values().forEach(claim -> database.sql("step-let-go")
                .param("update", claim.step().dataUpdateId())
                .param("position", claim.step().position())
                .param("token", claim.step().token())
                .update());
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

    private @Nullable ClaimedStep hold(@Nullable Held claim) {
        if (claim == null) {
            return null;
        }
        held.put(claim.step().token(), claim);
        return claim.step();
    }

    /** A due time further ahead than any wait was written before the clock was set back. */
    private boolean isDue(Left step, LocalDateTime now) {
        return switch (step.status()) {
            case "pending" -> !step.dueAt().isAfter(now) || step.dueAt().isAfter(now.plus(waitAfter(step.attempts())));
            case "in-progress" -> isLeftBehind(step.heartbeatAt(), now);
            default -> false;
        };
    }

    /** No heartbeat for a lease, or one from before the clock was set back. */
    private boolean isLeftBehind(@Nullable LocalDateTime heartbeat, LocalDateTime now) {
        return heartbeat == null || heartbeat.isBefore(now.minus(lease)) || heartbeat.isAfter(now.plus(lease));
    }

    private Duration waitAfter(int attempt) {
        return attempt == 0 ? Duration.ZERO : backOff.multipliedBy(1L << Math.min(attempt - 1, 16));
    }

    private static String started(String step, int attempts) {
        return "Step " + step + " in progress" + (attempts == 1 ? "." : ", attempt " + attempts + ".");
    }

    private static String completed(String step, String cartsChecked) {
        return "Step " + step + (cartsChecked.equals("no-op") ? " complete: was already done." : " complete.");
    }

    private String state(ClaimedStep step, String statement) {
        return database.sql(statement)
                .param("id", step.dataUpdateId())
                .query((row, n) -> row.getString("state"))
                .single();
    }

    private static Left left(ResultSet row, int n) throws SQLException {
        return new Left(
                row.getInt("position"),
                row.getString("name"),
                row.getString("status"),
                row.getInt("attempts"),
                row.getObject("reached_key", Long.class),
                row.getObject("carts_before") != null,
                row.getObject("due_at", LocalDateTime.class),
                row.getObject("heartbeat_at", LocalDateTime.class),
                row.getString("claimed_by"));
    }

    private void fenced(JdbcClient.StatementSpec statement, ClaimedStep step) {
        int rows = statement
                .param("update", step.dataUpdateId())
                .param("position", step.position())
                .param("token", step.token())
                .update();
        if (rows != 1) {
            throw lost(step);
        }
    }

    private static StoreException lost(ClaimedStep step) {
        return new StoreException("store " + step.store() + ": " + overtaken(step), null);
    }

    private static String overtaken(ClaimedStep step) {
        return "the claim of step " + step.name()
                + " ran out and another instance took it over; this run's result is dropped";
    }
}
