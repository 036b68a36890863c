package cocart.upkeep.backup;

import cocart.upkeep.store.Faults;
import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Gets contents from a store again: files that still have the path, size and time by which they were backed up. */
final class Refetch implements StoreFiles.Visitor {

    private final Path target;
    private final Map<String, List<Manifest.Line>> wanted = new HashMap<>();
    private final Set<String> folders = new HashSet<>();
    private final Map<String, Path> got = new HashMap<>();
    private final Map<String, String> reasons = new HashMap<>();
    private @Nullable String fault;
    private int files;

    /** @param target folder to write to */
    Refetch(Path target) {
        this.target = target;
    }

    /** Asks for what a line of a manifest names. */
    void want(Manifest.Line line) {
        String path = inStore(line);
        wanted.computeIfAbsent(path, p -> new ArrayList<>()).add(line);
        for (int slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
            folders.add(path.substring(0, slash));
        }
    }

    /** Reads the store, which is in reach or not; what came is in {@link #got}. */
    void run(StoreFiles files) {
        try {
            files.walk(SnapshotWriter.CONTENT, this);
        } catch (StoreException e) {
            fault = fault == null ? "the store could not be read (" + e.getMessage() + ")" : fault;
        }
    }

    /** Says of everything that is still wanted why it does not come. */
    void fails(String why) {
        fault = why;
    }

    /** A fresh read-only file with this content, on the disk. */
    Optional<Path> got(String sha256) {
        return Optional.ofNullable(got.get(sha256));
    }

    /** Why a line's content did not come, a clause. */
    String reason(Manifest.Line line) {
        String reason = reasons.get(inStore(line));
        return reason != null ? reason : fault != null ? fault : "the store has it no more";
    }

    private static String inStore(Manifest.Line line) {
        return line.path().substring(SnapshotWriter.CONTENT.length() + 1);
    }

    private static boolean isSame(Manifest.Line line, FileEntry entry) {
        return line.size() == entry.size() && line.mtime() == entry.mtime();
    }

    @Override
    public boolean found(FileEntry entry) {
        if (entry.type() == FileEntry.Type.FOLDER) {
            return folders.contains(entry.path());
        }
        List<Manifest.Line> lines = wanted.get(entry.path());
        if (lines == null) {
            return false;
        }
        boolean same = entry.type() == FileEntry.Type.FILE && lines.stream().anyMatch(line -> isSame(line, entry));
        if (!same) {
            reasons.put(entry.path(), "it was changed in the store since");
        }
        return same;
    }

    @Override
    public OutputStream open(FileEntry entry) throws IOException {
        try {
            return new Coming(entry, target.resolve("fetched-" + files++));
        } catch (IOException e) {
            throw disk(e);
        }
    }

    @Override
    public void failed(FileEntry entry, String reason) {
        reasons.put(entry.path(), "the store did not give it (" + reason + ")");
    }

    private IOException disk(IOException e) {
        fault = "the disk did not take it (" + Faults.words(e) + ")";
        return e;
    }

    /** A file's bytes on their way in. */
    private final class Coming extends OutputStream {

        private final FileEntry entry;
        private final Path file;
        private final FileChannel channel;
        private final OutputStream out;
        private final MessageDigest digest = Hashing.sha256();
        private boolean closed;

        Coming(FileEntry entry, Path file) throws IOException {
            this.entry = entry;
            this.file = file;
            channel = Disk.create(file);
            out = Channels.newOutputStream(channel);
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            try {
                out.write(buffer, offset, length);
            } catch (IOException e) {
                throw disk(e);
            }
            digest.update(buffer, offset, length);
        }

        @Override
        public void close() throws IOException {
            if (closed) {
                return;
            }
            closed = true;
            String sha256 = HexFormat.of().formatHex(digest.digest());
            List<Manifest.Line> lines = wanted.getOrDefault(entry.path(), List.of());
            try (channel) {
                if (lines.stream().noneMatch(line -> isSame(line, entry) && sha256.equals(line.sha256()))) {
                    reasons.put(entry.path(), "the store has other content under the same name, size and time by now");
                    Files.delete(file);
                    return;
                }
                Disk.setTime(file, entry.mtime());
                Disk.makeReadOnly(file);
                channel.force(true);
                got.put(sha256, file);
            } catch (IOException e) {
                throw disk(e);
            }
        }
    }
}
