package cocart.upkeep;

import cocart.upkeep.state.StateException;
import cocart.upkeep.store.Faults;
import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The folder {@code data} is its owner's alone. One command as root, and what it leaves there stops everything that the
 * owner starts from then on; so whoever is somebody else is sent away before anything is written, root included (as
 * WP-CLI does).
 */
final class DataFolder {

    private static final String UID = "unix:uid";

    private DataFolder() {}

    /**
     * @param home whose folder {@code data} is looked at; where there is none yet, root would make it: home itself
     * @throws StateException if it, or a file in it, belongs to another user than this process's, or may not be written
     */
    static void requireOwn(Path home) {
        Path data = home.resolve("data");
        if (!FileSystems.getDefault().supportedFileAttributeViews().contains("unix") || !Files.isDirectory(home)) {
            return;
        }
        String user = System.getProperty("user.name");
        try {
            int me = (int) new UnixSystem().getUid();
            boolean isThere = Files.isDirectory(data);
            if (!isThere && me != 0) {
                return; // what is made will be ours
            }
            Path folder = (isThere ? data : home).toRealPath(); // a link's chown would not reach it
            String mine = ": chown -R " + user + " " + folder;
            if (!Files.getAttribute(folder, UID).equals(me)) {
                String owner = Files.getOwner(folder).getName();
                throw new StateException(
                        "The folder " + folder + " belongs to " + owner + ", but this is run by " + user
                                + ": run every command as the user who is to run them always; if that is " + user
                                + mine,
                        null);
            }
            if (!isThere) {
                return;
            }
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                        .toList()) {
                    requireOwn(file, me, mine);
                }
            }
        } catch (IOException e) {
            throw new StateException("The folder " + data + " cannot be read: " + Faults.words(e), e);
        }
    }

    private static void requireOwn(Path file, int me, String mine) throws IOException {
        try {
            if (!Files.getAttribute(file, UID, LinkOption.NOFOLLOW_LINKS).equals(me)) {
                String owner = Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).getName();
                throw new StateException(file + " belongs to " + owner + ", who once ran a command here" + mine, null);
            }
            if (file.toString().endsWith(".db") && !Files.isWritable(file)) {
                throw new StateException(file + " may not be written: chmod u+rw " + file, null);
            }
        } catch (NoSuchFileException e) {
            // gone meanwhile
        }
    }
}
