package cocart.upkeep.store;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** OpenSSH's sshd on 127.0.0.1 as the current user; tests that want it are skipped where it is not installed. */
public final class OpenSsh implements AutoCloseable {

    private final Path folder;
    private final Process process;
    private final int port;

    /** @param folder for its keys and configuration; made */
    public OpenSsh(Path folder) throws Exception {
        Path sshd = Stream.of("/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
        if (sshd == null) {
            System.err.println("SKIPPED: OpenSSH's sshd is not installed (Debian: openssh-server)");
        }
        assumeTrue(sshd != null, "OpenSSH's sshd is not installed");
        this.folder = Files.createDirectories(folder);
        for (String key : List.of("host", "login")) {
            Process made = new ProcessBuilder(
                            "ssh-keygen",
                            "-q",
                            "-t",
                            "ed25519",
                            "-N",
                            "",
                            "-f",
                            folder.resolve(key).toString())
                    .inheritIO()
                    .start();
            if (made.waitFor() != 0) {
                throw new IOException("ssh-keygen failed");
            }
        }
        if (System.getProperty("user.name").equals("root")) {
            Files.createDirectories(Path.of("/run/sshd"));
        }
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Files.writeString(
                folder.resolve("config"),
                String.join(
                        "\n",
                        "ListenAddress 127.0.0.1",
                        "Port " + port,
                        "HostKey " + folder.resolve("host"),
                        "AuthorizedKeysFile " + folder.resolve("login.pub"),
                        "PidFile none",
                        "StrictModes no",
                        "UsePAM no",
                        "PasswordAuthentication no",
                        "Subsystem sftp internal-sftp",
                        ""));
        process = new ProcessBuilder(
                        sshd.toString(),
                        "-D",
                        "-e",
                        "-f",
                        folder.resolve("config").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!answers()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                process.destroyForcibly();
                throw new IOException("sshd does not start: " + Files.readString(folder.resolve("log")));
            }
            Thread.sleep(20);
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.getInputStream().readNBytes(4).length == 4;
        } catch (IOException e) {
            return false;
        }
    }

    /** The address of a folder on it, for {@code upkeep.store.ID.files}. */
    public String uri(Path root) {
        return "sftp:" + System.getProperty("user.name") + "@127.0.0.1:" + port + root + "?privateKeyFile="
                + folder.resolve("login");
    }

    public void trustIn(Path knownHosts) throws IOException {
        Files.createDirectories(knownHosts.getParent());
        String[] key = Files.readString(folder.resolve("host.pub")).split(" ");
        Files.writeString(knownHosts, "[127.0.0.1]:" + port + " " + key[0] + " " + key[1] + "\n");
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }
}
