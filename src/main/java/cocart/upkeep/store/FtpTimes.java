package cocart.upkeep.store;

import cocart.upkeep.store.FtpListing.Listed;
import java.time.Instant;

/**
 * When files changed. A listing by LIST is exact to a minute at most and in a time zone that nobody tells, so for a file
 * that may have changed in the last day the server is asked (MDTM). Where it cannot answer, this is the last second at
 * which it can have been: a change within that minute after a backup began is then never taken for the one that the
 * backup has.
 */
final class FtpTimes {

    /** How far clocks of two time zones are apart, and a bit more, in seconds. */
    private static final long ZONES = 26 * 3600;

    /** The furthest zone behind UTC, in seconds. */
    private static final long FURTHEST = 12 * 3600;

    private final FtpConnection connection;
    private final FtpAccess access;
    private boolean canAsk;

    FtpTimes(FtpConnection connection, FtpAccess access) {
        this.connection = connection;
        this.access = access;
    }

    /** Whether the server says that it knows MDTM. */
    void canAsk(boolean mdtm) {
        canAsk = mdtm;
    }

    /** In seconds since 1970. */
    long of(Listed listed, String path) throws FtpLost {
        if (listed.precision() == 1) {
            return listed.mtime();
        }
        long now = Instant.now().getEpochSecond();
        boolean recent = listed.precision() == 0 || listed.mtime() + ZONES > now;
        if (recent && canAsk && listed.type() == FileEntry.Type.FILE) {
            int code = connection.command("MDTM", path);
            long exact = code == 213 ? FtpListing.seconds(connection.replyText()) : -1;
            if (exact >= 0) {
                return exact;
            }
        }
        if (listed.precision() == 0) {
            return listed.type() == FileEntry.Type.FILE ? now : 0;
        }
        boolean sure = listed.type() != FileEntry.Type.FILE || canAsk && !recent || access.knowsZone();
        return sure ? listed.mtime() : listed.mtime() + FURTHEST;
    }
}
