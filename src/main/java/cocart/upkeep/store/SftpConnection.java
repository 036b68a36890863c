package cocart.upkeep.store;

import com.jcraft.jsch.ChannelSubsystem;
import com.jcraft.jsch.HostKey;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.Session;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.camel.component.file.remote.RemoteFileConfiguration;
import org.apache.camel.component.file.remote.SftpConfiguration;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.apache.camel.component.file.remote.SftpOperations;
import org.jspecify.annotations.Nullable;

/**
 * The SFTP subsystem over an SSH session that camel-ftp's endpoint configures, so that every option of an
 * {@code sftp:} URI works. Requests are only sent and answers only received; who matches them decides how many are in
 * flight.
 */
final class SftpConnection implements AutoCloseable {

    /** Longest packet that is accepted, in bytes. */
    private static final int LONGEST = 4 << 20;

    /** Answers that may wait to be read; a server that sends more was never asked for them. */
    private static final int MOST_WAITING = 4096;

    private static final byte[] END = new byte[0];

    private final String store;
    private final int idleMillis;
    private final Session session;
    private final ChannelSubsystem channel;
    private final OutputStream out;
    private final BlockingQueue<byte[]> arrived = new LinkedBlockingQueue<>();
    private int nextId = 1;

    /** Opens camel-ftp's session; its method is protected. */
    private static final class Sessions extends SftpOperations {

        Session create(SftpEndpoint endpoint) throws JSchException {
            setEndpoint(endpoint);
            return createSession((RemoteFileConfiguration) endpoint.getConfiguration());
        }
    }

    /**
     * @param idleMillis longest silence while an answer is awaited
     * @throws StoreException if the server cannot be reached or entered
     */
    SftpConnection(String store, SftpEndpoint endpoint, int idleMillis) {
        this.store = store;
        this.idleMillis = idleMillis;
        SftpConfiguration config = endpoint.getConfiguration();
        Session opened = null;
        try {
            opened = new Sessions().create(endpoint);
            opened.setTimeout(config.getSoTimeout());
            opened.connect(config.getConnectTimeout());
            channel = (ChannelSubsystem) opened.openChannel("subsystem");
            channel.setSubsystem("sftp");
            channel.setOutputStream(new Frames());
            out = new BufferedOutputStream(channel.getOutputStream(), 1 << 16);
            channel.connect(config.getConnectTimeout());
            session = opened;
            byte[] init = new SftpPacket.Builder().number(5).build();
            out.write(init);
            out.write(SftpPacket.INIT);
            out.write(new SftpPacket.Builder().number(3).build());
            out.flush();
        } catch (JSchException | IOException e) {
            StoreException explained = explained(store, config, opened, e);
            if (opened != null) {
                opened.disconnect();
            }
            throw explained;
        }
        try {
            if (receive().type() != SftpPacket.VERSION) {
                throw new StoreException("store " + store + ": the server does not speak SFTP", null, true);
            }
        } catch (StoreException e) {
            close();
            throw e;
        }
    }

    /** Queues a request; it leaves with the next {@link #flush}. Returns its id. */
    int send(int type, SftpPacket.Builder body) {
        byte[] bytes = body.build();
        int id = nextId++;
        try {
            out.write(new SftpPacket.Builder().number(5 + bytes.length).build());
            out.write(type);
            out.write(new SftpPacket.Builder().number(id).build());
            out.write(bytes);
        } catch (IOException e) {
            throw lost(e);
        }
        return id;
    }

