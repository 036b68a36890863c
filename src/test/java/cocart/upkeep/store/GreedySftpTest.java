package cocart.upkeep.store;

import static cocart.upkeep.store.TreeSftp.FILE;
import static cocart.upkeep.store.TreeSftp.FOLDER;
import static cocart.upkeep.store.TreeSftp.LINK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.backup.BackUp;
import cocart.upkeep.backup.Progress;
import cocart.upkeep.backup.Report;
import cocart.upkeep.backup.Sample;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.backup.Snapshots;
import cocart.upkeep.backup.Verify;
import cocart.upkeep.faults.Child;
import cocart.upkeep.faults.TestSshd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that are after our memory, our time or our reports: each gets a bounded part of them. */
class GreedySftpTest {

    @TempDir
    Path folder;

    /** A server with some files in wp-content whose single answers a test replaces. */
    private abstract static class Server extends SftpScript {

        static final int MEGABYTE = 1 << 20;

        /** Names, modes and sizes of what is in wp-content. */
        List<TreeSftp.Node> nodes = List.of(new TreeSftp.Node("a.php", FILE, 5), new TreeSftp.Node("b.php", FILE, 5));

        private final Map<String, Boolean> listed = new HashMap<>();

        @Override
        void answer(int type, int id, SftpPacket packet) throws IOException {
            switch (type) {
                case SftpPacket.REALPATH -> realpath(id, packet);
                case SftpPacket.STAT, SftpPacket.LSTAT -> send(SftpPacket.ATTRS, attributes(reply(id), 0, FOLDER));
                case SftpPacket.FSTAT -> send(SftpPacket.ATTRS, attributes(reply(id), 5, FILE));
                case SftpPacket.OPENDIR, SftpPacket.OPEN -> {
                    String path = text(packet.bytes());
                    listed.remove(path);
                    open(id, path);
                }
                case SftpPacket.READDIR -> list(id, text(packet.bytes()));
                case SftpPacket.READ -> {
                    String path = text(packet.bytes());
                    read(id, path, large(packet), packet.number());
                }
                case SftpPacket.READLINK -> link(id);
                default -> status(id, SftpPacket.OK);
            }
        }

        void open(int id, String path) throws IOException {
            send(SftpPacket.HANDLE, reply(id).bytes(path.getBytes(StandardCharsets.ISO_8859_1)));
        }

        void list(int id, String handle) throws IOException {
            if (listed.put(handle, true) != null) {
                status(id, SftpPacket.EOF);
                return;
            }
            names(id, nodes);
        }

        final void names(int id, List<TreeSftp.Node> some) throws IOException {
            SftpPacket.Builder names = reply(id).number(some.size());
            for (TreeSftp.Node node : some) {
                attributes(
                        names.bytes(node.name().getBytes(StandardCharsets.ISO_8859_1))
                                .bytes(new byte[0]),
                        node.size(),
                        node.mode());
            }
            send(SftpPacket.NAME, names);
        }

        void read(int id, String path, long offset, int length) throws IOException {
            if (offset >= 5) {
                status(id, SftpPacket.EOF);
            } else {
                send(
                        SftpPacket.DATA,
                        reply(id).bytes("hello".substring((int) offset).getBytes()));
            }
        }

        void link(int id) throws IOException {
            status(id, SftpPacket.NO_SUCH_FILE);
        }
    }

    @Test
    void aHandleIsNoLongerThanTheProtocolAllows() throws Exception {
        Visited visited = visit(() -> new Server() {
            @Override
            void open(int id, String path) throws IOException {
                if (path.endsWith("a.php")) {
                    send(SftpPacket.HANDLE, reply(id).bytes(new byte[257]));
                } else {
                    super.open(id, path);
                }
            }
        });
        assertThat(visited.failed).containsOnlyKeys("a.php");
        assertThat(visited.failed.get("a.php")).isEqualTo("it cannot be read: the server answered nonsense");
        assertThat(visited.text("b.php")).isEqualTo("hello");
    }

