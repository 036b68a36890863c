package cocart.upkeep.store;

import cocart.upkeep.store.SftpConnection.Arrival;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Walks a folder with many requests in flight on a few connections, because round trips, not bytes, are what a backup
 * waits for: listing and fetching overlap, a small file costs two round trips that overlap with others. One thread does
 * it all; memory is bounded by the bytes that are asked for and not yet here.
 *
 * <p>A connection that is lost is made up for: what was on its way is asked for again over the others, or over a new
 * one. A server that allows fewer connections or open files than asked for gets by with fewer.
 */
final class SftpWalk {

    /** What is said of an answer that is none. */
    static final String NONSENSE = "the server answered nonsense";

    /** Files that have to wait before another connection is worth its login; to list, one is enough. */
    private static final int WORTH_A_CONNECTION = 100;

    /** After so many losses an item may be their reason. */
    private static final int SUSPECT = 2;

    /** So many bytes more of a file are as good as a small file that was read to its end. */
    private static final long WORTH_A_LOSS = 1 << 20;

    /** How often a file that cannot be opened beside others is tried with fewer of them, before it is when all else is done. */
    private static final int MOST_REFUSALS = 4;

    /** Answers that are worked off before what they made room for is asked. */
    private static final int ANSWERS_AT_ONCE = 16;

    /** Answers to an open that have nothing to do with how many are open. */
    private static final Set<Integer> FINAL = Set.of(-1, SftpPacket.NO_SUCH_FILE, SftpPacket.PERMISSION_DENIED);

    private final String store;
    private final StoreFiles.Visitor visitor;
    private final long mostAsked;
    private final SftpLines lines;
    private final SftpWaiting waiting;
    private final OpenLimit limit;
    private final SftpListing listing;
    private final SftpReading reading;

    /**
     * @param opener opens another connection to the same server
     * @param connections most connections at once
     * @param inFlight most folders and files that are open at once
     * @param memory most bytes that are asked for at once
     * @param idleMillis longest silence of the server while an answer is awaited
     */
    SftpWalk(
            String store,
            Supplier<SftpConnection> opener,
            StoreFiles.Visitor visitor,
            int connections,
            int inFlight,
            long memory,
            int idleMillis) {
        this.store = store;
        this.visitor = visitor;
        this.mostAsked = Math.min(memory, SftpConnection.MOST_WAITING / 2);
        this.lines = new SftpLines(store, opener, visitor, connections, idleMillis);
        this.waiting = new SftpWaiting(store);
        this.limit = new OpenLimit(inFlight);
        this.listing = new SftpListing(store, visitor, waiting);
        this.reading = new SftpReading(visitor);
    }

    /**
     * Walks.
     *
     * @param connection an open one, with nothing in flight
     * @param root folder on the server
     * @return a connection that is still open
     */
    SftpConnection run(SftpConnection connection, byte[] root) {
        FileEntry top = new FileEntry(".", FileEntry.Type.FOLDER, 0, 0, 0, null, null);
        waiting.add(new SftpItem(top, root, "", 0));
        lines.join(connection);
        try (lines) {
            while (fill()) {
                await();
            }
            return lines.keepOne();
        } catch (BufferUnderflowException e) {
            throw new StoreException("store " + store + ": the SFTP server sent a packet that is cut short", e);
        } catch (IOException e) {
            throw new StoreException("store " + store + ": what was read cannot be kept: " + e.getMessage(), e);
        }
    }

    /** Asks for what may be asked for now; false when all is done. */
    private boolean fill() throws IOException {
        if (waiting.files() > WORTH_A_CONNECTION || lines.asked() >= mostAsked) {
            lines.openMore();
        }
        lines.readMore(mostAsked);
        while (limit.hasRoom()) {
            SftpItem item =
                    waiting.next(lines.asked() < mostAsked, limit.open() == 0, limit.isFutile() && limit.isSafe());
            if (item == null) {
                break;
            }
            limit.begun();
            lines.idlest().begin(item);
        }
        for (SftpLine line : lines.open()) {
            try {
                line.connection.flush();
            } catch (StoreException e) {
                lose(line, e);
            }
        }
        boolean idle = lines.isIdle();
        if (idle && limit.open() > 0) {
            // never to happen; but then what is open would be missing, and nobody would know
            throw new IllegalStateException(limit.open() + " files are open and nothing is asked about them");
        }
        return !idle || !waiting.isEmpty();
    }

