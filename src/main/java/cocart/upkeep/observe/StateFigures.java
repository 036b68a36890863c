package cocart.upkeep.observe;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Jobs;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.quartz.CronExpression;

/** Reads the {@link Figures} of all stores from the state database, by seven statements however many stores there are. */
final class StateFigures {

    /**
     * What counts as too long.
     *
     * @param lease how long a claim lasts without a heartbeat
     * @param snapshot how much later than its schedule a snapshot may be
     * @param queue how long after its time work may lie
     */
    record Limits(Duration lease, Duration snapshot, Duration queue) {}

    private record Run(
            String job,
            @Nullable LocalDateTime started,
            @Nullable LocalDateTime finished,
            boolean failed,
            boolean running,
            @Nullable Long files,
            long bytes) {}

    private record Snapshot(LocalDateTime sealedAt, Figures.Snapshot figures) {}

    private record Update(
            String id,
            String state,
            boolean isWaiting,
            @Nullable LocalDateTime exposedSince) {

        boolean isApproved() {
            return state.equals("pending") || state.equals("in-progress");
        }

        boolean isOpen() {
            return isApproved() || state.equals("awaiting-approval") || state.equals("blocked");
        }
    }

    private record Steps(
            String status,
            long count,
            LocalDateTime dueAt,
            @Nullable LocalDateTime heartbeatAt) {}

    private final Database database;
    private final List<String> stores;
    private final Function<String, Jobs.Schedule> backups;
    private final Limits limits;
    private @Nullable LocalDateTime begun;

    /** When a data update, by its id, was first seen to lie there although it may go on. */
    private final Map<String, LocalDateTime> untaken = new HashMap<>();

    /**
     * @param stores ids of all stores
     * @param backups a store's schedule of backups
     */
    StateFigures(Database database, List<String> stores, Function<String, Jobs.Schedule> backups, Limits limits) {
        this.database = database;
        this.stores = stores;
        this.backups = backups;
        this.limits = limits;
    }

    /** Everything, as it is now. Used by one thread at a time. */
    Figures read() {
        LocalDateTime now = database.now();
        if (begun == null) {
            begun = now;
        }
        Map<String, List<Run>> runs = new HashMap<>();
        database.sql("figures-jobs").query(row -> {
            add(runs, row.getString("store"), run(row, now));
        });
        Map<String, Snapshot> snapshots = new HashMap<>();
        database.sql("figures-snapshots").query(row -> {
            snapshots.put(row.getString("store"), snapshot(row, now));
        });
        Map<String, LocalDateTime> knownSince = knownSince(
                stores.stream().filter(store -> !snapshots.containsKey(store)).toList());
        Map<String, List<Update>> updates = new HashMap<>();
        database.sql("figures-updates").query(row -> {
            add(
                    updates,
                    row.getString("store"),
                    new Update(
                            row.getString("id"),
                            row.getString("state"),
                            row.getString("reason") != null,
                            row.getObject("exposed_since", LocalDateTime.class)));
        });
        Map<String, List<Steps>> steps = new HashMap<>();
        database.sql("figures-steps").query(row -> {
            add(
                    steps,
                    row.getString("data_update_id"),
                    new Steps(
                            row.getString("status"),
                            row.getLong("steps"),
                            row.getObject("due_at", LocalDateTime.class),
                            row.getObject("heartbeat_at", LocalDateTime.class)));
        });
        Map<String, Long> notices = new TreeMap<>();
        database.sql("figures-notices").query(row -> {
            notices.put(row.getString("kind"), row.getLong("notices"));
        });
        List<Figures.Store> all = new ArrayList<>();
        for (String store : stores) {
            List<Run> ran = runs.getOrDefault(store, List.of());
            List<Update> its = updates.getOrDefault(store, List.of());
            all.add(store(store, now, ran, snapshots.get(store), knownSince.getOrDefault(store, begun), its));
        }
        List<Run> known = flat(runs, stores);
        return new Figures(
                all,
                count(flat(updates, stores), Update::state, update -> 1),
                count(steps.values().stream().flatMap(List::stream).toList(), Steps::status, Steps::count),
                notices,
                count(filter(known, Run::failed), Run::job, run -> 1),
                count(filter(known, Run::running), Run::job, run -> 1),
                stuck(updates, steps, runs, now));
    }

