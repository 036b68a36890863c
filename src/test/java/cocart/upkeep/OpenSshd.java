package cocart.upkeep;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;

/** OpenSSH's server on a free port of 127.0.0.1, which lets one user in with a key. */
public final class OpenSshd implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/sshd");
    private static final String US = System.getProperty("user.name");
    private static final boolean ROOT = US.equals("root");

    private final Path folder;
    private final String user;
    private final int port;
    private final Process process;

    /**
     * Starts it for the user of this process, or says visibly that the test is skipped because there is none here.
     *
     * @param folder for its files; made
     * @param lines more lines of its {@code sshd_config}
     */
    public OpenSshd(Path folder, String... lines) throws IOException, InterruptedException {
        this(folder, US, lines);
    }

    /** The same for a user who may read no more than others, also where root runs the tests. */
    public static OpenSshd unprivileged(Path folder, String... lines) throws IOException, InterruptedException {
        return new OpenSshd(folder, ROOT ? "nobody" : US, lines);
    }

    private OpenSshd(Path folder, String user, String... lines) throws IOException, InterruptedException {
        assumeInstalled();
        this.folder = Files.createDirectories(folder);
        this.user = user;
        // whoever logs in, sshd reads authorized_keys as that user
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        key("host");
        key("id");
        Files.copy(folder.resolve("id.pub"), folder.resolve("authorized_keys"));
        if (ROOT) {
            Files.createDirectories(Path.of("/run/sshd")); // sshd wants it; systems that run one have it
        }
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
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
                        "PasswordAuthentication no",
                        "StrictModes no",
                        "UsePAM no",
                        "PidFile none",
                        "Subsystem sftp internal-sftp",
                        String.join("\n", lines),
                        ""));
        Path log = folder.resolve("sshd.log");
        process = new ProcessBuilder(PROGRAM.toString(), "-D", "-e", "-f", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        // Not by a connection: with MaxStartups 1 it would be the only one.
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> !process.isAlive() || Files.readString(log).contains("Server listening"));
        if (!process.isAlive()) {
            throw new IOException("sshd ended: " + Files.readString(log));
        }
    }

    /** Skips the test, and says so, where it is not installed. */
    public static void assumeInstalled() {
        Assumptions.assumeTrue(
                Files.isExecutable(PROGRAM) && Files.isExecutable(Path.of("/usr/bin/ssh-keygen")),
                "SKIPPED: OpenSSH's server is not installed here (Debian: openssh-server)");
    }

    private void key(String name) throws IOException, InterruptedException {
        List<String> command = List.of(
                "ssh-keygen",
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-f",
                folder.resolve(name).toString());
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed");
        }
        Files.setPosixFilePermissions(folder.resolve(name), PosixFilePermissions.fromString("rw-------"));
    }

    /** Records its host key, and no other, as {@code ssh-keyscan} would. */
    public void trustIn(Path knownHosts) throws IOException {
        Files.createDirectories(knownHosts.getParent());
        Files.writeString(knownHosts, "[127.0.0.1]:" + port + " " + Files.readString(folder.resolve("host.pub")));
    }

    /** The {@code sftp:} URI of a folder; options can be added with {@code &}. */
    public String uri(Path root) {
        return "sftp:" + user + "@127.0.0.1:" + port + root + "?privateKeyFile=" + folder.resolve("id");
    }

    @Override
    public void close() throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        process.waitFor(10, TimeUnit.SECONDS);
    }
}
