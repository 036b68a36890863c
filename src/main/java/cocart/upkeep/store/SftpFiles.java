package cocart.upkeep.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.jspecify.annotations.Nullable;

/** A store's files behind an SFTP server. The server is not trusted with names, sizes or order. */
final class SftpFiles implements StoreFiles {

    /** A listed name: as bytes for the server, as text for everybody else. */
    record Name(byte[] bytes, String text, boolean isUtf8) {

        static final String TWICE = "the server lists the name twice";
        static final String ALIKE = "its name would be written as that of a file beside it, as one of the two is not"
                + " UTF-8; rename one of them";

        /** No listed name has it. */
        private static final String NOT_UTF8 = "\0";

        static Name of(byte[] bytes) {
            try {
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)
                        .decode(ByteBuffer.wrap(bytes))
                        .toString();
                return new Name(bytes, text, true);
            } catch (CharacterCodingException e) {
                StringBuilder text = new StringBuilder();
                for (byte b : bytes) {
                    if (b > 0x20 && b != 0x7f && b != '%') {
                        text.append((char) b);
                    } else {
                        text.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
                    }
                }
                return new Name(bytes, text.toString(), false);
            }
        }

        boolean isSelfOrParent() {
            return text.equals(".") || text.equals("..");
        }

        /**
         * Adds it to the names of its folder.
         *
         * @return why it cannot be read beside what was added before; null if it can
         */
        @Nullable
        String addTo(Set<String> names) {
            if (!names.add(isUtf8 ? text : text + NOT_UTF8)) {
                return TWICE;
            }
            return names.contains(isUtf8 ? text + NOT_UTF8 : text) ? ALIKE : null;
        }

        /** Like no other file's, for one that is {@link #ALIKE} another. */
        String apart() {
            return text + (isUtf8 ? " (UTF-8)" : " (not UTF-8)");
        }

