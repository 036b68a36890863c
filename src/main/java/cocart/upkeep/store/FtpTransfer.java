package cocart.upkeep.store;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLSocket;
import org.apache.commons.net.ftp.FTPClient;
import org.jspecify.annotations.Nullable;

/** A data connection. */
final class FtpTransfer implements AutoCloseable {

    /** Longest line of a listing, in bytes. */
    private static final int LONGEST_LINE = 16_384;

    private final FtpConnection connection;
    private final FTPClient client;
    private final FtpClients.Data data;
    private final Socket socket;
    private final byte[] buffer = new byte[1 << 13];
    private int next;
    private int end;
    private boolean finished;

    FtpTransfer(FtpConnection connection, FTPClient client, FtpClients.Data data, Socket socket) {
        this.connection = connection;
        this.client = client;
        this.data = data;
        this.socket = socket;
    }

    /** Like {@link InputStream#read(byte[], int, int)}. */
    int read(byte[] bytes, int length) throws FtpLost {
        try {
            return socket.getInputStream().read(bytes, 0, length);
        } catch (IOException e) {
            throw connection.lost(e);
        }
    }

    /** @throws FtpRefused if the server takes no more and says why (its disk or a quota is full) */
    void write(byte[] bytes, int length) throws FtpLost, FtpRefused {
        try {
            socket.getOutputStream().write(bytes, 0, length);
        } catch (IOException e) {
            finish();
            throw connection.lost(e);
        }
    }

    /** The next line without its end; null after the last. */
    @Nullable
    String line() throws FtpLost, FtpRefused {
        StringBuilder line = new StringBuilder();
        while (true) {
            if (next == end) {
                end = read(buffer, buffer.length);
                next = 0;
                if (end < 0) {
                    end = 0;
                    return line.isEmpty() ? null : line.toString();
                }
            }
            String more = new String(buffer, next, end - next, StandardCharsets.ISO_8859_1);
            int newline = more.indexOf('\n');
            line.append(more, 0, newline < 0 ? more.length() : newline);
            next += newline < 0 ? more.length() : newline + 1;
            if (line.length() > LONGEST_LINE) {
                throw new FtpRefused(0, "a line of the listing is too long");
            }
            if (newline >= 0) {
                if (line.length() > 0 && line.charAt(line.length() - 1) == '\r') {
                    line.setLength(line.length() - 1);
                }
                return line.toString();
            }
        }
    }

    /** Ends it in order; the server then says whether it did its part. */
    void finish() throws FtpLost, FtpRefused {
        finished = true;
        try {
            if (socket instanceof SSLSocket) {
                drain();
            }
            socket.close();
            connection.ended();
            if (!client.completePendingCommand()) {
                FtpRefused refused = connection.refused();
                if (socket instanceof SSLSocket && (refused.code == 425 || refused.code == 522)) {
                    connection.drop(); // the TLS session is used up; a new connection has a new one
                    throw new FtpLost(
                            "the server does not take the TLS data connection (" + refused.getMessage() + ")", refused);
                }
                throw refused;
            }
            if (!data.mayOpenAnother()) {
                connection.drop();
            }
        } catch (IOException e) {
            throw connection.lost(e);
        }
    }

    /** After an upload the server's new TLS tickets still wait to be read; the next data connection needs one. */
    private void drain() {
        try {
            socket.shutdownOutput();
            int count = 0;
            for (int more = 0; more >= 0 && count < 1 << 16; count += more) {
                more = socket.getInputStream().read(buffer);
            }
        } catch (IOException e) {
            // the control connection says what became of it
        }
    }

    /** Ends it before its end, if {@link #finish} did not. */
    @Override
    public void close() {
        if (finished) {
            return;
        }
        finished = true;
        try {
            socket.close();
            connection.ended();
            client.completePendingCommand();
        } catch (IOException e) {
            connection.drop();
        }
    }
}
