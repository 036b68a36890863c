package cocart.upkeep.state;

import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TimeZone;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.quartz.CronExpression;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * When a job last ran for a store, when it is due again, and who runs it now. A run is claimed with a lease that a
 * heartbeat keeps alive, so that two instances never both do it and a dead one is replaced. Each claim has a token of
 * its own: a run that was overtaken while its process slept, or was cut off from the database, changes nothing any more.
 */
public final class Jobs {

    /**
     * A job's schedule for one store.
     *
     * @param cron Quartz cron; empty if the job is never due
     */
    public record Schedule(String cron, String zone) {}

    /** A time further ahead than this was written before the clock was set back. */
    private static final Duration CLOCK_DRIFT = Duration.ofMinutes(1);

    /** Read once: stores are many, schedules are few. Asking one for its times changes nothing in it. */
    private static final Map<Schedule, CronExpression> CRONS = new ConcurrentHashMap<>();

    private final Database database;
    private final Instance instance;
    private final Duration lease;
    private final Duration retryAfter;
    private final List<String> stores;
    private final BiFunction<String, String, Schedule> schedules;

    private volatile Consumer<String> onFailure = job -> {};

    /** Tokens of the runs that this process has begun and not ended, whether or not others overtook them, by store/job. */
    private final Map<String, String> held = new ConcurrentHashMap<>();

    /**
     * @param lease how long a claim lasts without a heartbeat
     * @param retryAfter how long after a failed run the next is due, if its schedule does not ask for it sooner
     * @param stores ids of all stores
     * @param schedules schedule of (store, job)
     */
    public Jobs(
            Database database,
            Instance instance,
            Duration lease,
            Duration retryAfter,
            List<String> stores,
            BiFunction<String, String, Schedule> schedules) {
        this.database = database;
        this.instance = instance;
        this.lease = lease;
        this.retryAfter = retryAfter;
        this.stores = List.copyOf(stores);
        this.schedules = schedules;
    }

    /** Has somebody told of each run of a job, by its name, that this process ends with an error. */
    public void onFailure(Consumer<String> told) {
        onFailure = told;
    }

    /** How a job last ran for a store; times are the database's, in UTC. */
    public record LastRun(
            @Nullable LocalDateTime started, @Nullable LocalDateTime finished, boolean failed, boolean orphaned) {}

    /**
     * Ids of the stores for which a job is due: its schedule had a time since it last started, it never ran, its last
     * run failed {@code retry.after} ago, or was left behind by an instance that died. A clock that was set back makes
     * no job wait until it is as late again as it was.
     */
    public List<String> due(String job) {
        LocalDateTime now = database.now();
        Map<String, LastRun> last = last(job, now);
        return stores.stream()
                .filter(store -> isDue(schedules.apply(store, job), retryAfter, last.get(store), now))
                .toList();
    }

    /** What time it is by the clock that all instances share. */
    public Instant now() {
        return database.now().toInstant(ZoneOffset.UTC);
    }

    /** When a job is due next, by store: now for those that are due already, nothing for those that never are. */
    public Map<String, Instant> next(String job) {
        LocalDateTime now = database.now();
        Map<String, LastRun> last = last(job, now);
        Map<String, Instant> next = new HashMap<>();
        for (String store : stores) {
            Schedule schedule = schedules.apply(store, job);
            LastRun run = last.get(store);
            if (isDue(schedule, retryAfter, run, now)) {
                next.put(store, now.toInstant(ZoneOffset.UTC));
            } else if (!schedule.cron().isEmpty()) {
                Instant time = after(schedule, run.started());
                Instant again = run.failed() && run.finished() != null
                        ? run.finished().plus(retryAfter).toInstant(ZoneOffset.UTC)
                        : null;
                Stream.of(time, again)
                        .filter(Objects::nonNull)
                        .min(Instant::compareTo)
                        .ifPresent(at -> next.put(store, at));
            }
        }
        return next;
    }

