package cocart.upkeep.console;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what clients can hold. The server's own idle timeout does not see one that sends a byte now and then, so a
 * connection without a whole request is closed after a time, whatever it sends.
 */
final class Connections {

    private static final int MOST = 200;
    private static final int LOOKS = 10;

    /** A connection's last request, if one has begun, and when it began to wait for that, or for the next. */
    private record Waiting(@Nullable HttpServerRequest request, long since) {}

    private final Map<HttpConnection, Waiting> all = new ConcurrentHashMap<>();
    private final long patienceNanos;

    /** @param patience how long a request, or the wait for the next, may take to arrive */
    Connections(Duration patience) {
        patienceNanos = patience.toNanos();
    }

    /** Looks after the connections of a server that has not begun to listen. */
    void watch(Vertx vertx, HttpServer server) {
        server.connectionHandler(connection -> {
            if (all.size() >= MOST) {
                connection.close();
                return;
            }
            all.put(connection, new Waiting(null, System.nanoTime()));
            connection.closeHandler(closed -> all.remove(connection));
        });
        vertx.setPeriodic(Math.max(1, patienceNanos / 1_000_000 / LOOKS), timer -> all.forEach(this::look));
    }

    private void look(HttpConnection connection, Waiting waiting) {
        HttpServerRequest request = waiting.request;
        if (request != null && request.response().ended()) {
            all.replace(connection, waiting, new Waiting(null, System.nanoTime()));
        } else if ((request == null || !request.isEnded()) && System.nanoTime() - waiting.since > patienceNanos) {
            connection.close();
        }
    }

    /** A request's headers are there. */
    void begins(HttpServerRequest request) {
        all.replace(request.connection(), new Waiting(request, System.nanoTime()));
    }
}
