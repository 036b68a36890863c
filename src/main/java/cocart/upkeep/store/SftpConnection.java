package cocart.upkeep.store;

import com.jcraft.jsch.ChannelSubsystem;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.Session;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.camel.component.file.remote.SftpConfiguration;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * The SFTP subsystem over an SSH session that camel-ftp's endpoint configures, so that every option of an
 * {@code sftp:} URI works. Requests are only sent and answers only received; who matches them decides how many are in
 * flight.
 */
final class SftpConnection implements AutoCloseable {

    /** Longest packet that is accepted, in bytes. */
    private static final int LONGEST = 4 << 20;

    /** Bytes of answers that may wait to be read; a server that sends more was never asked for them. */
    static final long MOST_WAITING = Math.min(256L << 20, Runtime.getRuntime().maxMemory() / 4);

    /** Most characters of a server's greeting that are shown. */
    private static final int MOST_WORDS = 80;

    /** About what an answer takes of memory beside its bytes. */
    private static final int ANSWER = 128;

    /** What came: a packet, or null when the connection has ended. */
    record Arrival(SftpConnection from, @Nullable SftpPacket packet) {}

    /** Ends connections whose server takes no more requests: JSch would wait for it for ever. */
    private static final ScheduledThreadPoolExecutor WATCH = new ScheduledThreadPoolExecutor(1, work -> {
        Thread thread = new Thread(LogContext.carry(work), "sftp-watch");
        thread.setDaemon(true);
        return thread;
    });

    static {
        WATCH.setRemoveOnCancelPolicy(true);
    }

    private final String store;
    private final int idleMillis;
    private final Session session;
    private final ChannelSubsystem channel;
    private final OutputStream out;
    private final ByteArrayOutputStream requests = new ByteArrayOutputStream(1 << 16);
    private final BlockingQueue<Arrival> own = new LinkedBlockingQueue<>();
    private final Object delivery = new Object();
    private BlockingQueue<Arrival> inbox = own;
    private long waiting;
    private boolean ended;
    private volatile long heard;
    private volatile boolean flushing;
    private final AtomicBoolean watched = new AtomicBoolean();
    private volatile @Nullable ScheduledFuture<?> watch;

    /** What came in the place of the first packet, as it may be shown. */
    private volatile @Nullable String greeting;

    private Set<String> extensions = Set.of();
    private int nextId = 1;
    private long roundTripNanos = Long.MAX_VALUE;

    /**
     * @param idleMillis longest silence while an answer is awaited
     * @throws StoreException if the server cannot be reached or entered
     */
    SftpConnection(String store, SftpEndpoint endpoint, int idleMillis) {
        this.store = store;
        this.idleMillis = idleMillis;
        SftpConfiguration config = endpoint.getConfiguration();
        session = SshSessions.open(store, endpoint);
        try {
            channel = (ChannelSubsystem) session.openChannel("subsystem");
            channel.setSubsystem("sftp");
            channel.setOutputStream(new Frames());
            out = channel.getOutputStream();
            channel.connect(config.getConnectTimeout());
            byte[] init = new SftpPacket.Builder().number(5).build();
            out.write(init);
            out.write(SftpPacket.INIT);
            out.write(new SftpPacket.Builder().number(3).build());
            out.flush();
        } catch (JSchException | IOException e) {
            session.disconnect();
            throw SshSessions.explained(store, config, session, e);
        }
        try {
            SftpPacket version = first();
            if (version.type() != SftpPacket.VERSION) {
                throw new StoreException("store " + store + ": the server does not speak SFTP", null, true);
            }
            extensions = version.body().extensions();
        } catch (BufferUnderflowException e) {
            // a pair that is cut short: then it offers nothing
        } catch (StoreException e) {
            close();
            throw e;
        }
    }

    /** The answer to what opens the protocol. */
    private SftpPacket first() {
        try {
            return receive();
        } catch (StoreException e) {
            String words = greeting;
            if (words == null) {
                throw e;
            }
            throw new StoreException(
                    "store " + store + ": the server does not speak SFTP but says '" + words
                            + "'; what the login's start files print there (~/.bashrc) must be printed on terminals only",
                    e,
                    true);
        }
    }

    /** True if the server offers an extension of the protocol. */
    boolean offers(String extension) {
        return extensions.contains(extension);
    }

    /** Queues a request; it leaves with the next {@link #flush}. Returns its id. */
    int send(int type, SftpPacket.Builder body) {
        byte[] bytes = body.build();
        int id = nextId++;
        requests.writeBytes(new SftpPacket.Builder().number(5 + bytes.length).build());
        requests.write(type);
        requests.writeBytes(new SftpPacket.Builder().number(id).build());
        requests.writeBytes(bytes);
        return id;
    }

    /** Sends what is queued; given up when the server has neither taken nor sent anything for too long. */
    void flush() {
        if (requests.size() == 0) {
            return;
        }
        heard = System.nanoTime();
        flushing = true;
        if (watched.compareAndSet(false, true)) {
            watch(idleMillis);
        }
        try {
            requests.writeTo(out);
            out.flush();
            requests.reset();
        } catch (IOException e) {
            throw lost(e);
        } finally {
            flushing = false;
        }
    }

