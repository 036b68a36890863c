package cocart.upkeep.store;

import java.io.OutputStream;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A folder that is listed, a file that is read or a link that is asked for, and how far that is. */
final class SftpItem {

    /** About what an item takes of memory beside the letters of its path, in bytes. */
    private static final int WEIGHT = 600;

    final FileEntry entry;
    final byte[] path;
    final String prefix;
    final int depth;

    /** Names of a folder that were seen already. */
    final Set<String> names = new HashSet<>();

    /** Parts of a file that came before the part in front of them. */
    final TreeMap<Long, byte[]> early = new TreeMap<>();

    byte @Nullable [] handle;

    @Nullable
    OutputStream out;

    /** Where the next part of a file that is asked for begins, and up to where it was written. */
    long next;

    long written;

    int inFlight;
    long namesWeight;

    /** Nothing more is to be asked but to close the handle. */
    boolean ended;

    boolean failed;

    /** How often the server refused to open it for want of handles, and whether a connection was lost meanwhile. */
    int refused;

    boolean restarted;

    /** How often in a row the connection was lost before anything more of it was read. */
    int losses;

    private long writtenBefore = -1;

    /**
     * @param path on the server
     * @param prefix of the paths of what is in it, with a / at its end
     */
    SftpItem(FileEntry entry, byte[] path, String prefix, int depth) {
        this.entry = entry;
        this.path = path;
        this.prefix = prefix;
        this.depth = depth;
    }

    /** About what it takes of memory, in bytes. */
    long weight() {
        return WEIGHT + 4L * prefix.length() + path.length + namesWeight;
    }

    /** Its connection was lost: what is written stays, the rest is to be asked for again. */
    void restart() {
        losses = written == writtenBefore ? losses + 1 : 1;
        writtenBefore = written;
        handle = null;
        inFlight = 0;
        next = written;
        early.clear();
        restarted = true;
    }
}
