package cocart.upkeep.store;

import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.Session;
import com.jcraft.jsch.SocketFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends a login that takes too long as a whole. JSch's own limit is one of silence, so a server that sends a byte or a
 * line of greeting now and then would hold us for ever.
 */
final class LoginLimit implements SocketFactory {

    /** How many times the limit of silence a login may take. */
    private static final int TIMES = 6;

    private static final ScheduledThreadPoolExecutor CLOCK = new ScheduledThreadPoolExecutor(1, work -> {
        Thread thread = new Thread(work, "sftp-login-limit");
        thread.setDaemon(true);
        return thread;
    });

    static {
        CLOCK.setRemoveOnCancelPolicy(true);
    }

    /** A login took longer than that. */
    static final class Exceeded extends JSchException {

        private static final long serialVersionUID = 1L;

        final int seconds;

        private Exceeded(long millis, JSchException cause) {
            super("the login takes too long", cause);
            seconds = (int) TimeUnit.MILLISECONDS.toSeconds(millis);
        }
    }

    private final int millis;
    private final @Nullable String bindAddress;
    private @Nullable Socket socket;
    private boolean over;

    private LoginLimit(int millis, @Nullable String bindAddress) {
        this.millis = millis;
        this.bindAddress = bindAddress;
    }

    /**
     * Connects a session and logs in.
     *
     * @param millis longest silence, and longest time to connect; 0: any
     * @param bindAddress local address to connect from, or null
     * @throws Exceeded if it took longer than 6 times that
     */
    static void connect(Session session, int millis, @Nullable String bindAddress) throws JSchException {
        if (millis <= 0) {
            connect(session, millis);
            return;
        }
        long most = (long) TIMES * millis;
        LoginLimit limit = new LoginLimit(millis, bindAddress);
        session.setSocketFactory(limit);
        ScheduledFuture<?> end = CLOCK.schedule(limit::hangUp, most, TimeUnit.MILLISECONDS);
        try {
            connect(session, millis);
        } catch (JSchException e) {
            throw limit.isOver() ? new Exceeded(most, e) : e;
        } finally {
            end.cancel(false);
        }
    }

    private static void connect(Session session, int millis) throws JSchException {
        try {
            session.connect(millis);
        } catch (RuntimeException e) {
            // as it does of a packet that is too long before a cipher is agreed
            throw new JSchException("the server sent what is no SSH packet", e);
        }
    }

    private synchronized boolean isOver() {
        return over;
    }

    private synchronized void hangUp() {
        over = true;
        close(socket);
    }

    private synchronized void keep(Socket connecting) throws IOException {
        if (over) {
            throw new IOException("the login takes too long");
        }
        socket = connecting;
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        Socket connecting = new Socket();
        try {
            keep(connecting);
            if (bindAddress != null) {
                connecting.bind(new InetSocketAddress(bindAddress, 0));
            }
            connecting.connect(new InetSocketAddress(host, port), millis);
            return connecting;
        } catch (IOException e) {
            close(connecting);
            throw e;
        }
    }

    private static void close(@Nullable Socket socket) {
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException e) {
                // it is of no use any more
            }
        }
    }

    @Override
    public InputStream getInputStream(Socket connected) throws IOException {
        return connected.getInputStream();
    }

    @Override
    public OutputStream getOutputStream(Socket connected) throws IOException {
        return connected.getOutputStream();
    }
}