    /** Looks again after a while whether what is sent is taken; most is at once, so not each time is watched anew. */
    private void watch(long millis) {
        watch = WATCH.schedule(
                () -> {
                    long silent = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - heard);
                    if (!flushing) {
                        watched.set(false);
                        if (flushing && watched.compareAndSet(false, true)) {
                            watch(idleMillis);
                        }
                    } else if (silent >= idleMillis) {
                        session.disconnect();
                    } else {
                        watch(idleMillis - silent);
                    }
                },
                millis,
                TimeUnit.MILLISECONDS);
    }

    /** From now on what arrives goes into a queue that several connections share; null: into this one's own again. */
    void deliverTo(@Nullable BlockingQueue<Arrival> shared) {
        synchronized (delivery) {
            inbox = shared == null ? own : shared;
            if (shared != null) {
                own.drainTo(shared);
            } else if (ended) {
                own.add(new Arrival(this, null));
            }
        }
    }

    /** A packet was taken from the queue that it was delivered to. */
    void taken(SftpPacket packet) {
        synchronized (delivery) {
            waiting -= packet.size() + ANSWER;
        }
    }

    private void deliver(@Nullable SftpPacket packet) {
        heard = System.nanoTime();
        synchronized (delivery) {
            if (!ended) {
                ended = packet == null;
                waiting += packet == null ? 0 : packet.size() + ANSWER;
                inbox.add(new Arrival(this, packet));
            }
        }
    }

    /** The next answer, whatever it answers. */
    SftpPacket receive() {
        try {
            Arrival arrival = own.poll(idleMillis, TimeUnit.MILLISECONDS);
            if (arrival == null) {
                throw silent();
            }
            if (arrival.packet() == null) {
                own.add(arrival);
                throw lost(null);
            }
            taken(arrival.packet());
            return arrival.packet();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("store " + store + ": interrupted while reading files", e);
        }
    }

    /** The shortest that an answer was waited for, with nothing else in flight. */
    Duration roundTrip() {
        return Duration.ofNanos(roundTripNanos);
    }

    /** Sends one request and waits for its answer; nothing else may be in flight. */
    SftpPacket ask(int type, SftpPacket.Builder body) {
        long asked = System.nanoTime();
        int id = send(type, body);
        flush();
        SftpPacket answer = receive();
        roundTripNanos = Math.min(roundTripNanos, System.nanoTime() - asked);
        if (answer.id() != id) {
            throw new StoreException(
                    "store " + store + ": the SFTP server answered something that was not asked", null);
        }
        return answer.body();
    }

    StoreException lost(@Nullable Exception e) {
        return new StoreException(
                "store " + store + ": the connection to the SFTP server was lost; it is tried again", e);
    }

    StoreException silent() {
        return new StoreException(
                "store " + store + ": the SFTP server has not answered for " + Math.max(1, idleMillis / 1000)
                        + " s; it is tried again",
                null);
    }

    @Override
    public void close() {
        channel.disconnect();
        session.disconnect();
        ScheduledFuture<?> last = watch;
        if (last != null) {
            last.cancel(false);
        }
    }

    /** Cuts what arrives into packets; called on the session's thread, so it only queues. */
    private final class Frames extends OutputStream {

        private final ByteBuffer length = ByteBuffer.allocate(Integer.BYTES);
        private byte[] packet = {};
        private int missing;
        private boolean begun;

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int count) {
            ByteBuffer arrived = ByteBuffer.wrap(bytes, offset, count);
            while (arrived.hasRemaining()) {
                if (missing == 0 && !begin(arrived)) {
                    return;
                }
                int part = Math.min(missing, arrived.remaining());
                arrived.get(packet, packet.length - missing, part);
                missing -= part;
                if (missing == 0 && packet.length > 0) {
                    deliver(SftpPacket.of(packet));
                    packet = new byte[0];
                }
            }
        }

        /** Begins a packet when its length is here; false if what comes is of no use. */
        private boolean begin(ByteBuffer arrived) {
            while (length.hasRemaining()) {
                if (!arrived.hasRemaining()) {
                    return true;
                }
                length.put(arrived.get());
            }
            int size = length.getInt(0);
            if (size < 5 || size > LONGEST || isFlooded()) {
                if (!begun && greeting == null) {
                    greeting = greeting(arrived);
                }
                deliver(null);
                return false;
            }
            begun = true;
            length.clear();
            packet = new byte[size];
            missing = size;
            return true;
        }

        /** What a server says that begins with words. */
        private String greeting(ByteBuffer arrived) {
            byte[] words = new byte[length.capacity() + arrived.remaining()];
            length.get(0, words, 0, length.capacity());
            arrived.get(words, length.capacity(), arrived.remaining());
            return PlainText.brief(new String(words, StandardCharsets.UTF_8).strip(), MOST_WORDS);
        }

        private boolean isFlooded() {
            synchronized (delivery) {
                return waiting > MOST_WAITING;
            }
        }

        @Override
        public void close() {
            deliver(null);
        }
    }
}
