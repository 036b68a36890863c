package cocart.upkeep.store;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPSClient;
import org.jspecify.annotations.Nullable;

/**
 * commons-net's clients with what a server that is not trusted makes necessary: data connections are streams, not lists
 * of lines in memory, and a reply has an end.
 */
final class FtpClients {

    /** Most bytes that the server may send on the control connection before the next command. */
    private static final long LONGEST_REPLY = 1 << 20;

    private FtpClients() {}

    /** Opens data connections, which FTPClient lets only its own subclasses do. */
    interface Data {

        /**
         * Sends a command and opens its data connection.
         *
         * @return null if the server refuses; its reply says why
         */
        @Nullable
        Socket open(String command, @Nullable String argument) throws IOException;

        /** False if the last data connection used up the TLS session, so that the server may refuse the next one. */
        default boolean mayOpenAnother() {
            return true;
        }
    }

    static final class Plain extends FTPClient implements Data {

        private final Sockets sockets = new Sockets();

        @Override
        public void connect(String host, int port) throws IOException {
            setSocketFactory(sockets.forControl());
            super.connect(host, port);
        }

        @Override
        protected void _connectAction_() throws IOException {
            setSocketFactory(null);
            super._connectAction_();
        }

        @Override
        public int sendCommand(String command, String arguments) throws IOException {
            sockets.allowReply();
            return super.sendCommand(command, arguments);
        }

        @Override
        public @Nullable Socket open(String command, @Nullable String argument) throws IOException {
            return _openDataConnection_(command, argument);
        }
    }

    /**
     * The same with TLS. Data connections take up the TLS session of the control connection, as vsftpd and ProFTPD want
     * it by default: they know by it that both belong to the same client. With TLS 1.3 a session's ticket serves once, and
     * a server that has sent no new one on the data connection (ProFTPD after an upload) cannot be satisfied again.
     */
    static final class Tls extends FTPSClient implements Data {

        private final Sockets sockets = new Sockets();
        private final SSLContext context;
        private boolean dataProtected;
        private boolean ticketUsed;
        private Set<ByteBuffer> tickets = Set.of();

        Tls(boolean implicit, SSLContext context) {
            super(implicit, context);
            this.context = context;
            setEndpointCheckingEnabled(true);
        }

        @Override
        public void connect(String host, int port) throws IOException {
            dataProtected = false;
            setSocketFactory(sockets.forControl());
            super.connect(host, port);
        }

        @Override
        protected void _connectAction_() throws IOException {
            setSocketFactory(sockets.forData(getRemotePort()));
            super._connectAction_();
        }

        @Override
        public int sendCommand(String command, String arguments) throws IOException {
            sockets.allowReply();
            return super.sendCommand(command, arguments);
        }

        @Override
        public void execPROT(String level) throws IOException {
            if (sendCommand("PROT", level) != 200) {
                throw new SSLException(getReplyString());
            }
            dataProtected = !level.equals("C");
        }

        @Override
        public @Nullable Socket open(String command, @Nullable String argument) throws IOException {
            Socket plain = _openDataConnection_(command, argument);
            if (plain == null || !dataProtected) {
                return plain;
            }
            try {
                SSLSocket socket =
                        (SSLSocket) context.getSocketFactory().createSocket(plain, _hostname_, plain.getPort(), true);
                if (getSuites() != null) {
                    socket.setEnabledCipherSuites(getSuites());
                }
                if (getProtocols() != null) {
                    socket.setEnabledProtocols(getProtocols());
                }
                if (isEndpointCheckingEnabled()) {
                    SSLParameters parameters = socket.getSSLParameters();
                    parameters.setEndpointIdentificationAlgorithm("HTTPS");
                    socket.setSSLParameters(parameters);
                }
                socket.setUseClientMode(true);
                Set<ByteBuffer> before = tickets();
                socket.startHandshake();
                tickets = tickets();
                ticketUsed = !tickets.containsAll(before);
                return socket;
            } catch (IOException e) {
                plain.close();
                throw e;
            }
        }

        @Override
        public boolean mayOpenAnother() {
            return !ticketUsed || !tickets.containsAll(tickets());
        }

        private Set<ByteBuffer> tickets() {
            Set<ByteBuffer> ids = new HashSet<>();
            context.getClientSessionContext()
                    .getIds()
                    .asIterator()
                    .forEachRemaining(id -> ids.add(ByteBuffer.wrap(id)));
            return ids;
        }
    }

    /** Makes the sockets of one client. */
    private static final class Sockets {

        private @Nullable Control control;

        SocketFactory forControl() {
            return new Factory() {
                @Override
                public Socket createSocket() throws SocketException {
                    Control made = new Control();
                    made.setTcpNoDelay(true);
                    control = made;
                    return made;
                }
            };
        }

        SocketFactory forData(int controlPort) {
            return new Factory() {
                @Override
                public Socket createSocket() throws SocketException {
                    Socket made = new SameSession(controlPort);
                    made.setTcpNoDelay(true); // a TLS handshake is many small packets
                    return made;
                }
            };
        }

        void allowReply() {
            if (control != null) {
                control.left = LONGEST_REPLY;
            }
        }
    }

    private static final class Control extends Socket {

        private long left = LONGEST_REPLY;

        @Override
        public InputStream getInputStream() throws IOException {
            return new FilterInputStream(super.getInputStream()) {
                @Override
                public int read() throws IOException {
                    count(1);
                    return super.read();
                }

                @Override
                public int read(byte[] buffer, int offset, int length) throws IOException {
                    int count = super.read(buffer, offset, length);
                    count(count);
                    return count;
                }

                private void count(int bytes) throws IOException {
                    left -= bytes;
                    if (left < 0) {
                        throw new IOException("the server's reply has no end");
                    }
                }
            };
        }
    }

    /** Says the control connection's port, because Java looks up TLS sessions by host and port. */
    private static final class SameSession extends Socket {

        private final int controlPort;

        SameSession(int controlPort) {
            this.controlPort = controlPort;
        }

        @Override
        public int getPort() {
            return controlPort;
        }
    }

    /** commons-net asks for unconnected sockets only. */
    private abstract static class Factory extends SocketFactory {

        @Override
        public abstract Socket createSocket() throws SocketException;

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException();
        }
    }
}
