package cocart.upkeep.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Reads open files: writes what comes in its order, and says what had changed meanwhile. A small file is written when
 * all of it is here, and read once more if it was not as it was listed.
 */
final class SftpReading {

    private final StoreFiles.Visitor visitor;

    SftpReading(StoreFiles.Visitor visitor) {
        this.visitor = visitor;
    }

    /** Begins with a file that was opened. */
    void begin(SftpLine line, SftpItem file) throws IOException {
        if (file.restarted && file.written == file.entry.size()) {
            whole(line, file);
        } else {
            line.reading.add(file);
        }
    }

    /** Takes the answer to a READ. */
    void data(SftpLine line, SftpItem file, SftpLine.Request request, SftpPacket packet) throws IOException {
        if (packet.type() != SftpPacket.DATA) {
            noData(line, file, request, packet);
            return;
        }
        ByteBuffer bytes = packet.data();
        int count = bytes.remaining();
        if (count == 0 || count > request.length()) {
            line.fail(file, "the server sent " + count + " bytes where " + request.length() + " were asked for");
            return;
        }
        long missing = file.entry.size() - request.offset() - count;
        if (missing < 0 && !file.refreshed) {
            refresh(line, file);
            return;
        }
        if (missing < 0) {
            visitor.changed(file.entry);
            bytes.limit((int) (count + missing));
        }
        ByteBuffer joined = line.joined(request, bytes, file.entry.size());
        if (joined == null) {
            return;
        }
        file.early.put(request.piece() == null ? request.offset() : request.piece().offset, joined);
        line.keep(file, joined.remaining());
        if (!file.isSmall() || missing <= 0) {
            write(line, file);
        }
        if (file.written == file.entry.size()) {
            whole(line, file);
        }
    }

    private void noData(SftpLine line, SftpItem file, SftpLine.Request request, SftpPacket packet) throws IOException {
        int code = packet.type() == SftpPacket.STATUS ? packet.number() : -1;
        if (code == SftpPacket.EOF && file.written == file.entry.size()) {
            whole(line, file);
        } else if (code == SftpPacket.EOF && file.isSmall() && !file.refreshed) {
            refresh(line, file);
        } else {
            line.fail(
                    file,
                    code == SftpPacket.EOF
                            ? "it ended after " + Math.max(file.written, request.offset()) + " of " + file.entry.size()
                                    + " bytes: it changed while it was read"
                            : "it cannot be read: "
                                    + (code < 0 ? SftpWalk.NONSENSE : SftpPacket.words(code, packet.bytes())));
        }
    }

    private void write(SftpLine line, SftpItem file) throws IOException {
        OutputStream out = out(file);
        for (ByteBuffer next = file.early.remove(file.written); next != null; next = file.early.remove(file.written)) {
            int count = next.remaining();
            if (out instanceof StoreFiles.Taker taker) {
                taker.take(next);
            } else {
                out.write(next.array(), next.arrayOffset() + next.position(), count);
            }
            file.written += count;
            line.keep(file, -count);
        }
    }

    private OutputStream out(SftpItem file) throws IOException {
        if (file.out == null) {
            file.out = visitor.open(file.entry);
        }
        return file.out;
    }

    /** A small file is not as it was listed: it is looked at and read once more. */
    private static void refresh(SftpLine line, SftpItem file) {
        file.refreshed = true;
        file.refreshing = true;
        line.forget(file);
        line.ask(SftpPacket.FSTAT, file);
    }

    /** Takes the answer to an FSTAT, which a file gets that is read once more or that was read in several parts. */
    void attributes(SftpLine line, SftpItem file, SftpPacket packet) throws IOException {
        if (file.refreshing) {
            look(line, file, packet);
            return;
        }
        if (packet.type() == SftpPacket.ATTRS) {
            SftpPacket.Attributes now = packet.attributes();
            if (now.size() != file.entry.size() || now.mtime() != file.entry.mtime()) {
                visitor.changed(file.entry);
            }
        }
        keep(file);
    }

    private void look(SftpLine line, SftpItem file, SftpPacket packet) throws IOException {
        file.refreshing = false;
        if (packet.type() != SftpPacket.ATTRS) {
            line.fail(file, "it changed while it was read");
            return;
        }
        SftpPacket.Attributes now = packet.attributes();
        FileEntry entry = now.entry(file.entry.path(), null, file.entry.rawPath());
        if (entry.type() != FileEntry.Type.FILE) {
            line.fail(file, "it is no file any more");
            return;
        }
        file.entry = entry;
        file.next = 0;
        line.reading.add(file);
    }

    /** All bytes came. If that took more than one answer, the file may have changed in between. */
    private void whole(SftpLine line, SftpItem file) throws IOException {
        if (!file.isSmall() || file.restarted) {
            line.ask(SftpPacket.FSTAT, file);
        } else {
            keep(file);
        }
    }

    private void keep(SftpItem file) throws IOException {
        out(file).close();
        file.ended = true;
    }
}