    /** The first answer of each file does not come, or the last byte of each: nothing of what comes can be written. */
    @ParameterizedTest(name = "of 32768 bytes {0} come")
    @ValueSource(ints = {32768, 32767})
    void whatCannotBeWrittenYetTakesNoMoreMemoryThanIsAllowed(int come) throws Exception {
        Supplier<SftpScript> server = () -> new Server() {
            {
                nodes = java.util.stream.IntStream.range(0, 200)
                        .mapToObj(i -> new TreeSftp.Node("f" + i, FILE, 2 * MEGABYTE))
                        .toList();
            }

            @Override
            void read(int id, String path, long offset, int length) throws IOException {
                boolean withheld = come == 32768 ? offset == 0 : length == 1;
                if (!withheld) {
                    send(SftpPacket.DATA, reply(id).bytes(new byte[Math.min(come, length)]));
                }
            }
        };
        try (TestSshd sshd = start(server)) {
            Child.Ended ended = Child.run(
                    folder.resolve("child.log"),
                    List.of("-Xmx96m", "-XX:+ExitOnOutOfMemoryError"),
                    BackUpOnce.class.getName(),
                    home().toString(),
                    uri(sshd, 1000),
                    folder.resolve("backups").toString());
            assertThat(ended.said()).contains("store acme: the SFTP server has not answered for 1 s");
            assertThat(ended.code()).isEqualTo(1);
        }
    }

    @Test
    void filesThatComeInLittlePiecesAreWhole() throws Exception {
        byte[] content = new byte[100_000];
        new java.util.Random(1).nextBytes(content);
        Visited visited = visit(() -> new Server() {
            {
                nodes = List.of(
                        new TreeSftp.Node("large", FILE, content.length), new TreeSftp.Node("small", FILE, 30_000));
            }

            @Override
            void read(int id, String path, long offset, int length) throws IOException {
                int end = path.endsWith("small") ? 30_000 : content.length;
                if (offset >= end) {
                    status(id, SftpPacket.EOF);
                    return;
                }
                int to = (int) Math.min(end, offset + Math.min(length, 7));
                send(SftpPacket.DATA, reply(id).bytes(Arrays.copyOfRange(content, (int) offset, to)));
            }
        });
        assertThat(visited.failed).isEmpty();
        assertThat(visited.content.get("large")).isEqualTo(content);
        assertThat(visited.content.get("small")).isEqualTo(Arrays.copyOf(content, 30_000));
    }

    @ParameterizedTest
    @CsvSource({"'.'", "'..'", "'a.php'"})
    void aListThatRepeatsOneNameForEverEnds(String name) throws Exception {
        Supplier<SftpScript> server = () -> new Server() {
            @Override
            void list(int id, String handle) throws IOException {
                names(id, List.of(new TreeSftp.Node(name, FILE, 5)));
            }
        };
        assertThat(visit(server).failed).containsEntry(".", "the server lists it without end");
    }

    /** As after a connection that was lost: then names come again that are known. */
    @Test
    void aListThatRepeatsEachNameOnceIsReadToItsEnd() throws Exception {
        Map<String, Integer> asked = new ConcurrentHashMap<>();
        Visited visited = visit(() -> new Server() {
            @Override
            void list(int id, String handle) throws IOException {
                int n = asked.merge(handle, 1, Integer::sum);
                if (n == 2) {
                    throw new IOException("on purpose");
                }
                if (n > 3) {
                    status(id, SftpPacket.EOF);
                } else {
                    names(
                            id,
                            List.of(
                                    new TreeSftp.Node(".", FOLDER, 0),
                                    new TreeSftp.Node("..", FOLDER, 0),
                                    new TreeSftp.Node("a.php", FILE, 5),
                                    new TreeSftp.Node("b.php", FILE, 5)));
                }
            }
        });
        assertThat(visited.failed).isEmpty();
        assertThat(visited.content).containsOnlyKeys("a.php", "b.php");
    }

