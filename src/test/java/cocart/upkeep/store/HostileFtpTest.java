package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.backup.BackUp;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.backup.Snapshots;
import cocart.upkeep.store.ScriptedFtp.Manner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that means harm, or is broken, gets nowhere: no path outside, no hang, no half file that looks whole. */
class HostileFtpTest {

    private static final List<String> HOSTILE = List.of(
            "../x", "../../../../tmp/x", "/etc/x", "a/b", "c\\d", "nul\0.php", "x".repeat(300), "carriage\rreturn");

    @TempDir
    Path folder;

    private ScriptedFtp server;

    @BeforeEach
    void start() throws Exception {
        server = new ScriptedFtp();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void hostileNamesAreNamedAndNeverUsed(boolean old) {
        server.old = old;
        HOSTILE.forEach(name -> server.file(name, "evil", Manner.HONEST));
        server.file("good.php", "good", Manner.HONEST)
                .file("caf\u00e9.php", "not UTF-8", Manner.HONEST)
                .file("\u00c3\u0085.php", "UTF-8", Manner.HONEST);
        try (StoreFiles files = open()) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.content.keySet()).containsExactlyInAnyOrder("good.php", "caf%E9.php", "\u00c5.php");
            assertThat(visited.found.get("caf%E9.php").rawPath()).isNotNull();
            assertThat(visited.found.get("\u00c5.php").rawPath()).isNull();
            assertThat(visited.failed.values())
                    .allMatch(reason -> reason.length() < 300)
                    .noneMatch(reason -> reason.chars().anyMatch(c -> c < 32));
            assertThat(visited.failed.keySet()).noneMatch(path -> path.contains("/") || path.contains("\\"));
            assertThat(visited.failed).hasSizeGreaterThanOrEqualTo(HOSTILE.size() - 1);
            assertThat(files.list("wp-content")).hasValueSatisfying(list -> assertThat(list)
                    .extracting(FileEntry::path)
                    .contains("good.php", "caf%E9.php")
                    .noneMatch(path -> path.contains("/")));
        }
    }

    @Test
    void twoNamesThatAreWrittenAlikeAreNeverTakenForEachOther() {
        server.file("caf%E9", "by its letters", Manner.HONEST).file("caf\u00e9", "by its byte", Manner.HONEST);
        try (StoreFiles files = open()) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.text("caf%E9")).isEqualTo("by its letters");
            assertThat(visited.failed).containsOnlyKeys("caf%E9 (not UTF-8)").containsValue(SftpFiles.Name.ALIKE);
        }
    }

    @Test
    void aSnapshotOfAHostileServerStaysInItsFolder() throws Exception {
        HOSTILE.forEach(name -> server.file(name, "evil", Manner.HONEST));
        server.lines = "type=OS.unix=slink:/etc; link\r\ntype=dir;modify=x;size=y; .\r\ntype=cdir; ../up\r\n";
        server.file("good.php", "good", Manner.HONEST)
                .file("denied.php", "closed", Manner.DENIED)
                .file("short.php", "cut short", Manner.CUT_SHORT);
        Path backups = folder.resolve("backups");
        Snapshot snapshot;
        try (StoreFiles files = open()) {
            snapshot = new BackUp(new Snapshots(backups), Clock.systemUTC(), 0)
                    .run(SftpServers.store("ftp:x"), files, HostileFtpTest::dump);
        }
        assertThat(snapshot.failed()).isEqualTo(HOSTILE.size() + 2);
        try (Stream<Path> all = Files.walk(folder)) {
            assertThat(all.filter(Files::isRegularFile)
                            .map(path -> folder.relativize(path).toString())
                            .filter(path -> !path.equals("backups/index.mv.db")))
                    .allMatch(path -> path.startsWith(folder.relativize(snapshot.path()) + "/"))
                    .anyMatch(path -> path.endsWith("wp-content/good.php"))
                    .noneMatch(path -> path.endsWith("short.php"));
        }
        assertThat(Files.readAllLines(snapshot.path().resolve("manifest.jsonl")))
                .anyMatch(line -> line.contains("\"link\"") && line.contains("\"target\":\"/etc\""))
                .anyMatch(line -> line.contains("denied.php") && line.contains("permission denied"));
    }

    @ParameterizedTest
    @CsvSource({
        "DENIED, permission denied",
        "CUT_SHORT, it changed while it was read",
        "TOO_MUCH, it changed while it was read",
        "ENDLESS, it changed while it was read",
        "CHANGES_AND_HANGS_UP, it changed while it was read",
        "NO_DATA, no data connection today"
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

    @Test
    void aFileIsReadOnWhereTheConnectionWasLost() {
        StringBuilder content = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            content.append(i).append(' ');
        }
        server.file("large.bin", content.toString(), Manner.HANGS_UP_ONCE);
        try (StoreFiles files = open()) {
            Visited visited = Visited.of(files, "wp-content");
            assertThat(visited.failed).isEmpty();
            assertThat(visited.text("large.bin")).isEqualTo(content.toString());
            assertThat(server.logins).hasValue(2);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SILENT, has not answered for",
        "HANGS_UP, the connection to the FTP server was lost",
        "ENDLESS_REPLY, the connection to the FTP server was lost"
    })
    void aBrokenConnectionEndsTheWalkWithASentence(Manner manner, String reason) {
        server.file("bad.php", "x".repeat(100_000), manner);
        try (StoreFiles files = open()) {
            Visited visited = new Visited();
            assertThatThrownBy(() -> files.walk("wp-content", visited))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("store acme: ")
                    .hasMessageContaining(reason);
            assertThat(visited.content).doesNotContainKey("bad.php");
            assertThat(server.logins.get()).isLessThanOrEqualTo(6);
            assertThat(files.stat("wp-content/bad.php")).isPresent();
        }
    }

    @Test
    void aListingThatNeverEndsEnds() {
        server.endless = true;
        try (StoreFiles files = open()) {
            assertThatThrownBy(() -> files.walk("wp-content", new Visited()))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("lists more names than fit into memory");
            assertThatThrownBy(() -> files.list("wp-content"))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("lists more names than fit into memory");
        }
    }

    @Test
    void whatAVisitorThrowsEndsTheWalkAndTheConnectionStaysUsable() {
        for (int i = 0; i < 50; i++) {
            server.file(i + ".php", "x".repeat(i), Manner.HONEST);
        }
        try (StoreFiles files = open()) {
            assertThatThrownBy(() -> files.walk("wp-content", new Visited() {
                        @Override
                        public java.io.OutputStream open(FileEntry entry) {
                            throw new IllegalStateException("enough");
                        }
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("enough");
            assertThat(files.read("wp-content/9.php", 100)).isPresent();
        }
    }

    @Test
    void linesThatAreNoEntriesAndTimesThatAreNoneAreSaid() {
        server.lines = "what is this?\r\ntype=file;size=-4; minus\r\ntype=file;size=99999999999999999999; huge\r\n"
                + "type=file;size=5;modify=today; today.php\r\n" + "type=file;size=1;modify=20200101000000; twice\r\n"
                + "type=file;size=1;modify=20200101000000; twice\r\n";
        try (StoreFiles files = open()) {
            Visited visited = new Visited() {
                @Override
                public boolean found(FileEntry entry) {
                    super.found(entry);
                    return false;
                }
            };
            files.walk("wp-content", visited);
            assertThat(visited.found).containsOnlyKeys("today.php", "twice");
            assertThat(visited.failed.get(".")).contains("is not understood: 'what is this?'");
            assertThat(visited.failed.get("minus")).contains("does not say its size");
            assertThat(visited.failed.get("huge")).contains("does not say its size");
            assertThat(visited.failed.get("twice")).contains("lists the name twice");
        }
    }

    @Test
    void aLineWithoutEndIsRefused() {
        server.lines = "type=file;" + "x".repeat(1 << 20);
        try (StoreFiles files = open()) {
            assertThatThrownBy(() -> files.walk("wp-content", new Visited()))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("a line of the listing is too long");
        }
    }

    @Test
    void theSystemThatTheServerNamesIsNoClassToLoad() {
        server.old = true;
        server.system = "cocart.upkeep.store.HostileFtpTest$Loaded";
        server.file("good.php", "good", Manner.HONEST);
        try (StoreFiles files = open()) {
            assertThat(Visited.of(files, "wp-content").text("good.php")).isEqualTo("good");
        }
        assertThat(loaded).isFalse();
    }

    private static boolean loaded;

    /** Must never be made. */
    public static final class Loaded {

        public Loaded() {
            loaded = true;
        }
    }

    @Test
    void aListingOfWindowsIsRead() {
        server.old = true;
        server.system = "Windows_NT";
        server.lines =
                "01-31-20  10:15AM       <DIR>          folder\r\n01-31-20  10:15AM                 5 a b.txt\r\n";
        try (StoreFiles files = open()) {
            assertThat(files.list("wp-content")).hasValueSatisfying(list -> assertThat(list)
                    .extracting(entry -> entry.path() + " " + entry.type() + " " + entry.size())
                    .containsExactly("folder FOLDER 0", "a b.txt FILE 5"));
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
        return SftpServers.open(
                folder, "ftp:deploy@127.0.0.1:" + server.port() + "/?password=x&soTimeout=700&reconnectDelay=10");
    }
}
