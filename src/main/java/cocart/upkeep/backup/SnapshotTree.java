package cocart.upkeep.backup;

import cocart.upkeep.backup.ContentIndex.Found;
import cocart.upkeep.store.FileEntry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One snapshot's folder while it is written: gives content its place, sharing what is on the disk already, and keeps
 * the manifest. A file's line is written only when the file is whole, so what a killed run leaves without one counts
 * for nothing. Links are never made on disk, so that nothing in a snapshot leads out of it.
 *
 * <p>Several threads may put files at once, but content of the same size only one at a time: then equal content cannot
 * be stored twice.
 */
final class SnapshotTree implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotTree.class);

    private final ContentIndex.Origin origin;
    private final Path folder;
    private final ContentIndex index;
    private final AtomicBoolean copyLogged;
    private final Manifest.Writer manifest;
    private final Map<Path, Long> folders = new LinkedHashMap<>();
    private final Collection<Path> unsynced = new ConcurrentLinkedQueue<>();
    private final AtomicLong files = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong arriving = new AtomicLong();
    private final AtomicLong newBytes = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong probes = new AtomicLong();

    /** @param copyLogged whether it was said already that the disk makes no more links */
    SnapshotTree(
            ContentIndex.Origin origin,
            Path folder,
            ContentIndex index,
            AtomicBoolean copyLogged,
            Manifest.Header header)
            throws IOException {
        this.origin = origin;
        this.folder = folder;
        this.index = index;
        this.copyLogged = copyLogged;
        Disk.createFolder(folder);
        Disk.createFolder(folder.resolve(SnapshotWriter.CONTENT));
        manifest = new Manifest.Writer(folder, header);
    }

    long files() {
        return files.get();
    }

    long bytes() {
        return bytes.get();
    }

    /** Bytes so far of files that come in pieces and are not whole. */
    long arriving() {
        return arriving.get();
    }

    /** Makes a folder; false if the disk does not take it, which is in the manifest then. Called by one thread only. */
    boolean folder(String path, FileEntry entry, Path target) throws IOException {
        try {
            Disk.createFolder(target);
        } catch (FileSystemException e) {
            refused(path, entry, e);
            return false;
        }
        folders.put(target, entry.mtime());
        note(path, entry);
        return true;
    }

    /** Records wp-content itself, which is made already. */
    void content(FileEntry entry) throws IOException {
        folders.put(folder.resolve(SnapshotWriter.CONTENT), entry.mtime());
        note(SnapshotWriter.CONTENT, entry);
    }

    /** Records an entry of which nothing is stored, such as a link. */
    void note(String path, FileEntry entry) throws IOException {
        manifest.add(Manifest.Line.of(path, entry, null, null));
    }

    /** Records an entry that could not be read or stored; reason is one sentence. */
    void fail(String path, FileEntry entry, String reason) throws IOException {
        manifest.add(Manifest.Line.of(path, entry, null, reason));
        failed.incrementAndGet();
    }

    /** Stores a file whose content is in memory. */
    void put(String path, FileEntry entry, Path target, ByteBuffer content, boolean changed) throws IOException {
        MessageDigest digest = Hashing.sha256();
        digest.update(content.duplicate());
        String sha256 = HexFormat.of().formatHex(digest.digest());
        Optional<Found> existing = find(sha256, entry);
        try {
            if (existing.isEmpty() || !link(existing.get().file(), target)) {
                try (FileChannel channel = Disk.createReadOnly(target)) {
                    write(channel, content);
                }
                Disk.setTime(target, entry.mtime());
            }
        } catch (FileSystemException e) {
            refused(path, entry, e);
            return;
        }
        placed(path, entry, target, existing, sha256, changed);
    }

    /** Begins a file whose content comes in pieces; null if the disk does not take it. */
    @Nullable
    Piecemeal begin(String path, FileEntry entry, Path target) throws IOException {
        try {
            return new Piecemeal(path, entry, target, Disk.createReadOnly(target));
        } catch (FileSystemException e) {
            refused(path, entry, e);
            return null;
        }
    }

    /** A file of which not everything is there yet. */
    final class Piecemeal {

        private final String path;
        private final FileEntry entry;
        private final Path target;
        private final FileChannel channel;
        private final MessageDigest digest = Hashing.sha256();
        private long written;

        private Piecemeal(String path, FileEntry entry, Path target, FileChannel channel) {
            this.path = path;
            this.entry = entry;
            this.target = target;
            this.channel = channel;
        }

        void write(ByteBuffer piece) throws IOException {
            int length = piece.remaining();
            digest.update(piece.duplicate());
            SnapshotTree.write(channel, piece);
            written += length;
            arriving.addAndGet(length);
        }

        /** Everything was written. */
        void end(boolean changed) throws IOException {
            channel.close();
            String sha256 = HexFormat.of().formatHex(digest.digest());
            Optional<Found> existing = find(sha256, entry);
            if (existing.isPresent()) {
                Files.delete(target);
                if (!link(existing.get().file(), target)) {
                    copy(existing.get().file(), target, entry);
                }
            } else {
                Disk.setTime(target, entry.mtime());
            }
            arriving.addAndGet(-written);
            placed(path, entry, target, existing, sha256, changed);
        }

        /** Nothing of it stays. */
        void drop() throws IOException {
            arriving.addAndGet(-written);
            channel.close();
            Files.deleteIfExists(target);
        }
    }

    /**
     * Takes a whole file of our own, written elsewhere on the same disk. Only the store's earlier snapshots are asked for
     * the same: looking into the index for it would cost more than a run that finds nothing new.
     */
    void take(Path whole, String path, FileEntry entry, Earlier earlier) throws IOException {
        Path target = folder.resolve(path);
        String sha256 = Hashing.sha256(whole);
        Optional<Earlier.Same> twin = earlier.twin(path, sha256, entry.size());
        if (twin.isPresent() && link(twin.get().file(), target)) {
            Files.delete(whole);
            stored(path, entry, sha256, false);
            return;
        }
        Disk.setTime(whole, entry.mtime());
        Disk.makeReadOnly(whole);
        Files.move(whole, target);
        placed(path, entry, target, Optional.empty(), sha256, false);
    }

    /** Shares a file that an earlier run of the store has. */
    void share(String path, FileEntry entry, Path target, Earlier.Same same) throws IOException {
        try {
            if (!link(same.file(), target)) {
                // ext4 allows 65,000 links to a file: a younger copy of it may have some left
                Optional<Found> other = find(same.sha256(), entry);
                if (other.isEmpty()
                        || other.get().file().equals(same.file())
                        || !link(other.get().file(), target)) {
                    copy(same.file(), target, entry);
                }
            }
        } catch (FileSystemException e) {
            refused(path, entry, e);
            return;
        }
        if (same.sealed()) {
            stored(path, entry, same.sha256(), false);
        } else {
            // An unfinished run is no snapshot, so its content is new here, and nobody has seen it on the disk yet.
            placed(path, entry, target, find(same.sha256(), entry), same.sha256(), false);
        }
    }

    private Optional<Found> find(String sha256, FileEntry entry) throws IOException {
        return index.find(sha256, entry.size(), origin.store());
    }

    private void placed(
            String path, FileEntry entry, Path target, Optional<Found> existing, String sha256, boolean changed)
            throws IOException {
        // content that neither a snapshot nor this run had before is this run's
        if (existing.isEmpty()
                || (!existing.get().sealed() && !existing.get().origin().equals(origin))) {
            newBytes.addAndGet(entry.size());
            index.put(sha256, origin, path);
        }
        // also what is linked: another run that is not sealed may not have waited for the disk
        unsynced.add(target);
        stored(path, entry, sha256, changed);
    }

    private void stored(String path, FileEntry entry, String sha256, boolean changed) throws IOException {
        manifest.add(Manifest.Line.stored(path, entry, sha256, changed));
        files.incrementAndGet();
        bytes.addAndGet(entry.size());
    }

    private void copy(Path existing, Path target, FileEntry entry) throws IOException {
        try (FileChannel from = Disk.open(existing);
                FileChannel to = Disk.createReadOnly(target)) {
            long size = from.size();
            for (long at = 0; at < size; ) {
                at += from.transferTo(at, size - at, to);
            }
        }
        Disk.setTime(target, entry.mtime());
        unsynced.add(target);
    }

    private boolean link(Path existing, Path target) throws FileAlreadyExistsException {
        try {
            Files.createLink(target, existing);
            return true;
        } catch (FileAlreadyExistsException e) {
            throw e;
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

    private static void write(FileChannel channel, ByteBuffer content) throws IOException {
        while (content.hasRemaining()) {
            channel.write(content);
        }
    }

    /** A place could not be made: the entry's own fault if the disk still takes other files. */
    private void refused(String path, FileEntry entry, FileSystemException e) throws IOException {
        if (e instanceof FileAlreadyExistsException) {
            fail(path, entry, "this disk cannot tell its name from that of another entry");
            return;
        }
        Path probe = folder.resolve(".probe-" + probes.incrementAndGet());
        try (FileChannel channel = Disk.create(probe)) {
            channel.write(ByteBuffer.wrap(new byte[1]));
        } catch (IOException disk) {
            e.addSuppressed(disk);
            throw e;
        }
        Files.delete(probe);
        fail(
                path,
                entry,
                "this disk does not take its name: "
                        + Objects.requireNonNullElse(e.getReason(), e.getClass().getSimpleName()));
    }

    /** Seals: everything on the disk, the footer last, then the name by which it counts. */
    Snapshot seal(Path sealed, Instant now) throws IOException {
        List<Path> inner = new ArrayList<>(folders.keySet());
        for (int i = inner.size() - 1; i >= 0; i--) {
            Disk.setTime(inner.get(i), folders.get(inner.get(i)));
        }
        unsynced.addAll(inner);
        if (!folders.containsKey(folder.resolve(SnapshotWriter.CONTENT))) {
            unsynced.add(folder.resolve(SnapshotWriter.CONTENT));
        }
        Disk.syncAll(folder, unsynced);
        manifest.seal(new Manifest.Footer(
                now.toString(),
                files.get(),
                bytes.get(),
                newBytes.get(),
                failed.get(),
                origin.store(),
                origin.id(),
                manifest.digest()));
        manifest.close();
        Disk.makeReadOnly(folder.resolve(Manifest.NAME));
        Disk.sync(folder);
        Files.move(folder, sealed, StandardCopyOption.ATOMIC_MOVE);
        Disk.sync(sealed.getParent());
        return new Snapshot(
                origin.store(), origin.id(), now, files.get(), bytes.get(), newBytes.get(), failed.get(), sealed);
    }

    @Override
    public void close() throws IOException {
        manifest.close();
    }
}