    /** How a job last ran for a store, or for the whole bundle, whose name is empty; empty if it never ran. */
    public Optional<LastRun> last(String store, String job) {
        return Optional.ofNullable(last(job, database.now()).get(store));
    }

    /** True if a run of a job that last ran so is due by its schedule, like those that {@link #due} tells. */
    public boolean isDue(Schedule schedule, LastRun last) {
        return isDue(schedule, retryAfter, last, database.now());
    }

    private Map<String, LastRun> last(String job, LocalDateTime now) {
        Map<String, LastRun> last = new HashMap<>();
        database.sql("job-last-runs").param("job", job).query(row -> {
            LocalDateTime heartbeat = row.getObject("heartbeat_at", LocalDateTime.class);
            last.put(
                    row.getString("store"),
                    new LastRun(
                            row.getObject("last_started_at", LocalDateTime.class),
                            row.getObject("last_finished_at", LocalDateTime.class),
                            row.getString("error") != null,
                            heartbeat != null
                                    && (heartbeat.isBefore(now.minus(lease)) || heartbeat.isAfter(now.plus(lease)))));
        });
        return last;
    }

    static boolean isDue(Schedule schedule, Duration retryAfter, @Nullable LastRun last, LocalDateTime now) {
        if (schedule.cron().isEmpty()) {
            return false;
        }
        if (last == null
                || last.started() == null
                || last.orphaned()
                || last.started().isAfter(now.plus(CLOCK_DRIFT))) {
            return true;
        }
        if (last.failed()
                && last.finished() != null
                && !last.finished().plus(retryAfter).isAfter(now)) {
            return true;
        }
        Instant next = after(schedule, last.started());
        return next != null && !next.isAfter(now.toInstant(ZoneOffset.UTC));
    }

    /** The first time of a schedule after another one; null if there is none. */
    private static @Nullable Instant after(Schedule schedule, LocalDateTime time) {
        Date next = CRONS.computeIfAbsent(schedule, Jobs::parse)
                .getNextValidTimeAfter(Date.from(time.toInstant(ZoneOffset.UTC)));
        return next == null ? null : next.toInstant();
    }

    private static CronExpression parse(Schedule schedule) {
        try {
            CronExpression cron = new CronExpression(schedule.cron());
            cron.setTimeZone(TimeZone.getTimeZone(schedule.zone()));
            return cron;
        } catch (ParseException e) {
            throw new IllegalStateException("a cron expression that the settings had accepted: " + schedule.cron(), e);
        }
    }

    /**
     * Claims a run of a job for a store.
     *
     * @return false if another run of it is alive, or one of this process has not come to its end
     */
    public boolean claim(String store, String job) {
        return take(store, job, "job-claim", "job-add");
    }

    private boolean take(String store, String job, String free, String first) {
        String token = UUID.randomUUID().toString();
        if (held.putIfAbsent(key(store, job), token) != null) {
            // also one whose lease ran out while this process slept
            return false;
        }
        boolean taken = false;
        try {
            taken = take(store, job, free, first, token);
        } finally {
            if (!taken) {
                held.remove(key(store, job), token);
            }
        }
        return taken;
    }

    private boolean take(String store, String job, String free, String first, String token) {
        LocalDateTime now = database.now();
        if (database.sql(free)
                        .param("store", store)
                        .param("job", job)
                        .param("instance", instance.id())
                        .param("token", token)
                        .param("expired", now.minus(lease))
                        .param("future", now.plus(lease))
                        .update()
                == 1) {
            return true;
        }
        if (database.sql("job-known")
                        .param("store", store)
                        .param("job", job)
                        .query(Long.class)
                        .single()
                > 0) {
            return false;
        }
        try {
            return database.sql(first)
                            .param("store", store)
                            .param("job", job)
                            .param("instance", instance.id())
                            .param("token", token)
                            .update()
                    == 1;
        } catch (DuplicateKeyException e) {
            return false;
        }
    }

