package cocart.upkeep.store;

import cocart.upkeep.store.FtpListing.Listed;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes a store's files over FTP. Times and modes are set where the server can; where it cannot, that is said once. */
final class FtpUpload {

    private static final Logger LOG = LoggerFactory.getLogger(FtpUpload.class);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMddHHmmss").withZone(ZoneOffset.UTC);

    private final String store;
    private final FtpConnection connection;
    private boolean timesLeft;
    private boolean modesLeft;

    FtpUpload(String store, FtpConnection connection) {
        this.store = store;
        this.connection = connection;
    }

    /** @param shown the path as people know it */
    void write(String path, String shown, InputStream content, long mtime, int mode) throws IOException {
        String temporary = TemporaryName.beside(path);
        boolean inPlace = false;
        try {
            awake();
            long sent = send(temporary, content);
            long arrived = connection.size(temporary);
            if (arrived != sent) {
                throw new StoreException(
                        "store " + store + ": " + shown + " is not written: " + sent + " bytes were sent, " + arrived
                                + " arrived; is the server's disk or quota full?",
                        null);
            }
            mode(temporary, mode);
            time(temporary, mtime);
            inPlace = rename(temporary, path);
            if (!inPlace) {
                connection.order("DELE", path);
                inPlace = true; // now the temporary one is all there is, so it is never removed again
                move(temporary, path);
            }
        } catch (FtpLost | FtpRefused e) {
            throw inPlace
                    ? new StoreException(
                            "store " + store + ": " + shown + " was removed, but the new one beside it, "
                                    + temporary.substring(temporary.lastIndexOf('/') + 1)
                                    + ", did not get its name; write it again, or rename it there: " + e.getMessage(),
                            e)
                    : fault(shown, "written", e);
        } finally {
            if (!inPlace) {
                remove(temporary);
            }
        }
    }

    /** The content can be sent only once, so a connection that the server has closed is noticed before. */
    private void awake() throws FtpLost, FtpRefused {
        try {
            connection.order("NOOP", null);
        } catch (FtpLost e) {
            connection.order("NOOP", null);
        }
    }

    private long send(String path, InputStream content) throws FtpLost, FtpRefused, IOException {
        byte[] buffer = new byte[1 << 16];
        long size = 0;
        try (FtpTransfer transfer = connection.write(path)) {
            for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
                transfer.write(buffer, count);
                size += count;
            }
            transfer.finish();
        }
        return size;
    }

    /** False if the server does not rename over what is there; then visitors miss the file for a moment. */
    private boolean rename(String from, String to) throws FtpLost, FtpRefused {
        try {
            move(from, to);
            return true;
        } catch (FtpRefused e) {
            if (connection.stat(to).isEmpty()) {
                throw e;
            }
            return false;
        }
    }

    private void move(String from, String to) throws FtpLost, FtpRefused {
        connection.order("RNFR", from);
        connection.order("RNTO", to);
    }

    private void remove(String path) {
        try {
            connection.order("DELE", path);
        } catch (FtpLost | FtpRefused | StoreException e) {
            LOG.debug("Store {}: {} may be left on the server: {}", store, path, e.getMessage());
        }
    }

    void makeFolder(String path, String shown, int mode) {
        try {
            if (!connection.enter(path)) {
                connection.order("MKD", path);
            }
            mode(path, mode);
        } catch (FtpLost | FtpRefused e) {
            throw fault(shown, "made", e);
        }
    }

    void delete(String path, String shown) {
        try {
            Optional<Listed> there = connection.stat(path);
            if (there.isPresent() && there.get().type() == FileEntry.Type.FOLDER) {
                connection.enter(path.substring(0, Math.max(1, path.lastIndexOf('/')))); // out of it
                connection.order("RMD", path);
            } else if (there.isPresent()) {
                connection.order("DELE", path);
            }
        } catch (FtpLost | FtpRefused e) {
            throw fault(shown, "removed", e);
        }
    }

    private void mode(String path, int mode) throws FtpLost {
        try {
            connection.order("SITE", "CHMOD " + String.format("%03o", mode & 07777) + " " + path);
        } catch (FtpRefused e) {
            if (!modesLeft) {
                modesLeft = true;
                LOG.warn(
                        "Store {}: the FTP server does not set modes ({}); files keep those that it gives them.",
                        store,
                        e.getMessage());
            }
        }
    }

    private void time(String path, long mtime) throws FtpLost {
        try {
            connection.order("MFMT", TIME.format(Instant.ofEpochSecond(mtime)) + " " + path);
        } catch (FtpRefused e) {
            if (!timesLeft) {
                timesLeft = true;
                LOG.warn(
                        "Store {}: the FTP server does not set times ({}); files have that of their upload.",
                        store,
                        e.getMessage());
            }
        }
    }

    private StoreException fault(String shown, String what, Exception e) {
        return e instanceof FtpLost lost
                ? FtpFaults.lost(store, lost)
                : new StoreException(
                        "store " + store + ": " + shown + " cannot be " + what + ": " + e.getMessage(), e, true);
    }
}
