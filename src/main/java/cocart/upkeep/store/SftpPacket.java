package cocart.upkeep.store;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One SFTP version 3 packet (draft-ietf-secsh-filexfer-02), read or being written. */
final class SftpPacket {

    static final int INIT = 1;
    static final int VERSION = 2;
    static final int OPEN = 3;
    static final int CLOSE = 4;
    static final int READ = 5;
    static final int WRITE = 6;
    static final int LSTAT = 7;
    static final int FSTAT = 8;
    static final int SETSTAT = 9;
    static final int FSETSTAT = 10;
    static final int OPENDIR = 11;
    static final int READDIR = 12;
    static final int REMOVE = 13;
    static final int MKDIR = 14;
    static final int RMDIR = 15;
    static final int REALPATH = 16;
    static final int STAT = 17;
    static final int RENAME = 18;
    static final int READLINK = 19;
    static final int STATUS = 101;
    static final int HANDLE = 102;
    static final int DATA = 103;
    static final int NAME = 104;
    static final int ATTRS = 105;
    static final int EXTENDED = 200;

    static final int OK = 0;
    static final int EOF = 1;
    static final int NO_SUCH_FILE = 2;
    static final int PERMISSION_DENIED = 3;

    /** Longest handle that the protocol allows, in bytes. */
    private static final int LONGEST_HANDLE = 256;

    /** Most characters of a server's own words that are shown. */
    private static final int MOST_WORDS = 200;

    /** Attributes as the protocol has them; what the server leaves out is 0. */
    record Attributes(long size, int mode, long mtime) {

        FileEntry.Type type() {
            return switch (mode & 0170000) {
                case 0100000 -> FileEntry.Type.FILE;
                case 0040000 -> FileEntry.Type.FOLDER;
                case 0120000 -> FileEntry.Type.LINK;
                default -> FileEntry.Type.OTHER;
            };
        }

        FileEntry entry(String path, @Nullable String target, @Nullable String raw) {
            return new FileEntry(
                    path, type(), type() == FileEntry.Type.FILE ? size : 0, mtime, mode & 07777, target, raw);
        }
    }

    private final ByteBuffer buffer;

    private SftpPacket(byte[] bytes) {
        buffer = ByteBuffer.wrap(bytes);
    }

    /** A packet as it came, without its length. */
    static SftpPacket of(byte[] bytes) {
        return new SftpPacket(bytes);
    }

    /** Bytes of the packet without its length. */
    int size() {
        return buffer.capacity();
    }

    int type() {
        return buffer.get(0) & 255;
    }

    int id() {
        return buffer.getInt(1);
    }

    /** Starts reading behind type and id. */
    SftpPacket body() {
        buffer.position(5);
        return this;
    }

    int number() {
        return buffer.getInt();
    }

    /** A string of the protocol: its bytes. */
    byte[] bytes() {
        int length = buffer.getInt();
        if (length < 0 || length > buffer.remaining()) {
            throw new BufferUnderflowException();
        }
        byte[] bytes = new byte[length];
        buffer.get(bytes);
        return bytes;
    }

    /** A string of the protocol where it lies in the packet. */
    ByteBuffer data() {
        int length = buffer.getInt();
        if (length < 0 || length > buffer.remaining()) {
            throw new BufferUnderflowException();
        }
        ByteBuffer data = buffer.slice(buffer.position(), length);
        buffer.position(buffer.position() + length);
        return data;
    }

    /** The handle that this answer gives; null if it gives none, or one that is longer than any may be. */
    byte @Nullable [] handle() {
        if (type() != HANDLE) {
            return null;
        }
        byte[] handle = bytes();
        return handle.length <= LONGEST_HANDLE ? handle : null;
    }

    Attributes attributes() {
        int flags = buffer.getInt();
        long size = (flags & 1) != 0 ? buffer.getLong() : 0;
        if ((flags & 2) != 0) {
            buffer.getLong();
        }
        int mode = (flags & 4) != 0 ? buffer.getInt() : 0;
        long mtime = 0;
        if ((flags & 8) != 0) {
            buffer.getInt();
            mtime = Integer.toUnsignedLong(buffer.getInt());
        }
        if ((flags & 0x80000000) != 0) {
            int extensions = buffer.getInt();
            for (int i = 0; i < extensions; i++) {
                bytes();
                bytes();
            }
        }
        return new Attributes(Math.max(0, size), mode, mtime);
    }

    /** The names of name and value pairs up to the end: the extensions that a server tells in its VERSION. */
    Set<String> extensions() {
        Set<String> names = new HashSet<>();
        while (buffer.hasRemaining()) {
            names.add(new String(bytes(), StandardCharsets.UTF_8));
            bytes();
        }
        return names;
    }

    /** A status in words that can be shown: no control characters of the server's, and not endless. */
    static String words(int code, byte[] message) {
        String text = PlainText.brief(new String(message, StandardCharsets.UTF_8), MOST_WORDS);
        return switch (code) {
            case NO_SUCH_FILE -> "it is not there";
            case PERMISSION_DENIED -> "permission denied";
            default -> text.isBlank() ? "the server answered with status " + code : text;
        };
    }

    /** Builds a request. */
    static final class Builder {

        private final ByteArrayOutputStream out = new ByteArrayOutputStream(64);

        Builder number(int value) {
            out.write(value >>> 24);
            out.write(value >>> 16);
            out.write(value >>> 8);
            out.write(value);
            return this;
        }

        Builder large(long value) {
            return number((int) (value >>> 32)).number((int) value);
        }

        Builder bytes(byte[] value) {
            number(value.length);
            out.writeBytes(value);
            return this;
        }

        Builder text(String value) {
            return bytes(value.getBytes(StandardCharsets.UTF_8));
        }

        /** Attributes with a mode only. */
        Builder mode(int mode) {
            return number(4).number(mode);
        }

        /** Attributes with mode and time; the protocol has unsigned 32 bits for seconds. */
        Builder modeAndTime(int mode, long mtime) {
            int time = (int) Math.max(0, Math.min(mtime, 0xFFFFFFFFL));
            return number(4 | 8).number(mode).number(time).number(time);
        }

        byte[] build() {
            return out.toByteArray();
        }
    }
}
