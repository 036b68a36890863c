package cocart.upkeep.console;

import cocart.upkeep.store.Faults;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpServer;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpServerConfiguration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server behind all {@code platform-http:} routes. It is Camel's, but for this: every request passes the
 * {@link Gate} first, whatever path it asks for; clients may be slow, large or many only within bounds; and a port that is
 * taken ends the start.
 */
public final class ConsoleServer extends VertxPlatformHttpServer {

    /** Nothing that is asked here is longer. */
    static final int LARGEST_BODY = 16 << 10;

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");
    private static final int LARGEST_HEADERS = 8 << 10;
    private static final int LONGEST_PATH = 4 << 10;

    /** Whoever waits for a request, or does not take an answer, is cut off sooner; see {@link Connections}. */
    private static final int IDLE_SECONDS = 300;

    /** What the system buffers for a client; by itself it would buffer megabytes for each that takes nothing. */
    private static final int SEND_BUFFER = 128 << 10;

    private final ConsoleSettings settings;
    private final Gate gate;
    private final boolean listens;
    private final Connections connections;
    private volatile @Nullable HttpServer server;
    private volatile String certificate = "";

    /**
     * @param listens false if the routes are only to be looked at, without a port
     */
    public ConsoleServer(ConsoleSettings settings, Gate gate, boolean listens) {
        this(settings, gate, listens, Duration.ofSeconds(30));
    }

    /** @param patience how long a request, or the wait for the next, may take to arrive */
    ConsoleServer(ConsoleSettings settings, Gate gate, boolean listens, Duration patience) {
        super(configuration(settings, listens));
        this.connections = new Connections(patience);
        this.settings = settings;
        this.gate = gate;
        this.listens = listens;
    }

    private static VertxPlatformHttpServerConfiguration configuration(ConsoleSettings settings, boolean listens) {
        VertxPlatformHttpServerConfiguration configuration = new VertxPlatformHttpServerConfiguration();
        configuration.setBindHost(settings.address());
        // the routes find a server that does not listen by port 0 only
        configuration.setBindPort(listens ? settings.port() : 0);
        configuration.setMaxBodySize((long) LARGEST_BODY);
        configuration.getBodyHandler().setHandleFileUploads(false);
        configuration.getBodyHandler().setMergeFormAttributes(false);
        configuration.getBodyHandler().setPreallocateBodyBuffer(false);
        return configuration;
    }

