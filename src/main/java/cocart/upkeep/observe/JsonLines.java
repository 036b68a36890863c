package cocart.upkeep.observe;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import cocart.upkeep.store.Secrets;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import net.logstash.logback.decorate.JsonFactoryDecorator;
import net.logstash.logback.encoder.LogstashEncoder;
import net.logstash.logback.fieldnames.LogstashFieldNames;
import net.logstash.logback.stacktrace.ShortenedThrowableConverter;
import org.slf4j.LoggerFactory;

/**
 * Log events as JSON, one object a line, in ASCII: timestamp (UTC), level, logger, thread, message, store, job and route
 * where there are any, instance, and stack_trace of an exception.
 */
public final class JsonLines extends LogstashEncoder {

    private static final int MOST_FRAMES = 20;
    private static final int LONGEST_TRACE = 16_384;

    JsonLines(String instance) {
        LogstashFieldNames names = new LogstashFieldNames();
        names.setTimestamp("timestamp");
        names.setLogger("logger");
        names.setThread("thread");
        names.setVersion("[ignore]");
        names.setLevelValue("[ignore]");
        setFieldNames(names);
        setTimeZone("UTC");
        setIncludeContext(false);
        setIncludeTags(false);
        setIncludeMdcKeyNames(List.of("store", "job", "route"));
        setCustomFields(
                JsonNodeFactory.instance.objectNode().put("instance", instance).toString());
        ShortenedThrowableConverter trace = new ShortenedThrowableConverter();
        trace.setMaxDepthPerThrowable(MOST_FRAMES);
        trace.setMaxLength(LONGEST_TRACE);
        setThrowableConverter(trace);
        setJsonFactoryDecorator(new JsonFactoryDecorator() {
            @Override
            public JsonFactory decorate(JsonFactory factory) {
                return factory.enable(JsonGenerator.Feature.ESCAPE_NON_ASCII);
            }
        });
    }

    /**
     * Has all lines that follow written so.
     *
     * @param instance names this process in each line
     */
    public static void use(String instance) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        Iterator<Appender<ILoggingEvent>> appenders =
                context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
        while (appenders.hasNext()) {
            if (appenders.next() instanceof OutputStreamAppender<ILoggingEvent> appender) {
                JsonLines json = new JsonLines(instance);
                json.setContext(context);
                json.start();
                appender.setEncoder(json);
            }
        }
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        String line = new String(super.encode(event), StandardCharsets.UTF_8);
        return Secrets.mask(line).getBytes(StandardCharsets.UTF_8);
    }
}
