package cocart.upkeep.observe;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The disk that snapshots lie on.
 *
 * @param folder of the snapshots; before the first backup it need not exist
 * @param reserve bytes that backups leave free
 */
public record BackupDisk(Path folder, long reserve) {

    /** Bytes that may still be written; -1 if nobody knows. */
    long free() {
        try {
            return disk().getUsableSpace();
        } catch (IOException e) {
            return -1;
        }
    }

    /** Bytes in all; -1 if nobody knows. */
    long total() {
        try {
            return disk().getTotalSpace();
        } catch (IOException e) {
            return -1;
        }
    }

    private FileStore disk() throws IOException {
        Path there = folder;
        while (there.getParent() != null && Files.notExists(there)) {
            there = there.getParent();
        }
        return Files.getFileStore(there);
    }
}
