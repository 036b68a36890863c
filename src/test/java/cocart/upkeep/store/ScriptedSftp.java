package cocart.upkeep.store;

import cocart.upkeep.faults.TestSshd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An SFTP server that lists any names and answers as badly as a test wants. Its tree: {@code /} holds the folder
 * {@code wp-content} with the files of {@link #files}, and nothing else.
 */
final class ScriptedSftp implements AutoCloseable {

    /** How a file answers when it is read. */
    enum Manner {
        HONEST,
        DENIED,
        CUT_SHORT,
        TOO_MUCH,
        NOTHING,
        SILENT,
        HANGS_UP,
        NONSENSE,
        UNASKED,
        ENDLESS_PACKET
    }

    record Scripted(byte[] content, Manner manner) {}

    /** Names as bytes (in ISO 8859-1), in the order in which they are listed. */
    final Map<String, Scripted> files = new LinkedHashMap<>();

    /** If set, a listing never ends: each answer has so many long names; 0 is an answer without any. */
    volatile int endless = -1;

    private final TestSshd server;

    ScriptedSftp(Path hostKey) throws IOException {
        server = new TestSshd(hostKey, SftpScript.factory(Script::new)).start();
    }

    /** Adds a file; characters of the name are its bytes. */
    ScriptedSftp file(String name, String content, Manner manner) {
        files.put(name, new Scripted(content.getBytes(StandardCharsets.ISO_8859_1), manner));
        return this;
    }

    int port() {
        return server.port();
    }

    void trustIn(Path knownHosts) throws Exception {
        server.trustIn(knownHosts);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    private final class Script extends SftpScript {

        private long made;
        private final Map<String, Boolean> listed = new HashMap<>();

        @Override
        void answer(int type, int id, SftpPacket packet) throws IOException {
            switch (type) {
                case SftpPacket.REALPATH -> realpath(id, packet);
                case SftpPacket.STAT, SftpPacket.LSTAT -> {
                    String path = text(packet.bytes());
                    if (path.equals("/") || path.equals("/wp-content")) {
                        send(SftpPacket.ATTRS, attributes(reply(id), 0, 0040755));
                    } else {
                        status(id, SftpPacket.NO_SUCH_FILE);
                    }
                }
                case SftpPacket.OPENDIR -> {
                    byte[] path = packet.bytes();
                    listed.remove(text(path));
                    send(SftpPacket.HANDLE, reply(id).bytes(path));
                }
                case SftpPacket.READDIR -> list(id, text(packet.bytes()));
                case SftpPacket.OPEN -> {
                    byte[] path = packet.bytes();
                    Scripted file = scripted(text(path));
                    if (file == null) {
                        status(id, SftpPacket.NO_SUCH_FILE);
                    } else if (file.manner() == Manner.DENIED) {
                        status(id, SftpPacket.PERMISSION_DENIED);
                    } else {
                        send(SftpPacket.HANDLE, reply(id).bytes(path));
                    }
                }
                case SftpPacket.READ -> {
                    Scripted file = scripted(text(packet.bytes()));
                    long offset = large(packet);
                    read(id, file, offset, packet.number());
                }
                default -> status(id, SftpPacket.OK);
            }
        }

        private void list(int id, String handle) throws IOException {
            if (endless >= 0) {
                SftpPacket.Builder more = reply(id).number(endless);
                for (int i = 0; i < endless; i++) {
                    entry(more, "n".repeat(200) + made++, 1 << 20, 0100644);
                }
                send(SftpPacket.NAME, more);
                return;
            }
            if (listed.put(handle, true) != null) {
                status(id, SftpPacket.EOF);
                return;
            }
            SftpPacket.Builder names = reply(id).number(files.size() + 2);
            entry(names, ".", 0, 0040755);
            entry(names, "..", 0, 0040755);
            files.forEach((name, file) -> entry(names, name, file.content().length, 0100644));
            send(SftpPacket.NAME, names);
        }

        private void entry(SftpPacket.Builder names, String name, long size, int mode) {
            attributes(names.bytes(name.getBytes(StandardCharsets.ISO_8859_1)).bytes(new byte[0]), size, mode);
        }

        private void read(int id, Scripted file, long offset, int length) throws IOException {
            byte[] content = file.content();
            switch (file.manner()) {
                case CUT_SHORT -> content = java.util.Arrays.copyOf(content, content.length / 2);
                case TOO_MUCH -> {
                    send(SftpPacket.DATA, reply(id).bytes(new byte[length + 1]));
                    return;
                }
                case NOTHING -> {
                    send(SftpPacket.DATA, reply(id).bytes(new byte[0]));
                    return;
                }
                case SILENT -> {
                    return;
                }
                case HANGS_UP -> throw new IOException("on purpose");
                case NONSENSE -> {
                    send(SftpPacket.ATTRS, reply(id));
                    return;
                }
                case UNASKED -> {
                    send(SftpPacket.DATA, reply(id + 100_000).bytes(new byte[length]));
                    return;
                }
                case ENDLESS_PACKET -> {
                    raw(new SftpPacket.Builder().number(Integer.MAX_VALUE).build());
                    raw(new byte[100]);
                    return;
                }
                default -> {}
            }
            if (offset >= content.length) {
                status(id, SftpPacket.EOF);
            } else {
                int end = (int) Math.min(content.length, offset + length);
                send(SftpPacket.DATA, reply(id).bytes(java.util.Arrays.copyOfRange(content, (int) offset, end)));
            }
        }

        private Scripted scripted(String path) {
            return path.startsWith("/wp-content/") ? files.get(path.substring("/wp-content/".length())) : null;
        }
    }
}
