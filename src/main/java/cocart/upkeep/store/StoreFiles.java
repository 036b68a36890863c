package cocart.upkeep.store;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * Reads a store's files. Paths are relative to the WordPress root, parts joined by {@code /}; {@code ""} is the root.
 * Every name that a server lists is checked before it becomes part of a path; links are never followed below the
 * folder that was asked for. One instance serves one thread at a time. All faults are {@link StoreException}s.
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

    @Override
    void close();

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
         * what it has.
         */
        OutputStream open(FileEntry entry) throws IOException;

        /** A folder could not be listed, a file not be read or a name not be accepted; reason is one sentence. */
        void failed(FileEntry entry, String reason) throws IOException;
    }
}
