package cocart.upkeep.observe;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.store.Secrets;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** What spans tell a collector, and what they do not. */
class TracingTest {

    @Test
    void addressesAndPasswordsStayHere() throws Exception {
        StringBuffer received = new StringBuffer();
        HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/", exchange -> {
            received.append(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        collector.start();
        Secrets.hide("hunter2-hunter2");
        try (Tracing tracing =
                new Tracing("http://127.0.0.1:" + collector.getAddress().getPort(), "one")) {
            Span span = tracing.tracer()
                    .spanBuilder("notify-webhook")
                    .setAttribute("http.url", "https://hooks.example/services/TSECRET?key=QSECRET")
                    .setAttribute("server.address", "jdbc:h2:file:./data;PASSWORD=DSECRET")
                    .setAttribute("note", "login with hunter2-hunter2 failed")
                    .startSpan();
            span.recordException(new IllegalStateException("hunter2-hunter2 is wrong"));
            span.setStatus(StatusCode.ERROR, "with hunter2-hunter2");
            span.end();
        } finally {
            collector.stop(0);
        }
        assertThat(received)
                .contains("notify-webhook", "login with xxxxxx failed", "xxxxxx is wrong", "with xxxxxx")
                .doesNotContain("SECRET", "hunter2");
    }
}
