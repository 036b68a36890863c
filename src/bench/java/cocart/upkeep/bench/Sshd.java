package cocart.upkeep.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/** OpenSSH's sshd on 127.0.0.1 with configuration, host key and login key of its own, as the current user. */
final class Sshd implements AutoCloseable {

    private static final long START_SECONDS = 10;

    private final Path folder;
    private final Process process;
    private final int port;

    private Sshd(Path folder, Process process, int port) {
        this.folder = folder;
        this.process = process;
        this.port = port;
    }

    /**
     * Starts it and waits until it answers.
     *
     * @param folder where its files lie; made anew
     * @throws BenchException if it is not installed or does not start
     */
    static Sshd start(Path folder) throws IOException, InterruptedException {
        String sshd = Tools.path("sshd")
                .orElseThrow(() -> new BenchException(
                        "OpenSSH's sshd is not installed here; install it (Debian: openssh-server), it need not run"));
        Listing.remove(folder);
        Files.createDirectories(folder);
        Tools.run(List.of("chmod", "700", folder.toString()));
        for (String key : List.of("host_key", "login_key")) {
            Tools.run(List.of(
                    "ssh-keygen",
                    "-q",
                    "-t",
                    "ed25519",
                    "-N",
                    "",
                    "-C",
                    "benchmark",
                    "-f",
                    folder.resolve(key).toString()));
        }
        Files.copy(folder.resolve("login_key.pub"), folder.resolve("authorized_keys"));
        if (Tools.user().equals("root")) {
            Files.createDirectories(Path.of("/run/sshd")); // sshd asks for it, and Debian makes it only for its service
        }
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Files.writeString(folder.resolve("sshd_config"), """
                ListenAddress 127.0.0.1
                Port %d
                HostKey %s/host_key
                AuthorizedKeysFile %s/authorized_keys
                PidFile none
                PubkeyAuthentication yes
                PasswordAuthentication no
                KbdInteractiveAuthentication no
                PermitRootLogin prohibit-password
                StrictModes no
                UsePAM no
                UseDNS no
                MaxSessions 100
                MaxStartups 200
                Subsystem sftp internal-sftp
                """.formatted(port, folder, folder));
        Process process = new ProcessBuilder(
                        sshd, "-D", "-e", "-f", folder.resolve("sshd_config").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        Sshd started = new Sshd(folder, process, port);
        started.awaitAnswer();
        return started;
    }

    private void awaitAnswer() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (process.isAlive() && System.nanoTime() < end) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                if (new String(socket.getInputStream().readNBytes(4)).equals("SSH-")) {
                    return;
                }
            } catch (IOException e) {
                // not yet
            }
            Thread.sleep(50);
        }
        close();
        throw new BenchException("sshd does not start: " + Tools.tail(folder.resolve("log")));
    }

    int port() {
        return port;
    }

    Path loginKey() {
        return folder.resolve("login_key");
    }

    /** The line that makes a client trust this server at a port of 127.0.0.1. */
    String knownHost(int at) throws IOException {
        String[] key = Files.readString(folder.resolve("host_key.pub")).split(" ");
        return "[127.0.0.1]:" + at + " " + key[0] + " " + key[1] + "\n";
    }

    /** Processor seconds that it and its ended sessions have used; call when no client is connected. */
    OptionalDouble cpuSeconds() throws InterruptedException {
        for (int i = 0; i < 100 && process.descendants().findAny().isPresent(); i++) {
            Thread.sleep(20);
        }
        return ProcStat.of(process.pid()).stream()
                .mapToDouble(ProcStat::withChildrenSeconds)
                .findFirst();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }
}