    private static String key(String store, String job) {
        return store + "/" + job;
    }

    /** The statement for the run of a job that this process has begun; no row matches if another overtook it. */
    private JdbcClient.StatementSpec ofRun(String statement, String store, String job, String token) {
        return database.sql(statement).param("store", store).param("job", job).param("token", token);
    }

    /** The runs that this process has begun stay its own for another lease, but for those that others overtook. */
    public void heartbeat() {
        List<String> tokens = List.copyOf(held.values());
        if (!tokens.isEmpty()) {
            database.sql("job-heartbeat").param("tokens", tokens).update();
        }
    }

    /**
     * Says what is wrong if the run of a job that this instance has claimed never reaches its end, as when it is killed.
     *
     * @param error one sentence; {@link #finish} takes it away
     */
    public void begun(String store, String job, String error) {
        String token = held.get(key(store, job));
        if (token != null) {
            ofRun("job-begun", store, job, token)
                    .param("error", Database.cut(error))
                    .update();
        }
    }

    /**
     * Ends the run of a job that this instance has claimed. If the state database is away, the run ends all the same: its
     * claim runs out, and the job is done again.
     *
     * @param error why it failed, or null when it went well
     * @return true if the error is new: another one than that of the run before, or the first
     */
    public boolean finish(String store, String job, @Nullable String error) {
        String token = held.remove(key(store, job));
        if (error != null) {
            onFailure.accept(job);
        }
        AtomicBoolean isNew = new AtomicBoolean();
        Away.tolerate(() -> {
            String before = error(store, job).orElse("");
            isNew.set(error != null && !before.equals(Database.cut(error)));
            if (token != null) {
                ofRun("job-finish", store, job, token)
                        .param("error", Database.cut(error))
                        .update();
            }
        });
        return isNew.get();
    }

    /** True while a run of a job of a store is alive, this instance's or another's. */
    public boolean isRunning(String store, String job) {
        return count(database.sql("job-running")
                        .param("store", store)
                        .param("job", job)
                        .param("expired", database.now().minus(lease)))
                > 0;
    }

    /** True while this instance holds the claim of a job of a store: it was not asleep so long that another took it. */
    public boolean isMine(String store, String job) {
        String token = held.get(key(store, job));
        return token != null && count(ofRun("job-mine", store, job, token)) > 0;
    }

    private static long count(JdbcClient.StatementSpec statement) {
        return statement.query(Long.class).single();
    }

    /**
     * Keeps a job of a store from running, without being a run of it: when it is due and how it last went stays as it
     * is. Ends by {@link #letGo}, or like a run when this instance dies.
     *
     * @return false if a run of it is alive
     */
    public boolean hold(String store, String job) {
        return take(store, job, "job-hold", "job-hold-add");
    }

    /**
     * Records how far this instance's run of a job is.
     *
     * @return false if another run has claimed the job meanwhile, so that this one should stop
     */
    public boolean progress(String store, String job, long files, long bytes) {
        String token = held.get(key(store, job));
        if (token == null) {
            return !claimedByOthers(store).containsKey(job);
        }
        return ofRun("job-progress", store, job, token)
                        .param("files", files)
                        .param("bytes", bytes)
                        .update()
                == 1;
    }

    /**
     * How far the run of a job is.
     *
     * @param startedAt when it began
     * @param files that it is done with
     * @param bytes in them
     * @param at when that was said
     */
    public record Running(String job, Instant startedAt, long files, long bytes, Instant at) {}

    /** The run of a store that last said how far it is, whoever runs it; empty if none is alive. */
    public Optional<Running> running(String store) {
        return Optional.ofNullable(running(List.of(store)).get(store));
    }

