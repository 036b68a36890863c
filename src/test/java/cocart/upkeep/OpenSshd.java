package cocart.upkeep;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/** OpenSSH's server on a free port of 127.0.0.1, which lets the user of this process in with a key. */
public final class OpenSshd implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/sshd");

    private final Path folder;
    private final int port;
    private final Process process;

    /**
     * Starts it, or says visibly that the test is skipped because there is none here.
     *
     * @param lines more lines of its {@code sshd_config}
     */
    public OpenSshd(Path folder, String... lines) throws IOException, InterruptedException {
        Assumptions.assumeTrue(
                Files.isExecutable(PROGRAM) && Files.isExecutable(Path.of("/usr/bin/ssh-keygen")),
                "OpenSSH's server is not installed here: skipped");
        this.folder = Files.createDirectories(folder);
        key("host", "ed25519");
        key("id", "ed25519");
        Files.copy(folder.resolve("id.pub"), folder.resolve("authorized_keys"));
        if (user().equals("root")) {
            Files.createDirectories(Path.of("/run/sshd"));
        }
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        Path config = folder.resolve("sshd_config");
        Files.writeString(
                config,
                String.join(
                        "\n",
                        "ListenAddress 127.0.0.1",
                        "Port " + port,
                        "HostKey " + folder.resolve("host"),
                        "AuthorizedKeysFile " + folder.resolve("authorized_keys"),
                        "StrictModes no",
                        "UsePAM no",
                        "PidFile none",
                        "PermitRootLogin yes",
                        "Subsystem sftp internal-sftp",
                        String.join("\n", lines),
                        ""));
        process = new ProcessBuilder(PROGRAM.toString(), "-D", "-e", "-f", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("sshd.log").toFile())
                .start();
        Awaitility.await()
                .until(() -> !process.isAlive()
                        || Files.readString(folder.resolve("sshd.log")).contains("Server listening"));
        if (!process.isAlive()) {
            throw new IOException(Files.readString(folder.resolve("sshd.log")));
        }
    }

    private void key(String name, String type) throws IOException, InterruptedException {
        List<String> command = List.of(
                "ssh-keygen",
                "-q",
                "-t",
                type,
                "-N",
                "",
                "-f",
                folder.resolve(name).toString());
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException("no key");
        }
        Files.setPosixFilePermissions(folder.resolve(name), PosixFilePermissions.fromString("rw-------"));
    }

    /** Records its host key as {@code ssh-keyscan} would. */
    public void trustIn(Path knownHosts) throws IOException {
        Files.createDirectories(knownHosts.getParent());
        Files.writeString(knownHosts, "[127.0.0.1]:" + port + " " + Files.readString(folder.resolve("host.pub")));
    }

    /** The {@code sftp:} URI of a folder. */
    public String uri(Path root) {
        return "sftp:" + user() + "@127.0.0.1:" + port + root + "?privateKeyFile=" + folder.resolve("id");
    }

    public int port() {
        return port;
    }

    private static String user() {
        return System.getProperty("user.name");
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor(10, TimeUnit.SECONDS);
    }
}
