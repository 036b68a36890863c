package cocart.upkeep.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * A TCP proxy on 127.0.0.1 that delivers each byte half a round trip after it came, in each direction, and limits
 * nothing else: what comes is read at once, stamped and queued without a bound, so bandwidth stays that of the machine
 * and only waiting for answers costs time. Connecting itself is not delayed.
 */
final class DelayProxy implements AutoCloseable {

    private static final int CHUNK = 1 << 18;

    private final ServerSocket listener;
    private final InetSocketAddress server;
    private final long delayNanos;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    /**
     * Listens on a free port.
     *
     * @param serverPort where the server listens on 127.0.0.1
     * @param roundTrip not negative
     */
    DelayProxy(int serverPort, Duration roundTrip) throws IOException {
        server = new InetSocketAddress(InetAddress.getLoopbackAddress(), serverPort);
        delayNanos = roundTrip.toNanos() / 2;
        listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        start("accept", this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                open.add(client);
                Socket onward = new Socket();
                open.add(onward);
                try {
                    onward.connect(server);
                    client.setTcpNoDelay(true);
                    onward.setTcpNoDelay(true);
                    pump(client, onward);
                    pump(onward, client);
                } catch (IOException e) {
                    end(client, onward);
                }
            } catch (IOException e) {
                // closed, or a connection that was given up before it was accepted
            }
        }
    }

    /** Bytes with the time from which they may be delivered; none at all for the end of the stream. */
    private record Parcel(long due, byte[] bytes) {}

    private void pump(Socket from, Socket to) {
        BlockingQueue<Parcel> underway = new LinkedBlockingQueue<>();
        start("read", () -> {
            byte[] buffer = new byte[CHUNK];
            try {
                int n;
                do {
                    n = from.getInputStream().read(buffer);
                    underway.add(new Parcel(System.nanoTime() + delayNanos, Arrays.copyOf(buffer, Math.max(n, 0))));
                } while (n >= 0);
            } catch (IOException e) {
                underway.add(new Parcel(System.nanoTime() + delayNanos, new byte[0]));
            }
        });
        start("write", () -> {
            try {
                for (Parcel parcel = underway.take(); parcel.bytes.length > 0; parcel = underway.take()) {
                    await(parcel.due);
                    to.getOutputStream().write(parcel.bytes);
                }
                to.shutdownOutput();
                if (from.isOutputShutdown()) {
                    end(from, to);
                }
            } catch (IOException | InterruptedException e) {
                end(from, to);
            }
        });
    }

    private static void await(long due) {
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private void end(Socket... sockets) {
        for (Socket socket : sockets) {
            open.remove(socket);
            try {
                socket.close();
            } catch (IOException e) {
                // it is of no use any more
            }
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, "proxy-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Stops listening and breaks all connections. */
    @Override
    public void close() throws IOException {
        listener.close();
        end(open.toArray(Socket[]::new));
    }
}
