package cocart.upkeep.backup;

import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;

/**
 * Writes a snapshot as a tar archive, piece by piece: {@code STORE/ID/wp-content/...} with the types, modes and times of
 * the manifest, which comes last. Each file's hash is looked at while it is read. Links come after all files, so that
 * none of them can lead a file astray when the archive is unpacked.
 */
final class SnapshotTar implements Closeable {

    private static final int PIECE = 1 << 16;
    private static final int PERMISSIONS = 0777; // no set-uid from a store onto the machine where this is unpacked
    private static final int PRIVATE_FOLDER = 0700;
    private static final int PRIVATE_FILE = 0600;
    private static final long LATEST_TIME = 253_402_300_799L;

    private final Snapshot snapshot;
    private final TarArchiveOutputStream tar;
    private final ManifestLines manifest;
    private final Deque<Manifest.Line> links = new ArrayDeque<>();
    private final Deque<Manifest.Line> folders = new ArrayDeque<>();
    private final byte[] piece = new byte[PIECE];
    private @Nullable Content open;
    private boolean begun;
    private Manifest.@Nullable Footer footer;

    /** @param out is not closed by this */
    SnapshotTar(Snapshot snapshot, OutputStream out) throws IOException {
        this.snapshot = snapshot;
        tar = new TarArchiveOutputStream(out, StandardCharsets.UTF_8.name());
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        tar.setAddPaxHeadersForNonAsciiNames(true);
        manifest = new ManifestLines(snapshot.path().resolve(Manifest.NAME));
    }

    /**
     * Writes the next piece: at most one header and 64 KiB of content.
     *
     * @return false if the archive is complete
     * @throws StoreException if the snapshot is damaged; the archive must not be used then
     */
    boolean writeNext() throws IOException {
        try {
            return next();
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            String what = e instanceof FileSystemException file ? file.getFile() : "a file";
            throw damaged(what + " cannot be read (" + Faults.words(e) + ")");
        }
    }

    private boolean next() throws IOException {
        if (!begun) {
            begun = true;
            folder("", PRIVATE_FOLDER, snapshot.sealedAt().getEpochSecond());
        } else if (open != null) {
            if (!open.copy()) {
                open.close();
                open = null;
            }
        } else if (footer == null) {
            String text = manifest.next();
            if (text == null) {
                throw damaged("its manifest has no end");
            }
            line(text);
        } else if (!links.isEmpty()) {
            link(links.remove());
        } else if (!folders.isEmpty()) {
            // behind all that is in them and the inner ones first, else unpacking that would change their times again
            Manifest.Line folder = folders.removeLast();
            folder(folder.path() + "/", mode(folder), folder.mtime());
        } else {
            return false;
        }
        return true;
    }

    private void line(String text) throws IOException {
        if (ManifestLines.isFooter(text)) {
            footer = Manifest.footer(text);
            if (!manifest.isSealedBy(footer)) {
                throw damaged("its manifest was changed");
            }
            Path file = snapshot.path().resolve(Manifest.NAME);
            open = new Content(
                    Manifest.NAME,
                    file,
                    Files.size(file),
                    PRIVATE_FILE,
                    snapshot.sealedAt().getEpochSecond(),
                    null);
            return;
        }
        if (text.startsWith("{\"begun\":")) {
            return;
        }
        Manifest.Line line;
        try {
            line = Manifest.line(text);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw damaged("its manifest has a line that cannot be read");
        }
        if (line.isStored()) {
            open = new Content(line.path(), inside(line), line.size(), mode(line), line.mtime(), line.sha256());
        } else if (line.error() == null && line.type().equals("folder")) {
            folders.add(line);
        } else if (line.error() == null && line.type().equals("link") && line.target() != null) {
            links.add(line);
        }
    }

    private void folder(String path, int mode, long mtime) throws IOException {
        put(new TarArchiveEntry(name(path), TarConstants.LF_DIR), mode, mtime);
        tar.closeArchiveEntry();
    }

    private void link(Manifest.Line line) throws IOException {
        if (Files.exists(inside(line), LinkOption.NOFOLLOW_LINKS)) {
            return; // something else has that name, too
        }
        TarArchiveEntry entry = new TarArchiveEntry(name(line.path()), TarConstants.LF_SYMLINK);
        entry.setLinkName(line.target());
        put(entry, PERMISSIONS, line.mtime());
        tar.closeArchiveEntry();
    }

    private void put(TarArchiveEntry entry, int mode, long mtime) throws IOException {
        entry.setMode(mode);
        entry.setModTime(java.nio.file.attribute.FileTime.from(
                java.time.Instant.ofEpochSecond(Math.max(0, Math.min(mtime, LATEST_TIME)))));
        entry.setIds(0, 0);
        entry.setNames("", "");
        tar.putArchiveEntry(entry);
    }

    private String name(String path) {
        return snapshot.store() + "/" + snapshot.id() + "/" + path;
    }

    private Path inside(Manifest.Line line) {
        Path file = snapshot.path().resolve(line.path()).normalize();
        if (!file.startsWith(snapshot.path()) || file.equals(snapshot.path())) {
            throw damaged("its manifest names a place outside");
        }
        return file;
    }

    private int mode(Manifest.Line line) {
        try {
            return Integer.parseInt(line.mode(), 8) & PERMISSIONS;
        } catch (NumberFormatException e) {
            throw damaged("its manifest has a mode that is none");
        }
    }

    private StoreException damaged(String how) {
        return new StoreException(
                "Snapshot " + snapshot.store() + "/" + snapshot.id() + " is damaged: " + how + "; run: upkeep verify "
                        + snapshot.store(),
                null,
                true);
    }

    /** Completes the archive. */
    void finish() throws IOException {
        tar.finish();
        tar.flush();
    }

    @Override
    public void close() throws IOException {
        manifest.close();
        if (open != null) {
            open.in.close();
        }
    }

    /** A file on its way into the archive. */
    private final class Content {

        private final String path;
        private final InputStream in;
        private final MessageDigest digest = Hashing.sha256();
        private final @Nullable String sha256;
        private long left;

        /** @param sha256 that it must have, or null if nobody knows */
        Content(String path, Path file, long size, int mode, long mtime, @Nullable String sha256) throws IOException {
            this.path = path;
            this.sha256 = sha256;
            left = size;
            if (size < 0) {
                throw damaged("its manifest names a size that is none");
            }
            in = Disk.read(file);
            try {
                TarArchiveEntry entry = new TarArchiveEntry(name(path), TarConstants.LF_NORMAL);
                entry.setSize(size);
                put(entry, mode, mtime);
            } catch (IOException | RuntimeException e) {
                in.close();
                throw e;
            }
        }

        /** Copies a piece; false at the end. */
        boolean copy() throws IOException {
            int n = in.read(piece);
            if (n < 0) {
                return false;
            }
            if (n > left) {
                throw damaged(path + " is longer than its manifest says");
            }
            left -= n;
            digest.update(piece, 0, n);
            tar.write(piece, 0, n);
            return true;
        }

        void close() throws IOException {
            in.close();
            if (left > 0) {
                throw damaged(path + " is shorter than its manifest says");
            }
            if (sha256 != null && !HexFormat.of().formatHex(digest.digest()).equals(sha256)) {
                throw damaged(path + " is not what its manifest says");
            }
            tar.closeArchiveEntry();
        }
    }
}
