package cocart.upkeep.backup;

import cocart.upkeep.store.Faults;
import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.LogContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What earlier runs of a store have: its newest snapshot that is as it was sealed, and runs that did not reach their end.
 * One that somebody has changed is told in the log and passed by, at worst everything is fetched.
 */
final class Earlier {

    private static final Logger LOG = LoggerFactory.getLogger(Earlier.class);

    private final CompletableFuture<List<Run>> runs;

    /** @param begun seconds since 1970 */
    private record Run(
            Path folder, boolean sealed, long begun, Map<String, Known> files, Map<Path, Boolean> realParents) {

        /** False if a folder above a file is a link now, which may lead anywhere. */
        boolean hasRealParents(Path file) {
            return realParents.computeIfAbsent(file.getParent(), parent -> Tree.hasRealParents(folder, file));
        }
    }

    private record Known(long size, long mtime, String sha256) {}

    /** A file that did not change since it was stored here. */
    record Same(Path file, String sha256, boolean sealed) {}

    /**
     * Reads in the background, while the store is still connected to; what asks first waits for it.
     *
     * @param damaged ids of sealed snapshots of which it is known that they are not whole
     */
    Earlier(Snapshots snapshots, String store, Set<String> damaged) {
        List<Path> unfinished = snapshots.unfinished(store);
        runs = new CompletableFuture<>();
        CompletableFuture.runAsync(LogContext.carry(() -> {
            try {
                runs.complete(load(unfinished, snapshots, store, damaged));
            } catch (RuntimeException | Error e) {
                runs.completeExceptionally(e);
            }
        }));
    }

    private static List<Run> load(List<Path> unfinished, Snapshots snapshots, String store, Set<String> damaged) {
        List<Run> runs = new ArrayList<>();
        for (int i = unfinished.size() - 1; i >= 0; i--) {
            load(unfinished.get(i), false, runs);
        }
        for (Snapshot snapshot : snapshots.list(store)) {
            String fault = damaged.contains(snapshot.id()) ? "it was found damaged" : load(snapshot.path(), true, runs);
            if (fault == null) {
                break;
            }
            LOG.warn("{} is not taken over from, {}; run: upkeep verify {}", snapshot.path(), fault, store);
        }
        return runs;
    }

    private List<Run> runs() {
        try {
            return runs.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    /** Null if all is well, else why its lines are not used. */
    private static @Nullable String load(Path folder, boolean sealed, List<Run> runs) {
        if (Files.notExists(folder.resolve(Manifest.NAME), LinkOption.NOFOLLOW_LINKS)) {
            return "it has no manifest"; // or was killed before its first line
        }
        Map<String, Known> files = new HashMap<>();
        Manifest.Ends ends;
        try {
            ends = Manifest.read(
                    folder,
                    line -> {
                        if (line.isStored()) {
                            files.put(line.path(), new Known(line.size(), line.mtime(), line.sha256()));
                        }
                    },
                    broken -> LOG.debug("{} has a line that is not whole", folder.resolve(Manifest.NAME)));
        } catch (IOException e) {
            LOG.debug("{} cannot be read", folder.resolve(Manifest.NAME), e);
            return "its manifest cannot be read (" + Faults.words(e) + ")";
        }
        if (ends.header() == null || (sealed && !ends.whole())) {
            return "the lines of its manifest are not those that were sealed";
        }
        runs.add(new Run(folder, sealed, ends.header().begun(), files, new ConcurrentHashMap<>()));
        return null;
    }

    /**
     * The stored file, if it has the entry's path, size and time. A file that changed after that run had begun may have
     * changed again in the same second after it was read, so it is never taken for the same. What an unfinished run
     * wrote may be missing its bytes after a power failure, so it is hashed again.
     *
     * @param path in the snapshot
     */
    Optional<Same> same(String path, FileEntry entry) throws IOException {
        for (Run run : runs()) {
            Known known = run.files().get(path);
            if (known == null
                    || known.size() != entry.size()
                    || known.mtime() != entry.mtime()
                    || entry.mtime() >= run.begun()) {
                continue;
            }
            Path file = run.folder().resolve(path).normalize();
            if (file.startsWith(run.folder())
                    && run.hasRealParents(file)
                    && Disk.isFile(file, entry.size())
                    && (run.sealed() || isWhole(file, known.sha256()))) {
                return Optional.of(new Same(file, known.sha256(), run.sealed()));
            }
        }
        return Optional.empty();
    }

    /**
     * The stored file at a path, if it has this content; read to be sure.
     *
     * @param path in the snapshot
     */
    Optional<Same> twin(String path, String sha256, long size) throws IOException {
        for (Run run : runs()) {
            Known known = run.files().get(path);
            Path file = run.folder().resolve(path).normalize();
            if (known != null
                    && run.sealed()
                    && known.sha256().equals(sha256)
                    && file.startsWith(run.folder())
                    && run.hasRealParents(file)
                    && Disk.isFile(file, size)
                    && isWhole(file, sha256)) {
                return Optional.of(new Same(file, sha256, true));
            }
        }
        return Optional.empty();
    }

    private static boolean isWhole(Path file, String sha256) {
        try {
            return Hashing.sha256(file).equals(sha256);
        } catch (IOException e) {
            LOG.warn("{} cannot be read and is fetched again: {}", file, e.toString());
            return false;
        }
    }
}
