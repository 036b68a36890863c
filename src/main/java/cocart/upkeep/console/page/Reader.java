package cocart.upkeep.console.page;

import cocart.upkeep.backup.KnownSnapshots;
import cocart.upkeep.backup.ProgressText;
import cocart.upkeep.console.Status;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads what the pages show, from the state database and the snapshots on disk. */
public final class Reader {

    /** Jobs in the order in which a page lists them. */
    private static final List<String> JOBS = List.of("detect", "migrate", "back-up", "off-site", "drill", "tidy");

    private static final int FEW_SNAPSHOTS = 10;
    private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Database database;
    private final Stores stores;
    private final Status status;
    private final Updates updates;
    private final Jobs jobs;
    private final KnownSnapshots known;
    private volatile @Nullable Fleet fleet;

    public Reader(Database database, Stores stores, Status status, Updates updates, Jobs jobs, KnownSnapshots known) {
        this.database = database;
        this.stores = stores;
        this.status = status;
        this.updates = updates;
        this.jobs = jobs;
        this.known = known;
    }

    /** A page of the list; what it is given may be anything. */
    public StoreList list(String words, String show, int page) {
        Fleet known = fleet;
        if (known == null || System.nanoTime() - known.readAt > FRESH_NANOS) {
            known = fleet();
            fleet = known;
        }
        return StoreList.of(known.lines, known.notices, words, show, page);
    }

    /** All stores; read once for everybody who looks within a moment. */
    private record Fleet(long readAt, List<StoreLine> lines, List<NoticeView> notices) {}

    private Fleet fleet() {
        long begun = System.nanoTime();
        Instant now = now();
        Map<String, Instant> detects = jobs.next("detect");
        Map<String, Instant> backups = jobs.next("back-up");
        Map<String, StoreSettings> settings = new HashMap<>();
        stores.all().forEach(store -> settings.put(store.id(), store));
        List<StoreLine> lines = new ArrayList<>();
        ObjectNode all = status.all();
        for (JsonNode node : all.get("stores")) {
            String id = node.get("id").asText();
            StoreSettings store = settings.get(id);
            lines.add(StoreLine.of(
                    (ObjectNode) node, store == null ? null : store.url(), detects.get(id), backups.get(id), now));
        }
        return new Fleet(begun, List.copyOf(lines), NoticeView.list(all.path("notices"), "", now));
    }

    /**
     * The page of a store.
     *
     * @param events how many of the newest sentences of the history to show
     * @param allSnapshots false for the newest few
     */
    public StorePage store(StoreSettings store, int events, boolean allSnapshots) {
        Instant now = now();
        ObjectNode node = status.of(store);
        Optional<DataUpdate> update = updates.current(store.id());
        List<Timed> timed = jobs(store.id(), now);
        List<LogLine> history =
                database.sql("page-events").param("store", store.id()).query((row, n) -> line(row, now)).list().stream()
                        .limit(events + 1L)
                        .toList();
        List<KnownSnapshots.Known> snapshots = List.of();
        String snapshotsError = null;
        try {
            snapshots = known.list(store.id());
        } catch (StoreException e) {
            snapshotsError = e.getMessage();
        }
        return new StorePage(
                StoreLine.of(node, store.url(), next(timed, "detect"), next(timed, "back-up"), now),
                NoticeView.list(node.path("notices"), store.id(), now),
                update.map(data -> Moment.of(data.createdAt(), now)).orElse(null),
                update.map(data -> Moment.of(data.finishedAt(), now)).orElse(null),
                update.map(data -> steps(data, now)).orElse(List.of()),
                timed.stream().map(Timed::view).toList(),
                activity(node.path("job"), now),
                snapshots.stream()
                        .limit(allSnapshots ? Long.MAX_VALUE : FEW_SNAPSHOTS)
                        .map(one -> SnapshotView.of(one, now))
                        .toList(),
                snapshots.size(),
                Chart.of(snapshots),
                snapshotsError,
                sightings(store.id(), now),
                history.subList(0, Math.min(events, history.size())),
                events,
                history.size() > events);
    }

    private List<StepView> steps(DataUpdate update, Instant now) {
        Map<String, List<LogLine>> log = new HashMap<>();
        List<String> names =
                database
                        .sql("page-steps")
                        .param("update", update.id())
                        .query((row, n) -> row.getString("name"))
                        .list()
                        .stream()
                        .sorted(Comparator.comparingInt(String::length).reversed())
                        .toList();
        database.sql("page-step-events")
                .param("store", update.store())
                .param("since", LocalDateTime.ofInstant(update.createdAt(), ZoneOffset.UTC))
                .query(row -> {
                    LogLine line = line(row, now);
                    names.stream()
                            .filter(name -> line.text().startsWith("Step " + name))
                            .findFirst() // the longest: names of other blogs go on where the first one's ends
                            .ifPresent(name -> log.computeIfAbsent(name, any -> new ArrayList<>())
                                    .add(0, line));
                });
        return database.sql("page-steps")
                .param("update", update.id())
                .query((row, n) -> step(row, log.getOrDefault(row.getString("name"), List.of()), now))
                .list();
    }

