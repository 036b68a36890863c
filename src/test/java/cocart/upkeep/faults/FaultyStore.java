package cocart.upkeep.faults;

import cocart.upkeep.backup.BackUp;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.backup.Snapshots;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreFilesFactory;
import cocart.upkeep.store.StoreSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.sftp.SftpModuleProperties;
import org.apache.sshd.sftp.server.DirectoryHandle;
import org.apache.sshd.sftp.server.FileHandle;
import org.apache.sshd.sftp.server.SftpFileSystemAccessor;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;
import org.apache.sshd.sftp.server.SftpSubsystemProxy;

/**
 * A store {@code acme} of real files behind a real SFTP server that has limits and rights like a cheap host's, reached
 * through a {@link CuttingProxy}, and a backup directory. Below {@code folder} lie {@code shop}, {@code home} and
 * {@code backups}.
 */
public final class FaultyStore implements AutoCloseable {

    /** Files' times in the tree; old enough to count as settled. */
    public static final Instant OLD = Instant.parse("2026-01-02T03:04:05Z");

    public final Path folder;
    public final Path wpContent;
    public final Path home;
    public final CuttingProxy proxy;

    /** Paths on the server, such as {@code /wp-content/x}, that it does not let anybody open. */
    public final Set<String> denied = ConcurrentHashMap.newKeySet();

    /** Keys that are let in. */
    public final List<PublicKey> keys = new CopyOnWriteArrayList<>();

    private final TestSshd server;
    private final DefaultCamelContext camel = new DefaultCamelContext();
    private int runs;

    /** Options of the SFTP URI; a test adds what it needs. */
    public String options = "password=x&soTimeout=5000&serverAliveInterval=0&connectTimeout=5000";

    /** {@code upkeep.backup.connections}. */
    public int connections = 2;

    /** {@code upkeep.backup.in-flight}. */
    public int inFlight = 128;

    /** Starts the server; the tree is empty. */
    public FaultyStore(Path folder) throws Exception {
        this.folder = folder;
        home = Files.createDirectories(folder.resolve("home"));
        Path root = Files.createDirectories(folder.resolve("shop"));
        wpContent = Files.createDirectories(root.resolve("wp-content"));
        server = new TestSshd(
                folder.resolve("host-key"),
                new SftpSubsystemFactory.Builder()
                        .withFileSystemAccessor(new Guard())
                        .build());
        // With its usual small handles MINA 2.16 gives one away twice after an open that failed.
        SftpModuleProperties.FILE_HANDLE_SIZE.set(server.server(), 16);
        server.server().setFileSystemFactory(new VirtualFileSystemFactory(root));
        server.server().setPublickeyAuthenticator((user, key, session) -> keys.stream()
                .anyMatch(known -> KeyUtils.compareKeys(known, key)));
        server.start();
        proxy = new CuttingProxy(server.port());
        server.trustIn(home.resolve("config/known_hosts"), proxy.port());
    }

    /** Most SSH connections of one user at once; the next is sent away after its login. */
    public void mostConnections(int most) {
        CoreModuleProperties.MAX_CONCURRENT_SESSIONS.set(server.server(), most);
    }

    /** Most channels of one connection at once, as OpenSSH's MaxSessions. */
    public void mostChannels(int most) {
        CoreModuleProperties.MAX_CONCURRENT_CHANNELS.set(server.server(), most);
    }

    /** Most handles of one SFTP session at once. */
    public void mostHandles(int most) {
        SftpModuleProperties.MAX_OPEN_HANDLES_PER_SESSION.set(server.server(), most);
    }

    /** Lets nobody in by password, only by a key. */
    public void onlyKeys() {
        server.server().setPasswordAuthenticator(null);
    }

