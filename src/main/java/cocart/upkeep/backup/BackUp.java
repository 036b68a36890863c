package cocart.upkeep.backup;

import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreSettings;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes snapshots. A snapshot is written in {@code STORE/.unfinished-ID/} and renamed to {@code STORE/ID/} when all of
 * it is on the disk, so one that is listed is whole. A run that was stopped or killed leaves its folder; the next run
 * takes over the files in it and removes it once it has sealed its own.
 *
 * <p>Content that any snapshot of any store has is linked, not stored again; a file with the path, size and time that
 * it had in the store's newest snapshot is not even fetched. Files are 0400 and folders 0700 and belong to whoever runs
 * this, and files of equal content share one time: the true modes and times are in the manifest.
 *
 * <p>Several stores may be backed up at once, each by one caller at a time: the caller holds the store's lease.
 */
public final class BackUp {

    private static final Logger LOG = LoggerFactory.getLogger(BackUp.class);

    private final Snapshots snapshots;
    private final Clock clock;
    private final long reserve;
    private final ContentIndex index;
    private final AtomicBoolean copyLogged = new AtomicBoolean();

    /**
     * @param clock gives the snapshots' ids and times; in any zone, ids are UTC
     * @param reserve bytes that a backup leaves free on the disk
     */
    public BackUp(Snapshots snapshots, Clock clock, long reserve) {
        this.snapshots = snapshots;
        this.clock = clock;
        this.reserve = reserve;
        this.index = new ContentIndex(snapshots);
    }

    /** Like {@link #run(StoreSettings, StoreFiles, DumpTo, Progress, Set)}, telling nobody how far it is. */
    public Snapshot run(StoreSettings store, StoreFiles files, DumpTo dump) {
        return run(store, files, dump, Progress.NONE, Set.of());
    }

    /**
     * Backs up a store: its database first, as that is what an update changes, then wp-content. Entries that cannot be
     * read or stored are in the manifest with their error and are counted in {@link Snapshot#failed()}.
     *
     * @param damaged ids of the store's snapshots that are known to be damaged; nothing is taken over from them unseen
     * @return the sealed snapshot
     * @throws cocart.upkeep.store.StoreException if the store or the local disk failed; nothing is listed then
     */
    public Snapshot run(StoreSettings store, StoreFiles files, DumpTo dump, Progress progress, Set<String> damaged) {
        Path folder = snapshots.folder(store.id());
        Snapshot sealed;
        try {
            List<Path> stale = snapshots.unfinished(store.id()); // looks at what the folder is, too
            Disk.createFolders(folder);
            Instant begun = clock.instant();
            String id = snapshots.nextId(store.id(), begun);
            sealed = write(store, files, dump, progress, folder, begun, id, stale, damaged);
            stale.forEach(BackUp::clear);
        } catch (IOException e) {
            throw Disk.cannotWrite(store.id(), folder, e, kept(store.id()));
        }
        return sealed;
    }

    /**
     * What stays on the disk though nothing was sealed, as words to add: it makes the next run cheaper, but whoever is
     * looking for room should know of it.
     */
    private String kept(String store) {
        try {
            return snapshots.unfinished(store).stream()
                    .map(path -> " What was stored until then, " + ProgressText.size(Math.max(0, storedBytes(path)))
                            + ", stays in " + path
                            + " for the next run, which then need not fetch it; it may be removed.")
                    .collect(Collectors.joining());
        } catch (StoreException e) {
            return ""; // the folder cannot be listed, which may be what was wrong in the first place
        }
    }

    private Snapshot write(
            StoreSettings store,
            StoreFiles files,
            DumpTo dump,
            Progress progress,
            Path folder,
            Instant begun,
            String id,
            List<Path> stale,
            Set<String> damaged)
            throws IOException {
        Path work = folder.resolve(Snapshots.UNFINISHED + id);
        Earlier earlier = new Earlier(snapshots, store.id(), damaged);
        StoreSettings.Backup how = store.backup();
        Reserve room = new Reserve(folder, reserve);
        room.check(0);
        ContentIndex.Origin origin = new ContentIndex.Origin(store.id(), id);
        SnapshotTree tree = new SnapshotTree(
                origin,
                work,
                index,
                copyLogged,
                new Manifest.Header(begun.getEpochSecond(), store.id(), id, how.skip()));
        try (Closeable running = index.begin(origin);
                SnapshotWriter writer = new SnapshotWriter(
                        store.id(), tree, work, how.skip(), earlier, progress, room, how.memory() / 2)) {
            try {
                dump.dump(writer.dumpTarget());
                writer.takeDump();
                Optional<FileEntry> content = files.stat(SnapshotWriter.CONTENT);
                if (content.isPresent() && content.get().type() == FileEntry.Type.FOLDER) {
                    tree.content(content.get()); // a link to it, as some hosts have, has no time or mode to keep
                }
                files.walk(SnapshotWriter.CONTENT, writer);
                return writer.seal(folder.resolve(id), clock);
            } catch (RuntimeException | IOException e) {
                writer.close();
                keepFullest(work, writer.bytes(), stale);
                IOException fault = writer.fault();
                if (fault != null && fault != e) {
                    fault.addSuppressed(e);
                    throw fault;
                }
                throw e;
            }
        }
    }

    /** Of several runs that failed in a row only one is kept, so that they do not pile up. */
    private static void keepFullest(Path work, long workBytes, List<Path> stale) {
        Path fullest = work;
        long most = workBytes;
        for (Path path : stale) {
            long bytes = storedBytes(path);
            if (bytes > most) {
                fullest = path;
                most = bytes;
            }
        }
        for (Path path : stale) {
            if (!path.equals(fullest)) {
                clear(path);
            }
        }
        if (!work.equals(fullest)) {
            clear(work);
        }
    }

    private static long storedBytes(Path unfinished) {
        if (Files.notExists(unfinished.resolve(Manifest.NAME))) {
            return -1;
        }
        AtomicLong bytes = new AtomicLong();
        try {
            Manifest.read(
                    unfinished,
                    line -> {
                        if (line.isStored()) {
                            bytes.addAndGet(line.size());
                        }
                    },
                    broken -> LOG.debug("{} has a line that is not whole", unfinished));
        } catch (IOException e) {
            LOG.warn("{} cannot be read and is of no use: {}", unfinished, e.toString());
            return -1;
        }
        return bytes.get();
    }

    private static void clear(Path unfinished) {
        try {
            Disk.remove(unfinished);
        } catch (NoSuchFileException e) {
            LOG.debug("{} was sealed or removed by another run", unfinished);
        } catch (IOException e) {
            LOG.warn("{} is no longer needed but cannot be removed: {}", unfinished, e.toString());
        }
    }
}
