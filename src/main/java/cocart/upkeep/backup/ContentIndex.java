package cocart.upkeep.backup;

import cocart.upkeep.store.Faults;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.type.StringDataType;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which file on disk has a content: sha256 to a path, over all stores. Only a cache, in a file beside the snapshots, made
 * from the sealed manifests that are whole (each read once): what it names is looked at and hashed before it is used, what it does not know is
 * stored a second time, nothing worse. It is opened by the first run that has new content to place, and closed when no
 * run is left; a process that finds it in use by another one does with the newest snapshot of its own store.
 *
 * <p>What running backups have is known beside it, in memory, until they end. Safe for use by several threads.
 */
final class ContentIndex {

    private static final Logger LOG = LoggerFactory.getLogger(ContentIndex.class);
    private static final int CACHE_MB = 16;

    /** Errors that do not come from what is in the file. */
    private static final Set<Integer> DISK_OR_OTHERS =
            Set.of(DataUtils.ERROR_FILE_LOCKED, DataUtils.ERROR_READING_FAILED, DataUtils.ERROR_WRITING_FAILED);

    private final Snapshots snapshots;
    private final Map<String, Held> running = new HashMap<>();
    private final Map<Origin, Optional<String>> digests = new HashMap<>();
    private final Set<Sound> sound = ConcurrentHashMap.newKeySet();
    private int runs;
    private boolean madeAnew;
    private boolean inMemory;
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
     * A file that was hashed.
     *
     * @param file its inode, or its path where there are none
     */
    private record Sound(Object file, FileTime time, String sha256) {}

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
            try {
                file.commit(); // H2 ends with an error if the disk is full, but would try for ever while it closes
                file.close();
            } catch (RuntimeException e) {
                LOG.warn("{} could not be closed: {}", snapshots.index(), e.toString());
                file.closeImmediately();
            }
        }
        file = null;
        contents = null;
        madeAnew = false;
        inMemory = false;
        digests.clear();
        sound.clear();
    }

    /** Remembers where a run has put a content. */
    synchronized void put(String sha256, Origin origin, String path) {
        running.put(sha256, new Held(origin, path));
    }

    /**
     * A file that has this content: seen to be there with this size just now, and hashed if it is in a sealed snapshot,
     * once as long as runs go on.
     *
     * @param store the store that asks
     */
    Optional<Found> find(String sha256, long size, String store) throws IOException {
        Optional<Found> found = lookUp(sha256, size, store);
        if (found.isEmpty() || !found.get().sealed() || isSound(found.get(), sha256)) {
            return found;
        }
        LOG.warn(
                "{} is not what was backed up and is not shared; run: upkeep verify {}",
                found.get().file(),
                found.get().origin().store());
        forget(sha256);
        return Optional.empty();
    }

    /** Not while others wait: hashing takes its time. */
    private boolean isSound(Found found, String sha256) {
        try {
            BasicFileAttributes is =
                    Files.readAttributes(found.file(), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            Sound key = new Sound(is.fileKey() == null ? found.file() : is.fileKey(), is.lastModifiedTime(), sha256);
            if (sound.contains(key)) {
                return true;
            }
            if (!Hashing.sha256(found.file()).equals(sha256)) {
                return false;
            }
            sound.add(key);
            return true;
        } catch (IOException e) {
            LOG.warn("{} cannot be read: {}", found.file(), Faults.words(e));
            return false;
        }
    }

    private synchronized void forget(String sha256) {
        try {
            if (contents != null) {
                contents.remove(sha256);
            }
        } catch (RuntimeException e) {
            anew(e);
        }
    }

    private synchronized Optional<Found> lookUp(String sha256, long size, String store) throws IOException {
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
        try {
            return stored(sha256, size, store);
        } catch (RuntimeException e) {
            anew(e);
        }
        try {
            return stored(sha256, size, store);
        } catch (RuntimeException e) {
            anew(e);
            return Optional.empty(); // stored a second time, nothing worse
        }
    }

    /** What is in the file makes no sense, or the disk fails: it goes, and if that does not help, memory does instead. */
    private void anew(RuntimeException why) {
        LOG.warn("{} is damaged and made anew from the manifests: {}", snapshots.index(), why.toString());
        if (file != null) {
            file.closeImmediately();
        }
        file = null;
        contents = null;
        digests.clear();
        if (!inMemory) {
            inMemory = madeAnew;
            madeAnew = true;
            try {
                Files.deleteIfExists(snapshots.index());
            } catch (IOException e) {
                inMemory = true;
            }
        }
    }

    private Optional<Found> stored(String sha256, long size, String store) throws IOException {
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
            map(known.getStore(), "snapshots").remove(parts[0] + "/" + parts[1]);
        }
        return found;
    }

    private static Optional<Found> found(Path snapshot, Held held, long size, boolean sealed) throws IOException {
        Path file = snapshot.resolve(held.path()).normalize();
        return file.startsWith(snapshot) && Tree.hasRealParents(snapshot, file) && Disk.isFile(file, size)
                ? Optional.of(new Found(file, held.origin(), sealed))
                : Optional.empty();
    }

    private MVMap<String, String> contents(String store) {
        if (contents == null) {
            List<Origin> all = snapshots.all();
            try {
                file = inMemory ? null : open(snapshots.index());
            } catch (MVStoreException e) {
                LOG.info("{} cannot be used, so less is shared this time: {}", snapshots.index(), e.getMessage());
                inMemory = true;
            }
            if (file == null) {
                file = MVStore.open(null);
                all = all.stream()
                        .filter(origin -> origin.store().equals(store))
                        .reduce((older, newer) -> newer)
                        .map(List::of)
                        .orElse(List.of());
            }
            MVMap<String, String> made = map(file, "contents");
            load(all, map(file, "snapshots"), made);
            contents = made;
        }
        return contents;
    }

    /** Of text alone: without these types the file could name classes of Java to be made. */
    private static MVMap<String, String> map(MVStore store, String name) {
        return store.openMap(
                name,
                new MVMap.Builder<String, String>()
                        .keyType(StringDataType.INSTANCE)
                        .valueType(StringDataType.INSTANCE));
    }

    /**
     * Opens the file, and makes one if it is not there.
     *
     * @throws MVStoreException if another process has it or the disk fails; for anything else it is made anew once
     */
    private static MVStore open(Path path) {
        // nothing is written beside: a fault there while the file is closed would never let it end
        MVStore.Builder builder = new MVStore.Builder()
                .fileName(path.toString())
                .cacheSize(CACHE_MB)
                .autoCommitDisabled();
        try {
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
                    throw new IllegalStateException("it is no file");
                }
            } else {
                Disk.create(path).close();
            }
            return builder.open();
        } catch (IOException e) {
            throw new MVStoreException(DataUtils.ERROR_WRITING_FAILED, e.toString());
        } catch (RuntimeException e) {
            if (e instanceof MVStoreException known && DISK_OR_OTHERS.contains(known.getErrorCode())) {
                throw e;
            }
            LOG.warn("{} is damaged and made anew from the manifests: {}", path, e.toString());
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
        Map<String, String> places = new HashMap<>();
        String fault = null;
        try {
            Manifest.Ends ends = Manifest.read(
                    snapshot,
                    line -> {
                        if (line.isStored()) {
                            places.put(
                                    line.sha256(),
                                    origin.store() + "/" + origin.id() + "/" + digest + "/" + line.path());
                        }
                    },
                    broken -> LOG.debug("{} has a line that cannot be read", snapshot.resolve(Manifest.NAME)));
            if (ends.whole()
                    && origin.store().equals(ends.header().store())
                    && origin.id().equals(ends.header().id())) {
                into.putAll(places);
                return;
            }
            fault = "the lines of its manifest are not those that were sealed";
        } catch (IOException e) {
            fault = "its manifest cannot be read (" + Faults.words(e) + ")";
        }
        LOG.warn("{} is not used to save space, {}; run: upkeep verify {}", snapshot, fault, origin.store());
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
