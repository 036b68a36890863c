package cocart.upkeep.observe;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the state database says of the stores, as metrics named {@code cocart_upkeep_...}. They are made anew for each
 * scrape, so that a store that is gone leaves nothing behind. Without the store label each is one number for all stores:
 * the worst one, or the sum where that is a size.
 */
final class StoreMetrics implements MultiCollector {

    private static final List<String> UPDATE_STATES =
            List.of("awaiting-approval", "blocked", "pending", "in-progress", "complete", "failed", "canceled");
    private static final List<String> STEP_STATUSES =
            List.of("pending", "in-progress", "complete", "failed", "canceled");
    private static final List<String> NOTICE_KINDS =
            List.of("update-required", "updating", "update-complete", "attention");

    private final Supplier<Optional<Figures>> source;
    private final boolean labelled;
    private final List<String> jobs;

    /**
     * @param source the figures; empty if the state database does not answer
     * @param labelled false if no store is to be named
     * @param jobs names of all jobs
     */
    StoreMetrics(Supplier<Optional<Figures>> source, boolean labelled, List<String> jobs) {
        this.source = source;
        this.labelled = labelled;
        this.jobs = jobs;
    }

    @Override
    public MetricSnapshots collect() {
        Optional<Figures> figures = source.get();
        List<MetricSnapshot> all = new ArrayList<>();
        all.add(gauge(
                "state_database_up",
                "1 if the state database answers; if it does not, what it knows of the stores is missing here.",
                List.of(new GaugeDataPointSnapshot(figures.isPresent() ? 1 : 0, Labels.EMPTY, null))));
        figures.ifPresent(known -> {
            all.addAll(counts(known));
            all.addAll(ofStores(known));
            all.addAll(ofSnapshots(known));
            all.addAll(progress(known));
        });
        return new MetricSnapshots(all);
    }

    private List<MetricSnapshot> counts(Figures figures) {
        long up = figures.stores().stream()
                .filter(store -> Boolean.TRUE.equals(store.isUp()))
                .count();
        long down = figures.stores().stream()
                .filter(store -> Boolean.FALSE.equals(store.isUp()))
                .count();
        return List.of(
                counts(
                        "stores",
                        "Stores by how the last look at them went; unknown before the first.",
                        "state",
                        List.of("up", "down", "unknown"),
                        Map.of(
                                "up",
                                up,
                                "down",
                                down,
                                "unknown",
                                figures.stores().size() - up - down)),
                counts(
                        "data_updates",
                        "Data updates, the newest of each plugin of a store, by state.",
                        "state",
                        UPDATE_STATES,
                        figures.updates()),
                counts(
                        "steps",
                        "Steps of data updates that are not at their end, or failed, by status.",
                        "status",
                        STEP_STATUSES,
                        figures.steps()),
                counts(
                        "notices_open",
                        "Notices that nobody has dismissed, by kind.",
                        "kind",
                        NOTICE_KINDS,
                        figures.notices()),
                counts("jobs_failed", "Stores whose last run of a job failed, by job.", "job", jobs, figures.failed()),
                counts("jobs_running", "Runs of jobs that are alive, by job.", "job", jobs, figures.running()),
                counts(
                        "queue_stuck",
                        "Stores whose work lies there: a step that its dead run left, or approved work, and no instance"
                                + " takes it.",
                        "kind",
                        List.of("step", "update"),
                        Map.of(
                                "step", (long) figures.stuck().steps().size(),
                                "update", (long) figures.stuck().updates().size())));
    }

    private List<MetricSnapshot> ofStores(Figures figures) {
        return List.of(
                ofEach(
                        figures,
                        "store_up",
                        "1 if the last look at a store went well, 0 if it failed.",
                        store -> store.isUp() == null ? null : store.isUp() ? 1.0 : 0.0,
                        Math::min),
                ofEach(
                        figures,
                        "store_look_age_seconds",
                        "Time since the last look at a store ended.",
                        store -> seconds(store.sinceLook()),
                        Math::max),
                ofEach(
                        figures,
                        "update_exposure_seconds",
                        "Time since files changed towards code whose data update is not complete, in which new carts"
                                + " may be lost; 0 if there is none.",
                        store -> store.exposure() == null ? 0.0 : seconds(store.exposure()),
                        Math::max),
                ofEach(
                        figures,
                        "backup_duration_seconds",
                        "How long a store's last backup took.",
                        store -> seconds(store.backup()),
                        Math::max));
    }

