package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever listens at a store's port, a login ends. */
class SlowLoginTest {

    @TempDir
    Path home;

    private interface Talk {
        void to(OutputStream out) throws Exception;
    }

    @Test
    void aServerThatSaysNothing() throws Exception {
        assertThat(said(out -> Thread.sleep(30_000))).contains("does not answer within 1 s");
    }

    /** RFC 4253 allows lines before the server's version; one each moment is never silence. */
    @Test
    void aServerThatGreetsForEver() throws Exception {
        assertThat(said(out -> {
                    while (true) {
                        out.write("welcome\r\n".getBytes());
                        out.flush();
                        Thread.sleep(50);
                    }
                }))
                .contains("has not let us in within 6 s");
    }

    @Test
    void aServerThatSendsAByteNowAndThen() throws Exception {
        assertThat(said(out -> {
                    out.write("SSH-2.0-slow\r\n".getBytes());
                    out.write(new byte[] {0, 0, 1, 4, 4});
                    while (true) {
                        out.write(20);
                        out.flush();
                        Thread.sleep(50);
                    }
                }))
                .contains("has not let us in within 6 s");
    }

    @Test
    void aServerWhosePacketIsTooLong() throws Exception {
        assertThat(said(out -> {
                    out.write("SSH-2.0-odd\r\n".getBytes());
                    out.write(new byte[] {0x7f, -1, -1, -1, 4, 20});
                    out.write(new byte[64]);
                    out.flush();
                    Thread.sleep(5000);
                }))
                .contains("the server sent what is no SSH packet");
    }

    @Test
    void aServerThatTakesLeaveInManyWords() throws Exception {
        byte[] words = ("\u001b[31mcome back " + "x".repeat(20_000)).getBytes(StandardCharsets.UTF_8);
        String said = said(out -> {
            out.write("SSH-2.0-rude\r\n".getBytes());
            // SSH_MSG_DISCONNECT, its reason, its words, their language
            byte[] body = new SftpPacket.Builder()
                    .number(2)
                    .bytes(words)
                    .bytes(new byte[0])
                    .build();
            int padding = 8 + (8 - (5 + 1 + body.length) % 8);
            out.write(new SftpPacket.Builder()
                    .number(1 + 1 + body.length + padding)
                    .build());
            out.write(padding);
            out.write(1);
            out.write(body);
            out.write(new byte[padding]);
            out.flush();
            Thread.sleep(1000);
        });
        assertThat(said).doesNotContain("\u001b").hasSizeLessThan(1200);
    }

    private String said(Talk talk) throws Exception {
        StringBuilder message = new StringBuilder();
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Thread thread = new Thread(() -> {
                try (Socket socket = server.accept()) {
                    talk.to(socket.getOutputStream());
                } catch (IOException e) {
                    // the client hung up
                } catch (Exception e) {
                    Thread.currentThread().interrupt();
                }
            });
            thread.setDaemon(true);
            thread.start();
            assertThatThrownBy(() -> SftpServers.open(
                            home,
                            "sftp:deploy@127.0.0.1:" + server.getLocalPort()
                                    + "/?password=x&connectTimeout=1000&soTimeout=1000"))
                    .isInstanceOf(StoreException.class)
                    .satisfies(e -> message.append(e.getMessage()))
                    .hasMessageStartingWith("store acme: ");
        }
        return message.toString();
    }
}
