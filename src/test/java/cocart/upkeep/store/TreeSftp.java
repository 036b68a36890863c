package cocart.upkeep.store;

import cocart.upkeep.faults.TestSshd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * An SFTP server whose tree is a function, so that it may be larger than any disk and say another thing at each look.
 * {@code /} and {@code /wp-content} are folders; what is below, the tree says, by paths without {@code /wp-content/}.
 */
final class TreeSftp implements AutoCloseable {

    static final int FILE = 0100644;
    static final int FOLDER = 0040755;
    static final int LINK = 0120777;
    static final int FIFO = 0010644;

    static final int FAILURE = 4;

    /** A name as it is listed; its characters are its bytes. */
    record Node(String name, int mode, long size) {}

    /** What the server says; paths of folders end with {@code /}, the top is {@code ""}. */
    interface Tree {

        /** What is in a folder, made while it is sent. */
        Iterator<Node> list(String folder);

        /** Status of opening a file: 0 or what is wrong. */
        default int open(String file) {
            return SftpPacket.OK;
        }

        /** Status of opening a folder. */
        default int openFolder(String folder) {
            return SftpPacket.OK;
        }

        /** A file's true content. */
        default byte[] content(String file) {
            return "abc".getBytes(StandardCharsets.ISO_8859_1);
        }

        /** Bytes of a file, 1 to {@code length} of them; null at its end. */
        default byte[] read(String file, long offset, int length) {
            byte[] all = content(file);
            return offset >= all.length
                    ? null
                    : Arrays.copyOfRange(all, (int) offset, (int) Math.min(all.length, offset + length));
        }
    }

    /** If set, each session's answers leave in random order. */
    volatile Supplier<Random> shuffle = () -> null;

    /** Most handles that a session may have; more are answered with FAILURE. */
    volatile int mostHandles = Integer.MAX_VALUE;

    /** If set, every open file has the same handle. */
    volatile boolean oneHandle;

    /** Names in one answer to READDIR. */
    volatile int namesAtOnce = 100;

    /** Most handles that a session had open at once, and refusals of more. */
    final AtomicInteger handlesSeen = new AtomicInteger();

    final AtomicInteger refused = new AtomicInteger();

    private final Tree tree;
    private final TestSshd server;

    TreeSftp(Path hostKey, Tree tree) throws IOException {
        this.tree = tree;
        server = new TestSshd(hostKey, SftpScript.factory(Script::new)).start();
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

        private final Map<String, String> files = new HashMap<>();
        private final Map<String, Iterator<Node>> folders = new HashMap<>();
        private int made;

        Script() {
            shuffle = TreeSftp.this.shuffle.get();
        }

        @Override
        void answer(int type, int id, SftpPacket packet) throws IOException {
            switch (type) {
                case SftpPacket.REALPATH -> realpath(id, packet);
                case SftpPacket.STAT, SftpPacket.LSTAT -> stat(id, text(packet.bytes()));
                case SftpPacket.OPENDIR -> {
                    String path = inTree(text(packet.bytes()));
                    String folder = path.isEmpty() ? "" : path + "/";
                    int status = tree.openFolder(folder);
                    if (status == SftpPacket.OK) {
                        handle(id, handle -> folders.put(handle, tree.list(folder)));
                    } else {
                        status(id, status);
                    }
                }
                case SftpPacket.READDIR -> names(id, folders.get(text(packet.bytes())));
                case SftpPacket.OPEN -> {
                    String path = inTree(text(packet.bytes()));
                    int status = tree.open(path);
                    if (status == SftpPacket.OK) {
                        if (oneHandle) {
                            files.put("same", path);
                            send(SftpPacket.HANDLE, reply(id).bytes("same".getBytes()));
                        } else {
                            handle(id, handle -> files.put(handle, path));
                        }
                    } else {
                        status(id, status);
                    }
                }
                case SftpPacket.READ -> {
                    String file = files.get(text(packet.bytes()));
                    long offset = large(packet);
                    byte[] bytes = tree.read(file, offset, packet.number());
                    if (bytes == null) {
                        status(id, SftpPacket.EOF);
                    } else {
                        send(SftpPacket.DATA, reply(id).bytes(bytes));
                    }
                }
                case SftpPacket.READLINK ->
                    send(
                            SftpPacket.NAME,
                            reply(id)
                                    .number(1)
                                    .bytes("..".getBytes())
                                    .bytes(new byte[0])
                                    .number(0));
                case SftpPacket.CLOSE -> {
                    String handle = text(packet.bytes());
                    files.remove(handle);
                    folders.remove(handle);
                    status(id, SftpPacket.OK);
                }
                default -> status(id, 8); // SSH_FX_OP_UNSUPPORTED
            }
        }

        private void stat(int id, String path) throws IOException {
            if (path.equals("/") || path.equals("/wp-content")) {
                send(SftpPacket.ATTRS, attributes(reply(id), 0, FOLDER));
            } else {
                status(id, SftpPacket.NO_SUCH_FILE);
            }
        }

        private void handle(int id, Consumer<String> keep) throws IOException {
            if (files.size() + folders.size() >= mostHandles) {
                refused.incrementAndGet();
                status(id, FAILURE);
                return;
            }
            String handle = "h" + made++;
            keep.accept(handle);
            handlesSeen.accumulateAndGet(files.size() + folders.size(), Math::max);
            send(SftpPacket.HANDLE, reply(id).bytes(handle.getBytes()));
        }

        private void names(int id, Iterator<Node> nodes) throws IOException {
            if (!nodes.hasNext()) {
                status(id, SftpPacket.EOF);
                return;
            }
            List<Node> some = new ArrayList<>();
            while (some.size() < namesAtOnce && nodes.hasNext()) {
                some.add(nodes.next());
            }
            SftpPacket.Builder names = reply(id).number(some.size());
            for (Node node : some) {
                byte[] name = node.name().getBytes(StandardCharsets.ISO_8859_1);
                attributes(names.bytes(name).bytes(new byte[0]), node.size(), node.mode());
            }
            send(SftpPacket.NAME, names);
        }

        private static String inTree(String path) {
            return path.equals("/wp-content") ? "" : path.substring("/wp-content/".length());
        }
    }
}