    @ParameterizedTest(name = "{0} names in each answer")
    @ValueSource(ints = {0, 1, 1000})
    void alsoAListOfOneFolderEnds(int count) throws Exception {
        Supplier<SftpScript> server = () -> new Server() {
            private int made;

            @Override
            void list(int id, String handle) throws IOException {
                names(
                        id,
                        java.util.stream.IntStream.range(0, count)
                                .mapToObj(i -> new TreeSftp.Node(count == 1 ? "." : "n".repeat(200) + made++, FILE, 5))
                                .toList());
            }
        };
        try (TestSshd sshd = start(server);
                StoreFiles files = open(sshd, 5000)) {
            assertThatThrownBy(() -> files.list("wp-content"))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("store acme: ")
                    .hasMessageContaining("lists");
        }
    }

    @Test
    void aListThatBreaksOffIsNotTakenForAWholeOne() throws Exception {
        Supplier<SftpScript> server = () -> new Server() {
            private int asked;

            @Override
            void list(int id, String handle) throws IOException {
                if (asked++ == 0) {
                    names(id, nodes);
                } else {
                    status(id, TreeSftp.FAILURE);
                }
            }
        };
        try (TestSshd sshd = start(server);
                StoreFiles files = open(sshd, 5000)) {
            assertThatThrownBy(() -> files.list("wp-content"))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("cannot be listed to its end");
        }
    }

    @Test
    void whatAServerSaysIsShortenedAndPlain() throws Exception {
        Visited visited = visit(() -> new Server() {
            @Override
            void open(int id, String path) throws IOException {
                if (path.endsWith("a.php")) {
                    send(
                            SftpPacket.STATUS,
                            reply(id)
                                    .number(TreeSftp.FAILURE)
                                    .bytes(("\u001b[31mno " + "x".repeat(MEGABYTE)).getBytes())
                                    .bytes(new byte[0]));
                } else {
                    super.open(id, path);
                }
            }
        });
        assertThat(visited.failed).containsOnlyKeys("a.php");
        assertThat(visited.failed.get("a.php"))
                .startsWith("it cannot be read: ?[31mno xxx")
                .hasSizeLessThan(400);
    }

    /** Its line in the manifest would be longer than any that is read back. */
    @Test
    void aLinkThatLeadsFurtherThanAPathCanIsRecordedWithoutItsTarget() throws Exception {
        Supplier<SftpScript> server = () -> new Server() {
            {
                nodes = List.of(new TreeSftp.Node("link", LINK, 0), new TreeSftp.Node("a.php", FILE, 5));
            }

            @Override
            void link(int id) throws IOException {
                send(
                        SftpPacket.NAME,
                        reply(id)
                                .number(1)
                                .bytes("\u0001".repeat(MEGABYTE).getBytes())
                                .bytes(new byte[0])
                                .number(0));
            }
        };
        Snapshot snapshot;
        try (TestSshd sshd = start(server);
                StoreFiles files = open(sshd, 5000)) {
            snapshot = new BackUp(new Snapshots(folder.resolve("backups")), Clock.systemUTC(), 0)
                    .run(SftpServers.store("sftp:x"), files, GreedySftpTest::dump);
        }
        assertThat(Files.readAllLines(snapshot.path().resolve("manifest.jsonl")))
                .allMatch(line -> line.length() < 2000)
                .anyMatch(line -> line.contains("wp-content/link"));
    }

    /** What cannot be stored is named under a name that can be shown, which may be that of a file beside it. */
    @Test
    void aNameThatCannotBeUsedTakesNothingFromOneThatCan() throws Exception {
        Supplier<SftpScript> server = () -> new Server() {
            {
                nodes = java.util.stream.Stream.of(
                                "a/b", "a?b", "a\\b", "a\0b", "", "..\0", "x/../../y", "b.php", "B.php")
                        .map(name -> new TreeSftp.Node(name, FILE, 5))
                        .toList();
            }
        };
        Snapshots snapshots = new Snapshots(folder.resolve("backups"));
        BackUp backUp = new BackUp(snapshots, Clock.systemUTC(), 0);
        for (int i = 0; i < 2; i++) {
            try (TestSshd sshd = start(server);
                    StoreFiles files = open(sshd, 5000)) {
                Snapshot snapshot = backUp.run(SftpServers.store("sftp:x"), files, GreedySftpTest::dump);
                assertThat(snapshot.failed()).isEqualTo(6);
                assertThat(snapshot.files()).isEqualTo(4);
                assertThat(snapshot.path().resolve("wp-content/a?b")).hasContent("hello");
            }
        }
        Report report = new Verify(snapshots, null).run(List.of("acme"), Sample.ALL, false, Progress.NONE);
        assertThat(report.results())
                .hasSize(2)
                .allMatch(result -> result.isWhole() && result.foreign().isEmpty());
    }