    private static StepView step(ResultSet row, List<LogLine> log, Instant now) throws SQLException {
        String status = row.getString("status");
        Instant started = Database.instant(row, "started_at");
        Instant finished = Database.instant(row, "finished_at");
        Instant due = Database.instant(row, "due_at");
        boolean running = status.equals("in-progress");
        boolean ended = !running && started != null && finished != null && !finished.isBefore(started);
        Long left = row.getObject("seconds_left", Long.class);
        return new StepView(
                row.getString("name"),
                Mark.ofUpdate(status),
                row.getInt("attempts"),
                row.getString("error"),
                row.getString("note"),
                Moment.of(started, now),
                ended ? Moment.took(Duration.between(started, finished)) : null,
                status.equals("pending") && due != null && due.isAfter(now) ? Moment.due(due, now) : null,
                row.getObject("rows_done", Long.class),
                row.getObject("rows_total", Long.class),
                running && left != null ? Moment.took(Duration.ofSeconds(Math.max(left, 1))) : null,
                log);
    }

    /** A job with the exact time at which it is due. */
    private record Timed(JobView view, @Nullable Instant next) {}

    private List<Timed> jobs(String store, Instant now) {
        Map<String, Jobs.Run> runs = new HashMap<>();
        jobs.runs(store).forEach(run -> runs.put(run.job(), run));
        List<Timed> views = new ArrayList<>();
        for (String job : JOBS) {
            Jobs.Run run = runs.get(job);
            // steps run as soon as they may, whatever the schedule says
            Instant next = job.equals("migrate") ? null : jobs.next(job).get(store);
            if (run != null || next != null) {
                views.add(new Timed(job(job, run, next, now), next));
            }
        }
        return views;
    }

    private static JobView job(String job, Jobs.@Nullable Run run, @Nullable Instant next, Instant now) {
        if (run == null || run.startedAt() == null) {
            return new JobView(job, new Mark("off", "not yet run"), null, null, null, Moment.due(next, now));
        }
        boolean ended = run.finishedAt() != null && !run.finishedAt().isBefore(run.startedAt());
        Mark state = run.isRunning()
                ? new Mark("busy", "running")
                : run.error() != null
                        ? new Mark("bad", "failed")
                        : ended ? new Mark("good", "complete") : new Mark("wait", "interrupted");
        return new JobView(
                job,
                state,
                Moment.of(run.startedAt(), now),
                ended ? Moment.took(Duration.between(run.startedAt(), run.finishedAt())) : null,
                run.isRunning() ? null : run.error(),
                Moment.due(next, now));
    }

    private static @Nullable Instant next(List<Timed> jobs, String job) {
        return jobs.stream()
                .filter(timed -> timed.view().name().equals(job))
                .map(Timed::next)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    private static StorePage.@Nullable Activity activity(JsonNode job, Instant now) {
        if (!job.isObject()) {
            return null;
        }
        long files = job.path("files").asLong();
        long bytes = job.path("bytes").asLong();
        long about = job.path("aboutBytes").asLong();
        long aboutBytes = about > bytes ? about : 0;
        return new StorePage.Activity(
                job.path("name").asText(),
                Objects.requireNonNull(
                        Moment.of(Instant.parse(job.path("startedAt").asText()), now)),
                ProgressText.files(files, job.path("aboutFiles").asLong()),
                ProgressText.size(bytes) + (aboutBytes > 0 ? " of about " + ProgressText.size(aboutBytes) : ""),
                bytes,
                aboutBytes);
    }

    private List<SightingView> sightings(String store, Instant now) {
        return database.sql("page-sightings")
                .param("store", store)
                .query((row, n) -> new SightingView(
                        PluginView.name(row.getString("plugin")),
                        row.getString("version"),
                        Mark.ofPlugin(row.getString("state")),
                        Mark.ofSchema(row.getString("schema_state")),
                        row.getString("database_version"),
                        row.getString("reason"),
                        Objects.requireNonNull(Moment.of(Database.instant(row, "first_seen_at"), now)),
                        Objects.requireNonNull(Moment.of(Database.instant(row, "last_seen_at"), now))))
                .list();
    }

    private static LogLine line(ResultSet row, Instant now) throws SQLException {
        return LogLine.of(
                Objects.requireNonNull(Database.instant(row, "at")), Objects.toString(row.getString("text"), ""), now);
    }

    private Instant now() {
        return database.now().toInstant(ZoneOffset.UTC);
    }
}
