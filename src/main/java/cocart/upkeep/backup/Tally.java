package cocart.upkeep.backup;

import java.util.concurrent.TimeUnit;

/** Counts what a verification looked at, and tells of it once a second at most. */
final class Tally {

    private static final long EVERY = TimeUnit.SECONDS.toNanos(1);

    private final Progress progress;
    private long files;
    private long contents;
    private long bytes;
    private long last = System.nanoTime();

    Tally(Progress progress) {
        this.progress = progress;
    }

    /** One more file of a snapshot was looked at. */
    void file() {
        files++;
        long now = System.nanoTime();
        if (now - last >= EVERY) {
            last = now;
            progress.at(files, bytes);
        }
    }

    /** A content was read and hashed. */
    void hashed(long size) {
        contents++;
        bytes += size;
    }

    long contents() {
        return contents;
    }

    long bytes() {
        return bytes;
    }
}
