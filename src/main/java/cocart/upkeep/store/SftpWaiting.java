package cocart.upkeep.store;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** What waits to be listed or read, and which of it is next; bounded by the memory that its names take. */
final class SftpWaiting {

    /** Files that may wait to be read before listing stops for them. */
    private static final int MOST_FILES = 2000;

    /** What names that wait to be read may take of memory, in bytes. */
    private static final long MOST_HELD = Runtime.getRuntime().maxMemory() / 4;

    private final String store;
    private final Deque<SftpItem> folders = new ArrayDeque<>();
    private final Deque<SftpItem> files = new ArrayDeque<>();

    /** What was on its way each time that a connection was lost; read one by one in the end, to tell which it is. */
    private final Deque<SftpItem> suspects = new ArrayDeque<>();

    /** What was refused again and again beside others; tried when nothing else is left. */
    private final Deque<SftpItem> refused = new ArrayDeque<>();

    private long held;

    SftpWaiting(String store) {
        this.store = store;
    }

    /** Adds what was found. */
    void add(SftpItem item) {
        queue(item).add(item);
        held += item.weight();
    }

    /** Puts back what was begun: it is next. */
    void again(SftpItem item) {
        queue(item).addFirst(item);
    }

    /** Puts back what could not be opened now: it is last. */
    void later(SftpItem item) {
        queue(item).addLast(item);
    }

    /** Puts back what may be the reason that connections are lost: it is read alone, when nothing else is left. */
    void suspect(SftpItem item) {
        suspects.add(item);
    }

    /** Puts back what was refused again and again: it is opened when nothing else is left. */
    void refused(SftpItem item) {
        refused.add(item);
    }

    private Deque<SftpItem> queue(SftpItem item) {
        return item.entry.type() == FileEntry.Type.FOLDER ? folders : files;
    }

    /**
     * Takes what is next: folders first as long as few files wait, so that listing goes ahead of fetching, but not
     * without bound.
     *
     * @param mayRead more bytes may be asked for
     * @param alone nothing is open
     * @param again what was refused may be tried beside others that were
     * @return null if nothing may be begun now
     */
    @Nullable
    SftpItem next(boolean mayRead, boolean alone, boolean again) {
        if ((alone || again) && folders.isEmpty() && files.isEmpty()) {
            return !refused.isEmpty() ? refused.poll() : alone ? suspects.poll() : null;
        }
        boolean folder = !folders.isEmpty() && (files.size() < MOST_FILES || !mayRead);
        return folder ? folders.pollLast() : mayRead ? files.poll() : null;
    }

    /** Counts a name of a folder that is being listed. */
    void hold(SftpItem folder, SftpFiles.Name name) {
        long weight = 80 + 2L * name.text().length();
        folder.namesWeight += weight;
        held += weight;
        if (held > MOST_HELD) {
            throw new StoreException(
                    "store " + store + ": " + (folder.prefix.isEmpty() ? "the folder" : folder.prefix)
                            + " lists more names than fit into memory; leave it out with upkeep.backup.skip, or give the"
                            + " program more memory (JAVA_OPTS=-Xmx2g)",
                    null,
                    true);
        }
    }

    /** An item is over and takes no more memory. */
    void release(SftpItem item) {
        held -= item.weight();
    }

    /** Files that wait to be read. */
    int files() {
        return files.size();
    }

    boolean isEmpty() {
        return folders.isEmpty() && files.isEmpty() && refused.isEmpty() && suspects.isEmpty();
    }
}