    /** Each of them could be for want of handles, which asking for less at once mends; then all would take longer. */
    @ParameterizedTest
    @ValueSource(ints = {FILE, FOLDER})
    void thousandsThatCannotBeOpenedCostNoRoundTripEach(int mode) throws Exception {
        List<SftpScript> sessions = new CopyOnWriteArrayList<>();
        Visited visited = visit(() -> {
            Server server = new Server() {
                {
                    millis = 2;
                    shuffle = new Random(1); // then what has arrived is answered at once
                    nodes = IntStream.range(0, 4000)
                            .mapToObj(i -> i % 2 == 0
                                    ? new TreeSftp.Node("good" + i, FILE, 5)
                                    : new TreeSftp.Node("bad" + i, mode, 5))
                            .toList();
                }

                @Override
                void open(int id, String path) throws IOException {
                    if (path.contains("bad")) {
                        status(id, TreeSftp.FAILURE);
                    } else {
                        super.open(id, path);
                    }
                }
            };
            sessions.add(server);
            return server;
        });
        assertThat(visited.content).hasSize(2000);
        assertThat(visited.failed).hasSize(2000);
        int batches =
                sessions.stream().mapToInt(session -> session.batches.get()).sum();
        assertThat(batches).as("round trips").isLessThan(1000);
    }

    /** Never silent for long, never at an end: at a byte a second a shop takes years. */
    @Test
    void aServerThatKeepsUsWaitingForCrumbsIsGivenUp() throws Exception {
        Supplier<SftpScript> server = () -> new Server() {
            {
                nodes = List.of(new TreeSftp.Node("a.php", FILE, MEGABYTE));
            }

            @Override
            void read(int id, String path, long offset, int length) throws IOException {
                try {
                    TimeUnit.MILLISECONDS.sleep(100);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                send(SftpPacket.DATA, reply(id).bytes(new byte[1]));
            }
        };
        try (TestSshd sshd = start(server);
                StoreFiles files = open(sshd, 500)) {
            assertThatThrownBy(() -> files.walk("wp-content", new Visited()))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("store acme: the SFTP server sent only ")
                    .hasMessageContaining(" bytes in 5 s");
        }
        try (TestSshd sshd = start(server);
                StoreFiles files = open(sshd, 500)) {
            assertThatThrownBy(() -> files.read("wp-content/a.php", Server.MEGABYTE))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("store acme: the SFTP server sent only ");
        }
    }

    private Visited visit(Supplier<SftpScript> server) throws Exception {
        try (TestSshd sshd = start(server);
                StoreFiles files = open(sshd, 5000)) {
            return Visited.of(files, "wp-content");
        }
    }

    private TestSshd start(Supplier<SftpScript> server) throws Exception {
        TestSshd sshd = new TestSshd(folder.resolve("host-key"), SftpScript.factory(server)).start();
        sshd.trustIn(home().resolve("config/known_hosts"));
        return sshd;
    }

    private Path home() {
        return folder.resolve("home");
    }

    private StoreFiles open(TestSshd sshd, int idleMillis) {
        return SftpServers.open(home(), uri(sshd, idleMillis));
    }

    private static String uri(TestSshd sshd, int idleMillis) {
        return "sftp:deploy@127.0.0.1:" + sshd.port() + "/?password=x&serverAliveInterval=0&soTimeout=" + idleMillis;
    }

    private static long dump(Path target) {
        try {
            return Files.size(Files.writeString(target, "dump"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