    /** Since when stores are looked after; those of which nothing was ever seen or said are left out. */
    private Map<String, LocalDateTime> knownSince(List<String> some) {
        Map<String, LocalDateTime> since = new HashMap<>();
        if (!some.isEmpty()) {
            database.sql("known-since").param("stores", some).query(row -> {
                since.put(row.getString("store"), row.getObject("since", LocalDateTime.class));
            });
        }
        return since;
    }

    private Figures.Stuck stuck(
            Map<String, List<Update>> updates,
            Map<String, List<Steps>> steps,
            Map<String, List<Run>> runs,
            LocalDateTime now) {
        Set<String> leftBehind = new LinkedHashSet<>();
        Set<String> ready = new HashSet<>();
        Set<String> tooLong = new LinkedHashSet<>();
        for (String store : stores) {
            for (Update update : filter(updates.getOrDefault(store, List.of()), Update::isApproved)) {
                List<Steps> left = steps.getOrDefault(update.id(), List.of());
                if (isLeftBehind(left, now)) {
                    leftBehind.add(store);
                } else if (isReady(update, left, runs.getOrDefault(store, List.of()), now)) {
                    ready.add(update.id());
                    if (untaken.computeIfAbsent(update.id(), id -> now).isBefore(now.minus(limits.queue()))) {
                        tooLong.add(store);
                    }
                }
            }
        }
        untaken.keySet().retainAll(ready);
        return new Figures.Stuck(List.copyOf(leftBehind), List.copyOf(tooLong));
    }

    private Figures.Store store(
            String id,
            LocalDateTime now,
            List<Run> runs,
            @Nullable Snapshot snapshot,
            LocalDateTime knownSince,
            List<Update> updates) {
        Run look = run(runs, "detect");
        Run backup = run(runs, "back-up");
        boolean seen = look != null && look.finished() != null;
        return new Figures.Store(
                id,
                seen ? !look.failed() : null,
                seen ? since(look.finished(), now) : null,
                updates.stream()
                        .filter(update -> update.isOpen() && update.exposedSince() != null)
                        .map(update -> since(update.exposedSince(), now))
                        .max(Duration::compareTo)
                        .orElse(null),
                backup == null || backup.running() || backup.started() == null || backup.finished() == null
                        ? null
                        : since(backup.started(), backup.finished()),
                snapshot == null ? null : snapshot.figures(),
                isOverdue(id, snapshot, knownSince, now),
                runs.stream()
                        .filter(run -> run.running() && run.files() != null)
                        .map(run -> new Figures.Progress(run.job(), Objects.requireNonNull(run.files()), run.bytes()))
                        .toList());
    }

    /** The first snapshot is due as soon as a store is looked after, each other one at the next time of its schedule. */
    private boolean isOverdue(String store, @Nullable Snapshot snapshot, LocalDateTime knownSince, LocalDateTime now) {
        Jobs.Schedule schedule = backups.apply(store);
        if (schedule.cron().isEmpty()) {
            return false;
        }
        Instant due = snapshot == null
                ? knownSince.toInstant(ZoneOffset.UTC)
                : after(schedule, snapshot.sealedAt().toInstant(ZoneOffset.UTC));
        return due != null && due.plus(limits.snapshot()).isBefore(now.toInstant(ZoneOffset.UTC));
    }

