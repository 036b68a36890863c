package cocart.upkeep.store;

import cocart.upkeep.store.SftpConnection.Arrival;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.BufferUnderflowException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Walks a folder with many requests in flight on a few connections, because round trips, not bytes, are what a backup
 * waits for: listing and fetching overlap, a small file costs two round trips that overlap with others. One thread does
 * it all; memory is bounded by the bytes that are asked for and not yet here.
 *
 * <p>A connection that is lost is made up for: what was on its way is asked for again over the others, or over a new
 * one. A server that allows fewer connections or open files than asked for gets by with fewer.
 */
final class SftpWalk {

    private static final int DEEPEST = 64;
    private static final long MOST_ENTRIES = 5_000_000;

    /** Files that may wait to be read before listing stops for them. */
    private static final int MOST_WAITING = 2000;

    /** Files that have to wait before another connection is worth its login; to list, one is enough. */
    private static final int WORTH_A_CONNECTION = 100;

    /** How often a lost connection is opened again without anything having been read to its end in between. */
    private static final int MOST_LOSSES = 3;

    /** After so many losses an item may be their reason. */
    private static final int SUSPECT = 2;

    private static final long PAUSE_MILLIS = 300;

    /** How often a file that cannot be opened beside others is tried with fewer of them. */
    private static final int MOST_REFUSALS = 4;

    /** What names that wait to be read may take of memory, in bytes. */
    private static final long MOST_HELD = Runtime.getRuntime().maxMemory() / 4;

    /** After so many items that went well a server that had refused one is tried with one more at once. */
    private static final int OPEN_ONE_MORE_AFTER = 64;

    /** Answers that are worked off before what they made room for is asked. */
    private static final int ANSWERS_AT_ONCE = 16;

    /** Parts of a folder's list that are asked for at once. */
    private static final int READ_AHEAD = 2;

    /** Answers to an open that have nothing to do with how many are open. */
    private static final Set<Integer> FINAL = Set.of(-1, SftpPacket.NO_SUCH_FILE, SftpPacket.PERMISSION_DENIED);

    private static final String NONSENSE = "the server answered nonsense";

    private final String store;
    private final Supplier<SftpConnection> opener;
    private final StoreFiles.Visitor visitor;
    private final long mostAsked;
    private final long idleNanos;
    private final int mostConnections;
    private final int inFlight;

    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
    private final List<SftpLine> lines = new ArrayList<>();
    private final Deque<SftpItem> folders = new ArrayDeque<>();
    private final Deque<SftpItem> files = new ArrayDeque<>();

    /** What was on its way each time that a connection was lost; read one by one in the end, to tell which it is. */
    private final Deque<SftpItem> suspects = new ArrayDeque<>();

