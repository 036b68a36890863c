package cocart.upkeep.store;

import cocart.upkeep.store.FileEntry.Type;
import cocart.upkeep.store.FtpListing.Listed;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Walks a folder over a few connections at once, because FTP opens a data connection for each folder and file, which
 * costs round trips. Everything that they share, and the visitor, is guarded by this object's monitor; none of them
 * waits for the network while holding it.
 */
final class FtpWalk {

    private static final Logger LOG = LoggerFactory.getLogger(FtpWalk.class);

    private static final int DEEPEST = 64;
    private static final long MOST_ENTRIES = 5_000_000;

    /** How often a folder or file is tried when the connection is lost over it. */
    private static final int TRIES = 3;

    /** What must wait before another connection is worth its login. */
    private static final int MANY = 8;

    private final String store;
    private final FtpAccess access;
    private final StoreFiles.Visitor visitor;
    private final int most;

    private final Deque<FtpItem> folders = new ArrayDeque<>();
    private final Deque<FtpItem> files = new ArrayDeque<>();
    private final List<FtpConnection> open = new ArrayList<>();
    private final List<Thread> helpers = new ArrayList<>();
    private int working;
    private long entries;
    private long held;
    private boolean full;
    private @Nullable Throwable failure;

    /** @param connections most connections at once, at least 1 */
    FtpWalk(String store, FtpAccess access, StoreFiles.Visitor visitor, int connections) {
        this.store = store;
        this.access = access;
        this.visitor = visitor;
        this.most = connections;
    }

    /** @param first does its share and stays open */
    void run(FtpConnection first, String root) {
        synchronized (this) {
            open.add(first);
            put(new FtpItem(new FileEntry(".", Type.FOLDER, 0, 0, 0, null, null), root, "", null, null));
        }
        work(first, true);
        try {
            for (Thread helper : helpers) {
                helper.join();
            }
        } catch (InterruptedException e) {
            stop(interrupted(e));
        }
        Throwable fault;
        synchronized (this) {
            fault = failure;
        }
        if (fault instanceof RuntimeException e) {
            throw e;
        }
        if (fault instanceof Error e) {
            throw e;
        }
        if (fault != null) {
            throw new StoreException("store " + store + ": what was read cannot be kept: " + fault.getMessage(), fault);
        }
    }