    /** For each of several stores the run that last said how far it is, whoever runs it; none where none is alive. */
    public Map<String, Running> running(Collection<String> stores) {
        Map<String, Running> found = new HashMap<>();
        database.sql("jobs-under-way")
                .param("stores", stores)
                .param("expired", database.now().minus(lease))
                .query(row -> {
                    found.putIfAbsent(
                            row.getString("store"),
                            new Running(
                                    row.getString("job"),
                                    Objects.requireNonNull(Database.instant(row, "last_started_at")),
                                    row.getLong("progress_files"),
                                    row.getLong("progress_bytes"),
                                    Objects.requireNonNull(Database.instant(row, "progress_at"))));
                });
        return found;
    }

    /**
     * How a job last ran.
     *
     * @param startedAt when it last began, or null if it never did
     * @param finishedAt when it last ended, or null; before {@code startedAt} while it runs
     * @param error why it failed, or null
     * @param isRunning true while it is alive, whoever runs it
     */
    public record Run(
            String job,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt,
            @Nullable String error,
            boolean isRunning) {}

    /** How the jobs of a store last ran. */
    public List<Run> runs(String store) {
        return database.sql("job-runs")
                .param("store", store)
                .param("expired", database.now().minus(lease))
                .query((row, n) -> new Run(
                        row.getString("job"),
                        Database.instant(row, "last_started_at"),
                        Database.instant(row, "last_finished_at"),
                        row.getString("error"),
                        row.getInt("running") == 1))
                .list();
    }

    /** Lets a job run again that this instance has held. */
    public void letGo(String store, String job) {
        String token = held.remove(key(store, job));
        if (token != null) {
            ofRun("job-let-go", store, job, token).update();
        }
    }

    /** True if the last run of a job of a store failed. */
    public boolean hasFailed(String store, String job) {
        return error(store, job).isPresent();
    }

    /** True if a job of a store is due, or its last run failed: then somebody who is there need not wait. */
    public boolean isWanted(String store, String job) {
        return hasFailed(store, job) || due(job).contains(store);
    }

    /** True if a job of one store is due: who goes through many stores asks again, as another may have been faster. */
    public boolean isStillDue(String store, String job) {
        return due(job).contains(store);
    }

    /** Why the last run of any job of a store failed; empty when all went well. */
    public Optional<String> error(String store) {
        return database.sql("job-errors").param("store", store).query(String.class).list().stream()
                .findFirst();
    }

    /** Why the last runs of jobs of several stores failed, by store, those that count most first. */
    public Map<String, List<String>> errors(Collection<String> stores) {
        Map<String, List<String>> found = new HashMap<>();
        database.sql("jobs-errors").param("stores", stores).query(row -> {
            found.computeIfAbsent(row.getString("store"), id -> new ArrayList<>())
                    .add(row.getString("error"));
        });
        return found;
    }

    /** Why the last run of one job of a store failed; empty when it went well. */
    public Optional<String> error(String store, String job) {
        return database.sql("job-error")
                .param("store", store)
                .param("job", job)
                .query((row, n) -> Objects.toString(row.getString("error"), ""))
                .optional()
                .filter(error -> !error.isEmpty());
    }

    /** A job was switched off for all stores: how its last runs ended is no matter any more. */
    public void switchedOff(String job) {
        database.sql("job-forget-error").param("job", job).update();
    }

    /** Lets go of all that this instance has claimed and will not end, so that another run takes it up at once. */
    public void release() {
        database.sql("job-release")
                .param("instance", instance.id())
                .param("expired", database.now().minus(lease).minusSeconds(1))
                .update();
    }

    /** A store's jobs that other runs have claimed, and until when they stay claimed if that run is dead. */
    public Map<String, Instant> claimedByOthers(String store) {
        Map<String, Instant> claims = new HashMap<>();
        database.sql("job-claims")
                .param("store", store)
                .param("instance", instance.id())
                .query(row -> {
                    LocalDateTime heartbeat = row.getObject("heartbeat_at", LocalDateTime.class);
                    claims.put(row.getString("job"), heartbeat.plus(lease).toInstant(ZoneOffset.UTC));
                });
        return claims;
    }
}