        /** The name as it may be shown: no control characters, not endless. */
        String shown() {
            return PlainText.brief(text, 77);
        }
    }

    /** Names in one folder that is listed by itself: a plugin has hundreds. */
    private static final int MOST_LISTED = 100_000;

    /** More answers or names than that which are no file's are no list. */
    private static final int MOST_OTHERS = 1000;

    private final String store;
    private final String path;
    private final Supplier<SftpConnection> opener;
    private final StoreSettings.Backup limits;
    private final int idleMillis;
    private final byte[] root;
    private SftpConnection connection;
    private final SftpWrites writes;

    /**
     * @param path WordPress root: absolute on the server, or {@code /~/…} below the login folder
     * @param limits how many connections, open files and bytes at once
     * @param idleMillis longest silence of the server, in milliseconds
     */
    SftpFiles(String store, SftpEndpoint endpoint, String path, StoreSettings.Backup limits, int idleMillis) {
        this.store = store;
        this.path = path;
        this.limits = limits;
        this.idleMillis = idleMillis;
        this.opener = () -> new SftpConnection(store, endpoint, idleMillis);
        this.connection = opener.get();
        try {
            root = guarded(this::resolveRoot);
            writes = new SftpWrites(store, () -> connection, this::at);
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private <T> T guarded(Supplier<T> work) {
        try {
            return work.get();
        } catch (BufferUnderflowException e) {
            throw new StoreException("store " + store + ": the SFTP server sent a packet that is cut short", e);
        }
    }

    private byte[] resolveRoot() {
        String asked = path.equals("/~") || path.startsWith("/~/") ? "." + path.substring(2) : path;
        SftpPacket real = connection.ask(SftpPacket.REALPATH, string(asked.getBytes(StandardCharsets.UTF_8)));
        if (real.type() == SftpPacket.NAME && real.number() >= 1) {
            byte[] found = real.bytes();
            SftpPacket stat = connection.ask(SftpPacket.STAT, string(found));
            if (stat.type() == SftpPacket.ATTRS && stat.attributes().type() == FileEntry.Type.FOLDER) {
                return found;
            }
        }
        throw new StoreException(
                "store " + store + ": there is no folder " + path + " on the server; upkeep.store." + store
                        + ".files must end with the WordPress root (/~/… is below the login folder)",
                null,
                true);
    }

    @Override
    public Optional<List<FileEntry>> list(String folder) {
        return guarded(() -> listed(folder));
    }

    private Optional<List<FileEntry>> listed(String folder) {
        Optional<FileEntry> there = stat(folder);
        if (there.isEmpty() || there.get().type() == FileEntry.Type.FILE) {
            return Optional.empty();
        }
        List<FileEntry> entries = new ArrayList<>();
        Crumbs crumbs = new Crumbs(store, idleMillis);
        int others = 0;
        SftpPacket opened = connection.ask(SftpPacket.OPENDIR, string(at(folder)));
        byte[] handle = handle(opened, folder);
        if (handle == null) {
            return Optional.empty();
        }
        while (true) {
            SftpPacket names = ask(crumbs, SftpPacket.READDIR, string(handle));
            if (names.type() == SftpPacket.STATUS && names.number() == SftpPacket.EOF) {
                break;
            }
            if (names.type() != SftpPacket.NAME) {
                throw unlisted(folder, "cannot be listed to its end");
            }
            int count = names.number();
            if (count <= 0 || entries.size() > MOST_LISTED || others > entries.size() + MOST_OTHERS) {
                throw unlisted(folder, "lists more than " + MOST_LISTED + " names, or none without end");
            }
            for (int i = 0; i < count; i++) {
                Name name = Name.of(names.bytes());
                names.bytes();
                SftpPacket.Attributes attributes = names.attributes();
                if (FileNames.isPlain(name.text())) {
                    entries.add(attributes.entry(name.text(), null, name.isUtf8() ? null : hex(name.bytes())));
                } else {
                    others++;
                }
            }
        }
        connection.ask(SftpPacket.CLOSE, string(handle));
        return Optional.of(entries);
    }

    private StoreException unlisted(String folder, String what) {
        return new StoreException("store " + store + ": " + this.path + "/" + folder + " " + what, null);
    }

    @Override
    public Optional<FileEntry> stat(String path) {
        return guarded(() -> found(path));
    }

    private Optional<FileEntry> found(String path) {
        SftpPacket answer = connection.ask(SftpPacket.LSTAT, string(at(path)));
        if (answer.type() == SftpPacket.ATTRS) {
            return Optional.of(answer.attributes().entry(path, null, null));
        }
        return missing(answer, path);
    }

    @Override
    public Optional<byte[]> read(String path, int limit) {
        return guarded(() -> start(path, limit));
    }

    private Optional<byte[]> start(String path, int limit) {
        SftpPacket opened =
                connection.ask(SftpPacket.OPEN, string(at(path)).number(1).number(0));
        byte[] handle = handle(opened, path);
        if (handle == null) {
            return Optional.empty();
        }
        ByteBuffer content = ByteBuffer.allocate(limit);
        Crumbs crumbs = new Crumbs(store, idleMillis);
        while (content.hasRemaining()) {
            SftpPacket data = ask(
                    crumbs,
                    SftpPacket.READ,
                    string(handle).large(content.position()).number(Math.min(32768, content.remaining())));
            if (data.type() == SftpPacket.STATUS && data.number() == SftpPacket.EOF) {
                break;
            }
            byte[] bytes = data.type() == SftpPacket.DATA ? data.bytes() : new byte[0];
            if (bytes.length == 0 || bytes.length > content.remaining()) {
                throw new StoreException(
                        "store " + store + ": " + this.path + "/" + path + " cannot be read to its end", null);
            }
            content.put(bytes);
        }
        connection.ask(SftpPacket.CLOSE, string(handle));
        byte[] whole = new byte[content.position()];
        content.flip().get(whole);
        return Optional.of(whole);
    }

    @Override
    public void walk(String folder, Visitor visitor) {
        // processors, not round trips, are what a server next door waits for: another connection would only take its
        // share
        int connections = connection.roundTrip().compareTo(limits.near()) > 0 ? limits.connections() : 1;
        // half of the memory is left to what the visitor has not written yet
        connection = new SftpWalk(
                        store, opener, visitor, connections, limits.inFlight(), limits.memory() / 2, idleMillis)
                .run(connection, at(folder));
    }

    @Override
    public void write(String path, InputStream content, long mtime, int mode) throws IOException {
        writes.write(path, content, mtime, mode);
    }

    @Override
    public void writeAll(Iterator<? extends Upload> uploads) {
        writes.writeAll(uploads);
    }

    @Override
    public void makeFolder(String path, int mode) {
        writes.makeFolder(path, mode);
    }

    @Override
    public void finishFolder(String path, long mtime, int mode) {
        writes.finishFolder(path, mtime, mode);
    }

    @Override
    public void delete(String path) {
        writes.delete(path);
    }

    @Override
    public void close() {
        connection.close();
    }

    private SftpPacket ask(Crumbs crumbs, int type, SftpPacket.Builder body) {
        long asked = System.nanoTime();
        SftpPacket answer = connection.ask(type, body);
        crumbs.came(answer.size());
        crumbs.waited(System.nanoTime() - asked);
        return answer;
    }

    private byte @Nullable [] handle(SftpPacket answer, String path) {
        if (answer.type() == SftpPacket.HANDLE) {
            byte[] handle = answer.handle();
            if (handle == null) {
                throw nonsense(path);
            }
            return handle;
        }
        missing(answer, path);
        return null;
    }

    private StoreException nonsense(String path) {
        return new StoreException(
                "store " + store + ": " + this.path + "/" + path + " cannot be read: " + SftpWalk.NONSENSE, null);
    }

    private <T> Optional<T> missing(SftpPacket answer, String path) {
        if (answer.type() != SftpPacket.STATUS) {
            throw nonsense(path);
        }
        int code = answer.number();
        if (code == SftpPacket.NO_SUCH_FILE) {
            return Optional.empty();
        }
        throw new StoreException(
                "store " + store + ": " + this.path + "/" + path + " cannot be read: "
                        + SftpPacket.words(code, answer.bytes()),
                null);
    }

    private byte[] at(String path) {
        byte[] whole = root;
        for (String part : path.isEmpty() ? new String[0] : path.split("/", -1)) {
            if (!FileNames.isPlain(part)) {
                throw new StoreException("store " + store + ": the path '" + path + "' cannot be used", null, true);
            }
            whole = join(whole, RawNames.bytes(part));
        }
        return whole;
    }

    static byte[] join(byte[] folder, byte[] name) {
        boolean slash = folder.length == 0 || folder[folder.length - 1] != '/';
        byte[] whole = java.util.Arrays.copyOf(folder, folder.length + (slash ? 1 : 0) + name.length);
        if (slash) {
            whole[folder.length] = '/';
        }
        System.arraycopy(name, 0, whole, whole.length - name.length, name.length);
        return whole;
    }

    static SftpPacket.Builder string(byte[] value) {
        return new SftpPacket.Builder().bytes(value);
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
