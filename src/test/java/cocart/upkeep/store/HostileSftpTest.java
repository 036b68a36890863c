package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.backup.BackUp;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.backup.Snapshots;
import cocart.upkeep.store.ScriptedSftp.Manner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server that means harm, or is broken, gets nowhere: no path outside, no hang, no half file that looks whole. */
class HostileSftpTest {

    private static final List<String> HOSTILE =
            List.of("../x", "../../../../tmp/x", "/etc/x", "a/b", "c\\d", "nul\0.php", "", "x".repeat(300), "..%2fx\0");

    @TempDir
    Path folder;

    private Path home;
    private ScriptedSftp server;

    @BeforeEach
    void start() throws Exception {
        home = Files.createDirectories(folder.resolve("home"));
        server = new ScriptedSftp(folder.resolve("host-key"));
        server.trustIn(home.resolve("config/known_hosts"));
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void hostileNamesAreNamedAndNeverUsed() throws Exception {
        HOSTILE.forEach(name -> server.file(name, "evil", Manner.HONEST));
        server.file("good.php", "good", Manner.HONEST)
                .file("new\nline.php", "odd", Manner.HONEST)
                .file("caf\u00e9.php", "not UTF-8", Manner.HONEST);
        try (StoreFiles files = open()) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.content.keySet()).containsExactlyInAnyOrder("good.php", "new\nline.php", "caf%E9.php");
            assertThat(visited.found.get("caf%E9.php").rawPath()).isNotNull();
            assertThat(visited.failed.values())
                    .hasSize(HOSTILE.size())
                    .allMatch(reason -> reason.startsWith("its name cannot be used"))
                    .allMatch(reason -> reason.length() < 200)
                    .noneMatch(reason -> reason.chars().anyMatch(c -> c < 32));
            assertThat(files.list("wp-content")).hasValueSatisfying(list -> assertThat(list)
                    .extracting(FileEntry::path)
                    .containsExactlyInAnyOrder("good.php", "new\nline.php", "caf%E9.php"));
        }
    }

    @Test
    void twoNamesThatAreWrittenAlikeAreNeverTakenForEachOther() throws Exception {
        for (List<String> order : List.of(List.of("caf%E9", "caf\u00e9"), List.of("caf\u00e9", "caf%E9"))) {
            server.files.clear();
            order.forEach(name -> server.file(name, "content of " + name, Manner.HONEST));
            server.file("caf%E8", "alone", Manner.HONEST);
            Path backups = folder.resolve("backups-of-" + order.get(0).length() + order.hashCode());
            Snapshot snapshot;
            try (StoreFiles files = open()) {
                snapshot = new BackUp(new Snapshots(backups), Clock.systemUTC(), 0)
                        .run(SftpServers.store("sftp:x"), files, HostileSftpTest::dump);
            }
            assertThat(Files.readString(snapshot.path().resolve("wp-content/caf%E9"), StandardCharsets.ISO_8859_1))
                    .isEqualTo("content of " + order.get(0));
            assertThat(snapshot.path().resolve("wp-content/caf%E8")).hasContent("alone");
            assertThat(snapshot.failed()).isEqualTo(1);
            assertThat(Files.readAllLines(snapshot.path().resolve("manifest.jsonl")))
                    .filteredOn(line -> line.contains("\"error\""))
                    .singleElement(InstanceOfAssertFactories.STRING)
                    .contains(
                            "caf%E9 (" + (order.get(1).contains("%") ? "UTF-8" : "not UTF-8") + ")",
                            "its name would be written as that of a file beside it");
        }
    }

    @Test
    void aSnapshotOfAHostileServerStaysInItsFolder() throws Exception {
        HOSTILE.forEach(name -> server.file(name, "evil", Manner.HONEST));
        server.file("good.php", "good", Manner.HONEST)
                .file("new\nline.php", "odd", Manner.HONEST)
                .file("caf\u00e9.php", "not UTF-8", Manner.HONEST)
                .file("denied.php", "closed", Manner.DENIED)
                .file("short.php", "cut short", Manner.CUT_SHORT);
        Path backups = folder.resolve("backups");
        Snapshot snapshot;
        try (StoreFiles files = open()) {
            snapshot = new BackUp(new Snapshots(backups), Clock.systemUTC(), 0)
                    .run(SftpServers.store("sftp:x"), files, HostileSftpTest::dump);
        }
        assertThat(snapshot.failed()).isEqualTo(HOSTILE.size() + 2);
        try (Stream<Path> all = Files.walk(folder)) {
            assertThat(all.filter(Files::isRegularFile)
                            .map(path -> folder.relativize(path).toString())
                            .filter(path -> !path.startsWith("home")
                                    && !path.equals("host-key")
                                    && !path.equals("backups/index.mv.db")))
                    .allMatch(path -> path.startsWith(folder.relativize(snapshot.path()) + "/"))
                    .anyMatch(path -> path.endsWith("wp-content/good.php"))
                    .anyMatch(path -> path.endsWith("wp-content/caf%E9.php"))
                    .noneMatch(path -> path.endsWith("short.php"));
        }
        assertThat(Files.readAllLines(snapshot.path().resolve("manifest.jsonl")))
                .anyMatch(line -> line.contains("short.php") && line.contains("error"))
                .anyMatch(line -> line.contains("denied.php") && line.contains("permission denied"))
                .anyMatch(line -> line.contains("new\\nline.php"));
    }

    @ParameterizedTest
    @CsvSource({
        "DENIED, permission denied",
        "CUT_SHORT, it changed while it was read",
        "TOO_MUCH, bytes where",
        "NOTHING, bytes where",
        "NONSENSE, answered nonsense"
    })
    void aFileThatIsAnsweredBadlyIsNamedAndTheOthersAreRead(Manner manner, String reason) {
        server.file("before.php", "before", Manner.HONEST)
                .file("bad.php", "x".repeat(100_000), manner)
                .file("after.php", "after", Manner.HONEST);
        try (StoreFiles files = open()) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.failed).containsOnlyKeys("bad.php");
            assertThat(visited.failed.get("bad.php")).contains(reason);
            assertThat(visited.text("before.php")).isEqualTo("before");
            assertThat(visited.text("after.php")).isEqualTo("after");
        }
    }

    @ParameterizedTest
    @CsvSource({"SILENT", "HANGS_UP", "ENDLESS_PACKET"})
    void aFileThatBreaksTheConnectionEachTimeIsNamedAndTheOthersAreRead(Manner manner) {
        server.file("before.php", "before", Manner.HONEST)
                .file("bad.php", "x".repeat(100_000), manner)
                .file("after.php", "after", Manner.HONEST);
        try (StoreFiles files = open(500)) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.failed)
                    .containsExactly(Map.entry("bad.php", "the connection was lost each time it was to be read"));
            assertThat(visited.content).containsOnlyKeys("before.php", "after.php");
            assertThat(files.stat("wp-content"))
                    .as("the connection that is left")
                    .isPresent();
        }
    }

    @ParameterizedTest
    @CsvSource({"SILENT, has not answered for", "HANGS_UP, was lost"})
    void aServerOnWhichNothingCanBeReadEndsTheWalkWithASentence(Manner manner, String reason) {
        for (int i = 0; i < 300; i++) {
            server.file(i + ".php", "x".repeat(100_000), manner);
        }
        try (StoreFiles files = open(500)) {
            Visited visited = new Visited();
            assertThatThrownBy(() -> files.walk("wp-content", visited))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("store acme: ")
                    .hasMessageContaining(reason);
            assertThat(visited.content).isEmpty();
        }
    }

    @Test
    void anAnswerToNothingEndsTheWalkWithASentence() {
        server.file("bad.php", "x".repeat(100_000), Manner.UNASKED);
        try (StoreFiles files = open()) {
            Visited visited = new Visited();
            assertThatThrownBy(() -> files.walk("wp-content", visited))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("store acme: ")
                    .hasMessageContaining("not asked");
            assertThat(visited.content).doesNotContainKey("bad.php");
        }
    }

    @Test
    void aListingThatNeverEndsEnds() {
        server.endless = 0;
        try (StoreFiles files = open()) {
            assertThat(Visited.of(files, "wp-content").failed).containsValue("the server lists it without end");
        }
        server.endless = 1000;
        try (StoreFiles files = open()) {
            assertThatThrownBy(() -> files.walk("wp-content", new Visited() {
                        @Override
                        public boolean found(FileEntry entry) {
                            return true;
                        }
                    }))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("lists more names than fit into memory");
        }
    }

    @ParameterizedTest
    @CsvSource({"CUT_SHORT, 50000", "NOTHING, -1", "TOO_MUCH, -1", "NONSENSE, -1"})
    void theStartOfAFileIsReadOrRefused(Manner manner, int length) {
        server.file("wp-config.php", "x".repeat(100_000), manner);
        try (StoreFiles files = open()) {
            if (length < 0) {
                assertThatThrownBy(() -> files.read("wp-content/wp-config.php", 1 << 20))
                        .isInstanceOf(StoreException.class)
                        .hasMessageContaining("cannot be read to its end");
            } else {
                assertThat(files.read("wp-content/wp-config.php", 1 << 20))
                        .hasValueSatisfying(bytes -> assertThat(bytes).hasSize(length));
            }
        }
    }

    private static long dump(Path target) {
        try {
            return Files.size(Files.writeString(target, "dump"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private StoreFiles open() {
        return open(1500);
    }

    private StoreFiles open(int idleMillis) {
        return SftpServers.open(
                home,
                "sftp:deploy@127.0.0.1:" + server.port() + "/?password=x&serverAliveInterval=0&soTimeout="
                        + idleMillis);
    }
}
