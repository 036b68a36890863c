package cocart.upkeep.store;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.BufferUnderflowException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Walks a folder with many requests in flight on one connection, because round trips, not bytes, are what a backup
 * waits for: listing and fetching overlap, a small file costs two round trips that overlap with others. Memory is
 * bounded by the bytes that are asked for and not yet here.
 */
final class SftpWalk {

    private static final int MOST_OPEN = 64;
    private static final long MOST_ASKED = 4L << 20;
    /** How far a file is read ahead of a chunk that is still missing, in bytes. */
    private static final long MOST_AHEAD = 8L << 20;

    private static final int CHUNK = 32768;
    private static final int DEEPEST = 64;
    private static final long MOST_ENTRIES = 5_000_000;

    /** What names that wait to be read may take of memory, in bytes; and about what one takes beside its letters. */
    private static final long MOST_HELD = Runtime.getRuntime().maxMemory() / 4;

    private static final int ITEM = 600;

    private final String store;
    private final SftpConnection connection;
    private final StoreFiles.Visitor visitor;

    private final Map<Integer, Request> requests = new HashMap<>();
    private final Deque<Item> folders = new ArrayDeque<>();
    private final Deque<Item> files = new ArrayDeque<>();
    private final Deque<Item> reading = new ArrayDeque<>();
    private int open;
    private long asked;
    private long entries;
    private long held;

    /** A folder being listed, a file being read or a link being asked for. */
    private static final class Item {

        final FileEntry entry;
        final byte[] path;
        final String prefix;
        final int depth;
        final Set<String> names = new HashSet<>();
        final long weight;
        final TreeMap<Long, byte[]> early = new TreeMap<>();
        byte @Nullable [] handle;

        @Nullable
        OutputStream out;

        long next;
        long written;
        int inFlight;
        long namesWeight;
        boolean ended;
        boolean failed;

        Item(FileEntry entry, byte[] path, String prefix, int depth) {
            this.entry = entry;
            this.path = path;
            this.prefix = prefix;
            this.depth = depth;
            this.weight = ITEM + 4L * prefix.length() + path.length;
        }
    }

    private record Request(int type, Item item, long offset, int length) {}

    SftpWalk(String store, SftpConnection connection, StoreFiles.Visitor visitor) {
        this.store = store;
        this.connection = connection;
        this.visitor = visitor;
    }

    void run(byte[] root) {
        FileEntry top = new FileEntry(".", FileEntry.Type.FOLDER, 0, 0, 0, null, null);
        add(folders, new Item(top, root, "", 0));
        try {
            while (true) {
                fill();
                if (requests.isEmpty()) {
                    return;
                }
                connection.flush();
                answer(connection.receive());
            }
        } catch (BufferUnderflowException e) {
            throw new StoreException("store " + store + ": the SFTP server sent a packet that is cut short", e);
        } catch (IOException e) {
            throw new StoreException("store " + store + ": what was read cannot be kept: " + e.getMessage(), e);
        }
    }

    private void fill() {
        while (!reading.isEmpty() && asked < MOST_ASKED) {
            Item file = reading.element();
            readMore(file);
            if (!file.failed && file.next < file.entry.size()) {
                break;
            }
            reading.remove();
        }
        while (open < MOST_OPEN) {
            // folders first as long as few files wait: listing goes ahead of fetching, but not without bound
            boolean folder = !folders.isEmpty() && (files.size() < 2000 || asked >= MOST_ASKED);
            Item item = folder ? folders.pollLast() : asked < MOST_ASKED ? files.poll() : null;
            if (item == null) {
                return;
            }
            open++;
            if (item.entry.type() == FileEntry.Type.FOLDER) {
                send(SftpPacket.OPENDIR, item, SftpFiles.string(item.path), 0, 0);
            } else if (item.entry.type() == FileEntry.Type.LINK) {
                send(SftpPacket.READLINK, item, SftpFiles.string(item.path), 0, 0);
            } else {
                send(
                        SftpPacket.OPEN,
                        item,
                        SftpFiles.string(item.path).number(1).number(0),
                        0,
                        0);
            }
        }
    }

