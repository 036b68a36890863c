package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.OpenSshd;
import cocart.upkeep.demo.EmbeddedSftp;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;
import org.apache.sshd.server.session.ServerSession;
import org.apache.sshd.sftp.server.FileHandle;
import org.apache.sshd.sftp.server.SftpEventListener;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Writing to a store's files: on this machine, to Apache MINA (no rename that replaces) and to OpenSSH (with it). */
class StoreWritesTest {

    enum Server {
        LOCAL,
        MINA,
        OPENSSH
    }

    @TempDir
    Path folder;

    private Path root;
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeEach
    void shop() throws Exception {
        root = Files.createDirectories(folder.resolve("shop"));
        Files.createDirectories(root.resolve("wp-content/uploads"));
    }

    @AfterEach
    void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFileIsWrittenWithItsTimeAndModeAndReplacesWhatWasThere(Server server) throws Exception {
        StoreFiles files = open(server);
        for (int size : new int[] {0, 1, 32_768, 32_769, 5 << 20}) {
            byte[] content = bytes(size);
            files.write("wp-content/uploads/a b.jpg", new ByteArrayInputStream(content), 1_500_000_000L + size, 0640);
            assertThat(root.resolve("wp-content/uploads/a b.jpg")).hasBinaryContent(content);
            FileEntry entry = files.stat("wp-content/uploads/a b.jpg").orElseThrow();
            assertThat(entry.mtime()).isEqualTo(1_500_000_000L + size);
            assertThat(entry.mode()).isEqualTo(0640);
            assertThat(names("wp-content/uploads")).containsExactly("a b.jpg");
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyFilesAreWrittenAndEachFateIsTold(Server server) throws Exception {
        StoreFiles files = open(server);
        Files.createDirectories(root.resolve("wp-content/uploads/taken"));
        Map<String, byte[]> wanted = new TreeMap<>();
        for (int i = 0; i < 150; i++) {
            wanted.put("wp-content/uploads/" + i + ".txt", bytes(i * 700));
        }
        List<Text> uploads = new ArrayList<>();
        wanted.forEach((path, content) -> uploads.add(new Text(path, content)));
        uploads.add(70, new Text("wp-content/uploads/taken", bytes(10)));
        uploads.add(71, new Text("wp-content/no-such-folder/x", bytes(10)));
        uploads.add(72, new Text("wp-content/uploads/broken", bytes(100_000)) {
            @Override
            public InputStream open() {
                return new java.io.FilterInputStream(super.open()) {
                    @Override
                    public int read(byte[] buffer, int offset, int length) throws IOException {
                        int n = super.read(buffer, offset, length);
                        if (n < 0) {
                            throw new IOException("its content is not what was recorded");
                        }
                        return n;
                    }
                };
            }
        });
        files.writeAll(uploads.iterator());
        for (Text upload : uploads) {
            if (wanted.containsKey(upload.path)) {
                assertThat(upload.fate).as(upload.path).isEqualTo("written");
                assertThat(root.resolve(upload.path)).hasBinaryContent(wanted.get(upload.path));
            }
        }
        assertThat(uploads.get(70).fate).isNotEqualTo("written").isNotEmpty();
        assertThat(uploads.get(71).fate).contains("wp-content/no-such-folder");
        assertThat(uploads.get(72).fate).contains("its content is not what was recorded");
        assertThat(root.resolve("wp-content/uploads/broken")).doesNotExist();
        assertThat(root.resolve("wp-content/uploads/taken")).isEmptyDirectory();
        assertThat(names("wp-content/uploads")).hasSize(151).noneMatch(TemporaryName::is);
    }

    @ParameterizedTest
    @EnumSource
    void aStreamThatBreaksLeavesTheOldFileWhole(Server server) throws Exception {
        StoreFiles files = open(server);
        Files.writeString(root.resolve("wp-content/uploads/x"), "old");
        InputStream breaks = new InputStream() {
            private int left = 100_000;

            @Override
            public int read() throws IOException {
                if (left-- <= 0) {
                    throw new IOException("the cable was pulled");
                }
                return 'x';
            }
        };
        assertThatThrownBy(() -> files.write("wp-content/uploads/x", breaks, 1, 0644))
                .isInstanceOf(IOException.class)
                .hasMessage("the cable was pulled");
        assertThat(root.resolve("wp-content/uploads/x")).hasContent("old");
        assertThat(names("wp-content/uploads")).containsExactly("x");
    }

    @ParameterizedTest
    @EnumSource
    void linksAreReplacedButNeverWrittenThrough(Server server) throws Exception {
        Path outside = Files.createDirectories(folder.resolve("outside"));
        Files.writeString(outside.resolve("config"), "precious");
        Files.createSymbolicLink(root.resolve("wp-content/uploads/link"), outside.resolve("config"));
        Files.createSymbolicLink(root.resolve("wp-content/out"), outside);
        StoreFiles files = open(server);
        files.write("wp-content/uploads/link", new ByteArrayInputStream(bytes(5)), 1, 0644);
        assertThat(Files.isRegularFile(root.resolve("wp-content/uploads/link"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat(outside.resolve("config")).hasContent("precious");
        for (Attempt attempt : List.<Attempt>of(
                () -> files.write("wp-content/out/config", new ByteArrayInputStream(bytes(5)), 1, 0644),
                () -> files.makeFolder("wp-content/out/new", 0755),
                () -> files.makeFolder("wp-content/out", 0700),
                () -> files.finishFolder("wp-content/out", 1, 0700),
                () -> files.delete("wp-content/out/config"))) {
            assertThatThrownBy(attempt::run)
                    .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.isPermanent())
                            .isTrue());
        }
        assertThat(outside.toFile().list()).containsExactly("config");
        assertThat(outside.resolve("config")).hasContent("precious");
        files.delete("wp-content/out");
        assertThat(Files.exists(root.resolve("wp-content/out"), LinkOption.NOFOLLOW_LINKS))
                .as("the link itself")
                .isFalse();
        assertThat(outside.resolve("config")).exists();
    }

    @ParameterizedTest
    @EnumSource
    void wpContentItselfMayBeALink(Server server) throws Exception {
        Path elsewhere = Files.createDirectories(folder.resolve("shop/shared"));
        Files.delete(root.resolve("wp-content/uploads"));
        Files.delete(root.resolve("wp-content"));
        Files.createSymbolicLink(root.resolve("wp-content"), Path.of("shared"));
        StoreFiles files = open(server);
        files.makeFolder("wp-content", 0755);
        files.makeFolder("wp-content/uploads", 0750);
        files.write("wp-content/uploads/x", new ByteArrayInputStream(bytes(5)), 1, 0644);
        assertThat(elsewhere.resolve("uploads/x")).hasBinaryContent(bytes(5));
    }

    @ParameterizedTest
    @EnumSource
    void foldersGetTheirModeAndTime(Server server) throws Exception {
        StoreFiles files = open(server);
        files.makeFolder("wp-content/new", 0700);
        files.makeFolder("wp-content/new", 0750);
        files.makeFolder("wp-content/new/inner", 0711);
        files.finishFolder("wp-content/new", 1_400_000_000, 0755);
        FileEntry entry = files.stat("wp-content/new").orElseThrow();
        assertThat(entry.type()).isEqualTo(FileEntry.Type.FOLDER);
        assertThat(entry.mode()).isEqualTo(0755);
        assertThat(entry.mtime()).isEqualTo(1_400_000_000);
        Files.writeString(root.resolve("wp-content/file"), "x");
        assertThatThrownBy(() -> files.makeFolder("wp-content/file", 0755)).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> files.makeFolder("wp-content/a/b", 0755)).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> files.delete("wp-content/new"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("empty");
        files.delete("wp-content/new/inner");
        files.delete("wp-content/new");
        files.delete("wp-content/new");
        assertThat(root.resolve("wp-content/new")).doesNotExist();
    }

    @ParameterizedTest
    @EnumSource(
            names = "MINA", // knows names as text only
            mode = EnumSource.Mode.EXCLUDE)
    void namesThatAreNotUtf8GetTheirOwnBytes(Server server) throws Exception {
        StoreFiles files = open(server);
        String path = RawNames.path("wp-content/caf%E9", hex("wp-content/caf\u00e9")) + "/n\u00e4 me";
        files.makeFolder(path.substring(0, path.lastIndexOf('/')), 0755);
        files.write(path, new ByteArrayInputStream(bytes(7)), 1_400_000_000, 0644);
        Path there = Path.of(URI.create(root.toUri() + "wp-content/caf%E9/n%C3%A4%20me"));
        assertThat(Files.readAllBytes(there)).isEqualTo(bytes(7));
        Visited visited = Visited.of(files, "wp-content");
        FileEntry found = visited.found.get("caf%E9/n\u00e4 me");
        assertThat(found).isNotNull();
        assertThat("wp-content/" + RawNames.path(found.path(), found.rawPath())).isEqualTo(path);
        files.delete(path);
        assertThat(Files.exists(there)).isFalse();
    }

    @Test
    void aConnectionThatIsCutLeavesTheOldFileWhole() throws Exception {
        StoreFiles files = open(Server.MINA);
        Files.writeString(root.resolve("wp-content/uploads/x"), "old");
        InputStream cuts = new ByteArrayInputStream(bytes(9 << 20)) {
            @Override
            public int read(byte[] buffer, int offset, int length) {
                if (pos > 2 << 20) {
                    try {
                        open.get(0).close();
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                }
                return super.read(buffer, offset, length);
            }
        };
        assertThatThrownBy(() -> files.write("wp-content/uploads/x", cuts, 1, 0644))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isFalse())
                .hasMessageContaining("the connection to the SFTP server was lost");
        assertThat(root.resolve("wp-content/uploads/x")).hasContent("old");
        assertThat(names("wp-content/uploads"))
                .hasSize(2)
                .allMatch(name -> name.equals("x") || TemporaryName.isOf(name, "x"));
    }

    /** A window of a server that is stuck is full at once or never, so either the sender or the receiver waits. */
    @ParameterizedTest
    @ValueSource(longs = {40_000, 8 << 20})
    void aServerThatIsStuckIsGivenUp(long window) throws Exception {
        Path home = Files.createDirectories(folder.resolve("home"));
        CountDownLatch end = new CountDownLatch(1);
        SshServer server = SshServer.setUpDefaultServer();
        open.add(() -> {
            end.countDown();
            server.stop(true);
        });
        server.setHost("127.0.0.1");
        server.setKeyPairProvider(new SimpleGeneratorHostKeyProvider(folder.resolve("key")));
        server.setPasswordAuthenticator((user, password, session) -> true);
        server.setFileSystemFactory(new VirtualFileSystemFactory(root));
        CoreModuleProperties.WINDOW_SIZE.set(server, window);
        SftpSubsystemFactory sftp = new SftpSubsystemFactory.Builder().build();
        sftp.addSftpEventListener(new SftpEventListener() {
            @Override
            public void writing(
                    ServerSession session,
                    String handle,
                    FileHandle file,
                    long offset,
                    byte[] data,
                    int from,
                    int length) {
                try {
                    end.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        });
        server.setSubsystemFactories(List.of(sftp));
        server.start();
        StoreFiles files = SftpServers.open(
                home,
                "sftp:deploy@127.0.0.1:" + server.getPort() + "/?password=pw&strictHostKeyChecking=no&soTimeout=1000");
        open.add(files);
        assertThatThrownBy(() -> files.write("wp-content/uploads/x", new ByteArrayInputStream(bytes(3 << 20)), 1, 0644))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isFalse());
        assertThat(root.resolve("wp-content/uploads/x")).doesNotExist();
    }

    @ParameterizedTest
    @EnumSource
    void pathsThatLeadOutAreRefused(Server server) throws Exception {
        StoreFiles files = open(server);
        for (String path : List.of("../x", "/etc/x", "wp-content/../../x", "wp-content//x", "wp-content/a\\b", "")) {
            assertThatThrownBy(() -> files.write(path, new ByteArrayInputStream(bytes(1)), 1, 0644))
                    .as(path)
                    .isInstanceOf(StoreException.class);
        }
        assertThat(folder.toFile().list()).doesNotContain("x");
    }

    private interface Attempt {
        void run() throws Exception;
    }

    private static class Text implements StoreFiles.Upload {

        final String path;
        private final byte[] content;
        String fate = "";

        Text(String path, byte[] content) {
            this.path = path;
            this.content = content;
        }

        @Override
        public String path() {
            return path;
        }

        @Override
        public long mtime() {
            return 1_500_000_000;
        }

        @Override
        public int mode() {
            return 0644;
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(content);
        }

        @Override
        public void written() {
            fate += "written";
        }

        @Override
        public void failed(String reason) {
            fate += reason;
        }
    }

    private StoreFiles open(Server kind) throws Exception {
        Path home = Files.createDirectories(folder.resolve("home"));
        StoreFiles files =
                switch (kind) {
                    case LOCAL -> SftpServers.open(home, "file:" + root);
                    case MINA -> {
                        EmbeddedSftp server = new EmbeddedSftp(root, folder.resolve("host-key"), 0, "pw", List.of());
                        open.add(server);
                        server.trustIn(home.resolve("config/known_hosts"));
                        yield SftpServers.open(home, "sftp:deploy@127.0.0.1:" + server.port() + "/?password=pw");
                    }
                    case OPENSSH -> {
                        OpenSshd server = new OpenSshd(folder.resolve("sshd"));
                        open.add(server);
                        server.trustIn(home.resolve("config/known_hosts"));
                        yield SftpServers.open(home, server.uri(root));
                    }
                };
        open.add(files);
        return files;
    }

    private List<String> names(String path) throws IOException {
        try (Stream<Path> all = Files.list(root.resolve(path))) {
            return all.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static String hex(String latin1) {
        return SftpFiles.hex(latin1.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }
}
