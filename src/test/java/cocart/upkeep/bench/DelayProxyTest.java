package cocart.upkeep.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The benchmark's proxy delays, and does nothing else. */
class DelayProxyTest {

    private static final int LARGE = 50_000_000;

    private ServerSocket server;

    @BeforeEach
    void listen() throws Exception {
        server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws Exception {
        server.close();
    }

    @Test
    void anAnswerTakesARoundTripAndNoLess() throws Exception {
        try (DelayProxy proxy = new DelayProxy(server.getLocalPort(), Duration.ofMillis(40));
                Socket client = connect(proxy);
                Socket accepted = server.accept()) {
            CompletableFuture<Long> echo = CompletableFuture.supplyAsync(() -> echo(accepted));
            DataInputStream in = new DataInputStream(client.getInputStream());
            for (int i = 0; i < 5; i++) {
                long begin = System.nanoTime();
                client.getOutputStream().write(i);
                assertThat(in.read()).isEqualTo(i);
                assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(40));
            }
            client.shutdownOutput();
            assertThat(in.read()).as("the end of the stream comes through too").isEqualTo(-1);
            assertThat(echo.join()).isEqualTo(5);
        }
    }

    /** If it held a bounded window, or slept for each piece, this would never end, or take minutes. */
    @Test
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // a blocked write cannot be interrupted
    void aStreamComesWholeAndInOrderHoweverMuchOfItIsUnderway() throws Exception {
        byte[] sent = new byte[LARGE];
        new Random(7).nextBytes(sent);
        try (DelayProxy proxy = new DelayProxy(server.getLocalPort(), Duration.ofMillis(800));
                Socket client = connect(proxy);
                Socket accepted = server.accept()) {
            long begin = System.nanoTime();
            client.getOutputStream().write(sent); // nobody reads at the other end yet
            client.shutdownOutput();
            InputStream in = accepted.getInputStream();
            MessageDigest came = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 18];
            int n = in.read(buffer);
            assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(400));
            long bytes = 0;
            for (; n >= 0; n = in.read(buffer)) {
                came.update(buffer, 0, n);
                bytes += n;
            }
            assertThat(bytes).isEqualTo(LARGE);
            assertThat(came.digest())
                    .isEqualTo(MessageDigest.getInstance("SHA-256").digest(sent));
        }
    }

    private static Socket connect(DelayProxy proxy) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), proxy.port());
    }

    private static long echo(Socket socket) {
        try (socket) {
            return socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