    private final MoreConnections more;
    private int mostOpen;
    private int done;
    private int open;
    private int losses;
    private long entries;
    private long held;

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
        this.opener = opener;
        this.visitor = visitor;
        this.mostConnections = connections;
        this.inFlight = inFlight;
        this.mostOpen = inFlight;
        this.mostAsked = Math.min(memory, SftpConnection.MOST_WAITING / 2);
        this.idleNanos = TimeUnit.MILLISECONDS.toNanos(idleMillis);
        this.more = new MoreConnections(store, opener, arrivals);
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
        add(folders, new SftpItem(top, root, "", 0));
        join(connection);
        try {
            while (fill()) {
                await();
            }
            SftpLine last = lines.remove(0);
            last.connection.deliverTo(null);
            return last.connection;
        } catch (BufferUnderflowException e) {
            throw new StoreException("store " + store + ": the SFTP server sent a packet that is cut short", e);
        } catch (IOException e) {
            throw new StoreException("store " + store + ": what was read cannot be kept: " + e.getMessage(), e);
        } finally {
            more.close();
            lines.forEach(line -> line.connection.close());
        }
    }

    private void join(SftpConnection connection) {
        connection.deliverTo(arrivals);
        lines.add(new SftpLine(connection));
    }

    /** Asks for what may be asked for now; false when all is done. */
    private boolean fill() throws IOException {
        if (lines.size() < mostConnections && (files.size() > WORTH_A_CONNECTION || asked() >= mostAsked)) {
            more.open(mostConnections - 1);
        }
        for (SftpLine line : lines) {
            line.readMore(mostAsked / lines.size());
        }
        while (open < mostOpen) {
            SftpItem item = next();
            if (item == null) {
                break;
            }
            open++;
            lines.stream()
                    .min(Comparator.comparingLong(SftpLine::load))
                    .orElseThrow()
                    .begin(item);
        }
        for (SftpLine line : List.copyOf(lines)) {
            try {
                line.connection.flush();
            } catch (StoreException e) {
                lose(line, e);
            }
        }
        boolean idle = lines.stream().allMatch(SftpLine::isIdle);
        if (idle && open > 0) {
            // never to happen; but then what is open would be missing, and nobody would know
            throw new IllegalStateException(open + " files are open and nothing is asked about them");
        }
        return !idle || !folders.isEmpty() || !files.isEmpty() || !suspects.isEmpty();
    }

    /** Folders first as long as few files wait: listing goes ahead of fetching, but not without bound. */
    private @Nullable SftpItem next() {
        long asked = asked();
        if (open == 0 && folders.isEmpty() && files.isEmpty()) {
            return suspects.poll();
        }
        boolean folder = !folders.isEmpty() && (files.size() < MOST_WAITING || asked >= mostAsked);
        return folder ? folders.pollLast() : asked < mostAsked ? files.poll() : null;
    }

    private long asked() {
        return lines.stream().mapToLong(SftpLine::asked).sum();
    }

    /** Waits for answers and takes those that are there. */
    private void await() throws IOException {
        Arrival arrival = poll();
        for (int i = 0; arrival != null && i < ANSWERS_AT_ONCE; i++) {
            take(arrival);
            arrival = arrivals.poll();
        }
        if (arrival != null) {
            take(arrival);
        }
        for (SftpLine line : List.copyOf(lines)) {
            if (line.silence() > idleNanos) {
                lose(line, line.connection.silent());
            }
        }
    }

    private @Nullable Arrival poll() {
        try {
            return arrivals.poll(Math.min(idleNanos, TimeUnit.SECONDS.toNanos(1)), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("store " + store + ": interrupted while reading files", e);
        }
    }

    private void take(Arrival arrival) throws IOException {
        SftpPacket packet = arrival.packet();
        if (packet != null) {
            arrival.from().taken(packet);
        }
        SftpLine line = lines.stream()
                .filter(candidate -> candidate.connection == arrival.from())
                .findFirst()
                .orElse(null);
        if (line != null && packet == null) {
            lose(line, line.connection.lost(null));
        } else if (line != null) {
            answer(line, packet);
        } else if (more.opened(arrival.from())) {
            join(arrival.from());
        }
    }

    /** Takes back what was on its way over a connection, and opens a new one if it was the last. */
    private void lose(SftpLine line, StoreException why) throws IOException {
        lines.remove(line);
        line.connection.close();
        for (SftpItem item : line.items) {
            open--;
            item.restart();
            if (item.losses < SUSPECT || item.depth == 0) {
                queue(item).addFirst(item);
            } else if (item.losses < MOST_LOSSES) {
                suspects.add(item);
            } else {
                held -= item.weight();
                visitor.failed(item.entry, "the connection was lost each time it was to be read");
            }
        }
        if (lines.isEmpty()) {
            reopen(why);
        }
    }

    private void reopen(StoreException why) {
        StoreException reason = why;
        while (++losses <= MOST_LOSSES) {
            try {
                Thread.sleep(PAUSE_MILLIS << losses);
                join(opener.get());
                return;
            } catch (StoreException e) {
                if (e.isPermanent()) {
                    throw e;
                }
                reason = e;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw why;
            }
        }
        throw reason == why
                ? why
                : new StoreException(
                        why.getMessage() + " (it could not be opened again: " + reason.getMessage() + ")", reason);
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
            case SftpPacket.OPENDIR -> opendir(line, item, packet);
            case SftpPacket.READDIR -> readdir(line, item, packet);
            case SftpPacket.READLINK -> readlink(item, packet);
            case SftpPacket.OPEN -> opened(line, item, packet);
            case SftpPacket.READ -> data(line, item, request, packet);
            case SftpPacket.FSTAT -> compare(line, item, packet);
            default -> {}
        }
        if (item.ended) {
            open--;
            held -= item.weight();
            if (!item.failed) {
                losses = 0;
                mostOpen = ++done % OPEN_ONE_MORE_AFTER == 0 ? Math.min(inFlight, mostOpen + 1) : mostOpen;
            }
            line.end(item);
        }
    }

    private void opendir(SftpLine line, SftpItem folder, SftpPacket packet) throws IOException {
        if (packet.type() != SftpPacket.HANDLE) {
            refused(line, folder, packet, "the folder cannot be listed: ");
            return;
        }
        if (!line.opened(folder, packet.bytes())) {
            mixedUp(line);
            return;
        }
        while (folder.inFlight < READ_AHEAD) {
            line.ask(SftpPacket.READDIR, folder);
        }
    }

    /** It was not opened: the server may not have handles for so many at once. */
    private void refused(SftpLine line, SftpItem item, SftpPacket packet, String what) throws IOException {
        int code = packet.type() == SftpPacket.STATUS ? packet.number() : -1;
        if (!FINAL.contains(code) && open > 1 && item.refused < MOST_REFUSALS) {
            item.refused++;
            open--;
            mostOpen = Math.max(1, Math.min(mostOpen, open));
            line.items.remove(item);
            queue(item).addLast(item);
            return;
        }
        String reason = what + (code < 0 ? NONSENSE : SftpPacket.words(code, packet.bytes()));
        if (item.depth == 0) {
            throw new StoreException("store " + store + ": " + reason, null);
        }
        fail(line, item, reason);
    }

    private void readdir(SftpLine line, SftpItem folder, SftpPacket packet) throws IOException {
        if (packet.type() == SftpPacket.NAME) {
            int count = packet.number();
            if (count <= 0) {
                fail(line, folder, "the server lists it without end");
                return;
            }
            boolean first = folder.names.isEmpty();
            for (int i = 0; i < count; i++) {
                SftpFiles.Name name = SftpFiles.Name.of(packet.bytes());
                packet.bytes();
                found(folder, name, packet.attributes());
            }
            // most folders fit into one answer, and that they end is on its way: only what is longer is asked on ahead
            while (!folder.listed && folder.inFlight < (first ? 1 : READ_AHEAD)) {
                line.ask(SftpPacket.READDIR, folder);
            }
        } else if (packet.type() == SftpPacket.STATUS && packet.number() == SftpPacket.EOF) {
            folder.listed = true;
        } else {
            fail(line, folder, "the folder cannot be listed to its end");
        }
        // the end may be answered before the names in front of it
        folder.ended |= folder.listed && folder.inFlight == 0;
    }

    private void found(SftpItem folder, SftpFiles.Name name, SftpPacket.Attributes attributes) throws IOException {
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
            if (!folder.restarted) {
                visitor.failed(entry, "the server lists the name twice");
            }
            return;
        }
        hold(folder, name);
        SftpItem item = new SftpItem(entry, remote, path + "/", folder.depth + 1);
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

    private void hold(SftpItem folder, SftpFiles.Name name) {
        long weight = 80 + 2L * name.text().length();
        folder.namesWeight += weight;
        held += weight;
        if (held > MOST_HELD) {
            throw new StoreException(
                    "store " + store + ": " + (folder.prefix.isEmpty() ? "the folder" : folder.prefix)
                            + " lists more names than fit into memory; leave it out with upkeep.backup.skip, or give the"
                            + " program more memory (JAVA_OPTS=-Xmx2g)",
                    null,
                    true);
        }
    }

    private void add(Deque<SftpItem> queue, SftpItem item) {
        queue.add(item);
        held += item.weight();
    }

    private Deque<SftpItem> queue(SftpItem item) {
        return item.entry.type() == FileEntry.Type.FOLDER ? folders : files;
    }

    private void readlink(SftpItem link, SftpPacket packet) throws IOException {
        String target = null;
        if (packet.type() == SftpPacket.NAME && packet.number() >= 1) {
            target = SftpFiles.Name.of(packet.bytes()).text();
        }
        FileEntry entry = link.entry;
        visitor.found(
                new FileEntry(entry.path(), entry.type(), 0, entry.mtime(), entry.mode(), target, entry.rawPath()));
        link.ended = true;
    }

    private void opened(SftpLine line, SftpItem file, SftpPacket packet) throws IOException {
        if (packet.type() != SftpPacket.HANDLE) {
            refused(line, file, packet, "it cannot be read: ");
        } else if (!line.opened(file, packet.bytes())) {
            mixedUp(line);
        } else if (file.restarted && file.written == file.entry.size()) {
            whole(line, file);
        } else {
            line.reading.add(file);
        }
    }

    /** Apache MINA SSHD does so when it has no more handles: everything is asked again, with fewer at once. */
    private void mixedUp(SftpLine line) throws IOException {
        mostOpen = Math.max(1, Math.min(mostOpen, open) / 2);
        lose(
                line,
                new StoreException(
                        "store " + store + ": the SFTP server gave one handle to two files; it is tried again", null));
    }

    private void data(SftpLine line, SftpItem file, SftpLine.Request request, SftpPacket packet) throws IOException {
        if (packet.type() != SftpPacket.DATA) {
            noData(line, file, request, packet);
            return;
        }
        byte[] bytes = packet.bytes();
        if (bytes.length == 0 || bytes.length > request.length()) {
            fail(
                    line,
                    file,
                    "the server sent " + bytes.length + " bytes where " + request.length() + " were asked for");
            return;
        }
        long missing = file.entry.size() - request.offset() - bytes.length;
        if (missing < 0 && !file.refreshed) {
            refresh(line, file);
            return;
        }
        if (missing < 0) {
            visitor.changed(file.entry);
            bytes = Arrays.copyOf(bytes, (int) (bytes.length + missing));
        } else if (bytes.length < request.length() && missing > 0) {
            line.read(file, request.offset() + bytes.length, request.length() - bytes.length);
        }
        file.early.put(request.offset(), bytes);
        if (!file.isSmall() || missing <= 0) {
            write(file);
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
            fail(
                    line,
                    file,
                    code == SftpPacket.EOF
                            ? "it ended after " + Math.max(file.written, request.offset()) + " of " + file.entry.size()
                                    + " bytes: it changed while it was read"
                            : "it cannot be read: " + (code < 0 ? NONSENSE : SftpPacket.words(code, packet.bytes())));
        }
    }

    private void write(SftpItem file) throws IOException {
        OutputStream out = out(file);
        for (byte[] next = file.early.remove(file.written); next != null; next = file.early.remove(file.written)) {
            out.write(next);
            file.written += next.length;
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
        file.early.clear();
        line.ask(SftpPacket.FSTAT, file);
    }

    private void look(SftpLine line, SftpItem file, SftpPacket packet) throws IOException {
        file.refreshing = false;
        if (packet.type() != SftpPacket.ATTRS) {
            fail(line, file, "it changed while it was read");
            return;
        }
        SftpPacket.Attributes now = packet.attributes();
        FileEntry entry = now.entry(file.entry.path(), null, file.entry.rawPath());
        if (entry.type() != FileEntry.Type.FILE) {
            fail(line, file, "it is no file any more");
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

    private void compare(SftpLine line, SftpItem file, SftpPacket packet) throws IOException {
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

    private void keep(SftpItem file) throws IOException {
        out(file).close();
        file.ended = true;
    }

    private void fail(SftpLine line, SftpItem item, String reason) throws IOException {
        item.failed = true;
        item.ended = true;
        item.early.clear();
        line.reading.remove(item);
        visitor.failed(item.entry, reason);
    }
}
