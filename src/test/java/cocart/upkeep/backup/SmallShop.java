package cocart.upkeep.backup;

import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreFilesFactory;
import cocart.upkeep.store.StoreSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.apache.camel.impl.DefaultCamelContext;

/** A folder as a store, whose snapshots are made at any time that a test likes. */
public final class SmallShop {

    /** Below this folder lies {@code wp-content}. */
    public final Path root;

    public final Snapshots snapshots;

    private final Path backups;

    /** @param backups the backup directory */
    public SmallShop(Path root, Path backups) throws IOException {
        this.root = Files.createDirectories(root);
        this.backups = backups;
        snapshots = new Snapshots(backups);
        Files.createDirectories(root.resolve("wp-content"));
    }

    /** Writes a file below wp-content that looks old. */
    public SmallShop write(String name, String text) throws IOException {
        return write(name, text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    public SmallShop write(String name, byte[] content) throws IOException {
        Path file = root.resolve("wp-content").resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
        // another time for other content, as only size and time tell that a file has changed
        long age = Math.abs(java.util.Arrays.hashCode(content) % 100_000_000L);
        Files.setLastModifiedTime(
                file, FileTime.from(Instant.parse("2015-01-01T00:00:00Z").plusSeconds(age)));
        return this;
    }

    /** Some files, each with content of its own. */
    public SmallShop files(String folder, int count, String text) throws IOException {
        for (int i = 0; i < count; i++) {
            write(folder + "/" + i + ".php", "<?php // " + text + " " + i);
        }
        return this;
    }

    /** A snapshot as the store is now, begun and sealed at this time. */
    public Snapshot backUp(String store, Instant at) {
        StoreSettings settings = settings(store, "", "UTC");
        try (StoreFiles files = new StoreFilesFactory(new DefaultCamelContext(), root).open(settings)) {
            return new BackUp(new Snapshots(backups), Clock.fixed(at, ZoneOffset.UTC), 0)
                    .run(settings, files, target -> {
                        try {
                            return Files.size(Files.writeString(target, "-- dump of " + store));
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }

    /** Settings of a store in this folder. */
    StoreSettings settings(String id, String keep, String zone) {
        return new StoreSettings(
                id,
                "file:" + root,
                null,
                List.of("a"),
                new StoreSettings.DatabaseSettings(null, null, null, null, false),
                false,
                Duration.ZERO,
                "0 * * * * ?",
                zone,
                new StoreSettings.Backup("0 0 3 * * ?", "", List.of(), keep, 2, Duration.ZERO, 128, 16L << 20));
    }
}
