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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.camel.impl.DefaultCamelContext;

/**
 * A store {@code acme} of real files behind a {@link LimitedSftp}, reached through a {@link CuttingProxy}, and a backup
 * directory. Below {@code folder} lie {@code shop}, {@code home} and
 * {@code backups}.
 */
public final class FaultyStore implements AutoCloseable {

    /** Files' times in the tree; old enough to count as settled. */
    public static final Instant OLD = Instant.parse("2026-01-02T03:04:05Z");

    public final Path folder;
    public final Path wpContent;
    public final Path home;
    public final CuttingProxy proxy;

    public final LimitedSftp server;

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
        server = new LimitedSftp(root, folder.resolve("host-key"));
        proxy = new CuttingProxy(server.port());
        server.trustIn(home.resolve("config/known_hosts"), proxy.port());
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
        return open(uri());
    }

    /** The store's files by another way. */
    public StoreFiles open(String uri) {
        return new StoreFilesFactory(camel, home).open(settings(uri));
    }

    private String uri() {
        return "sftp:deploy@127.0.0.1:" + proxy.port() + "/?" + options;
    }

    /** Backs up with a clock of its own for each run, a minute apart; the snapshot's folder. */
    public Snapshot backUp() {
        return backUp(Clock.fixed(OLD.plus(Duration.ofDays(100).plusMinutes(runs++)), ZoneOffset.UTC));
    }

    public Snapshot backUp(Clock clock) {
        try (StoreFiles files = open()) {
            return backUp(clock, files);
        }
    }

    public Snapshot backUp(Clock clock, StoreFiles files) {
        return new BackUp(new Snapshots(folder.resolve("backups")), clock, 0)
                .run(settings(uri()), files, FaultyStore::dump);
    }

    private StoreSettings settings(String uri) {
        return new StoreSettings(
                "acme",
                uri,
                null,
                List.of("cart-rest-api-for-woocommerce"),
                new StoreSettings.DatabaseSettings(null, null, null, null, false),
                false,
                Duration.ZERO,
                "0 * * * * ?",
                "UTC",
                new StoreSettings.Backup(
                        "0 0 3 * * ?", "", List.of(), "", connections, Duration.ZERO, inFlight, 16L << 20));
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
}
