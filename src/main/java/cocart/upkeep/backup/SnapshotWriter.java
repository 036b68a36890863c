package cocart.upkeep.backup;

import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.FileEntry.Type;
import cocart.upkeep.store.FileNames;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decides what of a store goes into a snapshot and where, while the store is walked; hashing, writing and linking are
 * done by other threads meanwhile.
 */
final class SnapshotWriter implements StoreFiles.Visitor, Closeable {

    static final String CONTENT = "wp-content";
    static final String DUMP = "database.sql.gz";

    private static final int LONGEST_PATH = 4095; // PATH_MAX of Linux without its NUL
    private static final long PROGRESS_EVERY = TimeUnit.SECONDS.toNanos(1);
    /** More than there are processors would only wake each other. */
    private static final int LANES =
            Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors()));

    /** What files and folders may take of memory until the snapshot is sealed, in bytes. */
    private static final long MOST_HELD = Runtime.getRuntime().maxMemory() / 3;

    /** About what one takes beside the letters of its path, in bytes. */
    private static final int WEIGHT = 200;

    /** Files up to this size are written in one piece. */
    private static final int SMALL = 64 << 10;

    private final String store;
    private final SnapshotTree tree;
    private final Path folder;
    private final Skips skips;
    private final Earlier earlier;
    private final Progress progress;
    private final Reserve reserve;
    private final Lanes lanes;
    private final Map<String, Incoming> open = new HashMap<>();

    /** The folder of what was last found to be safe, and where that is. */
    private String lastFolder = "";

    private Path lastPlace;

    private long held;
    private long foundFiles;
    private long foundBytes;
    private long lastProgress = System.nanoTime();
    private @Nullable IOException fault;

    /**
     * @param folder the snapshot's unfinished folder, which the tree has made
     * @param memory most bytes that may wait to be written
     */
    SnapshotWriter(
            String store,
            SnapshotTree tree,
            Path folder,
            List<String> skip,
            Earlier earlier,
            Progress progress,
            Reserve reserve,
            long memory) {
        this.store = store;
        this.tree = tree;
        this.folder = folder;
        lastPlace = folder;
        this.skips = new Skips(skip);
        this.earlier = earlier;
        this.progress = progress;
        this.reserve = reserve;
        this.lanes = new Lanes(LANES, memory);
    }

    /** The local disk's fault that ended the walk, or null: then the fault is the store's. */
    @Nullable
    IOException fault() {
        return fault != null ? fault : lanes.fault();
    }

    /** Bytes that this run has so far. */
    long bytes() {
        return tree.bytes();
    }

    /** Where the dump is to be written. */
    Path dumpTarget() {
        return folder.resolve("." + DUMP);
    }

    /** Takes the dump that was written to {@link #dumpTarget}. */
    void takeDump() throws IOException {
        Path dump = dumpTarget();
        long size = Files.size(dump);
        foundFiles++;
        foundBytes += size;
        tree.take(
                dump,
                DUMP,
                new FileEntry(
                        DUMP, Type.FILE, size, Files.getLastModifiedTime(dump).to(TimeUnit.SECONDS), 0600, null, null),
                earlier);
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
            hold(entry);
            return switch (entry.type()) {
                case FOLDER -> tree.folder(path(entry), entry, target.get());
                case FILE -> {
                    foundFiles++;
                    foundBytes += entry.size();
                    yield !shareUnchanged(entry, target.get());
                }
                case LINK, OTHER -> {
                    tree.note(path(entry), entry);
                    yield false;
                }
            };
        });
    }

    /** Counts what is kept in memory of a file or folder; a hostile server's list must not take all that others need. */
    private void hold(FileEntry entry) {
        if (entry.type() == Type.FILE || entry.type() == Type.FOLDER) {
            held += WEIGHT + folder.toString().length() + 2L * entry.path().length();
        }
        if (held > MOST_HELD) {
            throw new StoreException(
                    "store " + store
                            + ": it has more files and folders than fit into memory; leave out what need not be"
                            + " backed up with upkeep.backup.skip, or give the program more memory (JAVA_OPTS=-Xmx2g)",
                    null,
                    true);
        }
    }

    private boolean shareUnchanged(FileEntry entry, Path target) throws IOException {
        Optional<Earlier.Same> same = earlier.same(path(entry), entry);
        if (same.isPresent()) {
            lanes.give(entry.size(), 0, () -> tree.share(path(entry), entry, target, same.get()));
        }
        return same.isPresent();
    }

    @Override
    public OutputStream open(FileEntry entry) throws IOException {
        return guarded(() -> {
            Optional<Path> target = target(entry);
            if (target.isEmpty()) {
                return OutputStream.nullOutputStream();
            }
            if (open.containsKey(entry.path())) {
                tree.fail(path(entry), entry, "it was listed twice");
                return OutputStream.nullOutputStream();
            }
            Incoming stream = entry.size() <= SMALL ? new Small(entry, target.get()) : new Large(entry, target.get());
            open.put(entry.path(), stream);
            return stream;
        });
    }

    @Override
    public void changed(FileEntry entry) {
        Incoming stream = open.get(entry.path());
        if (stream != null) {
            stream.changed = true;
        }
    }

    @Override
    public void failed(FileEntry entry, String reason) throws IOException {
        guarded(() -> {
            if (skips.matches(entry.path())) {
                return null; // its name cannot be used, so it was not found first
            }
            Incoming stream = open.remove(entry.path());
            if (stream != null) {
                stream.drop();
            }
            lost(entry, reason);
            return null;
        });
    }

    /** Waits until everything is written and seals it. */
    Snapshot seal(Path sealed, Clock clock) throws IOException {
        if (!open.isEmpty()) {
            throw new IllegalStateException("the walk has ended before " + open.keySet());
        }
        lanes.drain();
        tell();
        reserve.check(lanes.waiting());
        return tree.seal(sealed, clock.instant());
    }

    @Override
    public void close() throws IOException {
        lanes.close();
        for (Incoming stream : open.values()) {
            stream.abandon();
        }
        open.clear();
        tree.close();
    }

    private static String path(FileEntry entry) {
        return entry.path().isEmpty() ? CONTENT : CONTENT + "/" + entry.path();
    }

    /** Where an entry goes; empty if it cannot be stored, which is then in the manifest. */
    private Optional<Path> target(FileEntry entry) throws IOException {
        String reason = null;
        Path target = folder;
        int slash = entry.path().lastIndexOf('/');
        String name = entry.path().substring(slash + 1);
        try {
            // most lie beside the one before, whose folder is known to be in its place
            target = slash > 0
                            && FileNames.isPlain(name)
                            && entry.path().substring(0, slash).equals(lastFolder)
                    ? lastPlace.resolve(name)
                    : anywhere(entry.path());
        } catch (InvalidPathException e) {
            reason = "its name cannot be written on this disk: " + e.getReason();
        } catch (UnsafeName e) {
            reason = e.getMessage();
        }
        if (reason == null && target.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH) {
            reason = "its path is too long for this disk";
        }
        if (reason != null) {
            tree.fail(path(entry), entry, reason);
            return Optional.empty();
        }
        if (slash > 0) {
            lastFolder = entry.path().substring(0, slash);
            lastPlace = target.getParent();
        }
        return Optional.of(target);
    }

    private Path anywhere(String path) throws UnsafeName {
        for (String part : path.split("/", -1)) {
            if (!FileNames.isPlain(part)) {
                throw new UnsafeName("its name is not safe to use as a path");
            }
        }
        Path content = folder.resolve(CONTENT);
        Path target = content.resolve(path).normalize();
        if (!target.startsWith(content) || target.equals(content)) {
            throw new UnsafeName("its name leads out of the snapshot");
        }
        return target;
    }

    /** A name that must not become part of a path; says why. */
    private static final class UnsafeName extends Exception {

        private static final long serialVersionUID = 1L;

        UnsafeName(String reason) {
            super(reason);
        }
    }

    private void tick() throws IOException {
        long now = System.nanoTime();
        if (now - lastProgress >= PROGRESS_EVERY) {
            lastProgress = now;
            reserve.check(lanes.waiting());
            tell();
        }
    }

    private void tell() {
        progress.found(foundFiles, foundBytes);
        progress.at(tree.files(), tree.bytes() + tree.arriving());
    }

    /** What was found does not come. */
    private void lost(FileEntry entry, String reason) throws IOException {
        if (entry.type() == Type.FILE) {
            foundFiles--;
            foundBytes -= entry.size();
        }
        tree.fail(path(entry), entry, reason);
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
    private abstract class Incoming extends OutputStream implements StoreFiles.Taker {

        final FileEntry entry;
        final Path target;
        boolean changed;
        private long count;

        Incoming(FileEntry entry, Path target) {
            this.entry = entry;
            this.target = target;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            take(ByteBuffer.wrap(Arrays.copyOfRange(buffer, offset, offset + length)));
        }

        @Override
        public void take(ByteBuffer bytes) throws IOException {
            int length = bytes.remaining();
            guarded(() -> {
                add(bytes);
                reserve.use(length, lanes.waiting());
                tick();
                return null;
            });
            count += length;
        }

        @Override
        public void close() throws IOException {
            guarded(() -> {
                if (open.remove(entry.path(), this)) {
                    if (count == entry.size()) {
                        end();
                    } else {
                        drop();
                        lost(entry, count + " bytes came where " + entry.size() + " were listed");
                    }
                }
                return null;
            });
        }

        abstract void add(ByteBuffer piece) throws IOException;

        abstract void end() throws IOException;

        abstract void drop() throws IOException;

        /** The run has failed and the lanes have ended. */
        abstract void abandon() throws IOException;
    }

    private final class Small extends Incoming {

        private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

        private ByteBuffer content = NOTHING;

        Small(FileEntry entry, Path target) {
            super(entry, target);
        }

        @Override
        void add(ByteBuffer piece) {
            content = content.hasRemaining()
                    ? ByteBuffer.allocate(content.remaining() + piece.remaining())
                            .put(content)
                            .put(piece)
                            .flip()
                    : piece;
        }

        @Override
        void end() throws IOException {
            ByteBuffer whole = content;
            content = NOTHING; // who has this stream lives longer than the bytes need to
            lanes.give(entry.size(), whole.remaining(), () -> tree.put(path(entry), entry, target, whole, changed));
        }

        @Override
        void drop() {
            // nothing is written yet
        }

        @Override
        void abandon() {
            // nothing is written yet
        }
    }

    private final class Large extends Incoming {

        /** Used on the lane only. */
        private SnapshotTree.@Nullable Piecemeal file;

        private boolean begun;

        Large(FileEntry entry, Path target) {
            super(entry, target);
        }

        @Override
        void add(ByteBuffer piece) throws IOException {
            give(piece.remaining(), () -> {
                if (!begun) {
                    begun = true;
                    file = tree.begin(path(entry), entry, target);
                }
                if (file != null) {
                    file.write(piece);
                }
            });
        }

        @Override
        void end() throws IOException {
            give(0, () -> {
                if (file != null) {
                    file.end(changed);
                }
            });
        }

        @Override
        void drop() throws IOException {
            give(0, this::abandon);
        }

        @Override
        void abandon() throws IOException {
            if (file != null) {
                file.drop();
                file = null;
            }
        }

        private void give(int length, Lanes.Work work) throws IOException {
            lanes.give(entry.size(), length, work);
        }
    }
}