    void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            throw lost(e);
        }
    }

    /** The next answer, whatever it answers. */
    SftpPacket receive() {
        try {
            byte[] packet = arrived.poll(idleMillis, TimeUnit.MILLISECONDS);
            if (packet == null) {
                throw new StoreException(
                        "store " + store + ": the SFTP server has not answered for " + Math.max(1, idleMillis / 1000)
                                + " s; it is tried again",
                        null);
            }
            if (packet == END) {
                arrived.add(END);
                throw lost(null);
            }
            return SftpPacket.of(packet);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("store " + store + ": interrupted while reading files", e);
        }
    }

    /** Sends one request and waits for its answer; nothing else may be in flight. */
    SftpPacket ask(int type, SftpPacket.Builder body) {
        int id = send(type, body);
        flush();
        SftpPacket answer = receive();
        if (answer.id() != id) {
            throw new StoreException(
                    "store " + store + ": the SFTP server answered something that was not asked", null);
        }
        return answer.body();
    }

    private StoreException lost(@Nullable Exception e) {
        return new StoreException(
                "store " + store + ": the connection to the SFTP server was lost; it is tried again", e);
    }

    @Override
    public void close() {
        channel.disconnect();
        session.disconnect();
    }

    /** Cuts what arrives into packets; called on the session's thread, so it only queues. */
    private final class Frames extends OutputStream {

        private byte[] held = new byte[1 << 16];
        private int length;

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int count) {
            if (length + count > held.length) {
                held = java.util.Arrays.copyOf(held, Math.max(held.length * 2, length + count));
            }
            System.arraycopy(bytes, offset, held, length, count);
            length += count;
            int start = 0;
            while (length - start >= 4) {
                int size = java.nio.ByteBuffer.wrap(held, start, 4).getInt();
                if (size < 5 || size > LONGEST || arrived.size() > MOST_WAITING) {
                    arrived.add(END);
                    length = 0;
                    return;
                }
                if (length - start - 4 < size) {
                    break;
                }
                arrived.add(java.util.Arrays.copyOfRange(held, start + 4, start + 4 + size));
                start += 4 + size;
            }
            System.arraycopy(held, start, held, 0, length - start);
            length -= start;
        }

        @Override
        public void close() {
            arrived.add(END);
        }
    }

    private static StoreException explained(
            String store, SftpConfiguration config, @Nullable Session session, Exception error) {
        String property = "upkeep.store." + store + ".files";
        String where = "store " + store + ": ";
        String server = config.getHost() + ":" + config.getPort();
        String message = String.valueOf(error.getMessage());
        String known = config.getKnownHostsFile() == null ? "the known hosts" : config.getKnownHostsFile();
        String lower = message.toLowerCase(Locale.ROOT);
        if (lower.contains("hostkey") || lower.contains("host key")) {
            String shown = session == null ? "" : shown(session);
            if (lower.contains("changed")) {
                return new StoreException(
                        where + "the host key of " + server + " is not the one in " + known + shown
                                + recorded(session)
                                + "; if the server was set up anew, replace its line there, else somebody may be"
                                + " listening in",
                        error,
                        true);
            }
            return new StoreException(
                    where + "the host key of " + server + " is unknown" + shown
                            + "; compare it with the server's own, then run: " + "ssh-keyscan -p " + config.getPort()
                            + " " + config.getHost() + " >> " + known,
                    error,
                    true);
        }
        if (lower.contains("auth fail") || lower.contains("auth cancel") || lower.contains("too many authentication")) {
            return new StoreException(
                    where + server + " does not let the user " + config.getUsername() + " in with "
                            + (config.getPrivateKeyFile() != null
                                    ? "the key " + config.getPrivateKeyFile()
                                    : "this password")
                            + "; check " + property,
                    error,
                    true);
        }
        if (lower.contains("closed by foreign host")
                || lower.contains("connection reset")
                || lower.contains("end of io stream")) {
            return new StoreException(
                    where + server
                            + " closed the connection before the login; is it an SFTP server, and does it let this"
                            + " machine in? Check " + property,
                    error);
        }
        if (lower.contains("no route") || lower.contains("unreachable")) {
            return new StoreException(
                    where + "no way leads to " + server + " from here; check the network, a firewall or VPN, and "
                            + property,
                    error);
        }
        if (lower.contains("unknownhost")) {
            return new StoreException(where + "there is no host " + config.getHost() + "; check " + property, error);
        }
        if (lower.contains("refused")) {
            return new StoreException(
                    where + "nothing listens at " + server + " (connection refused); check " + property, error);
        }
        if (lower.contains("timeout") || lower.contains("timed out")) {
            return new StoreException(
                    where + server + " does not answer within " + config.getConnectTimeout() / 1000
                            + " s; is it up, and may this machine reach it?",
                    error);
        }
        return new StoreException(
                where + "no SFTP connection to " + server + ": " + message.replaceAll("[\\w.$]+Exception: ?", ""),
                error);
    }

    private static String shown(Session session) {
        HostKey key = session.getHostKey();
        return key == null ? "" : " (the server shows " + key.getType() + " " + key.getFingerPrint(new JSch()) + ")";
    }

    private static String recorded(@Nullable Session session) {
        if (session == null) {
            return "";
        }
        HostKey[] keys = session.getHostKeyRepository() == null
                ? null
                : session.getHostKeyRepository().getHostKey();
        StringBuilder text = new StringBuilder();
        if (keys != null) {
            String host =
                    session.getPort() == 22 ? session.getHost() : "[" + session.getHost() + "]:" + session.getPort();
            for (HostKey key : keys) {
                if (host.equals(key.getHost()) || key.getHost().contains(session.getHost())) {
                    text.append(text.isEmpty() ? "; recorded is " : ", ")
                            .append(key.getType())
                            .append(' ')
                            .append(key.getFingerPrint(new JSch()));
                }
            }
        }
        return text.toString();
    }
}
