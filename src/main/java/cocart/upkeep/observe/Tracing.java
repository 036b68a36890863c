package cocart.upkeep.observe;

import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.camel.opentelemetry2.OpenTelemetryTracer;

/** Sends what routes do as spans to an OpenTelemetry collector. Only loaded when it is switched on. */
public final class Tracing implements AutoCloseable {

    private final OpenTelemetrySdk sdk;

    /**
     * @param endpoint of the collector, OTLP by HTTP, for example {@code http://127.0.0.1:4318}; the environment
     *     variables and system properties of OpenTelemetry ({@code OTEL_...}) win over it
     * @param instance names this process
     */
    public Tracing(String endpoint, String instance) {
        sdk = AutoConfiguredOpenTelemetrySdk.builder()
                .disableShutdownHook()
                .addSpanExporterCustomizer((exporter, options) -> new DiscreetExporter(exporter))
                .addPropertiesSupplier(() -> Map.of(
                        "otel.service.name", "cocart-upkeep",
                        "otel.resource.attributes", "service.instance.id=" + instance,
                        "otel.exporter.otlp.protocol", "http/protobuf",
                        "otel.exporter.otlp.endpoint", endpoint,
                        "otel.metrics.exporter", "none",
                        "otel.logs.exporter", "none"))
                .build()
                .getOpenTelemetrySdk();
    }

    /** For Camel's tracer, which finds it by its type. */
    public Tracer tracer() {
        return sdk.getTracer("camel");
    }

    /** The same. */
    public ContextPropagators propagators() {
        return sdk.getPropagators();
    }

    /** Camel's tracer; it names spans by routes and leaves out the ticks, which would be most of them, and the webhook, whose address is a secret. */
    public OpenTelemetryTracer camel() {
        OpenTelemetryTracer tracer = new OpenTelemetryTracer();
        tracer.setExcludePatterns("quartz:*,timer:*,http://webhook*");
        return tracer;
    }

    @Override
    public void close() {
        sdk.shutdown().join(5, TimeUnit.SECONDS);
    }
}
