package cocart.upkeep.store;

import static cocart.upkeep.store.TreeSftp.FIFO;
import static cocart.upkeep.store.TreeSftp.FILE;
import static cocart.upkeep.store.TreeSftp.FOLDER;
import static cocart.upkeep.store.TreeSftp.LINK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.faults.Child;
import cocart.upkeep.store.TreeSftp.Node;
import cocart.upkeep.store.TreeSftp.Tree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers whose trees are endless, go in circles, change while they are looked at, or lie about what is in them. */
class BoundlessSftpTest {

    @TempDir
    Path folder;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void answersMayComeInAnyOrder(long seed) throws Exception {
        Map<String, byte[]> contents = contents(seed, 200);
        Tree tree = tree(contents);
        try (TreeSftp server = server(tree)) {
            server.shuffle = () -> new Random(seed);
            server.namesAtOnce = 7;
            try (StoreFiles files = open(server)) {
                Visited visited = Visited.of(files, "wp-content");
                assertThat(visited.failed).isEmpty();
                assertThat(visited.content).containsOnlyKeys(contents.keySet());
                contents.forEach((name, bytes) ->
                        assertThat(visited.content.get(name)).as(name).isEqualTo(bytes));
            }
        }
    }

    @Test
    void foldersInCirclesEndAtADepthAndTheRestIsRead() throws Exception {
        // As a server lists a link to "." that follows links itself.
        Tree circle = folder -> List.of(new Node("again", FOLDER, 0), new Node("f" + depth(folder), FILE, 3))
                .iterator();
        try (TreeSftp server = server(circle);
                StoreFiles files = open(server)) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.failed.values()).containsExactly("folders are nested deeper than 64");
            assertThat(visited.content).hasSize(65).containsKey("f0");
        }
    }

    @Test
    void linksAreNamedAndNotFollowed() throws Exception {
        Tree links = folder -> List.of(new Node("loop", LINK, 0), new Node("self", LINK, 0), new Node("file", FILE, 3))
                .iterator();
        try (TreeSftp server = server(links);
                StoreFiles files = open(server)) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.content).containsOnlyKeys("file");
            assertThat(visited.found.get("loop").type()).isEqualTo(FileEntry.Type.LINK);
            assertThat(visited.found.get("loop").linkTarget()).isEqualTo("..");
        }
    }

    @Test
    void whatIsNeitherFileNorFolderIsNeverOpened() throws Exception {
        Tree tree = new Tree() {
            @Override
            public Iterator<Node> list(String folder) {
                return List.of(
                                new Node("fifo", FIFO, 10),
                                new Node("socket", 0140644, 10),
                                new Node("disk", 0060644, 1L << 40),
                                new Node("nothing", 0, 5),
                                new Node("file", FILE, 3))
                        .iterator();
            }

            @Override
            public int open(String file) {
                assertThat(file).isEqualTo("file");
                return SftpPacket.OK;
            }
        };
        try (TreeSftp server = server(tree);
                StoreFiles files = open(server)) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.content).containsOnlyKeys("file");
            assertThat(visited.found.keySet()).containsExactlyInAnyOrder("fifo", "socket", "disk", "nothing", "file");
        }
    }

    /** Between the look at the folder above and the request to open it. */
    @Test
    void whatBecameSomethingElseIsNamedAndTheRestIsRead() throws Exception {
        Tree tree = new Tree() {
            @Override
            public Iterator<Node> list(String folder) {
                return folder.isEmpty()
                        ? List.of(
                                        new Node("was-folder", FOLDER, 0),
                                        new Node("was-folder-too", FOLDER, 0),
                                        new Node("was-file", FILE, 3),
                                        new Node("went", FILE, 3),
                                        new Node("file", FILE, 3))
                                .iterator()
                        : Collections.emptyIterator();
            }

            @Override
            public int open(String file) {
                return switch (file) {
                    case "was-file" -> TreeSftp.FAILURE; // as OpenSSH answers for a folder
                    case "went" -> SftpPacket.NO_SUCH_FILE;
                    default -> SftpPacket.OK;
                };
            }

            @Override
            public int openFolder(String folder) {
                return switch (folder) {
                    case "was-folder/" -> SftpPacket.NO_SUCH_FILE; // as OpenSSH answers for a file
                    case "was-folder-too/" -> TreeSftp.FAILURE;
                    default -> SftpPacket.OK;
                };
            }
        };
        try (TreeSftp server = server(tree);
                StoreFiles files = open(server)) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.failed).containsOnlyKeys("was-folder", "was-folder-too", "was-file", "went");
            assertThat(visited.content).containsOnlyKeys("file");
        }
    }

    @ParameterizedTest(name = "{0} bytes listed, 100 are there")
    @ValueSource(longs = {101, 5000, Long.MAX_VALUE, Long.MAX_VALUE - 1})
    void aSizeThatIsTooLargeMakesNoFile(long listed) throws Exception {
        Tree lying = folder -> List.of(new Node("liar", FILE, listed), new Node("file", FILE, 100))
                .iterator();
        try (TreeSftp server = server(reading(lying, "x".repeat(100)));
                StoreFiles files = open(server)) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.content).containsOnlyKeys("file");
            assertThat(visited.failed).containsOnlyKeys("liar");
        }
    }

    /** What of it is stored is stored with its true length; never more bytes than were promised are asked for. */
    @ParameterizedTest(name = "{0} bytes listed, 100 are there")
    @ValueSource(longs = {99, 1, 0, -1, Long.MIN_VALUE})
    void aSizeThatIsTooSmallMakesNoLongerFile(long listed) throws Exception {
        Tree lying = folder -> List.of(new Node("liar", FILE, listed), new Node("file", FILE, 100))
                .iterator();
        try (TreeSftp server = server(reading(lying, "x".repeat(100)));
                StoreFiles files = open(server)) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.content).containsKey("file");
            byte[] stored = visited.content.get("liar");
            if (stored != null) {
                assertThat((long) stored.length)
                        .isEqualTo(visited.found.get("liar").size());
            }
        }
    }

    @Test
    void aBillionNamesInOneFolderEndABackupInLittleMemory() throws Exception {
        Tree endless = folder -> LongStream.range(0, 1_000_000_000L)
                .mapToObj(i -> new Node("file-" + i, FILE, 1 << 20))
                .iterator();
        assertThat(backUpInSmallMemory(endless))
                .contains("store acme: ")
                .contains("lists more names than fit into memory")
                .contains("upkeep.backup.skip");
    }

    @Test
    void aGibibyteOfNamesEndsABackupInLittleMemory() throws Exception {
        String letters = "n".repeat(245);
        Tree endless = folder -> LongStream.range(0, (1L << 30) / 250)
                .mapToObj(i -> new Node(letters + i, FOLDER, 0))
                .iterator();
        assertThat(backUpInSmallMemory(endless)).contains("lists more names than fit into memory");
    }

    /** No folder alone is too large; together they are endless. */
    @Test
    @Tag("soak")
    @Timeout(600)
    void aBillionFilesInManyFoldersEndAtABound() throws Exception {
        Tree endless = folder -> IntStream.range(0, 1000)
                .mapToObj(i -> depth(folder) < 2 ? new Node("d" + i, FOLDER, 0) : new Node("f" + i, FILE, 3))
                .iterator();
        try (TreeSftp server = server(endless);
                StoreFiles files = open(server)) {
            server.namesAtOnce = 1000;
            assertThatThrownBy(() -> files.walk("wp-content", new Visited() {
                        @Override
                        public boolean found(FileEntry entry) {
                            return entry.type() == FileEntry.Type.FOLDER;
                        }
                    }))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("store acme: ")
                    .hasMessageContaining("more than 5000000 files")
                    .hasMessageContaining("upkeep.backup.skip");
        }
    }

    /** Runs a whole backup in a process with a small heap; what it said. */
    private String backUpInSmallMemory(Tree tree) throws Exception {
        try (TreeSftp server = server(tree)) {
            Child.Ended ended = Child.run(
                    folder.resolve("child.log"),
                    List.of("-Xmx96m", "-XX:+ExitOnOutOfMemoryError"),
                    BackUpOnce.class.getName(),
                    home().toString(),
                    uri(server),
                    folder.resolve("backups").toString());
            assertThat(ended.code()).as(ended.said()).isEqualTo(1);
            try (Stream<Path> sealed = Files.list(folder.resolve("backups/snapshots/acme"))) {
                assertThat(sealed)
                        .allMatch(path -> path.getFileName().toString().startsWith(".unfinished-"));
            }
            return ended.said();
        }
    }

    private static int depth(String folder) {
        return (int) folder.chars().filter(c -> c == '/').count();
    }

    /** A tree whose files all have this content. */
    private static Tree reading(Tree names, String content) {
        return new Tree() {
            @Override
            public Iterator<Node> list(String folder) {
                return names.list(folder);
            }

            @Override
            public byte[] content(String file) {
                return content.getBytes();
            }
        };
    }

    /** Some files in folders, most small, one of a megabyte. */
    private static Map<String, byte[]> contents(long seed, int count) {
        Random random = new Random(seed);
        Map<String, byte[]> contents = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            byte[] bytes = new byte[i == 7 ? 1 << 20 : random.nextInt(100_000)];
            random.nextBytes(bytes);
            contents.put("d" + i % 13 + "/e" + i % 5 + "/f" + i, bytes);
        }
        return contents;
    }

    private static Tree tree(Map<String, byte[]> contents) {
        return new Tree() {
            @Override
            public Iterator<Node> list(String folder) {
                Map<String, Node> nodes = new TreeMap<>();
                contents.forEach((path, bytes) -> {
                    if (path.startsWith(folder)) {
                        String rest = path.substring(folder.length());
                        int slash = rest.indexOf('/');
                        String name = slash < 0 ? rest : rest.substring(0, slash);
                        nodes.put(name, slash < 0 ? new Node(name, FILE, bytes.length) : new Node(name, FOLDER, 0));
                    }
                });
                return nodes.values().iterator();
            }

            @Override
            public byte[] content(String file) {
                return contents.get(file);
            }
        };
    }

    private Path home() {
        return folder.resolve("home");
    }

    private TreeSftp server(Tree tree) throws Exception {
        TreeSftp server = new TreeSftp(folder.resolve("host-key"), tree);
        server.trustIn(home().resolve("config/known_hosts"));
        return server;
    }

    private StoreFiles open(TreeSftp server) {
        return SftpServers.open(home(), uri(server));
    }

    private static String uri(TreeSftp server) {
        return "sftp:deploy@127.0.0.1:" + server.port() + "/?password=x&soTimeout=5000&serverAliveInterval=0";
    }
}
