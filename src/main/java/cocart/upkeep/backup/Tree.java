package cocart.upkeep.backup;

import cocart.upkeep.store.FileNames;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Paths of a manifest in a snapshot's folder, which somebody may have changed since. */
final class Tree {

    private Tree() {}

    /** Where a manifest's path is; empty if it would not lie in the snapshot or cannot be written on this system. */
    static Optional<Path> inside(Path snapshot, String path) {
        for (String part : path.split("/", -1)) {
            if (!FileNames.isPlain(part)) {
                return Optional.empty();
            }
        }
        try {
            Path found = snapshot.resolve(path).normalize();
            return found.startsWith(snapshot) && !found.equals(snapshot) ? Optional.of(found) : Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /** True if every folder between a snapshot and a path in it is one, and no link. */
    static boolean hasRealParents(Path snapshot, Path path) {
        for (Path at = path.getParent(); at != null && at.startsWith(snapshot); at = at.getParent()) {
            if (!Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS)) {
                return false;
            }
        }
        return true;
    }

    /** Number of entries below a folder, links not followed; 0 if it is not there. */
    static long count(Path folder) throws IOException {
        if (Files.notExists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return 0;
        }
        AtomicLong count = new AtomicLong();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
                count.incrementAndGet();
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                count.incrementAndGet();
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) {
                return FileVisitResult.CONTINUE;
            }
        });
        return count.get();
    }
}