    private void readMore(Item file) {
        byte[] handle = java.util.Objects.requireNonNull(file.handle);
        while (!file.failed
                && file.next < file.entry.size()
                && asked < MOST_ASKED
                && file.next - file.written < MOST_AHEAD) {
            int length = (int) Math.min(CHUNK, file.entry.size() - file.next);
            read(file, handle, file.next, length);
            file.next += length;
        }
    }

    private void read(Item file, byte[] handle, long offset, int length) {
        asked += length;
        send(SftpPacket.READ, file, SftpFiles.string(handle).large(offset).number(length), offset, length);
    }

    private void send(int type, Item item, SftpPacket.Builder body, long offset, int length) {
        item.inFlight++;
        requests.put(connection.send(type, body), new Request(type, item, offset, length));
    }

    private void answer(SftpPacket packet) throws IOException {
        Request request = requests.remove(packet.id());
        if (request == null) {
            throw new StoreException(
                    "store " + store + ": the SFTP server answered something that was not asked", null);
        }
        Item item = request.item();
        item.inFlight--;
        packet.body();
        switch (request.type()) {
            case SftpPacket.OPENDIR -> opendir(item, packet);
            case SftpPacket.READDIR -> readdir(item, packet);
            case SftpPacket.READLINK -> readlink(item, packet);
            case SftpPacket.OPEN -> opened(item, packet);
            case SftpPacket.READ -> {
                asked -= request.length();
                data(item, request, packet);
            }
            default -> {}
        }
        if (item.ended && item.inFlight == 0) {
            byte[] handle = item.handle;
            if (handle != null) {
                item.handle = null;
                send(SftpPacket.CLOSE, item, SftpFiles.string(handle), 0, 0);
            } else {
                open--;
                held -= item.weight;
                held -= item.namesWeight;
            }
        }
    }

    private void opendir(Item folder, SftpPacket packet) throws IOException {
        if (packet.type() != SftpPacket.HANDLE) {
            if (folder.depth == 0) {
                throw new StoreException("store " + store + ": the folder cannot be listed: " + reason(packet), null);
            }
            fail(folder, "the folder cannot be listed: " + reason(packet));
            return;
        }
        folder.handle = packet.bytes();
        send(SftpPacket.READDIR, folder, SftpFiles.string(folder.handle), 0, 0);
        send(SftpPacket.READDIR, folder, SftpFiles.string(folder.handle), 0, 0);
    }

    private void readdir(Item folder, SftpPacket packet) throws IOException {
        if (packet.type() == SftpPacket.NAME) {
            int count = packet.number();
            if (count <= 0) {
                folder.ended = true;
                visitor.failed(folder.entry, "the server lists it without end");
                return;
            }
            for (int i = 0; i < count; i++) {
                SftpFiles.Name name = SftpFiles.Name.of(packet.bytes());
                packet.bytes();
                found(folder, name, packet.attributes());
            }
            if (!folder.ended && folder.handle != null) {
                send(SftpPacket.READDIR, folder, SftpFiles.string(folder.handle), 0, 0);
            }
        } else if (!folder.ended) {
            folder.ended = true;
            int code = packet.type() == SftpPacket.STATUS ? packet.number() : -1;
            if (code != SftpPacket.EOF) {
                visitor.failed(folder.entry, "the folder cannot be listed to its end");
            }
        }
    }

