package cocart.upkeep.backup;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which file on disk has a content: sha256 to a path, over all stores. Only a cache, in a file beside the snapshots, made
 * from the sealed manifests (each read once): what it names is looked at before it is used, what it does not know is
 * stored a second time, nothing worse. It is opened by the first run that has new content to place, and closed when no
 * run is left; a process that finds it in use by another one does with the newest snapshot of its own store.
 *
 * <p>What running backups have is known beside it, in memory, until they end. Safe for use by several threads.
 */
final class ContentIndex {

    private static final Logger LOG = LoggerFactory.getLogger(ContentIndex.class);
    private static final int CACHE_MB = 16;

    private final Snapshots snapshots;
    private final Map<String, Held> running = new HashMap<>();
    private final Map<Origin, Optional<String>> digests = new HashMap<>();
    private int runs;
    private @Nullable MVStore file;

    /** sha256 to {@code STORE/ID/DIGEST/PATH}, where DIGEST is that of the snapshot's manifest: ids may come again. */
    private @Nullable MVMap<String, String> contents;

    ContentIndex(Snapshots snapshots) {
        this.snapshots = snapshots;
    }

    /** A snapshot, sealed or still being written. */
    record Origin(String store, String id) {}

    private record Held(Origin origin, String path) {}

    /**
     * A file that has a content.
     *
     * @param sealed false if it is in a running backup
     */
    record Found(Path file, Origin origin, boolean sealed) {}

    /** A run begins; what it has put here is forgotten when it is closed. */
    synchronized Closeable begin(Origin origin) {
        runs++;
        return () -> end(origin);
    }

    private synchronized void end(Origin origin) {
        running.values().removeIf(held -> held.origin().equals(origin));
        if (--runs == 0) {
            close();
        }
    }

    private void close() {
        if (file != null) {
            file.close();
            file = null;
            contents = null;
            digests.clear();
        }
    }

    /** Remembers where a run has put a content. */
    synchronized void put(String sha256, Origin origin, String path) {
        running.put(sha256, new Held(origin, path));
    }

    /**
     * A file that has this content, seen to be there with this size just now.
     *
     * @param store the store that asks
     */
    synchronized Optional<Found> find(String sha256, long size, String store) throws IOException {
        Held held = running.get(sha256);
        if (held != null) {
            Path unfinished = snapshots
                    .folder(held.origin().store())
                    .resolve(Snapshots.UNFINISHED + held.origin().id());
            Optional<Found> found = found(unfinished, held, size, false);
            if (found.isPresent()) {
                return found;
            }
        }
        MVMap<String, String> known = contents(store);
        String place = known.get(sha256);
        if (place == null) {
            return Optional.empty();
        }
        String[] parts = place.split("/", 4);
        Held there = new Held(new Origin(parts[0], parts[1]), parts[3]);
        Path snapshot = snapshots.folder(parts[0]).resolve(parts[1]);
        Optional<Found> found = parts[2].equals(digest(there.origin()).orElse(""))
                ? found(snapshot, there, size, true)
                : Optional.empty();
        if (found.isEmpty()) {
            // removed, or another one that has its name now: whatever is there is read anew next time
            known.remove(sha256);
            known.getStore().<String, String>openMap("snapshots").remove(parts[0] + "/" + parts[1]);
        }
        return found;
    }

    private static Optional<Found> found(Path snapshot, Held held, long size, boolean sealed) throws IOException {
        Path file = snapshot.resolve(held.path()).normalize();
        return file.startsWith(snapshot) && Disk.isFile(file, size)
                ? Optional.of(new Found(file, held.origin(), sealed))
                : Optional.empty();
    }

    private MVMap<String, String> contents(String store) {
        if (contents == null) {
            try {
                file = open(snapshots.index());
                MVMap<String, String> loaded = file.openMap("snapshots");
                contents = file.openMap("contents");
                load(snapshots.all(), loaded, contents);
            } catch (MVStoreException e) {
                LOG.info("{} cannot be used, so less is shared this time: {}", snapshots.index(), e.getMessage());
                file = MVStore.open(null);
                contents = file.openMap("contents");
                load(
                        snapshots
                                .newest(store)
                                .map(s -> List.of(new Origin(store, s.id())))
                                .orElse(List.of()),
                        file.openMap("snapshots"),
                        contents);
            }
        }
        return contents;
    }

    /** Opens the file; one that is damaged is made anew. */
    private static MVStore open(Path path) {
        MVStore.Builder builder =
                new MVStore.Builder().fileName(path.toString()).cacheSize(CACHE_MB);
        try {
            if (Files.notExists(path)) {
                Disk.create(path).close();
            }
            return builder.open();
        } catch (IOException e) {
            throw new MVStoreException(DataUtils.ERROR_WRITING_FAILED, e.toString());
        } catch (MVStoreException e) {
            if (e.getErrorCode() != DataUtils.ERROR_FILE_CORRUPT) {
                throw e;
            }
            LOG.warn("{} is damaged and made anew from the manifests", path);
            try {
                Files.delete(path);
                Disk.create(path).close();
            } catch (IOException io) {
                throw new MVStoreException(DataUtils.ERROR_WRITING_FAILED, io.toString());
            }
            return builder.open();
        }
    }

    /** Reads the manifests of snapshots that came since the last time and forgets those that went. */
    private void load(List<Origin> sealed, MVMap<String, String> loaded, MVMap<String, String> into) {
        Set<String> there = new HashSet<>();
        for (Origin origin : sealed) {
            String name = origin.store() + "/" + origin.id();
            there.add(name);
            if (!loaded.containsKey(name)) {
                digest(origin).ifPresent(digest -> {
                    read(origin, digest, into);
                    loaded.put(name, digest);
                });
            }
        }
        for (String name : List.copyOf(loaded.keySet())) {
            if (!there.contains(name)) {
                loaded.remove(name);
            }
        }
    }

    private void read(Origin origin, String digest, MVMap<String, String> into) {
        Path snapshot = snapshots.folder(origin.store()).resolve(origin.id());
        try {
            Manifest.read(
                    snapshot,
                    line -> {
                        if (line.isStored()) {
                            into.put(
                                    line.sha256(),
                                    origin.store() + "/" + origin.id() + "/" + digest + "/" + line.path());
                        }
                    },
                    broken -> LOG.warn("{} has a line that cannot be read", snapshot.resolve(Manifest.NAME)));
        } catch (IOException e) {
            LOG.warn("{} is not used to save space, its manifest cannot be read: {}", snapshot, e.toString());
        }
    }

    /** A part of the digest of a sealed snapshot's manifest; empty if there is no such snapshot. */
    private Optional<String> digest(Origin origin) {
        return digests.computeIfAbsent(origin, o -> {
            try {
                return Optional.of(Manifest.footer(snapshots.folder(o.store()).resolve(o.id()))
                        .lines()
                        .substring(0, 12));
            } catch (IOException | RuntimeException e) {
                return Optional.empty();
            }
        });
    }
}