    private List<MetricSnapshot> ofSnapshots(Figures figures) {
        return List.of(
                ofEach(
                        figures,
                        "snapshot_overdue",
                        "1 if a store's newest snapshot is older than upkeep.backup.cron and"
                                + " upkeep.health.snapshot-slack allow, or there is none although the store has been"
                                + " looked after for longer than that slack.",
                        store -> store.isOverdue() ? 1.0 : 0.0,
                        Math::max),
                ofSnapshot(
                        figures,
                        "snapshot_age_seconds",
                        "Age of a store's newest snapshot.",
                        s -> seconds(s.age()),
                        true),
                ofSnapshot(
                        figures,
                        "snapshot_verified_age_seconds",
                        "Time since a store's newest snapshot was verified.",
                        snapshot -> seconds(snapshot.sinceVerified()),
                        true),
                ofSnapshot(
                        figures,
                        "snapshot_files",
                        "Files in a store's newest snapshot.",
                        snapshot -> (double) snapshot.files(),
                        false),
                ofSnapshot(
                        figures,
                        "snapshot_bytes",
                        "Size of the files in a store's newest snapshot.",
                        snapshot -> (double) snapshot.bytes(),
                        false),
                ofSnapshot(
                        figures,
                        "snapshot_new_bytes",
                        "Size of what no snapshot had before a store's newest one.",
                        snapshot -> (double) snapshot.newBytes(),
                        false),
                ofSnapshot(
                        figures,
                        "snapshot_unreadable_files",
                        "Files and folders that a store's newest snapshot lacks because they could not be read.",
                        snapshot -> (double) snapshot.unreadable(),
                        false),
                ofSnapshot(
                        figures,
                        "snapshots",
                        "Snapshots that a store has.",
                        snapshot -> (double) snapshot.count(),
                        false));
    }

    private List<MetricSnapshot> progress(Figures figures) {
        return List.of(
                progress(figures, "progress_files", "Files that a running job is done with.", Figures.Progress::files),
                progress(
                        figures,
                        "progress_bytes",
                        "Size of the files that a running job is done with.",
                        Figures.Progress::bytes));
    }

    private MetricSnapshot progress(Figures figures, String name, String help, Function<Figures.Progress, Long> value) {
        List<GaugeDataPointSnapshot> points = new ArrayList<>();
        if (labelled) {
            for (Figures.Store store : figures.stores()) {
                for (Figures.Progress run : store.progress()) {
                    points.add(new GaugeDataPointSnapshot(
                            value.apply(run), Labels.of("job", run.job(), "store", store.id()), null));
                }
            }
        } else {
            for (String job : jobs) {
                long sum = figures.stores().stream()
                        .flatMap(store -> store.progress().stream())
                        .filter(run -> run.job().equals(job))
                        .mapToLong(value::apply)
                        .sum();
                points.add(new GaugeDataPointSnapshot(sum, Labels.of("job", job), null));
            }
        }
        return gauge(name, help, points);
    }

    private MetricSnapshot ofSnapshot(
            Figures figures,
            String name,
            String help,
            Function<Figures.Snapshot, @Nullable Double> value,
            boolean isAge) {
        return ofEach(
                figures,
                name,
                help,
                store -> store.snapshot() == null ? null : value.apply(store.snapshot()),
                isAge ? Math::max : Double::sum);
    }

    /** A number for each store, or all of them made one; nothing for stores without it. */
    private MetricSnapshot ofEach(
            Figures figures,
            String name,
            String help,
            Function<Figures.Store, @Nullable Double> value,
            BinaryOperator<Double> together) {
        List<GaugeDataPointSnapshot> points = new ArrayList<>();
        Double all = null;
        for (Figures.Store store : figures.stores()) {
            Double number = value.apply(store);
            if (number != null && labelled) {
                points.add(new GaugeDataPointSnapshot(number, Labels.of("store", store.id()), null));
            } else if (number != null) {
                all = all == null ? number : together.apply(all, number);
            }
        }
        if (all != null) {
            points.add(new GaugeDataPointSnapshot(all, Labels.EMPTY, null));
        }
        return gauge(name, help, points);
    }

    /** Always a number for each of the values that are known, so that none seems to be missing. */
    private static MetricSnapshot counts(
            String name, String help, String label, List<String> known, Map<String, Long> counts) {
        return gauge(
                name,
                help,
                Stream.concat(known.stream(), counts.keySet().stream())
                        .distinct()
                        .map(value -> new GaugeDataPointSnapshot(
                                counts.getOrDefault(value, 0L), Labels.of(label, value), null))
                        .toList());
    }

    private static MetricSnapshot gauge(String name, String help, List<GaugeDataPointSnapshot> points) {
        return new GaugeSnapshot(
                new io.prometheus.metrics.model.snapshots.MetricMetadata("cocart_upkeep_" + name, help), points);
    }

    private static @Nullable Double seconds(@Nullable Duration time) {
        return time == null ? null : time.toMillis() / 1000.0;
    }
}
