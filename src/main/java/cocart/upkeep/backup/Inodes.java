package cocart.upkeep.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;

/**
 * The sha256 of files on disk, each inode hashed once however many snapshots link to it. An inode is forgotten when all
 * its links were asked for, so memory holds about one store's distinct files.
 */
final class Inodes {

    private final Tally tally;
    private final Map<Object, Known> known = new HashMap<>();

    Inodes(Tally tally) {
        this.tally = tally;
    }

    /** @param left links that were not asked for yet */
    private record Known(String sha256, long size, FileTime time, int left) {}

    /**
     * A plain file's sha256.
     *
     * @param attributes as just read, a link not followed
     */
    String sha256(Path file, BasicFileAttributes attributes) throws IOException {
        Object key = attributes.fileKey();
        Known before = key == null ? null : known.get(key);
        // A number is used again when its file is gone: then size or time tell.
        if (before != null
                && before.size() == attributes.size()
                && before.time().equals(attributes.lastModifiedTime())) {
            remember(key, before.sha256(), attributes, before.left());
            return before.sha256();
        }
        String sha256 = Hashing.sha256(file);
        tally.hashed(attributes.size());
        if (key != null) {
            remember(key, sha256, attributes, links(file));
        }
        return sha256;
    }

    private void remember(Object key, String sha256, BasicFileAttributes attributes, int links) {
        if (links > 1) {
            known.put(key, new Known(sha256, attributes.size(), attributes.lastModifiedTime(), links - 1));
        } else {
            known.remove(key);
        }
    }

    private static int links(Path file) throws IOException {
        try {
            return (Integer) Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return 1; // a system that does not tell: then hashed for every snapshot
        }
    }
}
