package cocart.upkeep.backup;

import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreSettings;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestOutputStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a store into a new snapshot. It grows in {@code .unfinished-ID/} and becomes visible by one rename when
 * everything, the manifest last, is on the disk; a run that does not get there leaves its files for the next to reuse.
 * Content that any snapshot has is linked, not stored again. One run at a time for a store; the caller sees to that.
 */
public final class BackUp {

    private static final Logger LOG = LoggerFactory.getLogger(BackUp.class);
    private static final String CONTENT = "wp-content";
    private static final String DUMP = "database.sql.gz";

    private final Snapshots snapshots;
    private final Clock clock;

    public BackUp(Snapshots snapshots, Clock clock) {
        this.snapshots = snapshots;
        this.clock = clock;
    }

    /** @throws StoreException if no snapshot could be sealed */
    public Snapshot run(StoreSettings store, StoreFiles files, DumpTo dump) {
        Path folder = snapshots.folder(store.id());
        try {
            return new Run(store, folder).run(files, dump);
        } catch (IOException e) {
            throw Disk.cannotWrite(store.id(), folder, e);
        }
    }

    /** Content that is on disk already. */
    private record Stored(Path file, long size, long mtime, String sha256) {}

    private final class Run implements StoreFiles.Visitor {

        private final StoreSettings store;
        private final Path folder;
        private final String id;
        private final Path unfinished;
        private final Skips skips;
        private final Map<String, Stored> byPath = new HashMap<>();
        private final Map<String, Stored> byHash = new HashMap<>();
        private final List<Path> written = new ArrayList<>();
        private final List<Path> folders = new ArrayList<>();
        private Manifest.@Nullable Writer manifest;
        private long count;
        private long bytes;
        private long newBytes;
        private long failed;
        private boolean linkless;

        Run(StoreSettings store, Path folder) throws IOException {
            this.store = store;
            this.folder = folder;
            this.id = snapshots.nextId(store.id(), clock.instant());
            this.unfinished = folder.resolve(Snapshots.UNFINISHED + id);
            this.skips = new Skips(store.backupSkip());
        }

        Snapshot run(StoreFiles files, DumpTo dump) throws IOException {
            List<Path> left = snapshots.unfinished(store.id());
            for (Snapshot snapshot : snapshots.list()) {
                if (!snapshot.store().equals(store.id())) {
                    remember(snapshot.path(), false);
                }
            }
            List<Snapshot> own = snapshots.list(store.id());
            for (int i = own.size() - 1; i >= 0; i--) {
                remember(own.get(i).path(), i == 0);
            }
            for (Path earlier : left) {
                remember(earlier, true);
            }
            Disk.createFolders(folder);
            Disk.createFolder(unfinished);
            folders.add(unfinished);
            try (Manifest.Writer writer = new Manifest.Writer(
                    unfinished,
                    new Manifest.Header(clock.instant().getEpochSecond(), store.id(), id, store.backupSkip()))) {
                manifest = writer;
                database(dump);
                Path content = unfinished.resolve(CONTENT);
                Disk.createFolder(content);
                folders.add(content);
                files.walk(CONTENT, this);
                for (Path file : written) {
                    Disk.makeReadOnly(file);
                }
                Disk.sync(written);
                Disk.sync(folders);
                String sealed = clock.instant()
                        .truncatedTo(java.time.temporal.ChronoUnit.MILLIS)
                        .toString();
                writer.seal(
                        new Manifest.Footer(sealed, count, bytes, newBytes, failed, store.id(), id, writer.digest()));
            }
            Disk.sync(unfinished);
            Path sealed = folder.resolve(id);
            Files.move(unfinished, sealed, StandardCopyOption.ATOMIC_MOVE);
            Disk.sync(folder);
            for (Path earlier : left) {
                Disk.remove(earlier);
            }
            return snapshots.list(store.id()).stream()
                    .filter(snapshot -> snapshot.id().equals(id))
                    .findFirst()
                    .orElseThrow(() -> new StoreException(
                            "store " + store.id() + ": the snapshot " + sealed + " was sealed but cannot be read back",
                            null));
        }

        /** What a snapshot holds; a later one wins, and only the newest and unfinished ones answer for paths. */
        private void remember(Path snapshot, boolean paths) throws IOException {
            if (Files.notExists(snapshot.resolve(Manifest.NAME))) {
                return;
            }
            Manifest.read(
                    snapshot,
                    line -> {
                        Path file = inside(snapshot, line.path());
                        if (line.isStored() && file != null && line.sha256() != null) {
                            Stored stored = new Stored(file, line.size(), line.mtime(), line.sha256());
                            byHash.put(line.sha256(), stored);
                            if (paths) {
                                byPath.put(line.path(), stored);
                            }
                        }
                    },
                    broken -> LOG.debug("a line of an unfinished manifest is cut short"));
        }

        private void database(DumpTo dump) throws IOException {
            Path file = unfinished.resolve(DUMP);
            long size = dump.dump(file);
            String sha256 = Hashing.sha256(file);
            FileEntry entry = new FileEntry(
                    DUMP, FileEntry.Type.FILE, size, clock.instant().getEpochSecond(), 0600, null, null);
            record(entry, DUMP, file, sha256, size);
        }