    private static @Nullable Instant after(Jobs.Schedule schedule, Instant last) {
        try {
            CronExpression cron = new CronExpression(schedule.cron());
            cron.setTimeZone(TimeZone.getTimeZone(schedule.zone()));
            Date next = cron.getNextValidTimeAfter(Date.from(last));
            return next == null ? null : next.toInstant();
        } catch (ParseException e) {
            throw new IllegalStateException("a cron expression that the settings had accepted: " + schedule.cron(), e);
        }
    }

    /** A step is in progress, and nobody took it over long after its lease ran out. */
    private boolean isLeftBehind(List<Steps> steps, LocalDateTime now) {
        LocalDateTime late = now.minus(limits.lease()).minus(limits.queue());
        return steps.stream()
                .anyMatch(some -> some.status().equals("in-progress")
                        && some.heartbeatAt() != null
                        && some.heartbeatAt().isBefore(late));
    }

    /** It may go on, nothing is said about why it does not, and yet no instance is at it. */
    private boolean isReady(Update update, List<Steps> steps, List<Run> runs, LocalDateTime now) {
        LocalDateTime late = now.minus(limits.queue());
        return !update.isWaiting()
                && runs.stream().noneMatch(run -> run.running() || run.failed())
                && runs.stream()
                        .noneMatch(run -> run.job().equals("migrate")
                                && run.finished() != null
                                && run.finished().isAfter(late))
                && steps.stream().noneMatch(some -> some.status().equals("in-progress"))
                && steps.stream()
                        .anyMatch(some ->
                                some.status().equals("pending") && some.dueAt().isBefore(now));
    }

    private Run run(ResultSet row, LocalDateTime now) throws SQLException {
        LocalDateTime heartbeat = row.getObject("heartbeat_at", LocalDateTime.class);
        boolean running =
                row.getInt("claimed") == 1 && heartbeat != null && !heartbeat.isBefore(now.minus(limits.lease()));
        return new Run(
                row.getString("job"),
                row.getObject("last_started_at", LocalDateTime.class),
                row.getObject("last_finished_at", LocalDateTime.class),
                row.getInt("failed") == 1,
                running,
                row.getObject("progress_at", LocalDateTime.class) == null ? null : row.getLong("progress_files"),
                row.getLong("progress_bytes"));
    }

    private static Snapshot snapshot(ResultSet row, LocalDateTime now) throws SQLException {
        LocalDateTime sealed = row.getObject("sealed_at", LocalDateTime.class);
        LocalDateTime verified = row.getObject("verified_at", LocalDateTime.class);
        return new Snapshot(
                sealed,
                new Figures.Snapshot(
                        since(sealed, now),
                        verified == null ? null : since(verified, now),
                        row.getLong("files"),
                        row.getLong("bytes"),
                        row.getLong("new_bytes"),
                        row.getLong("failed"),
                        row.getLong("snapshots")));
    }

    private static @Nullable Run run(List<Run> runs, String job) {
        return runs.stream().filter(run -> run.job().equals(job)).findFirst().orElse(null);
    }

    /** Never negative: a clock may have been set back. */
    private static Duration since(LocalDateTime then, LocalDateTime now) {
        return then.isAfter(now) ? Duration.ZERO : Duration.between(then, now);
    }

    private static <T> void add(Map<String, List<T>> map, String key, T value) {
        map.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
    }

    private static <T> List<T> filter(List<T> all, Predicate<T> wanted) {
        return all.stream().filter(wanted).toList();
    }

    /** What belongs to stores of the settings; others were taken out of them. */
    private static <T> List<T> flat(Map<String, List<T>> byStore, List<String> stores) {
        return stores.stream()
                .flatMap(store -> byStore.getOrDefault(store, List.of()).stream())
                .toList();
    }

    private static <T> Map<String, Long> count(
            List<T> all, Function<T, String> key, java.util.function.ToLongFunction<T> number) {
        return all.stream().collect(Collectors.groupingBy(key, TreeMap::new, Collectors.summingLong(number)));
    }
}
