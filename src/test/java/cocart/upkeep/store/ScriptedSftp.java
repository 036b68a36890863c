package cocart.upkeep.store;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.server.Environment;
import org.apache.sshd.server.ExitCallback;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.channel.ChannelSession;
import org.apache.sshd.server.command.Command;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;
import org.apache.sshd.server.subsystem.SubsystemFactory;

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

    private final SshServer server = SshServer.setUpDefaultServer();

    ScriptedSftp(Path hostKey) throws IOException {
        server.setHost("127.0.0.1");
        server.setPort(0);
        SimpleGeneratorHostKeyProvider provider = new SimpleGeneratorHostKeyProvider(hostKey);
        provider.setAlgorithm("EC");
        provider.setKeySize(256);
        server.setKeyPairProvider(provider);
        server.setPasswordAuthenticator((user, password, session) -> true);
        server.setSubsystemFactories(List.of(new SubsystemFactory() {
            @Override
            public String getName() {
                return "sftp";
            }

            @Override
            public Command createSubsystem(ChannelSession channel) {
                return new Script();
            }
        }));
        server.start();
    }

    /** Adds a file; characters of the name are its bytes. */
    ScriptedSftp file(String name, String content, Manner manner) {
        files.put(name, new Scripted(content.getBytes(StandardCharsets.ISO_8859_1), manner));
        return this;
    }

    int port() {
        return server.getPort();
    }

    void trustIn(Path knownHosts) throws Exception {
        KeyPair key = server.getKeyPairProvider().loadKeys(null).iterator().next();
        Files.createDirectories(knownHosts.getParent());
        Files.writeString(knownHosts, "[127.0.0.1]:" + port() + " " + PublicKeyEntry.toString(key.getPublic()) + "\n");
    }

    @Override
    public void close() throws IOException {
        server.stop(true);
    }

    private final class Script implements Command {

        private InputStream in;
        private OutputStream out;
        private ExitCallback exit;
        private long made;
        private final Map<String, Boolean> listed = new HashMap<>();

        @Override
        public void setInputStream(InputStream in) {
            this.in = in;
        }

        @Override
        public void setOutputStream(OutputStream out) {
            this.out = out;
        }

        @Override
        public void setErrorStream(OutputStream err) {
            // nothing is said there
        }

        @Override
        public void setExitCallback(ExitCallback callback) {
            exit = callback;
        }

        @Override
        public void start(ChannelSession channel, Environment environment) {
            new Thread(this::serve, "scripted-sftp").start();
        }

        @Override
        public void destroy(ChannelSession channel) {
            // the thread ends with its input
        }

        private void serve() {
            try {
                DataInputStream data = new DataInputStream(in);
                while (true) {
                    byte[] packet = new byte[data.readInt()];
                    data.readFully(packet);
                    answer(SftpPacket.of(packet));
                    out.flush();
                }
            } catch (IOException e) {
                exit.onExit(0);
            }
        }

        private void answer(SftpPacket packet) throws IOException {
            if (packet.type() == SftpPacket.INIT) {
                send(SftpPacket.VERSION, new SftpPacket.Builder().number(3));
                return;
            }
            int id = packet.id();
            packet.body();
            switch (packet.type()) {
                case SftpPacket.REALPATH ->
                    send(
                            SftpPacket.NAME,
                            reply(id)
                                    .number(1)
                                    .bytes(packet.bytes())
                                    .bytes(new byte[0])
                                    .number(0));
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
                    long offset = ((long) packet.number() << 32) | Integer.toUnsignedLong(packet.number());
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
                    out.write(new SftpPacket.Builder().number(Integer.MAX_VALUE).build());
                    out.write(new byte[100]);
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

        private SftpPacket.Builder reply(int id) {
            return new SftpPacket.Builder().number(id);
        }

        private static SftpPacket.Builder attributes(SftpPacket.Builder builder, long size, int mode) {
            return builder.number(1 | 4 | 8)
                    .large(size)
                    .number(mode)
                    .number(1_700_000_000)
                    .number(1_700_000_000);
        }

        private void status(int id, int code) throws IOException {
            send(SftpPacket.STATUS, reply(id).number(code).bytes(new byte[0]).bytes(new byte[0]));
        }

        private void send(int type, SftpPacket.Builder body) throws IOException {
            byte[] bytes = body.build();
            out.write(new SftpPacket.Builder().number(1 + bytes.length).build());
            out.write(type);
            out.write(bytes);
        }

        private static String text(byte[] bytes) {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }
}
