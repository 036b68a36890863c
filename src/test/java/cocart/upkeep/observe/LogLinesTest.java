package cocart.upkeep.observe;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import cocart.upkeep.store.LogContext;
import cocart.upkeep.store.Secrets;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What a line of the log is, and what it says of where it comes from. */
class LogLinesTest {

    private static final String FORGED =
            "a file\r\n2026-01-01 00:00:00 ERROR [acme] \u001b[31mforged\u2028\u0085\u202e";

    @Test
    void nothingThatIsLoggedMakesASecondLineOrMovesTheCursor() {
        String line =
                line(encoder(), event(FORGED, new IllegalStateException("no\nway", new Exception("root\ncause"))));
        assertThat(line.strip().lines()).hasSize(1);
        assertThat(line.strip()).matches("[^\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cf}]+");
        assertThat(line)
                .contains("a file 2026-01-01", "java.lang.IllegalStateException: no way at ", "caused by")
                .contains("root cause");
    }

    @Test
    void asJsonEachEventIsOneLineOfAsciiThatSaysAllOfIt() throws Exception {
        Map<String, String> before = MDC.getCopyOfContextMap();
        MDC.setContextMap(Map.of("store", "acme", "job", "detect", "route", "look", "other", "x"));
        try {
            String line = line(json(), event(FORGED, new IllegalStateException("no\nway")));
            assertThat(line.strip()).matches("[ -~]+");
            JsonNode event = new ObjectMapper().readTree(line);
            assertThat(event.get("message").asText()).isEqualTo(FORGED);
            assertThat(event.get("level").asText()).isEqualTo("WARN");
            assertThat(event.get("logger").asText()).isEqualTo("upkeep");
            assertThat(event.get("store").asText()).isEqualTo("acme");
            assertThat(event.get("job").asText()).isEqualTo("detect");
            assertThat(event.get("route").asText()).isEqualTo("look");
            assertThat(event.get("instance").asText()).isEqualTo("me");
            assertThat(event.get("timestamp").asText()).endsWith("Z");
            assertThat(event.get("stack_trace").asText()).contains("IllegalStateException");
            assertThat(event.has("other")).isFalse();
        } finally {
            MDC.setContextMap(before == null ? Map.of() : before);
        }
    }

    @Test
    void aSecretThatALibraryLogsIsMaskedInEveryForm() {
        Secrets.hide("t\"op\\sécret&1");
        Secrets.hideIn("sftp:u@h/x?password=RAW(r4w&p4ss)&privateKeyPassphrase=phr4se1&timeout=5");
        Secrets.hideIn("redis://:r3dis-pw@h:1/0");
        String said = "with t\"op\\sécret&1 and t%22op%5Cs%C3%A9cret%261, r4w&p4ss, phr4se1, r3dis-pw, timeout=5";
        Exception error = new Exception("t\"op\\sécret&1");
        for (Encoder<ILoggingEvent> encoder : java.util.List.of(encoder(), json())) {
            assertThat(line(encoder, event(said, error)))
                    .contains("with xxxxxx", "timeout=5")
                    .doesNotContain("op\\\\s", "op\\s", "cret&1", "cret%26", "r4w", "phr4", "r3dis");
        }
    }

    @Test
    void everyStepSaysStoreJobAndRouteOnWhateverThread() throws Exception {
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        CountDownLatch all = new CountDownLatch(8);
        try (DefaultCamelContext camel = new DefaultCamelContext()) {
            camel.getCamelContextExtension().addInterceptStrategy(new RouteContext());
            camel.addRoutes(new RouteBuilder() {
                @Override
                public void configure() {
                    onException(Exception.class).handled(true).process(e -> note("failed"));
                    from("direct:tick")
                            .routeId("tick")
                            .split(body().tokenize(","))
                            .parallelProcessing()
                            .setHeader("store", body())
                            .to("direct:job")
                            .to("seda:more?waitForTaskToComplete=Never");
                    from("direct:job")
                            .routeId("job")
                            .setHeader("job", constant("detect"))
                            .process(e -> {
                                try (LogContext.Scope other = LogContext.of("other")) {
                                    note("other");
                                }
                                note("in");
                                Thread thread = new Thread(LogContext.carry(() -> note("thread")));
                                thread.start();
                                thread.join();
                            })
                            .choice()
                            .when(header("store").isEqualTo("b"))
                            .throwException(new IllegalStateException("b is away"));
                    from("seda:more").routeId("more").process(e -> note("more"));
                }

                private void note(String where) {
                    seen.add(where + ":" + MDC.get("store") + ":" + MDC.get("job") + ":" + MDC.get("route"));
                    all.countDown();
                }
            });
            camel.start();
            MDC.put("store", "before");
            try {
                camel.createProducerTemplate().sendBody("direct:tick", "a,b");
                assertThat(MDC.get("store")).isEqualTo("before");
                assertThat(MDC.get("route")).isNull();
            } finally {
                MDC.remove("store");
            }
            assertThat(all.await(60, TimeUnit.SECONDS)).as(seen.toString()).isTrue();
        }
        assertThat(seen)
                .contains("other:other:detect:job", "in:a:detect:job", "in:b:detect:job", "thread:a:detect:job")
                .contains("failed:b:detect:job", "more:a:detect:more");
    }

    private static LoggerContext context() {
        return (LoggerContext) LoggerFactory.getILoggerFactory();
    }

    private static LoggingEvent event(String message, Throwable error) {
        Logger logger = context().getLogger("upkeep");
        return new LoggingEvent(Logger.class.getName(), logger, Level.WARN, "{}", error, new Object[] {message});
    }

    private static String line(Encoder<ILoggingEvent> encoder, LoggingEvent event) {
        return new String(encoder.encode(event), StandardCharsets.UTF_8);
    }

    /** As logback.xml has it. */
    private static Encoder<ILoggingEvent> encoder() {
        PatternLayoutEncoder shipped = (PatternLayoutEncoder) ((ConsoleAppender<ILoggingEvent>)
                        context().getLogger(Logger.ROOT_LOGGER_NAME).getAppender("stderr"))
                .getEncoder();
        return shipped;
    }

    private static Encoder<ILoggingEvent> json() {
        JsonLines json = new JsonLines("me");
        json.setContext(context());
        json.start();
        return json;
    }
}
