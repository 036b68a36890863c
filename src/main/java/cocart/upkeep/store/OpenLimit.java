package cocart.upkeep.store;

/** How many folders and files are open and may be: fewer once a server refuses more, and more again as it goes well. */
final class OpenLimit {

    /** After so many items that went well a server that had refused one is tried with one more at once. */
    private static final int ONE_MORE_AFTER = 64;

    private final int most;
    private int limit;
    private int open;
    private int done;

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

    /** One was refused for want of handles: no more than are open now. */
    void refused() {
        open--;
        limit = Math.max(1, Math.min(limit, open));
    }

    /** The server gets confused by so many: half as many. */
    void halve() {
        limit = Math.max(1, Math.min(limit, open) / 2);
    }
}
