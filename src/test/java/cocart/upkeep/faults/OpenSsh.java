package cocart.upkeep.faults;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** OpenSSH's own server, where it is installed, on 127.0.0.1; logs in a user who is not root. */
public final class OpenSsh implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/sshd");
    private static final boolean ROOT = System.getProperty("user.name").equals("root");

    /** Who logs in: whoever runs the test, but for root somebody who may read no more than others. */
    public final String user = ROOT ? "nobody" : System.getProperty("user.name");

    private final int port;
    private final Path folder;
    private final Process process;

    /** Skips the test, and says so, where it is not installed. */
    public static void assumeInstalled() {
        Assumptions.assumeTrue(Files.isExecutable(PROGRAM), "skipped: OpenSSH's server is not installed");
    }

    /**
     * Starts it.
     *
     * @param folder for its files; made readable by all
     * @param more lines of its configuration
     */
    public OpenSsh(Path folder, KeyPair key, String... more) throws Exception {
        this.folder = Files.createDirectories(folder);
        if (ROOT) {
            Files.createDirectories(Path.of("/run/sshd")); // sshd wants it; systems that run one have it
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        run(
                "ssh-keygen",
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-f",
                folder.resolve("host").toString());
        Files.writeString(folder.resolve("authorized"), Keys.line(key));
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        List<String> lines = new ArrayList<>(List.of(
                "Port " + port,
                "ListenAddress 127.0.0.1",
                "HostKey " + folder.resolve("host"),
                "AuthorizedKeysFile " + folder.resolve("authorized"),
                "PasswordAuthentication no",
                "StrictModes no",
                "UsePAM no",
                "PidFile none",
                "Subsystem sftp internal-sftp"));
        lines.addAll(List.of(more));
        Files.write(folder.resolve("config"), lines);
        process = new ProcessBuilder(
                        PROGRAM.toString(),
                        "-D",
                        "-e",
                        "-f",
                        folder.resolve("config").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        await().atMost(20, TimeUnit.SECONDS).until(this::listens);
    }

    /** The {@code files} URI of a folder. */
    public String uri(Path root, String options) {
        return "sftp:" + user + "@127.0.0.1:" + port + root + "?" + options;
    }

    /** Adds its host key. */
    public void trustIn(Path knownHosts) throws IOException {
        Files.createDirectories(knownHosts.getParent());
        String[] key = Files.readString(folder.resolve("host.pub")).split(" ");
        Files.writeString(
                knownHosts,
                "[127.0.0.1]:" + port + " " + key[0] + " " + key[1].strip() + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    private boolean listens() throws IOException {
        if (!process.isAlive()) {
            throw new IOException("sshd ended: " + Files.readString(folder.resolve("log")));
        }
        // Not by a connection: with MaxStartups 1 it would be the only one.
        return Files.readString(folder.resolve("log")).contains("Server listening");
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).inheritIO().start();
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed");
        }
    }

    @Override
    public void close() {
        process.destroy();
    }
}
