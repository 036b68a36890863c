package cocart.upkeep.store;

/** How many folders and files are open and may be: fewer once a server refuses more, and more again as it goes well. */
final class OpenLimit {

    /** After so many items that went well a server that had refused one is tried with one more at once. */
    private static final int ONE_MORE_AFTER = 64;

    /** Refusals in a row of items that were alone, after which others that were refused need not be alone. */
    private static final int FUTILE = 16;

    private final int most;
    private int limit;
    private int open;
    private int done;

    /** Most that had a handle at once: the server has so many. */
    private int had = 1;

    /** How often in a row one was refused although nothing else was open. */
    private int refusedAlone;

    private boolean refusesForOthers;

    /** @param most most that are open at once, whatever the server allows */
    OpenLimit(int most) {
        this.most = most;
        this.limit = most;
    }

    boolean hasRoom() {
        return open < limit;
    }

    int open() {
        return open;
    }

    void begun() {
        open++;
    }

    /** One is no longer open, and that says nothing about how many may be. */
    void ended() {
        open--;
    }

    void endedWell() {
        open--;
        if (++done % ONE_MORE_AFTER == 0) {
            limit = Math.min(most, limit + 1);
        }
    }

    /**
     * One was refused, perhaps for want of handles: no more than are open now. Where others were refused that were alone,
     * no fewer than were open before.
     */
    void refused() {
        open--;
        limit = Math.max(refusesForOthers ? had : 1, Math.min(limit, open));
    }

    /** One was refused although nothing else was open, so not for want of handles. */
    void refusedAlone() {
        refusedAlone++;
        refusesForOthers = true;
        limit = isFutile() ? most : Math.max(limit, had);
    }

    /** One was opened. @param handles that are open with it */
    void opened(int handles) {
        had = Math.max(had, Math.min(most, handles));
        refusedAlone = 0;
    }

    /** True if what was refused again and again need not be tried alone any more, as that has never helped of late. */
    boolean isFutile() {
        return refusedAlone >= FUTILE;
    }

    /** True if one more can be open that surely is not refused for want of handles. */
    boolean isSafe() {
        return open < had;
    }

    /** The server gets confused by so many: half as many. */
    void halve() {
        limit = Math.max(1, Math.min(limit, open) / 2);
    }
}
