package cocart.upkeep;

import cocart.upkeep.observe.BackupDisk;
import cocart.upkeep.observe.Health;
import cocart.upkeep.observe.Metrics;
import cocart.upkeep.observe.Observed;
import cocart.upkeep.observe.Tracing;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.StateDatabase;
import com.zaxxer.hikari.HikariDataSource;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.jspecify.annotations.Nullable;

/** Health, metrics and traces of a running bundle, put together. */
final class Observation implements AutoCloseable {

    private final Observed observed;
    private final Metrics metrics;
    private @Nullable Tracing tracing;

    private Observation(Observed observed, Metrics metrics) {
        this.observed = observed;
        this.metrics = metrics;
    }

    /** @param bind what makes a bean known to Camel by its name */
    static Observation begin(
            Settings settings,
            Jobs jobs,
            HikariDataSource state,
            Supplier<CamelContext> camel,
            BiConsumer<String, Object> bind) {
        Observed observed = new Observed(
                new Database(state),
                List.copyOf(settings.stores().keySet()),
                store -> Bundle.schedule(settings, store, "back-up"),
                settings.duration("lease"),
                settings.duration("health.snapshot-slack"),
                settings.duration("health.queue-slack"));
        BackupDisk disk = new BackupDisk(settings.path("backup.directory"), settings.size("backup.reserve"));
        Health health = new Health(camel, observed, disk, () -> StateDatabase.trouble(state));
        bind.accept("health", health);
        health.checks().forEach(check -> bind.accept("health-" + check.getId(), check));
        Metrics metrics = new Metrics(
                observed, disk, state, settings.value("metrics.store-label").equals("true"));
        jobs.onFailure(metrics::failed);
        bind.accept("metrics", metrics);
        // the name by which Camel's micrometer: endpoints find it
        bind.accept("metricsRegistry", metrics.registry());
        bind.accept("routeMetrics", metrics.routes());
        Observation begun = new Observation(observed, metrics);
        if (settings.value("tracing.enabled").equals("true")) {
            begun.tracing = new Tracing(
                    settings.value("tracing.endpoint"), Instance.current().id());
            bind.accept("tracer", begun.tracing.tracer());
            bind.accept("propagators", begun.tracing.propagators());
            bind.accept("camelTracer", begun.tracing.camel());
        }
        return begun;
    }

    @Override
    public void close() {
        if (tracing != null) {
            tracing.close();
        }
        metrics.close();
        observed.close();
    }
}
