package cocart.upkeep.observe;

import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.camel.component.micrometer.routepolicy.MicrometerRoutePolicyConfiguration;
import org.apache.camel.component.micrometer.routepolicy.MicrometerRoutePolicyFactory;

/** What Prometheus scrapes: stores, jobs, queue, disk, Camel's routes, the pool of the state database, the JVM. */
public final class Metrics implements AutoCloseable {

    /** What {@link #scrape} is. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final List<String> JOBS =
            List.of("detect", "back-up", "migrate", "prune", "off-site", "drill", "rehearse", "tidy");
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();
    private final Map<String, Counter> failures;

    /** @param labelled false if no store is to be named */
    public Metrics(Observed observed, BackupDisk disk, HikariDataSource pool, boolean labelled) {
        registry.getPrometheusRegistry().register(new StoreMetrics(() -> observed.figures(PATIENCE), labelled, JOBS));
        failures = JOBS.stream().collect(Collectors.toMap(Function.identity(), this::failures));
        bytes("free", "Free space on the disk of upkeep.backup.directory.", disk, BackupDisk::free);
        bytes("total", "Size of the disk of upkeep.backup.directory.", disk, BackupDisk::total);
        bytes("reserve", "What upkeep.backup.reserve keeps free there.", disk, BackupDisk::reserve);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        collections.bindTo(registry);
        pool.setMetricRegistry(registry);
    }

    /** Where routes and Camel's {@code micrometer:} endpoints may add their own. */
    public MeterRegistry registry() {
        return registry;
    }

    /** What measures Camel's routes here. */
    public MicrometerRoutePolicyFactory routes() {
        MicrometerRoutePolicyFactory factory = new MicrometerRoutePolicyFactory();
        factory.setMeterRegistry(registry);
        factory.setSkipCamelInfo(true);
        MicrometerRoutePolicyConfiguration wanted = factory.getPolicyConfiguration();
        wanted.setContextEnabled(false);
        wanted.setExternalRedeliveries(false);
        wanted.setLongTask(false);
        return factory;
    }

    /** A run of a job of this process has failed. */
    public void failed(String job) {
        Counter counter = failures.get(job);
        if (counter != null) {
            counter.increment();
        }
    }

    /** All metrics in Prometheus' text format. */
    public String scrape() {
        return registry.scrape(CONTENT_TYPE);
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }

    private Counter failures(String job) {
        return Counter.builder("cocart.upkeep.job.failures")
                .description("Runs of a job that failed in this process, by job.")
                .tag("job", job)
                .register(registry);
    }

    private void bytes(
            String what, String help, BackupDisk disk, java.util.function.ToDoubleFunction<BackupDisk> value) {
        Gauge.builder("cocart.upkeep.backup.disk." + what, disk, value)
                .description(help)
                .baseUnit("bytes")
                .register(registry);
    }
}
