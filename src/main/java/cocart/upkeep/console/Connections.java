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
 * connection without a whole request is closed after a time, whatever it sends, and so is one that does not take its
 * answer. When all places are taken, whoever has waited longest without a request gives his to who comes; no other machine
 * gets more than a part of them. When too many bytes of answers lie here, whoever has left his longest gets no more.
 */
final class Connections {

    private static final int MOST = 200;
    private static final int MOST_OF_A_MACHINE = 40;
    private static final int LOOKS = 10;

    /** Bytes of answers that nobody has taken yet; the state of a thousand stores is about one megabyte. */
    private static final long MOST_UNTAKEN = 32L << 20;

    /** Who is sent an answer has so many times as long to take it, as a line may be slow. */
    private static final int TAKERS_TIMES = 10;

    /** Who has never asked anything waits for a shorter time. */
    private static final int NEWCOMERS_PART = 6;

    /**
     * @param request a connection's last request, if one has begun
     * @param since when it began to wait for that, or for the next
     * @param asked true if it has ever sent a request
     * @param answers what it is sent
     */
    private record Waiting(@Nullable HttpServerRequest request, long since, boolean asked, OneAtATime answers) {

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
            OneAtATime answers = new OneAtATime(this::bound);
            if (connection instanceof ConnectionBase base) {
                base.channel().pipeline().addBefore(base.channelHandlerContext().name(), null, answers);
            }
            all.put(connection, new Waiting(null, System.nanoTime(), false, answers));
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

    private void bound() {
        while (all.values().stream().mapToLong(one -> one.answers.untaken()).sum() > MOST_UNTAKEN) {
            all.entrySet().stream()
                    .filter(one -> one.getValue().answers.untaken() > 0)
                    .min(Comparator.comparingLong(one -> one.getValue().answers.since()))
                    .ifPresent(longest -> {
                        all.remove(longest.getKey());
                        cut(longest.getKey());
                    });
        }
    }

    private void look(HttpConnection connection, Waiting waiting) {
        HttpServerRequest request = waiting.request;
        long patience = waiting.asked ? patienceNanos : patienceNanos / NEWCOMERS_PART;
        if (waiting.answers.untaken() > 0) {
            if (System.nanoTime() - waiting.answers.since() > patienceNanos * TAKERS_TIMES) {
                cut(connection);
            }
        } else if (request != null && request.response().ended()) {
            all.replace(connection, waiting, new Waiting(null, System.nanoTime(), true, waiting.answers));
        } else if ((request == null || !request.isEnded()) && System.nanoTime() - waiting.since > patience) {
            cut(connection);
        }
    }

    /** Ends a connection at once; its own close, and its channel's, would wait until all that was answered is taken. */
    static void cut(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            base.channelHandlerContext().close();
        } else {
            connection.close();
        }
    }

    /** A request's headers are there. */
    void begins(HttpServerRequest request) {
        all.computeIfPresent(
                request.connection(), (one, before) -> new Waiting(request, System.nanoTime(), true, before.answers));
    }
}
