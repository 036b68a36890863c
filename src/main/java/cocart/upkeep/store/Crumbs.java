package cocart.upkeep.store;

import java.util.concurrent.TimeUnit;

/**
 * Tells a server that is never silent for long and yet sends next to nothing: at a byte a second a backup would go on
 * for years. Only time in which we wait counts, so a slow disk of ours is not laid to its charge.
 */
final class Crumbs {

    /** How many times the longest silence is waited before the bytes that came are looked at. */
    private static final int PATIENCE = 10;

    /** Fewer bytes in that time are crumbs; with the default of a minute that is 27 a second. */
    private static final long LEAST = 16 << 10;

    private final String store;
    private final long patienceNanos;
    private long waitedNanos;
    private long bytes;

    /** @param idleMillis longest silence of the server that is put up with */
    Crumbs(String store, int idleMillis) {
        this.store = store;
        this.patienceNanos = TimeUnit.MILLISECONDS.toNanos(idleMillis) * PATIENCE;
    }

    /** Bytes came. */
    void came(int count) {
        bytes += count;
    }

    /**
     * So long was waited.
     *
     * @throws StoreException if too little has come in all the time
     */
    void waited(long nanos) {
        waitedNanos += nanos;
        if (waitedNanos < patienceNanos) {
            return;
        }
        if (bytes < LEAST) {
            throw new StoreException(
                    "store " + store + ": the SFTP server sent only " + bytes + " bytes in "
                            + TimeUnit.NANOSECONDS.toSeconds(waitedNanos) + " s; it is tried again",
                    null);
        }
        waitedNanos = 0;
        bytes = 0;
    }
}