    /** Waits for answers and takes those that are there. */
    private void await() throws IOException {
        Arrival arrival = lines.await();
        for (int i = 0; arrival != null && i < ANSWERS_AT_ONCE; i++) {
            take(arrival);
            arrival = lines.arrived();
        }
        if (arrival != null) {
            take(arrival);
        }
        for (SftpLine line : lines.open()) {
            if (lines.isSilent(line)) {
                lose(line, line.connection.silent());
            }
        }
    }

    private void take(Arrival arrival) throws IOException {
        SftpPacket packet = arrival.packet();
        if (packet != null) {
            arrival.from().taken(packet);
        }
        SftpLine line = lines.of(arrival);
        if (line != null && packet == null) {
            lose(line, line.connection.lost(null));
        } else if (line != null) {
            answer(line, packet);
        }
    }

    /** Takes back what was on its way over a connection that is lost. */
    private void lose(SftpLine line, StoreException why) throws IOException {
        for (SftpItem item : line.items) {
            limit.ended();
            if (item.restart() >= WORTH_A_LOSS) {
                lines.wentWell(); // a large file over a bad line gets there by and by
            }
            if (item.losses < SUSPECT || item.depth == 0) {
                waiting.again(item);
            } else if (item.losses < SftpLines.MOST_LOSSES) {
                waiting.suspect(item);
            } else {
                waiting.release(item);
                visitor.failed(item.entry, "the connection was lost each time it was to be read");
            }
        }
        lines.replace(line, why);
    }

    private void answer(SftpLine line, SftpPacket packet) throws IOException {
        SftpLine.Request request = line.answered(packet);
        if (request == null) {
            throw new StoreException(
                    "store " + store + ": the SFTP server answered something that was not asked", null);
        }
        SftpItem item = request.item();
        if (item.ended || (item.refreshing && request.type() == SftpPacket.READ)) {
            return;
        }
        packet.body();
        switch (request.type()) {
            case SftpPacket.OPENDIR, SftpPacket.OPEN -> opened(line, item, packet);
            case SftpPacket.READDIR -> listing.names(line, item, packet);
            case SftpPacket.READLINK -> listing.target(item, packet);
            case SftpPacket.READ -> reading.data(line, item, request, packet);
            case SftpPacket.FSTAT -> reading.attributes(line, item, packet);
            default -> {}
        }
        if (item.ended) {
            waiting.release(item);
            if (item.failed) {
                limit.ended();
            } else {
                limit.endedWell();
                lines.wentWell();
            }
            line.end(item);
        }
    }

    private void opened(SftpLine line, SftpItem item, SftpPacket packet) throws IOException {
        boolean folder = item.entry.type() == FileEntry.Type.FOLDER;
        byte[] handle = packet.handle();
        if (handle == null) {
            refused(line, item, packet, folder ? "the folder cannot be listed: " : "it cannot be read: ");
        } else if (!line.opened(item, handle)) {
            mixedUp(line);
        } else {
            limit.opened(lines.handles());
            if (folder) {
                listing.begin(line, item);
            } else {
                reading.begin(line, item);
            }
        }
    }

    /** It was not opened: the server may not have handles for so many at once. */
    private void refused(SftpLine line, SftpItem item, SftpPacket packet, String what) throws IOException {
        int code = packet.type() == SftpPacket.STATUS ? packet.number() : -1;
        boolean forHandles = !FINAL.contains(code); // or for anything else: servers have one word for most of it
        if (forHandles && limit.open() == 1) {
            limit.refusedAlone();
        } else if (forHandles && item.refused < MOST_REFUSALS) {
            item.refused++;
            limit.refused();
            line.items.remove(item);
            if (item.refused < MOST_REFUSALS) {
                waiting.later(item);
            } else {
                waiting.refused(item);
            }
            return;
        }
        String reason = what + (code < 0 ? NONSENSE : SftpPacket.words(code, packet.bytes()));
        if (item.depth == 0) {
            throw new StoreException("store " + store + ": " + reason, null);
        }
        line.fail(item, reason);
    }

    /** Apache MINA SSHD does so when it has no more handles: everything is asked again, with fewer at once. */
    private void mixedUp(SftpLine line) throws IOException {
        limit.halve();
        lose(
                line,
                new StoreException(
                        "store " + store + ": the SFTP server gave one handle to two files; it is tried again", null));
    }
}