    @Override
    protected Vertx createVertxInstance() {
        VertxOptions options = new VertxOptions()
                .setEventLoopPoolSize(2)
                .setWorkerPoolSize(8)
                .setInternalBlockingPoolSize(2)
                // its watchman would print stack traces when the machine sleeps
                .setBlockedThreadCheckInterval(TimeUnit.DAYS.toMillis(1))
                .setBlockedThreadCheckIntervalUnit(TimeUnit.MILLISECONDS);
        options.getFileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false);
        return Vertx.vertx(options);
    }

    @Override
    protected void startServer() {
        VertxPlatformHttpRouter router = VertxPlatformHttpRouter.lookup(
                getCamelContext(), VertxPlatformHttpRouter.getRouterNameFromPort(listens ? settings.port() : 0));
        gate.guard(router);
        if (!listens) {
            return;
        }
        HttpServerOptions options = new HttpServerOptions()
                .setIdleTimeout(IDLE_SECONDS)
                .setSendBufferSize(SEND_BUFFER)
                .setMaxHeaderSize(LARGEST_HEADERS)
                .setMaxInitialLineLength(LONGEST_PATH)
                .setHttp2ClearTextEnabled(false);
        if (settings.certificate() != null && settings.key() != null) {
            options.setSsl(true).setKeyCertOptions(pair(settings.certificate(), settings.key()));
        }
        HttpServer starting = getVertx().createHttpServer(options).requestHandler(request -> {
            connections.begins(request);
            router.handle(request);
        });
        starting.invalidRequestHandler(gate::invalid);
        connections.watch(getVertx(), starting);
        try {
            starting.listen(settings.port(), settings.address())
                    .toCompletionStage()
                    .toCompletableFuture()
                    .join();
        } catch (CompletionException e) {
            throw new ConsoleException(500, sentence(e.getCause()));
        }
        server = starting;
        if (!settings.isTls() && !isLoopback()) {
            LOG.warn(
                    "The console listens at {}:{} without TLS: the token can be read on the way. Set"
                            + " upkeep.console.tls.certificate and .key.",
                    settings.address(),
                    getPort());
        }
    }

    /** Read once, so that the certificate it is known by is the one it shows, although the file may be renewed. */
    private PemKeyCertOptions pair(Path chain, Path key) {
        try {
            byte[] pem = Files.readAllBytes(chain);
            X509Certificate own = TlsPair.own(pem);
            certificate = own == null ? "" : OneCertificate.sha256(own);
            return new PemKeyCertOptions()
                    .setCertValue(Buffer.buffer(pem))
                    .setKeyValue(Buffer.buffer(Files.readAllBytes(key)));
        } catch (IOException e) {
            throw new ConsoleException(
                    500,
                    "The console cannot use upkeep.console.tls.certificate with upkeep.console.tls.key: "
                            + e.getMessage() + " (" + Faults.words(e) + ")");
        }
    }

    /** SHA-256 of the certificate that it shows, in hex; empty for HTTP. */
    public String certificate() {
        return certificate;
    }

    private boolean isLoopback() {
        try {
            return InetAddress.getByName(settings.address()).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /**
     * Tries whether it could listen now.
     *
     * @throws ConsoleException if not; the message says why and what to do
     */
    public void check() {
        try (ServerSocket trial = new ServerSocket()) {
            trial.setReuseAddress(true);
            trial.bind(new InetSocketAddress(settings.address(), settings.port()));
        } catch (IOException e) {
            throw new ConsoleException(500, sentence(e));
        }
    }

    private String sentence(Throwable error) {
        String where = settings.address() + ":" + settings.port();
        if (error instanceof BindException && String.valueOf(error.getMessage()).contains("in use")) {
            return "The console cannot listen at " + where + ", because another program does, perhaps another run; set"
                    + " upkeep.console.port to a free port, or upkeep.console.enabled = false";
        }
        if (error instanceof SocketException
                || error instanceof UnknownHostException
                || error instanceof UnresolvedAddressException) {
            return "The console cannot listen at " + where + " (" + error.getMessage()
                    + "); set upkeep.console.address to an address of this machine and upkeep.console.port to a port"
                    + " that user " + System.getProperty("user.name") + " may use";
        }
        if (settings.isTls() && !(error instanceof IOException)) {
            return "The console cannot use upkeep.console.tls.certificate with upkeep.console.tls.key ("
                    + error.getMessage() + "); both must be PEM files that belong together, the key unencrypted PKCS 8";
        }
        return "The console cannot listen at " + where + ": " + error.getMessage();
    }

    @Override
    public @Nullable HttpServer getServer() {
        return server;
    }

    /** The port that it listens at. */
    @Override
    public int getPort() {
        HttpServer running = server;
        return running == null ? settings.port() : running.actualPort();
    }

    /** Where a browser on this machine finds it. */
    public URI uri() {
        String host = settings.address();
        if (host.equals("0.0.0.0") || host.equals("::")) {
            host = "127.0.0.1";
        }
        return URI.create(
                settings.scheme() + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + getPort() + "/");
    }

    @Override
    protected void stopServer() {
        HttpServer running = server;
        server = null;
        if (running != null) {
            running.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    @Override
    protected void stopVertx() {
        if (getVertx() != null) {
            getVertx().close().toCompletionStage().toCompletableFuture().join();
        }
    }
}
