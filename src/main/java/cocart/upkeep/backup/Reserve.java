package cocart.upkeep.backup;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Stops a backup before it fills the disk, on which others may live too. */
final class Reserve {

    private static final long LOOK_AFTER = 1L << 20;

    private final Path folder;
    private final FileStore disk;
    private final long bytes;
    private long sinceLook;

    /**
     * @param folder on the disk
     * @param bytes what is to stay free; 0 for nothing
     */
    Reserve(Path folder, long bytes) throws IOException {
        this.folder = folder;
        this.disk = Files.getFileStore(folder);
        this.bytes = bytes;
    }

    /**
     * So many bytes are about to be written.
     *
     * @param waiting bytes that were announced and are not written yet
     */
    void use(long length, long waiting) throws IOException {
        sinceLook += length;
        if (sinceLook >= LOOK_AFTER) {
            check(waiting);
        }
    }

    /** @throws FileSystemException if less is free, when what waits is written, than is to stay free */
    void check(long waiting) throws IOException {
        sinceLook = 0;
        long left = disk.getUsableSpace() - waiting;
        if (bytes > 0 && left < bytes) {
            throw new FileSystemException(
                    folder.toString(),
                    null,
                    "only " + (Math.max(0, left) >> 20) + " MB were left, and upkeep.backup.reserve keeps "
                            + (bytes >> 20) + " MB free");
        }
    }
}