    /** About 300 files as a small shop has them, one of 3 MB. */
    public FaultyStore fill(long seed) throws IOException {
        Random random = new Random(seed);
        for (int i = 0; i < 290; i++) {
            byte[] bytes = new byte[random.nextInt(8) == 0 ? random.nextInt(20_000) : random.nextInt(2_000)];
            random.nextBytes(bytes);
            write("plugins/p" + i % 9 + "/includes/" + i % 4 + "/class-" + i + ".php", bytes);
        }
        byte[] large = new byte[3_000_001];
        random.nextBytes(large);
        write("uploads/2026/11/video.mp4", large);
        write("uploads/2026/11/copy-of-video.mp4", large);
        write("uploads/empty.txt", new byte[0]);
        write("uploads/Bücher & Töne.txt", "names".getBytes());
        Files.createDirectories(wpContent.resolve("uploads/empty-folder"));
        Files.createSymbolicLink(wpContent.resolve("uploads/latest"), Path.of("2026/11"));
        settle();
        return this;
    }

    public void write(String name, byte[] bytes) throws IOException {
        Path file = wpContent.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }

    /** Gives everything an old time and plain modes. */
    public void settle() throws IOException {
        try (Stream<Path> all = Files.walk(wpContent)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                if (!Files.isSymbolicLink(path)) {
                    Files.setPosixFilePermissions(
                            path, PosixFilePermissions.fromString(Files.isDirectory(path) ? "rwxr-xr-x" : "rw-r--r--"));
                    Files.setLastModifiedTime(path, FileTime.from(OLD));
                }
            }
        }
    }

    /** A backup directory that nothing has used yet; what used to be there is gone. */
    public void forgetBackups() throws IOException {
        Path backups = folder.resolve("backups");
        if (Files.exists(backups)) {
            try (Stream<Path> all = Files.walk(backups)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    /** Where the store's snapshots lie. */
    public Path snapshots() {
        return folder.resolve("backups/snapshots/acme");
    }

    /** The store's files over the proxy. */
    public StoreFiles open() {
        return new StoreFilesFactory(camel, home).open(settings());
    }

    /** Backs up with a clock of its own for each run, a minute apart; the snapshot's folder. */
    public Snapshot backUp() {
        return backUp(Clock.fixed(OLD.plus(Duration.ofDays(100).plusMinutes(runs++)), java.time.ZoneOffset.UTC));
    }

    public Snapshot backUp(Clock clock) {
        try (StoreFiles files = open()) {
            return backUp(clock, files);
        }
    }

    public Snapshot backUp(Clock clock, StoreFiles files) {
        return new BackUp(new Snapshots(folder.resolve("backups")), clock).run(settings(), files, FaultyStore::dump);
    }

    public StoreSettings settings() {
        return new StoreSettings(
                "acme",
                "sftp:deploy@127.0.0.1:" + proxy.port() + "/?" + options,
                null,
                List.of("cart-rest-api-for-woocommerce"),
                new StoreSettings.DatabaseSettings(null, null, null, null, false),
                false,
                Duration.ZERO,
                "0 * * * * ?",
                "UTC",
                new StoreSettings.Backup("0 0 3 * * ?", "", List.of(), "", connections, inFlight, 16L << 20));
    }

    private static long dump(Path target) {
        try {
            return Files.size(Files.writeString(target, "-- a dump"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        proxy.close();
        server.close();
        camel.close();
    }

    /** The server's own rights, as root needs none. */
    private final class Guard implements SftpFileSystemAccessor {

        @Override
        public java.nio.channels.SeekableByteChannel openFile(
                SftpSubsystemProxy subsystem,
                FileHandle handle,
                Path file,
                String name,
                Set<? extends java.nio.file.OpenOption> options,
                java.nio.file.attribute.FileAttribute<?>... attributes)
                throws IOException {
            refuse(file);
            return SftpFileSystemAccessor.super.openFile(subsystem, handle, file, name, options, attributes);
        }

        @Override
        public java.nio.file.DirectoryStream<Path> openDirectory(
                SftpSubsystemProxy subsystem,
                DirectoryHandle handle,
                Path dir,
                String name,
                java.nio.file.LinkOption... options)
                throws IOException {
            refuse(dir);
            return SftpFileSystemAccessor.super.openDirectory(subsystem, handle, dir, name, options);
        }

        private void refuse(Path path) throws IOException {
            if (denied.contains(path.toString())) {
                throw new java.nio.file.AccessDeniedException(path.toString());
            }
        }
    }
}