    private void work(FtpConnection connection, boolean first) {
        try {
            for (FtpItem item = next(); item != null; item = next()) {
                try {
                    connection.connect();
                } catch (StoreException e) {
                    if (!first) {
                        LOG.debug("{}; the other connections go on", e.getMessage());
                        again(item, true);
                        return;
                    }
                    retry(item, e);
                    continue;
                }
                try {
                    if (item.entry.type() == Type.FOLDER) {
                        list(connection, item);
                    } else {
                        fetch(connection, item);
                    }
                    done(item);
                } catch (FtpLost e) {
                    retry(item, FtpFaults.lost(store, e));
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            stop(e);
        } catch (InterruptedException e) {
            stop(interrupted(e));
        } finally {
            if (!first) {
                connection.close();
            }
        }
    }

    /** What to do next; folders first as long as few files wait. Null when all is done or something failed. */
    private synchronized @Nullable FtpItem next() throws InterruptedException {
        while (failure == null) {
            FtpItem item =
                    !folders.isEmpty() && (files.size() < 2000 || files.isEmpty()) ? folders.pollLast() : files.poll();
            if (item != null) {
                working++;
                return item;
            }
            if (working == 0) {
                return null;
            }
            wait();
        }
        return null;
    }

    /** Queues what was found, and gets help when there is much of it. */
    private void put(FtpItem item) {
        (item.entry.type() == Type.FOLDER ? folders : files).add(item);
        held += item.weight();
        notifyAll();
        if (open.size() < most && !full && folders.size() + files.size() >= MANY) {
            FtpConnection connection = new FtpConnection(store, access);
            open.add(connection);
            Thread helper =
                    new Thread(LogContext.carry(() -> work(connection, false)), "ftp-" + store + "-" + open.size());
            helper.setDaemon(true);
            helpers.add(helper);
            helper.start();
        }
    }

    private synchronized void done(FtpItem item) {
        held -= item.weight();
        working--;
        notifyAll();
    }

    private synchronized void again(FtpItem item, boolean alone) {
        full |= alone;
        working--;
        if (item.entry.type() == Type.FOLDER) {
            folders.addLast(item);
        } else {
            files.addFirst(item);
        }
        notifyAll();
    }

    private void retry(FtpItem item, StoreException e) throws InterruptedException {
        if (e.isPermanent() || ++item.tries >= TRIES) {
            throw e;
        }
        LOG.debug("{}", e.getMessage());
        Thread.sleep(access.endpoint().getReconnectDelay());
        again(item, false);
    }

    /** Ends the walk: the first fault counts, and nobody waits for the network any longer. */
    private void stop(Throwable fault) {
        List<FtpConnection> others;
        synchronized (this) {
            if (failure != null) {
                return;
            }
            failure = fault;
            others = List.copyOf(open);
            notifyAll();
        }
        others.forEach(FtpConnection::drop);
    }

    private StoreException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new StoreException("store " + store + ": interrupted while reading files", e);
    }

    private void list(FtpConnection connection, FtpItem folder) throws FtpLost, IOException {
        List<FtpItem.Found> found = new ArrayList<>();
        long[] weight = new long[1];
        String odd;
        try {
            List<Listed> names = new ArrayList<>();
            odd = connection.list(folder.path, listed -> {
                weight[0] += listed.weight();
                count(folder, listed.weight());
                names.add(listed);
            });
            Set<String> seen = new HashSet<>();
            for (Listed listed : names) {
                found.add(folder.found(connection, access.names(), listed, seen));
            }
        } catch (FtpRefused e) {
            if (folder.parent == null) {
                throw new StoreException("store " + store + ": the folder cannot be listed: " + e.getMessage(), e);
            }
            tell(folder, "the folder cannot be listed: " + e.getMessage());
            return;
        }
        synchronized (this) {
            held -= weight[0];
            for (FtpItem.Found one : found) {
                if (failure != null) {
                    return;
                }
                emit(one);
            }
        }
        if (odd != null) {
            tell(folder, "a line of its listing is not understood: '" + FtpFaults.words(odd) + "'");
        }
    }

    private synchronized void count(FtpItem folder, long weight) {
        if (failure != null) {
            throw new IllegalStateException("stopped");
        }
        if (++entries > MOST_ENTRIES) {
            throw new StoreException(
                    "store " + store + ": the folder holds more than " + MOST_ENTRIES
                            + " files; leave out what need not be backed up with upkeep.backup.skip",
                    null,
                    true);
        }
        held += weight;
        if (held > FtpConnection.MOST_HELD) {
            throw FtpFaults.tooManyNames(store, folder.prefix.isEmpty() ? "the folder" : folder.prefix);
        }
    }

    private void emit(FtpItem.Found found) throws IOException {
        FileEntry entry = found.item().entry;
        if (found.problem() != null) {
            visitor.failed(entry, found.problem());
        } else if (visitor.found(entry)) {
            if (entry.type() == Type.FILE) {
                put(found.item());
            } else if (entry.type() == Type.FOLDER) {
                if (found.item().depth > DEEPEST) {
                    visitor.failed(entry, "folders are nested deeper than " + DEEPEST);
                } else if (found.item().isLoop()) {
                    visitor.failed(entry, "it is a folder that it lies in itself");
                } else {
                    put(found.item());
                }
            }
        }
    }

    private void fetch(FtpConnection connection, FtpItem file) throws FtpLost, IOException {
        long size = file.entry.size();
        byte[] buffer = new byte[1 << 16];
        try {
            if (file.written > 0 && !isSame(connection, file)) {
                tell(file, "it changed while it was read");
                return;
            }
            try (FtpTransfer transfer = connection.read(file.path, file.written)) {
                OutputStream out = opened(file);
                while (file.written < size) {
                    int count = transfer.read(buffer, (int) Math.min(buffer.length, size - file.written));
                    if (count < 0) {
                        transfer.finish();
                        tell(
                                file,
                                "it ended after " + file.written + " of " + size
                                        + " bytes: it changed while it was read");
                        return;
                    }
                    write(file, out, buffer, count);
                }
                if (transfer.read(buffer, 1) >= 0) {
                    tell(
                            file,
                            "it has more than the " + size + " bytes that were listed: it changed while it was read");
                    return;
                }
                end(transfer);
                synchronized (this) {
                    if (failure == null) {
                        out.close();
                    }
                }
            }
        } catch (FtpRefused e) {
            tell(file, "it cannot be read: " + e.getMessage());
        }
    }

    /** All bytes have come, so that it no longer matters what the server says of them. */
    private void end(FtpTransfer transfer) {
        try {
            transfer.finish();
        } catch (FtpLost | FtpRefused e) {
            LOG.debug("Store {}: after a whole file: {}", store, e.getMessage());
        }
    }

    private boolean isSame(FtpConnection connection, FtpItem file) throws FtpLost, FtpRefused {
        Listed now = connection.stat(file.path).orElse(null);
        return now != null
                && now.type() == Type.FILE
                && now.size() == file.entry.size()
                && connection.mtime(now, file.path) == file.entry.mtime();
    }

    private synchronized OutputStream opened(FtpItem file) throws IOException {
        if (failure != null) {
            throw new IllegalStateException("stopped");
        }
        OutputStream out = file.out;
        if (out == null) {
            out = visitor.open(file.entry);
            file.out = out;
        }
        return out;
    }

    private synchronized void write(FtpItem file, OutputStream out, byte[] buffer, int count) throws IOException {
        if (failure != null) {
            throw new IllegalStateException("stopped");
        }
        out.write(buffer, 0, count);
        file.written += count;
    }

    private synchronized void tell(FtpItem item, String reason) throws IOException {
        if (failure == null) {
            visitor.failed(item.entry, reason);
        }
    }
}
