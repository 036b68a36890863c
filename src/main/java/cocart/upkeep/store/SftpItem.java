package cocart.upkeep.store;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A folder that is listed, a file that is read or a link that is asked for, and how far that is. */
final class SftpItem {

    /** About what an item takes of memory beside the letters of its path, in bytes. */
    private static final int WEIGHT = 600;

    /** As it was listed; of a file that has changed since, as it is now. */
    FileEntry entry;

    final byte[] path;
    final String prefix;
    final int depth;

    /** Names of a folder that were seen already. */
    final Set<String> names = new HashSet<>();

    /** Parts of a file that came before the part in front of them. */
    final TreeMap<Long, ByteBuffer> early = new TreeMap<>();

    byte @Nullable [] handle;

    @Nullable
    OutputStream out;

    /** Where the next part of a file that is asked for begins, and up to where it was written. */
    long next;

    long written;

    /** Bytes of a file that are here and cannot be written yet. */
    long kept;

    /** Names of a folder that came though they were known, since it was opened. */
    long repeated;

    int inFlight;
    long namesWeight;

    /** Nothing more of a folder is to be listed. */
    boolean listed;

    /** A file was not as it was listed, and is looked at anew; once. */
    boolean refreshing;

    boolean refreshed;

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

    /** True for a file that one answer can hold; nothing of it is written before all of it is here. */
    boolean isSmall() {
        return entry.size() < SftpLine.CHUNK;
    }

    /** Up to where a file is asked for: a byte more than a small one has, so that one that has grown shows it. */
    long end() {
        return isSmall() ? entry.size() + 1 : entry.size();
    }

    /** About what it takes of memory, in bytes. */
    long weight() {
        return WEIGHT + 4L * prefix.length() + path.length + namesWeight;
    }

    /**
     * Its connection was lost: what is written stays, the rest is to be asked for again.
     *
     * @return bytes of it that were written since the one before was lost
     */
    long restart() {
        long gained = written - Math.max(0, writtenBefore);
        losses = written == writtenBefore ? losses + 1 : 1;
        writtenBefore = written;
        handle = null;
        inFlight = 0;
        next = written;
        early.clear();
        kept = 0;
        repeated = 0;
        listed = false;
        refreshing = false;
        restarted = true;
        return gained;
    }
}