    private void found(Item folder, SftpFiles.Name name, SftpPacket.Attributes attributes) throws IOException {
        if (name.isSelfOrParent()) {
            return;
        }
        if (++entries > MOST_ENTRIES) {
            throw new StoreException(
                    "store " + store + ": the folder holds more than " + MOST_ENTRIES
                            + " files; leave out what need not be backed up with upkeep.backup.skip",
                    null,
                    true);
        }
        String path = folder.prefix + name.text();
        boolean utf8 = name.isUtf8() && folder.entry.rawPath() == null;
        byte[] remote = SftpFiles.join(folder.path, name.bytes());
        FileEntry entry = attributes.entry(path, null, utf8 ? null : SftpFiles.hex(remote));
        if (!FileNames.isPlain(name.text())) {
            visitor.failed(
                    new FileEntry(
                            folder.prefix + name.shown().replaceAll("[/\\\\]", "?"), entry.type(), 0, 0, 0, null, null),
                    "its name cannot be used on this side: '" + name.shown() + "'");
            return;
        }
        if (!folder.names.add(name.text())) {
            visitor.failed(entry, "the server lists the name twice");
            return;
        }
        Item item = new Item(entry, remote, path + "/", folder.depth + 1);
        long nameWeight = 80 + 2L * name.text().length();
        folder.namesWeight += nameWeight;
        held += nameWeight;
        if (held > MOST_HELD) {
            throw new StoreException(
                    "store " + store + ": " + (folder.prefix.isEmpty() ? "the folder" : folder.prefix)
                            + " lists more names than fit into memory; leave it out with upkeep.backup.skip, or give the"
                            + " program more memory (JAVA_OPTS=-Xmx2g)",
                    null,
                    true);
        }
        switch (entry.type()) {
            case LINK -> add(files, item);
            case FOLDER -> {
                if (visitor.found(entry)) {
                    if (folder.depth >= DEEPEST) {
                        visitor.failed(entry, "folders are nested deeper than " + DEEPEST);
                    } else {
                        add(folders, item);
                    }
                }
            }
            case FILE -> {
                if (visitor.found(entry)) {
                    add(files, item);
                }
            }
            default -> visitor.found(entry);
        }
    }

    private void add(Deque<Item> queue, Item item) {
        queue.add(item);
        held += item.weight;
    }

    private void readlink(Item link, SftpPacket packet) throws IOException {
        String target = null;
        if (packet.type() == SftpPacket.NAME && packet.number() >= 1) {
            target = SftpFiles.Name.of(packet.bytes()).text();
        }
        FileEntry entry = link.entry;
        visitor.found(
                new FileEntry(entry.path(), entry.type(), 0, entry.mtime(), entry.mode(), target, entry.rawPath()));
        link.ended = true;
    }

    private void opened(Item file, SftpPacket packet) throws IOException {
        if (packet.type() != SftpPacket.HANDLE) {
            fail(file, "it cannot be read: " + reason(packet));
            return;
        }
        file.handle = packet.bytes();
        file.out = visitor.open(file.entry);
        if (file.entry.size() == 0) {
            file.out.close();
            file.ended = true;
            return;
        }
        reading.add(file);
    }

    private void data(Item file, Request request, SftpPacket packet) throws IOException {
        if (file.failed) {
            return;
        }
        if (packet.type() != SftpPacket.DATA) {
            int code = packet.type() == SftpPacket.STATUS ? packet.number() : -1;
            fail(
                    file,
                    code == SftpPacket.EOF
                            ? "it ended after " + Math.max(file.written, request.offset()) + " of " + file.entry.size()
                                    + " bytes: it changed while it was read"
                            : "it cannot be read: "
                                    + (code < 0
                                            ? "the server answered nonsense"
                                            : SftpPacket.words(code, packet.bytes())));
            return;
        }
        byte[] bytes = packet.bytes();
        if (bytes.length == 0 || bytes.length > request.length()) {
            fail(file, "the server sent " + bytes.length + " bytes where " + request.length() + " were asked for");
            return;
        }
        if (bytes.length < request.length()) {
            read(
                    file,
                    java.util.Objects.requireNonNull(file.handle),
                    request.offset() + bytes.length,
                    request.length() - bytes.length);
        }
        file.early.put(request.offset(), bytes);
        OutputStream out = java.util.Objects.requireNonNull(file.out);
        for (byte[] next = file.early.remove(file.written); next != null; next = file.early.remove(file.written)) {
            out.write(next);
            file.written += next.length;
        }
        if (file.written == file.entry.size()) {
            out.close();
            file.ended = true;
        }
    }

    private void fail(Item item, String reason) throws IOException {
        item.failed = true;
        item.ended = true;
        item.early.clear();
        reading.remove(item);
        visitor.failed(item.entry, reason);
    }

    private static String reason(SftpPacket packet) {
        return packet.type() == SftpPacket.STATUS
                ? SftpPacket.words(packet.number(), packet.bytes())
                : "the server answered nonsense";
    }
}
