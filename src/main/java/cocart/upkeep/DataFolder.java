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
     * @param home whose folder {@code data} is looked at; it need not be there
     * @throws StateException if it, or a file in it, belongs to another user than this process's
     */
    static void requireOwn(Path home) {
        Path folder = home.resolve("data");
        if (!FileSystems.getDefault().supportedFileAttributeViews().contains("unix") || !Files.isDirectory(folder)) {
            return;
        }
        int me = (int) new UnixSystem().getUid();
        String user = System.getProperty("user.name");
        String mine = ": chown -R " + user + " " + folder;
        try {
            if (!Files.getAttribute(folder, UID).equals(me)) {
                String owner = Files.getOwner(folder).getName();
                throw new StateException(
                        "The folder " + folder + " belongs to " + owner + ", but this is run by " + user
                                + ": run it as " + owner + ", or, if " + user + " is to run it always" + mine,
                        null);
            }
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
                        .toList()) {
                    requireOwn(file, me, mine);
                }
            }
        } catch (IOException e) {
            throw new StateException("The folder " + folder + " cannot be read: " + Faults.words(e), e);
        }
    }

    private static void requireOwn(Path file, int me, String mine) throws IOException {
        try {
            if (!Files.getAttribute(file, UID, LinkOption.NOFOLLOW_LINKS).equals(me)) {
                String owner = Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).getName();
                throw new StateException(file + " belongs to " + owner + ", who once ran a command here" + mine, null);
            }
        } catch (NoSuchFileException e) {
            // gone meanwhile
        }
    }
}
