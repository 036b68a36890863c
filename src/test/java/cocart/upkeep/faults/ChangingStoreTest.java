package cocart.upkeep.faults;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.store.StoreFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A shop that is worked in while it is backed up, and clocks that cannot be trusted. */
class ChangingStoreTest {

    private static final Instant NOW = FaultyStore.OLD.plusSeconds(8_000_000);

    /** Where the store is. */
    enum Where {
        SFTP,
        LOCAL
    }

    @TempDir(factory = InMemory.class)
    Path folder;

    private FaultyStore store;
    private Path victim;
    private byte[] before;

    @BeforeEach
    void start() throws Exception {
        store = new FaultyStore(folder);
        for (int i = 0; i < 20; i++) {
            store.write("plugins/a/file-" + i + ".php", ("<?php // " + i).getBytes());
        }
        before = new byte[500_000];
        Arrays.fill(before, (byte) 'b');
        store.write("plugins/a/victim.php", before);
        store.write("plugins/folder/inner/deep.php", "deep".getBytes());
        store.settle();
        victim = store.wpContent.resolve("plugins/a/victim.php");
    }

    @AfterEach
    void stop() throws Exception {
        store.close();
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatVanishesBeforeItIsOpenedIsNamedAndTheRestIsWhole(Where where) throws Exception {
        assertOnlyTheVictimIsLacking(
                backUp(Meddling.whenListed(open(where), "plugins/a/victim.php", () -> Files.delete(victim))));
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatShrinksBeforeItIsReadIsNamedAndTheRestIsWhole(Where where) throws Exception {
        assertOnlyTheVictimIsLacking(
                backUp(Meddling.whenListed(open(where), "plugins/a/victim.php", () -> cut(victim, 250_000))));
        nextRunIsWhole(where);
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatShrinksWhileItIsReadIsWholeOrNamed(Where where) throws Exception {
        Snapshot snapshot =
                backUp(Meddling.whenOpened(open(where), "plugins/a/victim.php", () -> cut(victim, 100_000)));
        assertVictimIsOneOf(snapshot, before);
        nextRunIsWhole(where);
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatVanishesWhileItIsReadIsWholeOrNamed(Where where) throws Exception {
        Snapshot snapshot =
                backUp(Meddling.whenOpened(open(where), "plugins/a/victim.php", () -> Files.delete(victim)));
        assertVictimIsOneOf(snapshot, before);
        nextRunIsWhole(where);
    }

    /** A log: what was there when it was listed, or all of it. */
    @ParameterizedTest
    @EnumSource
    void aFileThatGrowsNeverHasMoreBytesThanItsLineSays(Where where) throws Exception {
        Snapshot snapshot = backUp(Meddling.whenListed(
                open(where),
                "plugins/a/victim.php",
                () -> Files.writeString(victim, "more".repeat(50_000), StandardOpenOption.APPEND)));
        assertVictimIsOneOf(snapshot, before, Files.readAllBytes(victim));
        nextRunIsWhole(where);
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatIsReplacedByOneOfEqualLengthIsTheOldOrTheNewOne(Where where) throws Exception {
        byte[] after = new byte[before.length];
        Arrays.fill(after, (byte) 'a');
        Snapshot snapshot =
                backUp(Meddling.whenListed(open(where), "plugins/a/victim.php", () -> replace(victim, after)));
        assertVictimIsOneOf(snapshot, before, after);
        nextRunIsWhole(where);
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatIsReplacedWhileItIsReadIsTheOldOne(Where where) throws Exception {
        Snapshot snapshot = backUp(Meddling.whenOpened(
                open(where), "plugins/a/victim.php", () -> replace(victim, "new and short".getBytes())));
        assertVictimIsOneOf(snapshot, before);
        nextRunIsWhole(where);
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatBecomesAFolderIsNamedAndTheRestIsWhole(Where where) throws Exception {
        assertOnlyTheVictimIsLacking(backUp(Meddling.whenListed(open(where), "plugins/a/victim.php", () -> {
            Files.delete(victim);
            Files.createDirectory(victim);
            Files.writeString(victim.resolve("inside.php"), "inside");
        })));
        nextRunIsWhole(where);
    }

    @ParameterizedTest
    @EnumSource
    void aFolderThatVanishesIsNamedAndTheRestIsWhole(Where where) throws Exception {
        Path inner = store.wpContent.resolve("plugins/folder/inner");
        Snapshot snapshot = backUp(Meddling.whenListed(open(where), "plugins/folder/inner", () -> {
            Files.delete(inner.resolve("deep.php"));
            Files.delete(inner);
        }));
        SnapshotCheck.assertWhole(snapshot.path());
        assertThat(SnapshotCheck.errors(snapshot.path())).containsOnlyKeys("wp-content/plugins/folder/inner");
        nextRunIsWhole(where);
    }

    @ParameterizedTest
    @EnumSource
    void aFolderThatBecomesAFileIsNamedAndTheRestIsWhole(Where where) throws Exception {
        Path inner = store.wpContent.resolve("plugins/folder/inner");
        Snapshot snapshot = backUp(Meddling.whenListed(open(where), "plugins/folder/inner", () -> {
            Files.delete(inner.resolve("deep.php"));
            Files.delete(inner);
            Files.writeString(inner, "a file");
        }));
        SnapshotCheck.assertWhole(snapshot.path());
        assertThat(SnapshotCheck.errors(snapshot.path())).containsOnlyKeys("wp-content/plugins/folder/inner");
        nextRunIsWhole(where);
    }

    @ParameterizedTest
    @EnumSource
    void whatBecameSomethingElseBetweenTwoRunsIsWhatItIsNow(Where where) throws Exception {
        Path a = store.wpContent.resolve("plugins/a");
        Files.createSymbolicLink(a.resolve("link"), Path.of("file-1.php"));
        Snapshot first = backUp(open(where));
        Files.delete(a.resolve("link"));
        Files.writeString(a.resolve("link"), "a file now");
        Files.delete(a.resolve("file-1.php"));
        Files.createDirectory(a.resolve("file-1.php"));
        Files.writeString(a.resolve("file-1.php/inside"), "inside");
        Files.delete(a.resolve("file-2.php"));
        Files.createSymbolicLink(a.resolve("file-2.php"), Path.of("../../../../home"));
        Files.delete(store.wpContent.resolve("plugins/folder/inner/deep.php"));
        Files.delete(store.wpContent.resolve("plugins/folder/inner"));
        Files.writeString(store.wpContent.resolve("plugins/folder/inner"), "a file now");
        Files.move(a.resolve("file-3.php"), a.resolve("FILE-3.php"));
        replace(a.resolve("file-4.php"), "<?php // x".getBytes()); // the same length as before
        Files.setLastModifiedTime(a.resolve("file-4.php"), FileTime.from(FaultyStore.OLD.plusSeconds(1)));
        Snapshot second = backUp(open(where));
        SnapshotCheck.assertWholeAndEqual(second.path(), store.wpContent);
        SnapshotCheck.assertWhole(first.path());
    }

    @ParameterizedTest
    @EnumSource
    void aClockThatGoesBackBetweenRunsHarmsNoSnapshot(Where where) throws Exception {
        List<String> ids = new ArrayList<>();
        int n = 0;
        for (Instant now : List.of(NOW, NOW.minusSeconds(86_400 * 365), Instant.EPOCH, NOW.plusSeconds(5), NOW)) {
            replace(victim, ("change " + n++).getBytes());
            Files.setLastModifiedTime(victim, FileTime.from(FaultyStore.OLD.plusSeconds(n)));
            try (StoreFiles files = open(where)) {
                Snapshot snapshot = store.backUp(Clock.fixed(now, ZoneOffset.UTC), files);
                SnapshotCheck.assertWholeAndEqual(snapshot.path(), store.wpContent);
                ids.add(snapshot.id());
            }
        }
        assertThat(ids).isSorted().doesNotHaveDuplicates();
        assertThat(SnapshotCheck.assertAllWhole(store.snapshots())).isEqualTo(5);
        SnapshotCheck.assertClean(store.snapshots());
    }

    @Test
    void aClockThatGoesBackDuringARunHarmsNoSnapshot() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        InstantSource backwards = () -> NOW.minusSeconds(3600L * calls.getAndIncrement());
        for (int i = 0; i < 3; i++) {
            try (StoreFiles files = open(Where.LOCAL)) {
                Snapshot snapshot = store.backUp(backwards.withZone(ZoneOffset.UTC), files);
                SnapshotCheck.assertWholeAndEqual(snapshot.path(), store.wpContent);
            }
        }
        assertThat(SnapshotCheck.sealed(store.snapshots())).hasSize(3);
    }

    private StoreFiles open(Where where) {
        return where == Where.SFTP ? store.open() : store.open("file:" + store.folder.resolve("shop"));
    }

    private Snapshot backUp(StoreFiles files) {
        try (files) {
            return store.backUp(Clock.fixed(NOW, ZoneOffset.UTC), files);
        }
    }

    private void nextRunIsWhole(Where where) throws Exception {
        SnapshotCheck.assertWholeAndEqual(backUp(open(where)).path(), store.wpContent);
        assertThat(SnapshotCheck.assertAllWhole(store.snapshots())).isEqualTo(2);
        SnapshotCheck.assertClean(store.snapshots());
    }

    private void assertOnlyTheVictimIsLacking(Snapshot snapshot) throws Exception {
        SnapshotCheck.assertWhole(snapshot.path());
        Map<String, String> errors = SnapshotCheck.errors(snapshot.path());
        assertThat(errors).containsOnlyKeys("wp-content/plugins/a/victim.php");
        assertThat(snapshot.failed()).isEqualTo(1);
        assertThat(errors.values()).noneMatch(reason -> reason.contains("Exception"));
        assertThat(snapshot.path().resolve("wp-content/plugins/a/victim.php")).doesNotExist();
        assertThat(snapshot.path().resolve("wp-content/plugins/a/file-19.php")).hasContent("<?php // 19");
    }

    /** Its content is one of these, or it is named as lacking: never a mixture. */
    private static void assertVictimIsOneOf(Snapshot snapshot, byte[]... contents) throws Exception {
        SnapshotCheck.assertWhole(snapshot.path());
        Path stored = snapshot.path().resolve("wp-content/plugins/a/victim.php");
        if (SnapshotCheck.errors(snapshot.path()).isEmpty()) {
            byte[] bytes = Files.readAllBytes(stored);
            assertThat(Arrays.stream(contents).anyMatch(content -> Arrays.equals(content, bytes)))
                    .as("%s bytes, one of the whole contents", bytes.length)
                    .isTrue();
        } else {
            assertThat(SnapshotCheck.errors(snapshot.path())).containsOnlyKeys("wp-content/plugins/a/victim.php");
        }
    }

    private static void cut(Path file, long length) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(length);
        }
    }

    /** As careful programs write: beside it, then over it. */
    private static void replace(Path file, byte[] bytes) throws IOException {
        Path beside = file.resolveSibling("beside");
        Files.write(beside, bytes);
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
