package cocart.upkeep.store;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Writes to a store's files behind an SFTP server: folders and deletions here, files by {@link SftpUpload}. */
final class SftpWrites {

    private final String store;
    private final Supplier<SftpConnection> connection;
    private final Function<String, byte[]> places;

    /** Paths of folders that were seen to be folders and no links. */
    private final Set<String> folders = new HashSet<>();

    /**
     * @param connection the one that is open
     * @param places from a path, which it checks, to what the server calls it
     */
    SftpWrites(String store, Supplier<SftpConnection> connection, Function<String, byte[]> places) {
        this.store = store;
        this.connection = connection;
        this.places = places;
    }

    void writeAll(Iterator<? extends StoreFiles.Upload> uploads) {
        try (SftpUpload upload = new SftpUpload(store, connection.get(), places, folders)) {
            upload.run(uploads);
        } catch (BufferUnderflowException e) {
            throw cutShort(e);
        }
    }

    void write(String path, InputStream content, long mtime, int mode) throws IOException {
        One one = new One(path, content, mtime, mode);
        writeAll(List.of(one).iterator());
        if (one.fault != null) {
            throw one.fault;
        }
        if (one.reason != null) {
            throw refused(path, "written", one.reason);
        }
    }

    void makeFolder(String path, int mode) {
        byte[] place = places.apply(path);
        checkParents(path);
        SftpPacket made = ask(SftpPacket.MKDIR, string(place).mode(0700));
        if (made.type() != SftpPacket.STATUS || made.number() != SftpPacket.OK) {
            if (made.type() != SftpPacket.STATUS) {
                throw nonsense();
            }
            FileEntry.Type there = type(path);
            if (there == null) {
                throw refused(path, "made", words(made));
            }
            if (there != FileEntry.Type.FOLDER) {
                throw refused(path, "made", "there is no folder but a file or link in its place");
            }
        }
        folders.add(path);
        change(path, string(place).mode(mode & 07777));
    }

    void finishFolder(String path, long mtime, int mode) {
        byte[] place = places.apply(path);
        checkParents(path + "/");
        change(path, string(place).modeAndTime(mode & 07777, mtime));
    }

    void delete(String path) {
        byte[] place = places.apply(path);
        checkParents(path);
        FileEntry.Type there = type(path);
        if (there == null) {
            return;
        }
        boolean folder = there == FileEntry.Type.FOLDER;
        folders.remove(path);
        SftpPacket gone = ask(folder ? SftpPacket.RMDIR : SftpPacket.REMOVE, string(place));
        if (gone.type() != SftpPacket.STATUS || gone.number() != SftpPacket.OK) {
            throw refused(path, "removed", words(gone) + (folder ? " (is it empty?)" : ""));
        }
    }

    private void change(String path, SftpPacket.Builder attributes) {
        SftpPacket changed = ask(SftpPacket.SETSTAT, attributes);
        if (changed.type() != SftpPacket.STATUS || changed.number() != SftpPacket.OK) {
            throw refused(path, "given its mode and time", words(changed));
        }
    }

    /** What is there, or null. wp-content itself may be a link to a folder and counts as one. */
    private FileEntry.@Nullable Type type(String path) {
        SftpPacket there = ask(path.indexOf('/') < 0 ? SftpPacket.STAT : SftpPacket.LSTAT, string(places.apply(path)));
        if (there.type() == SftpPacket.ATTRS) {
            return there.attributes().type();
        }
        int code = there.type() == SftpPacket.STATUS ? there.number() : -1;
        if (code == SftpPacket.NO_SUCH_FILE) {
            return null;
        }
        throw refused(
                path, "looked at", code < 0 ? "the server answered nonsense" : SftpPacket.words(code, there.bytes()));
    }

    private void checkParents(String path) {
        for (String parent : parents(path)) {
            if (!folders.contains(parent)) {
                String reason = notAFolder(parent, type(parent));
                if (reason != null) {
                    throw refused(path, "written", reason);
                }
                folders.add(parent);
            }
        }
    }

    /** The folders above a path, the outermost first. */
    static List<String> parents(String path) {
        List<String> parents = new java.util.ArrayList<>();
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            parents.add(path.substring(0, slash));
        }
        return parents;
    }

    /** Why a folder cannot be written into; null if it is one. */
    static @Nullable String notAFolder(String folder, FileEntry.@Nullable Type type) {
        if (type == FileEntry.Type.FOLDER) {
            return null;
        }
        return folder
                + (type == null
                        ? " is not there"
                        : type == FileEntry.Type.LINK ? " is a link, which is not followed" : " is no folder");
    }

    private SftpPacket ask(int type, SftpPacket.Builder body) {
        try {
            return connection.get().ask(type, body);
        } catch (BufferUnderflowException e) {
            throw cutShort(e);
        }
    }

    private static SftpPacket.Builder string(byte[] value) {
        return SftpFiles.string(value);
    }

    /** The words of a status whose number was read. */
    private static String words(SftpPacket answer) {
        SftpPacket body = answer.body();
        return answer.type() == SftpPacket.STATUS
                ? SftpPacket.words(body.number(), body.bytes())
                : "the server answered nonsense";
    }

    private StoreException refused(String path, String what, String reason) {
        return new StoreException("store " + store + ": " + path + " cannot be " + what + ": " + reason, null, true);
    }

    private StoreException nonsense() {
        return new StoreException("store " + store + ": the SFTP server answered something that was not asked", null);
    }

    private StoreException cutShort(BufferUnderflowException e) {
        return new StoreException("store " + store + ": the SFTP server sent a packet that is cut short", e);
    }

    /** One file whose stream belongs to the caller. */
    private static final class One implements StoreFiles.Upload {

        private final String path;
        private final InputStream content;
        private final long mtime;
        private final int mode;
        private @Nullable IOException fault;
        private @Nullable String reason;

        One(String path, InputStream content, long mtime, int mode) {
            this.path = path;
            this.content = content;
            this.mtime = mtime;
            this.mode = mode;
        }

        @Override
        public String path() {
            return path;
        }

        @Override
        public long mtime() {
            return mtime;
        }

        @Override
        public int mode() {
            return mode;
        }

        @Override
        public InputStream open() {
            return new FilterInputStream(content) {
                @Override
                public int read(byte[] buffer, int offset, int length) throws IOException {
                    try {
                        return super.read(buffer, offset, length);
                    } catch (IOException e) {
                        fault = e;
                        throw e;
                    }
                }

                @Override
                public void close() {
                    // the caller's
                }
            };
        }

        @Override
        public void written() {
            // no reason, no fault
        }

        @Override
        public void failed(String reason) {
            this.reason = reason;
        }
    }
}
