package cocart.upkeep.console;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what clients can hold. The server's own idle timeout does not see one that sends a byte now and then, so a
 * connection without a whole request is closed after a time, whatever it sends. When all places are taken, whoever has
 * waited longest without a request gives his to who comes; no other machine gets more than a part of them.
 */
final class Connections {

    private static final int MOST = 200;
    private static final int MOST_OF_A_MACHINE = 40;
    private static final int LOOKS = 10;

    /** Who has never asked anything waits for a shorter time. */
    private static final int NEWCOMERS_PART = 6;

    /**
     * @param request a connection's last request, if one has begun
     * @param since when it began to wait for that, or for the next
     * @param asked true if it has ever sent a request
     */
    private record Waiting(@Nullable HttpServerRequest request, long since, boolean asked) {

        boolean isIdle() {
            return request == null || request.response().ended();
        }
    }

    private final Map<HttpConnection, Waiting> all = new ConcurrentHashMap<>();
    private final long patienceNanos;

    /** @param patience how long a request, or the wait for the next, may take to arrive */
    Connections(Duration patience) {
        patienceNanos = patience.toNanos();
    }

    /** Looks after the connections of a server that has not begun to listen. */
    void watch(Vertx vertx, HttpServer server) {
        server.connectionHandler(connection -> {
            if (isTooMuchOf(connection) || (all.size() >= MOST && !makesPlace())) {
                cut(connection);
                return;
            }
            all.put(connection, new Waiting(null, System.nanoTime(), false));
            connection.closeHandler(closed -> all.remove(connection));
        });
        vertx.setPeriodic(Math.max(1, patienceNanos / 1_000_000 / LOOKS), timer -> all.forEach(this::look));
    }

    private boolean isTooMuchOf(HttpConnection connection) {
        String machine = connection.remoteAddress().hostAddress();
        try {
            if (InetAddress.getByName(machine).isLoopbackAddress()) {
                return false;
            }
        } catch (UnknownHostException e) {
            return true;
        }
        return all.keySet().stream()
                        .filter(other -> machine.equals(other.remoteAddress().hostAddress()))
                        .count()
                >= MOST_OF_A_MACHINE;
    }

    /** False if everybody is being answered. */
    private boolean makesPlace() {
        return all.entrySet().stream()
                .filter(one -> one.getValue().isIdle())
                .min(Comparator.comparingLong(one -> one.getValue().since()))
                .map(longest -> {
                    all.remove(longest.getKey());
                    cut(longest.getKey());
                    return true;
                })
                .orElse(false);
    }

    private void look(HttpConnection connection, Waiting waiting) {
        HttpServerRequest request = waiting.request;
        long patience = waiting.asked ? patienceNanos : patienceNanos / NEWCOMERS_PART;
        if (request != null && request.response().ended()) {
            all.replace(connection, waiting, new Waiting(null, System.nanoTime(), true));
        } else if ((request == null || !request.isEnded()) && System.nanoTime() - waiting.since > patience) {
            cut(connection);
        }
    }

    /** Ends a connection at once; its own close would wait until all that was answered is taken. */
    static void cut(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            base.channel().close();
        } else {
            connection.close();
        }
    }

    /** A request's headers are there. */
    void begins(HttpServerRequest request) {
        all.replace(request.connection(), new Waiting(request, System.nanoTime(), true));
    }
}
