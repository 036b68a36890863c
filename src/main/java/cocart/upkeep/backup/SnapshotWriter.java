package cocart.upkeep.backup;

import cocart.upkeep.backup.ContentIndex.Found;
import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.FileEntry.Type;
import cocart.upkeep.store.FileNames;
import cocart.upkeep.store.StoreFiles;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one snapshot into its unfinished folder. Content comes in under a name of ours in {@code .incoming} and gets
 * its place when it is whole; only then its line is written. Links are never made on disk, so that nothing in a
 * snapshot leads out of it.
 */
final class SnapshotWriter implements StoreFiles.Visitor, Closeable {

    static final String CONTENT = "wp-content";
    static final String DUMP = "database.sql.gz";

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotWriter.class);
    private static final int LONGEST_PATH = 4095; // PATH_MAX of Linux without its NUL
    private static final long PROGRESS_EVERY = TimeUnit.SECONDS.toNanos(1);

    private final ContentIndex.Origin origin;
    private final Path folder;
    private final Path incoming;
    private final Skips skips;
    private final Earlier earlier;
    private final ContentIndex index;
    private final Progress progress;
    private final AtomicBoolean copyLogged;
    private final Manifest.Writer manifest;
    private final Map<String, Incoming> open = new HashMap<>();
    private final Map<Path, Long> folders = new LinkedHashMap<>();
    private final List<Path> unsynced = new ArrayList<>();

    private long files;
    private long bytes;
    private long newBytes;
    private long failed;
    private long opened;
    private long lastProgress = System.nanoTime();
    private @Nullable IOException fault;

    SnapshotWriter(
            ContentIndex.Origin origin,
            Path folder,
            Instant begun,
            List<String> skip,
            Earlier earlier,
            ContentIndex index,
            Progress progress,
            AtomicBoolean copyLogged)
            throws IOException {
        this.origin = origin;
        this.folder = folder;
        this.incoming = folder.resolve(".incoming");
        this.skips = new Skips(skip);
        this.earlier = earlier;
        this.index = index;
        this.progress = progress;
        this.copyLogged = copyLogged;
        Disk.createFolder(folder);
        Disk.createFolder(incoming);
        Disk.createFolder(folder.resolve(CONTENT));
        manifest = new Manifest.Writer(
                folder, new Manifest.Header(begun.getEpochSecond(), origin.store(), origin.id(), List.copyOf(skip)));
    }

    /** The local disk's fault that ended the walk, or null: then the fault is the store's. */
    @Nullable
    IOException fault() {
        return fault;
    }

    /** Bytes that this run has so far. */
    long bytes() {
        return bytes;
    }

    /** Where the dump is to be written. */
    Path dumpTarget() {
        return incoming.resolve(DUMP);
    }

    /** Takes the dump that was written to {@link #dumpTarget}. */
    void takeDump() throws IOException {
        Path dump = dumpTarget();
        FileEntry entry = new FileEntry(
                DUMP,
                Type.FILE,
                Files.size(dump),
                Files.getLastModifiedTime(dump).to(TimeUnit.SECONDS),
                0600,
                null,
                null);
        place(dump, DUMP, folder.resolve(DUMP), entry, Hashing.sha256(dump));
    }

    @Override
    public boolean found(FileEntry entry) throws IOException {
        return guarded(() -> {
            if (skips.matches(entry.path())) {
                return false;
            }
            tick();
            Optional<Path> target = target(entry);
            if (target.isEmpty()) {
                return false;
            }
            return switch (entry.type()) {
                case FOLDER -> folder(entry, target.get());
                case FILE -> !linkUnchanged(entry, target.get());
                case LINK, OTHER -> {
                    manifest.add(Manifest.Line.of(path(entry), entry, null, null));
                    yield false;
                }
            };
        });
    }

    @Override
    public OutputStream open(FileEntry entry) throws IOException {
        return guarded(() -> {
            Optional<Path> target = target(entry);
            if (target.isEmpty()) {
                return OutputStream.nullOutputStream();
            }
            if (open.containsKey(entry.path())) {
                fail(entry, "it was listed twice");
                return OutputStream.nullOutputStream();
            }
            Incoming stream = new Incoming(entry, target.get());
            open.put(entry.path(), stream);
            return stream;
        });
    }

    @Override
    public void failed(FileEntry entry, String reason) throws IOException {
        guarded(() -> {
            Incoming stream = open.remove(entry.path());
            if (stream != null) {
                stream.drop();
            }
            fail(entry, reason);
            return null;
        });
    }

    /** Seals: everything on the disk, the footer last, then the name by which it counts. */
    Snapshot seal(Path sealed, Clock clock) throws IOException {
        progress.at(files, bytes);
        Disk.remove(incoming);
        List<Path> inner = new ArrayList<>(folders.keySet());
        for (int i = inner.size() - 1; i >= 0; i--) {
            Disk.setTime(inner.get(i), folders.get(inner.get(i)));
        }
        unsynced.addAll(inner);
        unsynced.add(folder.resolve(CONTENT));
        Disk.sync(unsynced);
        Instant now = clock.instant();
        manifest.seal(new Manifest.Footer(
                now.toString(), files, bytes, newBytes, failed, origin.store(), origin.id(), manifest.digest()));
        manifest.close();
        Disk.makeReadOnly(folder.resolve(Manifest.NAME));
        Disk.sync(folder);
        Files.move(folder, sealed, StandardCopyOption.ATOMIC_MOVE);
        Disk.sync(sealed.getParent());
        index.sealed(sealed, origin);
        return new Snapshot(origin.store(), origin.id(), now, files, bytes, newBytes, failed, sealed);
    }

    @Override
    public void close() throws IOException {
        for (Incoming stream : open.values()) {
            stream.drop();
        }
        open.clear();
        manifest.close();
    }

    private static String path(FileEntry entry) {
        return entry.path().isEmpty() ? CONTENT : CONTENT + "/" + entry.path();
    }

    /** Where an entry goes; empty if it cannot be stored, which is then in the manifest. */
    private Optional<Path> target(FileEntry entry) throws IOException {
        for (String part : entry.path().split("/", -1)) {
            if (!FileNames.isPlain(part)) {
                fail(entry, "its name is not safe to use as a path");
                return Optional.empty();
            }
        }
        Path tree = folder.resolve(CONTENT);
        Path target;
        try {
            target = tree.resolve(entry.path()).normalize();
        } catch (InvalidPathException e) {
            fail(entry, "its name cannot be written on this disk: " + e.getReason());
            return Optional.empty();
        }
        if (!target.startsWith(tree) || target.equals(tree)) {
            fail(entry, "its name leads out of the snapshot");
            return Optional.empty();
        }
        if (entry.type() == Type.LINK || entry.type() == Type.OTHER) {
            return Optional.of(target);
        }
        if (target.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH) {
            fail(entry, "its path is too long for this disk");
            return Optional.empty();
        }
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            fail(entry, "this disk cannot tell its name from that of another entry");
            return Optional.empty();
        }
        return Optional.of(target);
    }

    private boolean folder(FileEntry entry, Path target) throws IOException {
        try {
            createParents(target);
            Disk.createFolder(target);
        } catch (FileSystemException e) {
            refused(entry, e);
            return false;
        }
        folders.put(target, entry.mtime());
        manifest.add(Manifest.Line.of(path(entry), entry, null, null));
        return true;
    }

    private boolean linkUnchanged(FileEntry entry, Path target) throws IOException {
        Optional<Earlier.Same> same = earlier.same(path(entry), entry);
        if (same.isEmpty()) {
            return false;
        }
        try {
            createParents(target);
            share(same.get().file(), target, entry, same.get().sha256());
        } catch (FileSystemException e) {
            refused(entry, e);
            return true;
        }
        if (!same.get().sealed()) {
            // An unfinished run is no snapshot, so its content is new here, and nobody has seen it on the disk yet.
            claim(index.find(same.get().sha256(), entry.size()), same.get().sha256(), path(entry), entry.size());
            unsynced.add(target);
        }
        stored(path(entry), entry, same.get().sha256());
        return true;
    }

    /** Gives whole content its place, sharing what is there already. */
    private void place(Path whole, String path, Path target, FileEntry entry, String sha256) throws IOException {
        Optional<Found> existing = index.find(sha256, entry.size());
        createParents(target);
        if (existing.isPresent() && link(existing.get().file(), target)) {
            Files.delete(whole);
        } else {
            finish(whole, target, entry);
        }
        claim(existing, sha256, path, entry.size());
        // Also for linked content: another run that is not sealed may not have waited for the disk.
        unsynced.add(target);
        stored(path, entry, sha256);
    }

    /** Content that neither a snapshot nor this run had before is this run's. */
    private void claim(Optional<Found> existing, String sha256, String path, long size) {
        if (existing.isEmpty()
                || (!existing.get().sealed() && !existing.get().origin().equals(origin))) {
            newBytes += size;
            index.put(sha256, origin, path);
        }
    }

    private void finish(Path whole, Path target, FileEntry entry) throws IOException {
        Disk.setTime(whole, entry.mtime());
        Disk.makeReadOnly(whole);
        Files.move(whole, target);
    }

    private void stored(String path, FileEntry entry, String sha256) throws IOException {
        manifest.add(Manifest.Line.of(path, entry, sha256, null));
        files++;
        bytes += entry.size();
    }

    /** Links an earlier run's file, or another of the same content, or copies it. */
    private void share(Path existing, Path target, FileEntry entry, String sha256) throws IOException {
        if (link(existing, target)) {
            return;
        }
        // ext4 allows 65,000 links to a file: a younger copy of it may have some left.
        Optional<Found> other = index.find(sha256, entry.size());
        if (other.isPresent()
                && !other.get().file().equals(existing)
                && link(other.get().file(), target)) {
            return;
        }
        Path copy = incoming();
        try (FileChannel from = FileChannel.open(existing, LinkOption.NOFOLLOW_LINKS);
                FileChannel to = Disk.create(copy)) {
            long size = from.size();
            for (long at = 0; at < size; ) {
                at += from.transferTo(at, size - at, to);
            }
        }
        finish(copy, target, entry);
        unsynced.add(target);
    }

    private boolean link(Path existing, Path target) {
        try {
            Files.createLink(target, existing);
            return true;
        } catch (UnsupportedOperationException | IOException e) {
            if (copyLogged.compareAndSet(false, true)) {
                LOG.info(
                        "Some content is stored once more because this disk makes no (more) hard links to it, first {}: {}",
                        existing,
                        e.toString());
            }
            return false;
        }
    }

    private void createParents(Path target) throws IOException {
        Path parent = target.getParent();
        if (!Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
            Disk.createFolders(parent);
        }
    }

    /** A place could not be made: the entry's own fault if the disk still takes other files. */
    private void refused(FileEntry entry, FileSystemException e) throws IOException {
        Path probe = incoming();
        try (FileChannel channel = Disk.create(probe)) {
            channel.write(java.nio.ByteBuffer.wrap(new byte[1]));
        } catch (IOException disk) {
            e.addSuppressed(disk);
            throw e;
        }
        Files.delete(probe);
        String reason = e instanceof FileAlreadyExistsException
                ? "another entry has it"
                : Objects.requireNonNullElse(e.getReason(), e.getClass().getSimpleName());
        fail(entry, "this disk does not take its name: " + reason);
    }

    private void fail(FileEntry entry, String reason) throws IOException {
        manifest.add(Manifest.Line.of(path(entry), entry, null, reason));
        failed++;
    }

    private Path incoming() {
        return incoming.resolve(Long.toString(opened++));
    }

    private void tick() {
        long now = System.nanoTime();
        if (now - lastProgress >= PROGRESS_EVERY) {
            lastProgress = now;
            progress.at(files, bytes);
        }
    }

    private interface Work<T extends @Nullable Object> {
        T run() throws IOException;
    }

    /** Remembers a fault of the local disk, so that it is not taken for one of the store. */
    private <T extends @Nullable Object> T guarded(Work<T> work) throws IOException {
        try {
            return work.run();
        } catch (IOException e) {
            fault = e;
            throw e;
        }
    }

    /** A file's bytes on their way in. */
    private final class Incoming extends OutputStream {

        private final FileEntry entry;
        private final Path target;
        private final Path file = incoming();
        private final OutputStream out;
        private final MessageDigest digest = Hashing.sha256();
        private long count;
        private boolean ended;

        Incoming(FileEntry entry, Path target) throws IOException {
            this.entry = entry;
            this.target = target;
            this.out = Channels.newOutputStream(Disk.create(file));
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            guarded(() -> {
                out.write(buffer, offset, length);
                return null;
            });
            digest.update(buffer, offset, length);
            count += length;
            tick();
        }

        @Override
        public void close() throws IOException {
            if (ended) {
                return;
            }
            guarded(() -> {
                open.remove(entry.path());
                if (count != entry.size()) {
                    drop();
                    fail(entry, count + " bytes came where " + entry.size() + " were listed");
                    return null;
                }
                ended = true;
                out.close();
                try {
                    place(file, path(entry), target, entry, HexFormat.of().formatHex(digest.digest()));
                } catch (FileSystemException e) {
                    Files.deleteIfExists(file);
                    refused(entry, e);
                }
                return null;
            });
        }

        void drop() throws IOException {
            if (!ended) {
                ended = true;
                out.close();
                Files.deleteIfExists(file);
            }
        }
    }
}
