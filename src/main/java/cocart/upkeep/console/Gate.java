package cocart.upkeep.console;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What every request passes before it reaches a route, and every answer afterwards. */
public final class Gate {

    private static final String POLICY =
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private static final Set<Integer> REFUSALS = Set.of(400, 401, 403, 411, 421, 429);

    private final Access access;
    private final boolean tls;
    private volatile @Nullable String closed = "Upkeep is just starting; ask again in a second.";

    /** @param tls true if the console is asked for by HTTPS only */
    public Gate(Access access, boolean tls) {
        this.access = access;
        this.tls = tls;
    }

    /** From now on requests are answered; before, the routes are not all there. */
    public void open() {
        closed = null;
    }

    /** From now on requests are told that this run ends, as its routes no longer answer. */
    public void close() {
        closed = "Upkeep is just stopping.";
    }

    /** Stands before all routes of a router, and says what is wrong where none answers. */
    void guard(Router router) {
        router.route().order(Integer.MIN_VALUE).handler(this::pass);
        router.errorHandler(404, context -> answer(context, new Problem(404, "There is nothing at this address.")));
        router.errorHandler(405, context -> {
            boolean reads = Access.isReading(context.request().method().name());
            context.response().putHeader("Allow", reads ? "POST" : "GET, HEAD");
            answer(context, new Problem(405, "This address is only for " + (reads ? "POST." : "GET.")));
        });
        router.errorHandler(
                413,
                context -> answer(
                        context,
                        new Problem(413, "A request may have " + ConsoleServer.LARGEST_BODY + " bytes at most.")));
        router.errorHandler(400, context -> answer(context, new Problem(400, "The request is malformed.")));
        router.errorHandler(500, context -> {
            if (!context.response().closed()) {
                answer(
                        context,
                        context.failure() == null
                                ? new Problem(500, "Something went wrong here.")
                                : Problem.of(context.failure()));
            }
        });
    }

    private void pass(RoutingContext context) {
        headers(context.response());
        HttpServerRequest request = context.request();
        if (request.headers().contains("Transfer-Encoding")) {
            // where such a body ends is what servers and proxies disagree about, and nothing here needs one
            answer(context, new Problem(411, "A request must say its length (Content-Length)."));
            return;
        }
        Optional<Access.Refusal> refusal = access.refuse(new Access.Asked(
                request.method().name(),
                address(request.remoteAddress()),
                address(request.localAddress()),
                Access.byName(request.headers())));
        if (refusal.isPresent()) {
            refusal.get().headers().forEach(context.response()::putHeader);
            answer(context, refusal.get().problem());
            return;
        }
        String why = closed;
        if (why != null) {
            context.response().putHeader("Retry-After", "1");
            answer(context, new Problem(503, why));
            return;
        }
        context.next();
    }

    private static InetAddress address(SocketAddress socket) {
        try {
            return InetAddress.getByName(socket.hostAddress()); // no name, so nobody is asked
        } catch (UnknownHostException e) {
            throw new IllegalStateException("the server gave no address: " + socket, e);
        }
    }

    private void headers(HttpServerResponse response) {
        response.putHeader("Content-Security-Policy", POLICY)
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cross-Origin-Opener-Policy", "same-origin")
                .putHeader("Cross-Origin-Resource-Policy", "same-origin")
                .putHeader("Cache-Control", "no-store");
        if (tls) {
            response.putHeader("Strict-Transport-Security", "max-age=31536000");
        }
    }

    private void answer(RoutingContext context, Problem problem) {
        HttpServerRequest request = context.request();
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return;
        }
        if (response.headWritten()) {
            request.connection().close();
            return;
        }
        headers(response);
        String path = request.path() == null ? "" : request.path();
        response.setStatusCode(problem.status()).putHeader("Content-Type", problem.type(path));
        // the rest is not wanted, nor shall who is refused keep a place that others wait for
        boolean last = !request.isEnded() || REFUSALS.contains(problem.status());
        if (last) {
            response.putHeader("Connection", "close");
        }
        response.end(problem.text(path)).onComplete(sent -> {
            if (last) {
                request.connection().close();
            }
        });
    }

    /** What is no request by the rules of HTTP, or larger than is read, ends its connection. */
    void invalid(HttpServerRequest request) {
        headers(request.response());
        request.response().putHeader("Connection", "close");
        HttpServerRequest.DEFAULT_INVALID_REQUEST_HANDLER.handle(request);
        if (!request.response().ended()) {
            request.connection().close();
        } else {
            request.response().endHandler(sent -> request.connection().close());
        }
    }
}
