package cocart.upkeep.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A bad network between a client and a server on 127.0.0.1: it cuts or stalls connections at an exact byte, refuses new
 * ones, or is slow. Bytes are counted over all its connections together. One fault is armed at a time; a cut is over
 * once it has happened, a stall and a refusal last until {@link #heal}.
 */
public final class CuttingProxy implements AutoCloseable {

    /** Which bytes are counted. */
    public enum Way {
        TO_SERVER,
        TO_CLIENT
    }

    /** How a connection ends: by a FIN, as when a server process exits, or by a RST, as from a firewall. */
    public enum End {
        CLOSED,
        RESET
    }

    private record Fault(Way way, long at, Runnable action) {}

    private record Admitted(int bytes, Runnable then) {}

    private final int target;
    private final ServerSocket entrance = new ServerSocket();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<Socket> frozen = new HashSet<>();
    private final long[] passed = new long[Way.values().length];
    private final AtomicInteger accepted = new AtomicInteger();
    private Fault fault;
    private boolean stalled;
    private boolean refusing;
    private volatile long bytesPerSecond;

    /** Starts it. */
    public CuttingProxy(int target) throws IOException {
        this.target = target;
        entrance.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        start(this::accept, "proxy");
    }

    /** Where clients connect to. */
    public int port() {
        return entrance.getLocalPort();
    }

    /** Bytes that passed since the last {@link #heal}. */
    public synchronized long passed(Way way) {
        return passed[way.ordinal()];
    }

    /** Connections that were asked for, those that were refused too, since the last {@link #heal}. */
    public int accepted() {
        return accepted.get();
    }

    /** Ends all connections when so many bytes more have passed; those that come later are let through. */
    public void cutAfter(Way way, long bytes, End end) {
        cutAfter(way, bytes, end, () -> {});
    }

    /** The same, and does something just before, such as {@link #refuse}. */
    public synchronized void cutAfter(Way way, long bytes, End end, Runnable before) {
        fault = new Fault(way, passed(way) + bytes, () -> {
            before.run();
            cut(end);
        });
    }

    /** Lets nothing pass either way after so many bytes more, and keeps all connections open. */
    public synchronized void stallAfter(Way way, long bytes) {
        fault = new Fault(way, passed(way) + bytes, this::stall);
    }

    private synchronized void stall() {
        stalled = true;
    }

    /** Lets nothing pass on the connections that are open after so many bytes more; those that come later work. */
    public synchronized void freezeAfter(Way way, long bytes) {
        fault = new Fault(way, passed(way) + bytes, this::freeze);
    }

    private synchronized void freeze() {
        frozen.addAll(open);
    }

    /** Closes every new connection at once. */
    public synchronized void refuse() {
        refusing = true;
    }

    /** Lets through no more than this to the client; 0 is no limit. */
    public void pace(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Ends all connections now. */
    public void cut(End end) {
        for (Socket socket : open) {
            close(socket, end);
        }
    }

    /** Faultless again; what was stalled is gone. */
    public synchronized void heal() {
        if (stalled) {
            cut(End.CLOSED);
        }
        frozen.forEach(socket -> close(socket, End.CLOSED));
        frozen.clear();
        fault = null;
        stalled = false;
        refusing = false;
        passed[0] = 0;
        passed[1] = 0;
        accepted.set(0);
        notifyAll();
    }

    @Override
    public void close() throws IOException {
        entrance.close();
        heal();
        cut(End.CLOSED);
    }

    private void accept() {
        while (!entrance.isClosed()) {
            try {
                Socket client = entrance.accept();
                accepted.incrementAndGet();
                synchronized (this) {
                    if (refusing) {
                        close(client, End.CLOSED);
                        continue;
                    }
                }
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                open.add(client);
                open.add(server);
                start(() -> pump(client, server, Way.TO_SERVER), "proxy-up");
                start(() -> pump(server, client, Way.TO_CLIENT), "proxy-down");
            } catch (IOException e) {
                // closed, or there is no server any more: the client sees its connection end
            }
        }
    }

    private void pump(Socket from, Socket to, Way way) {
        byte[] buffer = new byte[8192];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                Admitted admitted = admit(from, way, n);
                out.write(buffer, 0, admitted.bytes());
                if (admitted.then() != null) {
                    admitted.then().run();
                    holdWhileStalled(from);
                    return;
                }
                long pace = bytesPerSecond;
                if (pace > 0 && way == Way.TO_CLIENT) {
                    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(n) / pace);
                }
            }
        } catch (IOException e) {
            // the other side went away, or was cut
        } finally {
            close(from, End.CLOSED);
            close(to, End.CLOSED);
        }
    }

    /** How much of what came may go on, and what happens then; whatever is behind that point is never passed. */
    private synchronized Admitted admit(Socket from, Way way, int length) throws IOException {
        holdWhileStalled(from);
        Fault due = fault != null && fault.way() == way && passed[way.ordinal()] + length >= fault.at() ? fault : null;
        if (due == null) {
            passed[way.ordinal()] += length;
            return new Admitted(length, null);
        }
        fault = null;
        int bytes = (int) (due.at() - passed[way.ordinal()]);
        passed[way.ordinal()] += bytes;
        return new Admitted(bytes, due.action());
    }

    private synchronized void holdWhileStalled(Socket from) throws IOException {
        if (!stalled && !frozen.contains(from)) {
            return;
        }
        while (stalled || frozen.contains(from)) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        throw new IOException("it stood still and is cut now");
    }

    private void close(Socket socket, End end) {
        try {
            open.remove(socket);
            if (end == End.RESET) {
                socket.setSoLinger(true, 0);
            }
            socket.close();
        } catch (IOException e) {
            // it is gone already
        }
    }

    private static void start(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }
}
