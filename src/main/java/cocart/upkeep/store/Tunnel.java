package cocart.upkeep.store;

import com.jcraft.jsch.ChannelDirectStreamLocal;
import com.jcraft.jsch.ChannelDirectTCPIP;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.Session;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.apache.camel.component.file.remote.SftpConfiguration;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * A way to a database that only the store's own host can reach: connections to a port of 127.0.0.1 here go on from
 * there, all of them through one SSH session of the store's SFTP login.
 *
 * <p>The port is a free one, is open until {@link #close} and on no other address. Other users of this machine can
 * connect to it meanwhile, as they could to any database here: they still need its user and password. The port stays
 * taken when the session is lost, so that nobody can put a server of theirs in its place and be told a login. JSch's
 * own port forwarding would give the port away then, and does not say why a server refuses to forward.
 *
 * <p>A database that the store reaches by a Unix socket is reached by that, which OpenSSH can forward; where the server
 * cannot, by port 3306 of the server's 127.0.0.1.
 */
final class Tunnel implements AutoCloseable {

    /** Why a channel was not opened, by RFC 4254; the other end of the connection timed out or was lost: -1. */
    private static final int PROHIBITED = 1;

    private static final int CONNECT_FAILED = 2;
    private static final int MYSQL_PORT = 3306;

    private final String store;
    private final SftpEndpoint endpoint;
    private final DatabaseAddress target;
    private final ServerSocket listener;
    private @Nullable Session session;
    private boolean closed;
    private volatile boolean socketRefused;
    private volatile @Nullable Integer refusal;

    /**
     * Takes a port; nothing leads anywhere before {@link #open}.
     *
     * @param target the database as the store's own host sees it
     */
    Tunnel(String store, SftpEndpoint endpoint, DatabaseAddress target) {
        this.store = store;
        this.endpoint = endpoint;
        this.target = target;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
        } catch (IOException e) {
            throw new StoreException(
                    "store " + store + ": no port of 127.0.0.1 can be opened for the tunnel to the database: "
                            + Faults.words(e),
                    e);
        }
        daemon(this::accept);
    }

    /**
     * Makes sure that the session is there; one that was lost is opened anew.
     *
     * @throws StoreException if the server cannot be reached or entered
     */
    synchronized void open() {
        if (closed) {
            throw new IllegalStateException("closed");
        }
        if (session == null || !session.isConnected()) {
            session = SshSessions.open(store, endpoint);
        }
        refusal = null;
    }

    /** The database as it is reached from here. */
    DatabaseAddress local() {
        return target.at(listener.getLocalPort());
    }

    /** For sentences: where the database is. */
    String place() {
        SftpConfiguration config = endpoint.getConfiguration();
        return (target.socket() != null && !socketRefused ? target.socket() : host() + ":" + port()) + " as seen from "
                + config.getHost();
    }

    private String host() {
        return target.socket() == null ? target.host().replaceAll("^\\[|\\]$", "") : "127.0.0.1";
    }

    private int port() {
        return target.socket() == null ? target.port() : MYSQL_PORT;
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                daemon(() -> forward(socket));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void daemon(Runnable work) {
        Thread thread = new Thread(LogContext.carry(work), "upkeep tunnel " + store);
        thread.setDaemon(true);
        thread.start();
    }

    /** Carries bytes until an end hangs up; those that come back are written by the session's own thread. */
    private void forward(Socket socket) {
        ChannelDirectTCPIP channel = null;
        try (socket) {
            socket.setTcpNoDelay(true);
            channel = channel(socket);
            OutputStream out = channel.getOutputStream();
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[1 << 14];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                out.write(buffer, 0, n);
                out.flush();
            }
        } catch (IOException | JSchException e) {
            // the local end sees that its connection was closed, and asks why
        } finally {
            if (channel != null) {
                channel.disconnect();
            }
        }
    }

    private ChannelDirectTCPIP channel(Socket socket) throws IOException, JSchException {
        Session now;
        synchronized (this) {
            now = session;
        }
        if (now == null) {
            throw new IOException("not open");
        }
        if (target.socket() != null && !socketRefused) {
            ChannelDirectStreamLocal channel =
                    (ChannelDirectStreamLocal) now.openChannel("direct-streamlocal@openssh.com");
            channel.setSocketPath(target.socket());
            try {
                connect(channel, socket);
                return channel;
            } catch (JSchException e) {
                if (!now.isConnected()) {
                    throw e;
                }
                socketRefused = true;
            }
        }
        ChannelDirectTCPIP channel = (ChannelDirectTCPIP) now.openChannel("direct-tcpip");
        channel.setHost(host());
        channel.setPort(port());
        try {
            connect(channel, socket);
            return channel;
        } catch (JSchException e) {
            if (now.isConnected()) {
                refusal = channel.getExitStatus();
            }
            throw e;
        }
    }

    private void connect(ChannelDirectTCPIP channel, Socket socket) throws IOException, JSchException {
        Back back = new Back(socket.getOutputStream());
        channel.setOutputStream(back);
        channel.setOrgIPAddress("127.0.0.1");
        channel.setOrgPort(socket.getPort());
        channel.connect(endpoint.getConfiguration().getConnectTimeout());
        back.opened();
    }

    /** What a channel writes to; one that is never opened does not close it, as why is noted and another tried first. */
    private static final class Back extends FilterOutputStream {

        private boolean opened;
        private boolean hungUp;

        Back(OutputStream out) {
            super(out);
        }

        synchronized void opened() throws IOException {
            opened = true;
            if (hungUp) {
                out.close();
            }
        }

        @Override
        public void write(byte[] bytes, int offset, int count) throws IOException {
            out.write(bytes, offset, count);
        }

        @Override
        public synchronized void close() throws IOException {
            hungUp = true;
            if (opened) {
                out.close();
            }
        }
    }

    /** Why the way was barred for a connection since the last {@link #open}; null if it was not. */
    synchronized @Nullable StoreException fault(Throwable cause) {
        SftpConfiguration config = endpoint.getConfiguration();
        String where = "store " + store + ": ";
        Integer reason = refusal;
        if (reason == null) {
            return session != null && session.isConnected()
                    ? null
                    : new StoreException(
                            where + "the SSH connection to " + config.getHost() + ":" + config.getPort()
                                    + " that leads to the database was lost; it is tried again",
                            cause);
        }
        String tried =
                place() + (target.socket() == null ? "" : " (nor " + target.socket() + ", which was tried first)");
        String otherwise = "upkeep.store." + store + ".database.url";
        if (reason == CONNECT_FAILED) {
            return new StoreException(
                    where + "nothing answers at " + tried + "; is the database up, and is DB_HOST in wp-config.php or "
                            + otherwise + " right?",
                    cause);
        }
        if (reason < PROHIBITED) {
            return new StoreException(
                    where + config.getHost() + " got no answer within " + config.getConnectTimeout() / 1000 + " s from "
                            + tried + "; is the database up, and may that host reach it?",
                    cause);
        }
        return new StoreException(
                where + config.getHost() + " does not let the user " + config.getUsername()
                        + " reach the database at " + tried + " through its SSH login; allow that there"
                        + " (AllowTcpForwarding local for that user in sshd_config, no restriction in authorized_keys),"
                        + " or make the database reachable from here, set " + otherwise + " and take out upkeep.store."
                        + store + ".database.tunnel",
                cause,
                true);
    }

    @Override
    public void close() {
        Session last;
        synchronized (this) {
            closed = true;
            last = session;
            session = null;
        }
        try {
            listener.close();
        } catch (IOException e) {
            // then it is not open either
        }
        if (last != null) {
            last.disconnect();
        }
    }
}
