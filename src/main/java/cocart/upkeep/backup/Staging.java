package cocart.upkeep.backup;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A hidden folder beside a store's snapshots, where files get whole before they are renamed into one. */
final class Staging implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(Staging.class);
    private static final String NAME = ".repair-";
    private static final Duration LEFT_BEHIND = Duration.ofDays(1);

    private final Path folder;
    private int files;

    /** Makes it, and removes what runs that were killed have left. */
    Staging(Path store) throws IOException {
        try (DirectoryStream<Path> old = Files.newDirectoryStream(store, NAME + "*")) {
            for (Path path : old) {
                Instant made = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS)
                        .toInstant();
                if (made.isBefore(Instant.now().minus(LEFT_BEHIND))) {
                    Disk.remove(path);
                }
            }
        }
        folder = store.resolve(NAME + UUID.randomUUID());
        Disk.createFolder(folder);
    }

    Path folder() {
        return folder;
    }

    /** A link to a file or, where this disk makes none, a copy that is on the disk and has this sha256. */
    Path share(Path source, String sha256) throws IOException {
        Path file = folder.resolve("file-" + files++);
        try {
            Files.createLink(file, source);
        } catch (UnsupportedOperationException | IOException e) {
            copy(source, file, sha256);
        }
        return file;
    }

    /** Gives a file's content a place, over what lies there, which stays as it is until then. */
    void put(Path source, String sha256, Path target) throws IOException {
        Path file = share(source, sha256);
        Path parent = target.getParent();
        FileTime time = Files.getLastModifiedTime(parent, LinkOption.NOFOLLOW_LINKS);
        Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        Files.setLastModifiedTime(parent, time);
        Disk.sync(parent);
    }

    private static void copy(Path source, Path file, String sha256) throws IOException {
        try (FileChannel from = Disk.open(source);
                FileChannel to = Disk.create(file)) {
            long size = from.size();
            for (long at = 0; at < size; ) {
                at += from.transferTo(at, size - at, to);
            }
            to.force(true);
        }
        if (!Hashing.sha256(file).equals(sha256)) {
            throw new IOException("it is damaged by now");
        }
        Files.setLastModifiedTime(file, Files.getLastModifiedTime(source, LinkOption.NOFOLLOW_LINKS));
        Disk.makeReadOnly(file);
    }

    @Override
    public void close() {
        try {
            Disk.remove(folder);
        } catch (IOException e) {
            LOG.warn("{} is no longer needed but cannot be removed: {}", folder, e.toString());
        }
    }
}
