package cocart.upkeep.backup;

import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Makes the folder ready that a snapshot is restored to: empty, ours and nobody else's. Whoever else may write there
 * could put a link in the place of a folder, and so have files of a shop written where it leads.
 */
final class RestoreFolder {

    private static final Set<PosixFilePermission> OURS = PosixFilePermissions.fromString("rwx------");

    private RestoreFolder() {}

    /** @throws StoreException (permanent) if it cannot be one */
    static void prepare(Path folder, boolean dryRun, RestoreView view) {
        try {
            if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                if (!dryRun) {
                    Disk.createFolders(folder);
                    check(folder); // somebody may have been faster
                }
                return;
            }
            Set<PosixFilePermission> before = check(folder);
            try (Stream<Path> inside = Files.list(folder)) {
                if (inside.findAny().isPresent()) {
                    throw refused(
                            folder,
                            "is not empty: name a new or empty folder, so that nothing in it is mixed with what is"
                                    + " restored");
                }
            }
            if (!dryRun && !before.equals(OURS)) {
                Files.setPosixFilePermissions(folder, OURS);
                view.note(
                        "folder", "", folder + " is closed to others now (mode 0700), as a shop's files hold secrets");
            }
        } catch (IOException e) {
            throw refused(folder, "cannot be used: " + Faults.words(e));
        }
    }

    /**
     * Makes sure, before anything is written, that it will fit; what the disk itself needs for it is not counted.
     *
     * @param bytes of all files
     * @throws StoreException if there is less room
     */
    static void checkRoom(Path folder, long bytes) {
        Path there = folder;
        while (Files.notExists(there) && there.getParent() != null) {
            there = there.getParent();
        }
        long free;
        try {
            free = Files.getFileStore(there).getUsableSpace();
        } catch (IOException e) {
            throw refused(folder, "cannot be used: " + Faults.words(e));
        }
        if (free < bytes) {
            throw new StoreException(
                    folder + " is on a disk with " + ProgressText.size(free) + " free, and what is to be restored has "
                            + ProgressText.size(bytes) + ": make room there, name a folder on another disk, or restore"
                            + " less with --path, --files-only or --database-only; nothing was written",
                    null);
        }
    }

    private static Set<PosixFilePermission> check(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw refused(folder, "is a file or a link: name a new or empty folder");
        }
        if (!Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(us())) {
            throw refused(
                    folder,
                    "belongs to another user, who could lead what is restored elsewhere: name a new folder, or one of"
                            + " your own");
        }
        Set<PosixFilePermission> mode = Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS);
        if (mode.contains(PosixFilePermission.GROUP_WRITE) || mode.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw refused(
                    folder,
                    "can be written by other users, who could lead what is restored elsewhere: name a new folder, or"
                            + " run chmod 700 on it first");
        }
        return mode;
    }

    /** Who this process is for the disk; its name alone does not tell where users have none. */
    private static UserPrincipal us() throws IOException {
        Path probe = Files.createTempFile("upkeep-", "");
        try {
            return Files.getOwner(probe);
        } finally {
            Files.delete(probe);
        }
    }

    private static StoreException refused(Path folder, String why) {
        return new StoreException(folder + " " + why, null, true);
    }
}
