package cocart.upkeep.backup;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The figures of long runs as metrics: the gauges {@code upkeep.progress.files} and {@code upkeep.progress.bytes} with the
 * tags {@code store} and {@code job}, 0 while nothing runs. Safe for use by several threads.
 */
public final class ProgressMetrics {

    private record Run(String store, String job) {}

    private record Figures(AtomicLong files, AtomicLong bytes) {}

    private final MeterRegistry registry;
    private final Map<Run, Figures> runs = new ConcurrentHashMap<>();

    public ProgressMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    void at(String store, String job, long files, long bytes) {
        Figures figures = runs.computeIfAbsent(new Run(store, job), this::register);
        figures.files().set(files);
        figures.bytes().set(bytes);
    }

    private Figures register(Run run) {
        Figures figures = new Figures(new AtomicLong(), new AtomicLong());
        gauge("upkeep.progress.files", run, figures.files())
                .description("Files that a running job is done with.")
                .register(registry);
        gauge("upkeep.progress.bytes", run, figures.bytes())
                .description("Bytes in the files that a running job is done with.")
                .baseUnit("bytes")
                .register(registry);
        return figures;
    }

    private static Gauge.Builder<AtomicLong> gauge(String name, Run run, AtomicLong value) {
        return Gauge.builder(name, value, AtomicLong::get)
                .tag("store", run.store())
                .tag("job", run.job());
    }
}