        @Override
        public boolean found(FileEntry entry) throws IOException {
            if (skips.matches(entry.path())) {
                return false;
            }
            String path = CONTENT + "/" + entry.path();
            Path target = inside(unfinished, path);
            if (target == null) {
                failed(entry, "its path leaves the snapshot");
                return false;
            }
            switch (entry.type()) {
                case FOLDER -> {
                    try {
                        Disk.createFolder(target);
                    } catch (FileAlreadyExistsException e) {
                        failed(entry, "the local disk holds another name that is the same to it");
                        return false;
                    } catch (FileSystemException e) {
                        if (isDiskFault(e)) {
                            throw e;
                        }
                        failed(entry, "the local disk cannot hold this name");
                        return false;
                    }
                    folders.add(target);
                    write(Manifest.Line.of(path, entry, null, null));
                    return true;
                }
                case FILE -> {
                    return !reused(entry, path, target);
                }
                default -> {
                    write(Manifest.Line.of(path, entry, null, null));
                    return false;
                }
            }
        }

        /** Unchanged since the last snapshot, by path, size and time: linked, not read. */
        private boolean reused(FileEntry entry, String path, Path target) throws IOException {
            Stored stored = byPath.get(path);
            if (stored == null
                    || stored.size() != entry.size()
                    || stored.mtime() != entry.mtime()
                    || !Disk.isFile(stored.file(), stored.size())) {
                return false;
            }
            if (!link(stored, target)) {
                return false;
            }
            count++;
            bytes += entry.size();
            write(Manifest.Line.of(path, entry, stored.sha256(), null));
            return true;
        }

        @Override
        public OutputStream open(FileEntry entry) throws IOException {
            String path = CONTENT + "/" + entry.path();
            Path target = unfinished.resolve(path);
            Path part = unfinished.resolve(
                    ".part-" + Integer.toHexString(entry.path().hashCode()) + "-" + count + "-" + System.nanoTime());
            var digest = Hashing.sha256();
            OutputStream file = Channels.newOutputStream(Disk.create(part));
            return new DigestOutputStream(new java.io.BufferedOutputStream(file, 1 << 15), digest) {
                private boolean done;

                @Override
                public void close() throws IOException {
                    if (done) {
                        return;
                    }
                    done = true;
                    super.close();
                    kept(entry, path, part, target, HexFormat.of().formatHex(digest.digest()));
                }
            };
        }

        private void kept(FileEntry entry, String path, Path part, Path target, String sha256) throws IOException {
            Stored stored = byHash.get(sha256);
            if (stored != null && Disk.isFile(stored.file(), entry.size()) && link(stored, target)) {
                Files.delete(part);
                count++;
                bytes += entry.size();
                write(Manifest.Line.of(path, entry, sha256, null));
                return;
            }
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                Files.delete(part);
                failed(entry, "the local disk holds another name that is the same to it");
                return;
            }
            try {
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            } catch (FileSystemException e) {
                Files.deleteIfExists(part);
                if (isDiskFault(e)) {
                    throw e;
                }
                failed(entry, "the local disk cannot hold this name");
                return;
            }
            Files.setLastModifiedTime(target, FileTime.from(entry.mtime(), TimeUnit.SECONDS));
            record(entry, path, target, sha256, entry.size());
        }

        private void record(FileEntry entry, String path, Path file, String sha256, long size) throws IOException {
            written.add(file);
            count++;
            bytes += size;
            newBytes += size;
            byHash.put(sha256, new Stored(file, size, entry.mtime(), sha256));
            write(Manifest.Line.of(path, entry, sha256, null));
        }

        @Override
        public void failed(FileEntry entry, String reason) throws IOException {
            failed++;
            write(Manifest.Line.of(CONTENT + "/" + entry.path(), entry, null, reason));
        }

        /** A hard link, or a copy where the file system has none or too many. */
        private boolean link(Stored stored, Path target) throws IOException {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                return false;
            }
            try {
                Files.createLink(target, stored.file());
            } catch (UnsupportedOperationException | FileSystemException e) {
                if (e instanceof FileSystemException fault && isDiskFault(fault)) {
                    throw fault;
                }
                if (!linkless) {
                    linkless = true;
                    LOG.warn(
                            "store {}: {} cannot be linked, content is copied: {}",
                            store.id(),
                            stored.file(),
                            e.toString());
                }
                try {
                    Files.copy(stored.file(), target, StandardCopyOption.COPY_ATTRIBUTES);
                } catch (FileSystemException f) {
                    if (isDiskFault(f)) {
                        throw f;
                    }
                    return false;
                }
                newBytes += stored.size();
                written.add(target);
            }
            return true;
        }

        private void write(Manifest.Line line) throws IOException {
            java.util.Objects.requireNonNull(manifest).add(line);
        }

        /** The local path, or null if it would leave the folder; checked again although names come checked. */
        private @Nullable Path inside(Path base, String path) {
            if (path.indexOf('\0') >= 0) {
                return null;
            }
            Path found = base.resolve(path).normalize();
            return found.startsWith(base) && !found.equals(base) && found.equals(base.resolve(path)) ? found : null;
        }

        private boolean isDiskFault(FileSystemException e) {
            String reason = String.valueOf(e.getReason());
            return reason.contains("No space")
                    || reason.contains("quota")
                    || reason.contains("Read-only")
                    || reason.contains("Input/output");
        }
    }
}
