package cocart.upkeep.backup;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes snapshots off the disk: renamed first, so that a snapshot is whole or no snapshot, whenever it is killed.
 * Content that other snapshots have stays, as the disk counts its links.
 */
final class Removal {

    /** Disks that do not count links (Windows) cannot tell what would be freed. */
    static final long UNKNOWN = -1;

    private Removal() {}

    /** From now on it is no snapshot; {@link #clear} does the rest. */
    static Path hide(Path snapshot) throws IOException {
        Path hidden = snapshot.resolveSibling(Snapshots.REMOVING + snapshot.getFileName());
        Files.move(snapshot, hidden, StandardCopyOption.ATOMIC_MOVE);
        Disk.sync(hidden.getParent());
        return hidden;
    }

    /** Deletes what was hidden and returns the bytes of content that nothing else has, or {@link #UNKNOWN}. */
    static long clear(Path hidden) throws IOException {
        long freed = freed(java.util.List.of(hidden));
        Disk.remove(hidden);
        return freed;
    }

    /** Bytes of content that would be gone with all of these folders, or {@link #UNKNOWN}. */
    static long freed(Collection<Path> folders) throws IOException {
        Map<Object, Content> contents = new HashMap<>();
        for (Path folder : folders) {
            Files.walkFileTree(folder, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    contents.computeIfAbsent(
                                    attributes.fileKey() == null ? file : attributes.fileKey(),
                                    key -> new Content(links(file), attributes.size()))
                            .found++;
                    return FileVisitResult.CONTINUE;
                }
            });
        }
        long freed = 0;
        for (Content content : contents.values()) {
            if (content.links == null) {
                return UNKNOWN;
            }
            if (content.found >= content.links) {
                freed += content.size;
            }
        }
        return freed;
    }

    private static @Nullable Integer links(Path file) {
        try {
            return (Integer) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return null;
        }
    }

    private static final class Content {

        private final @Nullable Integer links;
        private final long size;
        private int found;

        Content(@Nullable Integer links, long size) {
            this.links = links;
            this.size = size;
        }
    }
}
