package cocart.upkeep.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * A store's files: read by every job, written only by a restore that a person asked for. Paths are relative to the
 * WordPress root, parts joined by {@code /}; {@code ""} is the root. Every name that a server lists is checked before it
 * becomes part of a path; links are never followed below the folder that was asked for. One instance serves one thread
 * at a time. All faults are {@link StoreException}s.
 *
 * <p>Paths that are written to may hold names that are not UTF-8, as {@link RawNames} has them. The first folder of such
 * a path, {@code wp-content}, may be a link to a folder, as some hosts have it; a link further down is never written
 * through but refused, and a link in the place of a file is replaced, not followed.
 */
public interface StoreFiles extends AutoCloseable {

    /** What is in a folder, in no particular order; empty if there is no such folder. Paths are plain names. */
    Optional<List<FileEntry>> list(String folder);

    /** The entry at a path; empty if nothing is there. Its path is the path that was asked for. */
    Optional<FileEntry> stat(String path);

    /**
     * The first bytes of a file; empty if there is no such file.
     *
     * @param limit most bytes to read, at least 1
     */
    Optional<byte[]> read(String path, int limit);

    /**
     * Walks a folder and everything below it, and reads the files that the visitor wants. A folder or file that cannot
     * be read is told to the visitor and the walk goes on; a lost connection ends it with an exception.
     *
     * @throws StoreException if the folder is not there, or bounds are exceeded (depth 64, 5,000,000 entries)
     */
    void walk(String folder, Visitor visitor);

    /**
     * Writes a whole file: under a temporary name beside its place first, then renamed over what is there, so that
     * visitors see the old file or the new one. Its folder must be there. The stream is read to its end, not closed.
     *
     * @param mtime last change, in seconds since 1970
     * @param mode permission bits, 0 to 07777
     * @throws StoreException if the store does not take it (then it is permanent) or is lost; what lay there is then
     *     untouched
     * @throws IOException if the stream cannot be read
     */
    void write(String path, InputStream content, long mtime, int mode) throws IOException;

    /**
     * Writes files, each as {@link #write} does; many at once where the store can. One that fails is told so and the
     * others go on.
     *
     * @throws StoreException if the store is lost
     */
    default void writeAll(Iterator<? extends Upload> uploads) {
        while (uploads.hasNext()) {
            Upload upload = uploads.next();
            try (InputStream content = upload.open()) {
                write(upload.path(), content, upload.mtime(), upload.mode());
            } catch (IOException e) {
                upload.failed(Faults.words(e));
                continue;
            } catch (StoreException e) {
                if (!e.isPermanent()) {
                    throw e;
                }
                upload.failed(String.valueOf(e.getMessage()));
                continue;
            }
            upload.written();
        }
    }

    /** Makes a folder if it is not there, and sets its mode; its parent must be there. */
    void makeFolder(String path, int mode);

    /**
     * Gives a folder that is there its mode and, where the store can, its time. Writing into a folder changes its time,
     * so this comes last.
     */
    default void finishFolder(String path, long mtime, int mode) {
        makeFolder(path, mode);
    }

    /** Removes a file, a link or an empty folder; nothing happens if nothing is there. */
    void delete(String path);

    @Override
    void close();

    /** A file to be written by {@link #writeAll}; called from one thread at a time. */
    interface Upload {

        String path();

        /** In seconds since 1970. */
        long mtime();

        /** 0 to 07777. */
        int mode();

        /** Opens its content, once, when its turn comes; the stream is closed. */
        InputStream open() throws IOException;

        /** It has its place now. */
        void written();

        /** It has not, for this reason; what lay there is untouched. */
        void failed(String reason);
    }

    /** What keeps the bytes that it is given, so that nobody need copy them. */
    interface Taker {

        /** Takes bytes in an array, which whoever gives them does not touch again. */
        void take(ByteBuffer bytes) throws IOException;
    }

    /** Told of everything found; called from one thread at a time. An IOException of it ends the walk. */
    interface Visitor {

        /**
         * An entry was found (a folder always before what is in it).
         *
         * @return for a folder: walk into it; for a file: read its content; ignored for others
         */
        boolean found(FileEntry entry) throws IOException;

        /**
         * Where a wanted file's bytes go, in order. Several files may be open at once. The stream is closed only when
         * exactly {@code entry.size()} bytes came; otherwise {@link #failed} is called and the visitor closes and drops
         * what it has. A stream that is a {@link Taker} may be given bytes for good.
         */
        OutputStream open(FileEntry entry) throws IOException;

        /**
         * A file changed while it was read, so what came may be neither the old one nor the new. Called before its
         * stream is closed.
         */
        default void changed(FileEntry entry) throws IOException {}

        /** A folder could not be listed, a file not be read or a name not be accepted; reason is one sentence. */
        void failed(FileEntry entry, String reason) throws IOException;
    }
}
