package cocart.upkeep.observe;

import cocart.upkeep.store.Secrets;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.AttributeType;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.DelegatingSpanData;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.data.StatusData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** Leaves out of spans what must not leave this machine: addresses that are secrets, and passwords in messages. */
final class DiscreetExporter implements SpanExporter {

    /** Whole addresses, such as that of the webhook or, with its password perhaps, of the state database. */
    private static final Set<String> ADDRESSES =
            Set.of("http.url", "url.full", "url.path", "url.query", "server.address", "db.connection_string");

    private final SpanExporter exporter;

    DiscreetExporter(SpanExporter exporter) {
        this.exporter = exporter;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        return exporter.export(spans.stream().<SpanData>map(Discreet::new).toList());
    }

    @Override
    public CompletableResultCode flush() {
        return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return exporter.shutdown();
    }

    private static Attributes discreet(Attributes attributes) {
        AttributesBuilder kept = attributes.toBuilder();
        kept.removeIf(key -> ADDRESSES.contains(key.getKey()));
        attributes.forEach((key, value) -> {
            if (key.getType() == AttributeType.STRING && !ADDRESSES.contains(key.getKey())) {
                kept.put(AttributeKey.stringKey(key.getKey()), Secrets.mask((String) value));
            }
        });
        return kept.build();
    }

    private static final class Discreet extends DelegatingSpanData {

        Discreet(SpanData span) {
            super(span);
        }

        @Override
        public Attributes getAttributes() {
            return discreet(super.getAttributes());
        }

        @Override
        public List<EventData> getEvents() {
            return super.getEvents().stream()
                    .map(event ->
                            EventData.create(event.getEpochNanos(), event.getName(), discreet(event.getAttributes())))
                    .toList();
        }

        @Override
        public StatusData getStatus() {
            StatusData status = super.getStatus();
            return StatusData.create(status.getStatusCode(), Secrets.mask(status.getDescription()));
        }
    }
}
