package cocart.upkeep.bench;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What lies in a folder: the size of each file by its path, and how many folders, itself included.
 *
 * @param files bytes by relative path
 */
record Listing(TreeMap<String, Long> files, int folders) {

    static Listing of(Path folder) throws IOException {
        TreeMap<String, Long> files = new TreeMap<>();
        int[] folders = {0};
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) {
                folders[0]++;
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) {
                files.put(folder.relativize(path).toString(), attributes.size());
                return FileVisitResult.CONTINUE;
            }
        });
        return new Listing(files, folders[0]);
    }

    long bytes() {
        return files.values().stream().mapToLong(Long::longValue).sum();
    }

    /** What a copy lacks or has too much, in a few words; empty if it is complete. */
    Optional<String> difference(Listing copy) {
        if (files.equals(copy.files)) {
            return Optional.empty();
        }
        for (Map.Entry<String, Long> file : files.entrySet()) {
            Long size = copy.files.get(file.getKey());
            if (!file.getValue().equals(size)) {
                return Optional.of("not complete, has " + copy.files.size() + " of " + files.size() + " files; "
                        + file.getKey() + (size == null ? " is missing" : " has " + size + " bytes"));
            }
        }
        return Optional.of("has " + (copy.files.size() - files.size()) + " files too many");
    }

    /** The first file whose content is not that of its namesake; empty if all are equal. */
    Optional<String> unequal(Path folder, Path copy) throws IOException {
        for (String file : files.keySet()) {
            if (Files.mismatch(folder.resolve(file), copy.resolve(file)) >= 0) {
                return Optional.of(file + " has another content");
            }
        }
        return Optional.empty();
    }

    /** Reads every file, so that the page cache has them all for whoever comes first. */
    static void warm(Path folder) throws IOException {
        byte[] buffer = new byte[1 << 18];
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                try (var in = Files.newInputStream(path)) {
                    while (in.read(buffer) >= 0) {
                        // only that it was read matters
                    }
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Removes a folder and all that is in it, if it is there. */
    static void remove(Path folder) throws IOException {
        if (Files.notExists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                Files.delete(path);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path path, IOException error) throws IOException {
                Files.delete(path);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
