package cocart.upkeep.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One connection's share of a walk: what was asked over it and has not been answered yet. */
final class SftpLine {

    /** Bytes that a READ asks for: what every server answers in one piece. */
    static final int CHUNK = 32768;

    /**
     * Something asked about an item; offset and length are those of a READ.
     *
     * @param piece what the READ is the rest of, if a part of it has come already
     */
    record Request(
            int type,
            SftpItem item,
            long offset,
            int length,
            @Nullable Piece piece) {}

    /** What a READ has asked for and the server gives in several parts. */
    static final class Piece {

        final long offset;
        final byte[] bytes;

        /** Bytes that have come. */
        int filled;

        private Piece(long offset, int length) {
            this.offset = offset;
            this.bytes = new byte[length];
        }
    }

    final SftpConnection connection;

    /** What is being listed or read over it. */
    final Set<SftpItem> items = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Open files of which something is still to be asked for. */
    final Deque<SftpItem> reading = new ArrayDeque<>();

    private final Map<Integer, Request> requests = new HashMap<>();
    private final Set<ByteBuffer> handles = new HashSet<>();
    private final StoreFiles.Visitor visitor;
    private long asked;
    private long kept;
    private long lastHeard = System.nanoTime();

    SftpLine(SftpConnection connection, StoreFiles.Visitor visitor) {
        this.connection = connection;
        this.visitor = visitor;
    }

    /** Opens an item: the first thing that is asked about it. */
    void begin(SftpItem item) {
        items.add(item);
        SftpPacket.Builder path = SftpFiles.string(item.path);
        switch (item.entry.type()) {
            case FOLDER -> send(SftpPacket.OPENDIR, item, path);
            case LINK -> send(SftpPacket.READLINK, item, path);
            default -> send(SftpPacket.OPEN, item, path.number(1).number(0));
        }
    }

    /** Asks for as much of the open files, in their order, as may be on its way or here and not written. */
    void readMore(long mostAsked) {
        while (!reading.isEmpty() && asked() < mostAsked) {
            SftpItem file = reading.element();
            while (file.next < file.end() && asked() < mostAsked && file.next - file.written < mostAsked) {
                int length = (int) Math.min(CHUNK, file.end() - file.next);
                read(file, file.next, length);
                file.next += length;
            }
            if (file.next < file.end()) {
                return;
            }
            reading.remove();
        }
    }

    private void read(SftpItem file, long offset, int length) {
        read(file, offset, length, null);
    }

    private void read(SftpItem file, long offset, int length, @Nullable Piece piece) {
        asked += length;
        send(SftpPacket.READ, file, ofHandle(file).large(offset).number(length), offset, length, piece);
    }

    /**
     * Takes what a READ has brought and asks for the rest of it.
     *
     * @param end where the file ends: the READ may have asked for more
     * @return all that the READ has asked for, up to the end; null while something of it is missing
     */
    @Nullable
    ByteBuffer joined(Request request, ByteBuffer bytes, long end) {
        Piece piece = request.piece();
        int count = bytes.remaining();
        long missing = end - request.offset() - count;
        boolean whole = count == request.length() || missing <= 0;
        if (piece == null) {
            if (whole) {
                return bytes;
            }
            piece = new Piece(request.offset(), request.length());
            keep(request.item(), piece.bytes.length);
        }
        bytes.get(piece.bytes, piece.filled, count);
        piece.filled += count;
        if (!whole) {
            read(request.item(), request.offset() + count, request.length() - count, piece);
            return null;
        }
        keep(request.item(), -piece.bytes.length);
        return ByteBuffer.wrap(piece.bytes, 0, piece.filled);
    }

    /** Keeps bytes of a file until they can be written, or keeps fewer. */
    void keep(SftpItem file, int bytes) {
        file.kept += bytes;
        kept += bytes;
    }

    /** What was kept of a file is of no use. */
    void forget(SftpItem file) {
        file.early.clear();
        kept -= file.kept;
        file.kept = 0;
    }

    /** Asks something about an item that is open. */
    void ask(int type, SftpItem item) {
        send(type, item, ofHandle(item));
    }

    /**
     * Gives an opened item its handle.
     *
     * @return false if the server has given it to another open item too, so that their contents would be mixed up
     */
    boolean opened(SftpItem item, byte[] handle) {
        item.handle = handle;
        return handles.add(ByteBuffer.wrap(handle));
    }

    /** How many are open on the server. */
    int handles() {
        return handles.size();
    }

    /** An item cannot be listed or read to its end: nothing more is asked about it. */
    void fail(SftpItem item, String reason) throws IOException {
        item.failed = true;
        item.ended = true;
        forget(item);
        reading.remove(item);
        visitor.failed(item.entry, reason);
    }

    /** Closes an item; it no longer counts as open, as servers work off what they are asked in its order. */
    void end(SftpItem item) {
        items.remove(item);
        if (item.handle != null) {
            send(SftpPacket.CLOSE, item, ofHandle(item));
            handles.remove(ByteBuffer.wrap(item.handle));
            item.handle = null;
        }
    }

    private static SftpPacket.Builder ofHandle(SftpItem item) {
        return SftpFiles.string(Objects.requireNonNull(item.handle));
    }

    private void send(int type, SftpItem item, SftpPacket.Builder body) {
        send(type, item, body, 0, 0, null);
    }

    private void send(
            int type, SftpItem item, SftpPacket.Builder body, long offset, int length, @Nullable Piece piece) {
        if (requests.isEmpty()) {
            lastHeard = System.nanoTime();
        }
        item.inFlight++;
        requests.put(connection.send(type, body), new Request(type, item, offset, length, piece));
    }

    /** What a packet answers; null if that was never asked. */
    @Nullable
    Request answered(SftpPacket packet) {
        lastHeard = System.nanoTime();
        Request request = requests.remove(packet.id());
        if (request != null) {
            request.item().inFlight--;
            asked -= request.length();
        }
        return request;
    }

    boolean isIdle() {
        return requests.isEmpty();
    }

    /** Bytes of files that are asked for, or here and not written yet. */
    long asked() {
        return asked + kept;
    }

    /** How much waits for an answer, for choosing the connection that has least to do. */
    long load() {
        return requests.size() + asked / CHUNK;
    }

    /** Nanoseconds for which an answer has been awaited in vain. */
    long silence() {
        return requests.isEmpty() ? 0 : System.nanoTime() - lastHeard;
    }
}
