package cocart.upkeep.store;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.apache.sshd.server.subsystem.SubsystemFactory;

/** One SFTP session whose answers a test writes: packets come in one by one, what goes out is up to it. */
abstract class SftpScript implements Command {

    private static final int MOST_HELD = 64;

    private final List<byte[]> held = new ArrayList<>();
    private InputStream in;
    private OutputStream out;
    private ExitCallback exit;

    /** Batches of answers that have left: each is a round trip for who waits for it. */
    final AtomicInteger batches = new AtomicInteger();

    /** How long a batch of answers takes; more requests arrive meanwhile, as over a long line. */
    int millis;

    /** If set, answers leave in random order. */
    Random shuffle;

    /** Makes a session of its own for each channel. */
    static SubsystemFactory factory(Supplier<SftpScript> scripts) {
        return new SubsystemFactory() {
            @Override
            public String getName() {
                return "sftp";
            }

            @Override
            public Command createSubsystem(ChannelSession channel) {
                return scripts.get();
            }
        };
    }

    /** Answers a request, or does not; an IOException hangs up. The packet is read up to behind its id. */
    abstract void answer(int type, int id, SftpPacket packet) throws IOException;

    /** Answers what opens the protocol. */
    void begin() throws IOException {
        send(SftpPacket.VERSION, new SftpPacket.Builder().number(3));
    }

    final SftpPacket.Builder reply(int id) {
        return new SftpPacket.Builder().number(id);
    }

    final void status(int id, int code) throws IOException {
        send(SftpPacket.STATUS, reply(id).number(code).bytes(new byte[0]).bytes(new byte[0]));
    }

    /** Every path is its own. */
    final void realpath(int id, SftpPacket packet) throws IOException {
        send(
                SftpPacket.NAME,
                reply(id).number(1).bytes(packet.bytes()).bytes(new byte[0]).number(0));
    }

    final void send(int type, SftpPacket.Builder body) throws IOException {
        byte[] bytes = body.build();
        byte[] packet = new byte[5 + bytes.length];
        System.arraycopy(new SftpPacket.Builder().number(1 + bytes.length).build(), 0, packet, 0, 4);
        packet[4] = (byte) type;
        System.arraycopy(bytes, 0, packet, 5, bytes.length);
        held.add(packet);
    }

    /** Sends bytes that need not be a packet. */
    final void raw(byte[] bytes) {
        held.add(bytes);
    }

    static SftpPacket.Builder attributes(SftpPacket.Builder builder, long size, int mode) {
        return builder.number(1 | 4 | 8)
                .large(size)
                .number(mode)
                .number(1_700_000_000)
                .number(1_700_000_000);
    }

    static long large(SftpPacket packet) {
        return ((long) packet.number() << 32) | Integer.toUnsignedLong(packet.number());
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Override
    public void setInputStream(InputStream in) {
        this.in = in;
    }

    @Override
    public void setOutputStream(OutputStream out) {
        this.out = out;
    }

    @Override
    public void setErrorStream(OutputStream err) {
        // nothing is said there
    }

    @Override
    public void setExitCallback(ExitCallback callback) {
        exit = callback;
    }

    @Override
    public void start(ChannelSession channel, Environment environment) {
        new Thread(this::serve, "sftp-script").start();
    }

    @Override
    public void destroy(ChannelSession channel) {
        // the thread ends with its input
    }

    private void serve() {
        try {
            DataInputStream data = new DataInputStream(in);
            while (true) {
                byte[] bytes = new byte[data.readInt()];
                data.readFully(bytes);
                SftpPacket packet = SftpPacket.of(bytes);
                if (packet.type() == SftpPacket.INIT) {
                    begin();
                } else {
                    answer(packet.type(), packet.id(), packet.body());
                }
                if (shuffle == null || held.size() >= MOST_HELD || in.available() == 0) {
                    flush();
                }
            }
        } catch (IOException e) {
            exit.onExit(0);
        }
    }

    private void flush() throws IOException {
        batches.incrementAndGet();
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        if (shuffle != null) {
            Collections.shuffle(held, shuffle);
        }
        for (byte[] packet : held) {
            out.write(packet);
        }
        held.clear();
        out.flush();
    }
}
