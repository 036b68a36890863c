package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import cocart.upkeep.backup.Finding.Kind;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreFilesFactory;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damage of every kind, done to real snapshots on a real disk. */
class VerifyTest {

    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");
    private static final String A = "wp-content/plugins/a/a.php";

    @TempDir
    Path folder;

    private Path shop;
    private Snapshots snapshots;
    private Verify verify;
    private boolean storeIsAway;
    private int dumps;

    @BeforeEach
    void shop() throws Exception {
        shop = folder.resolve("shop");
        snapshots = new Snapshots(folder.resolve("backups"));
        verify = new Verify(snapshots, new OneStore());
        write("index.php", "<?php // Silence is golden.");
        write("plugins/a/a.php", "<?php // a");
        write("plugins/a/b.php", "<?php // b");
        write("uploads/one.jpg", "picture");
        write("uploads/same.jpg", "picture");
        Files.createDirectories(shop.resolve("wp-content/empty"));
        Files.createSymbolicLink(shop.resolve("wp-content/link"), Path.of("../.."));
    }

    @Test
    void whatIsAsItWasSealedIsWhole() {
        backUp(NOW);
        backUp(NOW.plusSeconds(60));
        Report report = verify();
        assertThat(report.findings()).isEmpty();
        assertThat(report.results()).hasSize(2).allMatch(Report.Result::full).allMatch(Report.Result::isWhole);
        assertThat(report.contents()).as("4 contents and 2 dumps").isEqualTo(6);
        assertThat(report.hashed()).as("each inode once").isEqualTo(6);
    }

    @Test
    void aBitThatFlippedIsFoundInEverySnapshotThatSharesItAndMendedFromTheStore() throws Exception {
        Snapshot first = backUp(NOW);
        Snapshot second = backUp(NOW.plusSeconds(60));
        Map<String, String> before = tree(first.path());
        flip(first.path().resolve(A), 7);
        assertThat(inode(first.path().resolve(A))).isEqualTo(inode(second.path().resolve(A)));
        Path old = Files.createLink(folder.resolve("old"), first.path().resolve(A));

        Report seen = verify.run(List.of("acme"), Sample.ALL, false, Progress.NONE);
        assertThat(said(seen)).containsExactly("CHANGED " + second.id() + " " + A, "CHANGED " + first.id() + " " + A);
        assertThat(seen.isWhole()).isFalse();
        assertThat(tree(first.path())).as("--no-repair changes nothing").isNotEqualTo(before);

        Report report = verify();
        assertThat(report.findings()).hasSize(2).allMatch(Finding::isRepaired).allMatch(finding -> finding.outcome()
                .equals("put back from the store acme"));
        assertThat(report.isWhole()).isTrue();
        assertThat(tree(first.path())).isEqualTo(before);
        assertThat(inode(first.path().resolve(A)))
                .as("shared again")
                .isEqualTo(inode(second.path().resolve(A)))
                .as("never written into the damaged file")
                .isNotEqualTo(inode(old));
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(first.path().resolve(A))))
                .isEqualTo("r--------");
        assertThat(Files.getLastModifiedTime(first.path().resolve(A)))
                .isEqualTo(Files.getLastModifiedTime(shop.resolve(A)));
        assertNothingLeft();
        assertThat(verify().findings()).isEmpty();
    }

    @Test
    void whatChangedInTheStoreMeanwhileIsNotPutBack() throws Exception {
        Snapshot snapshot = backUp(NOW);
        flip(snapshot.path().resolve(A), 7);
        write("plugins/a/a.php", "<?php // A");
        assertThat(only(verify()).outcome()).contains("it was changed in the store since");

        Files.setLastModifiedTime(
                shop.resolve(A), FileTime.from(Instant.ofEpochSecond(time(snapshot, A)))); // same size and time
        assertThat(only(verify()).outcome()).contains("other content under the same name, size and time");

        Files.delete(shop.resolve(A));
        assertThat(only(verify()).outcome()).contains("the store has it no more");

        storeIsAway = true;
        assertThat(only(verify()).outcome()).contains("store acme: no route to host");
        assertNothingLeft();
    }

    @Test
    void whatLiesUndamagedInAnotherSnapshotIsTakenFromThere() throws Exception {
        Snapshot first = backUp(NOW);
        Snapshot second = backUp(NOW.plusSeconds(60));
        storeIsAway = true;
        Files.delete(first.path().resolve(A));
        Path replaced = second.path().resolve("wp-content/index.php");
        Files.delete(replaced);
        Files.writeString(replaced, "<?php // Silence is g0lden.");
        Report report = verify();
        assertThat(said(report))
                .containsExactlyInAnyOrder(
                        "MISSING " + first.id() + " " + A, "CHANGED " + second.id() + " wp-content/index.php");
        assertThat(report.isWhole()).isTrue();
        assertThat(report.findings())
                .anyMatch(finding -> finding.outcome().equals("put back from acme/" + second.id() + "/" + A));
        assertThat(inode(first.path().resolve(A))).isEqualTo(inode(second.path().resolve(A)));
        assertThat(replaced).hasContent("<?php // Silence is golden.");
    }

    @Test
    void filesThatWereSwappedAreSwappedBack() throws Exception {
        Snapshot snapshot = backUp(NOW);
        Map<String, String> before = tree(snapshot.path());
        storeIsAway = true;
        Path a = snapshot.path().resolve(A);
        Path b = snapshot.path().resolve("wp-content/plugins/a/b.php");
        Files.move(a, folder.resolve("aside"));
        Files.move(b, a);
        Files.move(folder.resolve("aside"), b);
        Report report = verify();
        assertThat(report.findings()).hasSize(2).allMatch(finding -> finding.kind() == Kind.CHANGED);
        assertThat(report.isWhole()).isTrue();
        assertThat(tree(snapshot.path())).isEqualTo(before);
    }

    @Test
    void contentThatAnotherStoreSharesIsReportedAndMendedThereToo() throws Exception {
        Snapshot acme = backUp(NOW);
        Snapshot other = backUp("other", NOW.plusSeconds(60));
        flip(acme.path().resolve(A), 7);
        Report report = verify();
        assertThat(report.findings()).extracting(Finding::store).containsExactly("acme", "other");
        assertThat(report.results().get(1).full()).as("only looked at for this").isFalse();
        assertThat(report.isWhole()).isTrue();
        assertThat(inode(other.path().resolve(A))).isEqualTo(inode(acme.path().resolve(A)));
    }

    @Test
    void aDumpCannotBeMadeAgainSoItsSnapshotStaysHurt() throws Exception {
        Snapshot snapshot = backUp(NOW);
        flip(snapshot.path().resolve("database.sql.gz"), 3);
        Finding finding = only(verify());
        assertThat(finding.path()).isEqualTo("database.sql.gz");
        assertThat(finding.outcome()).contains("a dump of that moment cannot be made again");
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, 0.3, 0.5, 0.8, 0.999})
    void aBitThatFlippedAnywhereInTheManifestIsFound(double where) throws Exception {
        Snapshot snapshot = backUp(NOW);
        Path manifest = snapshot.path().resolve("manifest.jsonl");
        flip(manifest, (int) (Files.size(manifest) * where));
        Finding finding = only(verify());
        assertThat(finding.kind()).isEqualTo(Kind.MANIFEST);
        assertThat(finding.isRepaired()).isFalse();
        assertThat(finding.outcome()).isNotEmpty();
    }

    @Test
    void everyBitOfTheManifestsLastLineThatMattersIsWatched() throws Exception {
        Snapshot snapshot = backUp(NOW);
        Path manifest = snapshot.path().resolve("manifest.jsonl");
        String text = Files.readString(manifest);
        for (String change :
                List.of("\"files\":6|\"files\":7", "\"partial\":0|\"partial\":1", "\"lines\":\"|\"lines\":\"0")) {
            Files.delete(manifest);
            String changed = text.replace(change.split("\\|")[0], change.split("\\|")[1]);
            assertThat(changed).isNotEqualTo(text);
            Files.writeString(manifest, changed);
            assertThat(only(verify()).kind()).as(change).isEqualTo(Kind.MANIFEST);
        }
        Files.delete(manifest);
        assertThat(only(verify()).kind()).as("no manifest").isEqualTo(Kind.MANIFEST);
    }

    @Test
    void whatNoLineNamesIsForeignAndStays() throws Exception {
        Snapshot snapshot = backUp(NOW);
        Files.writeString(snapshot.path().resolve("wp-content/plugins/a/evil.php"), "<?php");
        Files.createSymbolicLink(snapshot.path().resolve("wp-content/link"), folder);
        Files.createDirectories(snapshot.path().resolve("wp-content/more/and/more"));
        Files.writeString(snapshot.path().resolve("notes.txt"), "mine");
        Report report = verify();
        assertThat(said(report))
                .containsExactlyInAnyOrder(
                        "FOREIGN " + snapshot.id() + " notes.txt",
                        "FOREIGN " + snapshot.id() + " wp-content/link",
                        "FOREIGN " + snapshot.id() + " wp-content/more",
                        "FOREIGN " + snapshot.id() + " wp-content/plugins/a/evil.php");
        assertThat(report.isWhole()).as("the snapshot's own content").isTrue();
        assertThat(report.isClean()).isFalse();
        assertThat(report.findings())
                .filteredOn(finding -> finding.path().equals("notes.txt"))
                .singleElement()
                .satisfies(finding -> assertThat(finding.outcome())
                        .contains(
                                "own content is not touched",
                                "remove " + snapshot.path().resolve("notes.txt")));
        assertThat(snapshot.path().resolve("notes.txt")).exists();
    }

    @Test
    void aPlantedLinkIsNeverFollowed() throws Exception {
        Snapshot snapshot = backUp(NOW);
        Map<String, String> before = tree(snapshot.path());
        Path outside = Files.createDirectories(folder.resolve("outside"));
        Files.writeString(outside.resolve("a.php"), "<?php // not mine");
        Files.writeString(outside.resolve("b.php"), "<?php // b");
        Disk.remove(snapshot.path().resolve("wp-content/plugins/a"));
        Files.createSymbolicLink(snapshot.path().resolve("wp-content/plugins/a"), outside);
        Path jpg = snapshot.path().resolve("wp-content/uploads/one.jpg");
        Files.delete(jpg);
        Files.createSymbolicLink(jpg, Files.writeString(folder.resolve("picture"), "picture"));
        Report report = verify();
        assertThat(said(report))
                .containsExactlyInAnyOrder(
                        "WRONG_TYPE " + snapshot.id() + " wp-content/plugins/a",
                        "MISSING " + snapshot.id() + " wp-content/plugins/a/a.php",
                        "MISSING " + snapshot.id() + " wp-content/plugins/a/b.php",
                        "WRONG_TYPE " + snapshot.id() + " wp-content/uploads/one.jpg");
        assertThat(report.isWhole()).isTrue();
        assertThat(tree(snapshot.path())).isEqualTo(before);
        assertThat(outside.resolve("a.php")).hasContent("<?php // not mine");
    }

    @Test
    void aLinkInPlaceOfTheWholeTreeIsNeverFollowed() throws Exception {
        Snapshot snapshot = backUp(NOW);
        Map<String, String> before = tree(snapshot.path());
        Path moved = folder.resolve("moved");
        Files.move(snapshot.path().resolve("wp-content"), moved);
        Files.createSymbolicLink(snapshot.path().resolve("wp-content"), moved);
        Files.delete(moved.resolve("index.php"));
        Report report = verify();
        assertThat(said(report))
                .contains("WRONG_TYPE " + snapshot.id() + " wp-content", "MISSING " + snapshot.id() + " " + A);
        assertThat(report.isWhole()).isTrue();
        assertThat(tree(snapshot.path())).isEqualTo(before);
        assertThat(moved.resolve("index.php"))
                .as("nothing is put where the link leads")
                .doesNotExist();
    }

    @Test
    void aPipeOrAFolderInAFilesPlaceIsNotRead() throws Exception {
        Snapshot snapshot = backUp(NOW);
        Path a = snapshot.path().resolve(A);
        Files.delete(a);
        assertThat(new ProcessBuilder("mkfifo", a.toString()).start().waitFor()).isZero();
        Path index = snapshot.path().resolve("wp-content/index.php");
        Files.delete(index);
        Files.createDirectories(index.resolve("x"));
        Report report = verify();
        assertThat(said(report))
                .containsExactlyInAnyOrder(
                        "WRONG_TYPE " + snapshot.id() + " " + A,
                        "WRONG_TYPE " + snapshot.id() + " wp-content/index.php");
        assertThat(a).hasContent("<?php // a");
        assertThat(report.findings())
                .filteredOn(finding -> !finding.isRepaired())
                .extracting(Finding::outcome)
                .containsExactly("move the folder that lies there away, then verify again");
    }

    @Test
    void aWholeTreeThatIsGoneComesBack() throws Exception {
        Snapshot snapshot = backUp(NOW);
        Map<String, String> before = tree(snapshot.path());
        Disk.remove(snapshot.path().resolve("wp-content"));
        assertThat(verify().isWhole()).isTrue();
        assertThat(tree(snapshot.path())).isEqualTo(before);
        assertNothingLeft();
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "{\"path\":\"a\",\"sha256\":\"00\"}", "[", "\"\""})
    void aLineThatNamesNoEntryIsADamagedManifest(String line) throws Exception {
        Snapshot snapshot = backUp(NOW);
        reseal(snapshot, body -> body + line + "\n");
        assertThat(said(verify())).containsExactly("MANIFEST " + snapshot.id() + " manifest.jsonl");
    }

    @Test
    void aPathThatNoBackupWritesIsADamagedManifest() throws Exception {
        Snapshot snapshot = backUp(NOW);
        reseal(snapshot, body -> body.replace("\"" + A + "\"", "\"x\""));
        assertThat(said(verify()))
                .containsExactlyInAnyOrder("MANIFEST " + snapshot.id() + " x", "FOREIGN " + snapshot.id() + " " + A);
    }

    @Test
    void aPipeInPlaceOfTheManifestIsNotWaitedFor() throws Exception {
        Snapshot snapshot = backUp(NOW);
        Path manifest = snapshot.path().resolve("manifest.jsonl");
        Files.delete(manifest);
        assertThat(new ProcessBuilder("mkfifo", manifest.toString()).start().waitFor())
                .isZero();
        assertTimeoutPreemptively(Duration.ofMinutes(4), () -> {
            assertThat(said(verify())).containsExactly("MANIFEST " + snapshot.id() + " manifest.jsonl");
            assertThatThrownBy(() -> Hashing.sha256(manifest)).hasMessageContaining("no plain file");
            assertThatThrownBy(() -> Manifest.read(snapshot.path(), line -> {}, broken -> {}))
                    .hasMessageContaining("no plain file");
            assertThatThrownBy(() -> new SnapshotTar(snapshot, java.io.OutputStream.nullOutputStream()))
                    .hasMessageContaining("no plain file");
        });
    }

    /** Changes all lines but the last, which then fits them again. */
    private static void reseal(Snapshot snapshot, UnaryOperator<String> change) throws IOException {
        Path manifest = snapshot.path().resolve("manifest.jsonl");
        List<String> lines = Files.readAllLines(manifest);
        String body = change.apply(String.join("\n", lines.subList(0, lines.size() - 1)) + "\n");
        Files.delete(manifest);
        Files.writeString(manifest, body);
        String digest = Hashing.sha256(manifest);
        Files.writeString(
                manifest,
                body + lines.get(lines.size() - 1).replaceAll("\"lines\":\"[0-9a-f]+\"", "\"lines\":\"" + digest + "\"")
                        + "\n");
    }

    @Test
    void aManifestThatNamesAPathOutsideIsSaidAndNothingIsWrittenThere() throws Exception {
        Snapshot snapshot = backUp(NOW);
        reseal(snapshot, body -> body.replace(A, "../../../escaped.php"));
        Report report = verify();
        assertThat(said(report))
                .containsExactlyInAnyOrder(
                        "MANIFEST " + snapshot.id() + " ../../../escaped.php", "FOREIGN " + snapshot.id() + " " + A);
        assertThat(folder.resolve("backups/escaped.php")).doesNotExist();
    }

    @Test
    void aSampleHashesItsPartAndTheSameSeedTheSamePart() throws Exception {
        for (int i = 0; i < 40; i++) {
            write("uploads/" + i + ".txt", "file " + i);
        }
        Snapshot snapshot = backUp(NOW);
        for (int i = 0; i < 40; i++) {
            flip(snapshot.path().resolve("wp-content/uploads/" + i + ".txt"), 3);
        }
        Report one = sampled(0.25, 1);
        assertThat(one.contents()).isEqualTo(45);
        assertThat(one.results().get(0).full()).isFalse();
        assertThat(one.findings()).hasSizeBetween(1, 11);
        assertThat(said(sampled(0.25, 1))).isEqualTo(said(one));
        assertThat(said(sampled(0.25, 2))).isNotEqualTo(said(one));
        assertThat(sampled(0.0001, 3).hashed()).as("at least one").isEqualTo(1);
        Files.delete(snapshot.path().resolve(A));
        assertThat(said(sampled(0.0001, 3)))
                .as("what is there is looked at always")
                .anyMatch(s -> s.startsWith("MISSING"));
    }

    @Test
    void aHalfOfTheContentsIsHashedIfAHalfIsAsked() {
        backUp(NOW);
        assertThat(sampled(0.6, 7).hashed())
                .as("3 of 5, two files of one content share an inode")
                .isEqualTo(3);
    }

    @Test
    void unfinishedBackupsAreLeftAlone() throws Exception {
        Snapshot snapshot = backUp(NOW);
        Path unfinished = snapshot.path().resolveSibling(".unfinished-20261124T040000Z");
        Files.createDirectories(unfinished.resolve("wp-content"));
        Files.writeString(unfinished.resolve("manifest.jsonl"), "{\"begun\":1");
        Report report = verify();
        assertThat(report.findings()).isEmpty();
        assertThat(report.results()).hasSize(1);
        assertThat(unfinished.resolve("manifest.jsonl")).exists();
    }

    @Test
    void aSnapshotThatIsBeingRemovedIsNotCalledDamagedNorBroughtBack() throws Exception {
        for (int i = 0; i < 40; i++) {
            write("uploads/" + i + ".txt", "file " + i);
        }
        Snapshot going = backUp(NOW);
        Snapshot stays = backUp(NOW.plusSeconds(60));
        Files.delete(going.path().resolve("wp-content/uploads/0.txt"));
        Thread removing = new Thread(() -> {
            try {
                for (int i = 1; i < 40; i++) {
                    Thread.sleep(25);
                    Files.delete(going.path().resolve("wp-content/uploads/" + i + ".txt"));
                }
                Disk.remove(going.path());
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        removing.start();
        Report report = verify();
        removing.join();
        assertThat(report.results()).extracting(Report.Result::id).containsExactly(stays.id());
        assertThat(report.isWhole()).isTrue();
        assertThat(going.path()).doesNotExist();
    }

    private Report verify() {
        return verify.run(List.of("acme"), Sample.ALL, true, Progress.NONE);
    }

    private Report sampled(double part, long seed) {
        return verify.run(List.of("acme"), new Sample(part, seed), false, Progress.NONE);
    }

    private static List<String> said(Report report) {
        return report.findings().stream()
                .map(finding -> finding.kind() + " " + finding.id() + " " + finding.path())
                .toList();
    }

    private static Finding only(Report report) {
        assertThat(report.findings()).hasSize(1);
        assertThat(report.isWhole()).isFalse();
        return report.findings().get(0);
    }

    private void assertNothingLeft() throws IOException {
        try (Stream<Path> left = Files.list(folder.resolve("backups/snapshots/acme"))) {
            assertThat(left).noneMatch(path -> path.getFileName().toString().startsWith("."));
        }
    }

    private Snapshot backUp(Instant at) {
        return backUp("acme", at);
    }

    private Snapshot backUp(String store, Instant at) {
        return new BackUp(snapshots, Clock.fixed(at, ZoneOffset.UTC), 0).run(store(store), files(), this::writeDump);
    }

    private long writeDump(Path target) {
        try {
            return Files.size(Files.writeString(target, "-- dump " + dumps++));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private StoreFiles files() {
        return new StoreFilesFactory(new DefaultCamelContext(), folder).open(store("acme"));
    }

    private StoreSettings store(String id) {
        return new StoreSettings(
                id,
                "file:" + shop,
                null,
                List.of("a"),
                new StoreSettings.DatabaseSettings(null, null, null, null, false),
                false,
                Duration.ZERO,
                "0 * * * * ?",
                "UTC",
                new StoreSettings.Backup("0 0 3 * * ?", "", List.of(), "", 2, Duration.ZERO, 128, 16L << 20));
    }

    private void write(String name, String text) throws IOException {
        Path file = shop.resolve("wp-content").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setLastModifiedTime(file, FileTime.from(NOW.minusSeconds(1000 + Math.abs(text.hashCode() % 1000))));
    }

    private static void flip(Path file, int at) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        FileTime time = Files.getLastModifiedTime(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            java.nio.ByteBuffer one = java.nio.ByteBuffer.allocate(1);
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ 4)).rewind();
            channel.write(one, at);
        }
        Files.setLastModifiedTime(file, time);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
    }

    private static long time(Snapshot snapshot, String path) throws IOException {
        List<Long> times = new java.util.ArrayList<>();
        Manifest.read(
                snapshot.path(),
                line -> {
                    if (line.path().equals(path)) {
                        times.add(line.mtime());
                    }
                },
                broken -> {});
        return times.get(0);
    }

    private static Map<String, String> tree(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.collect(Collectors.toMap(
                    path -> root.relativize(path).toString(),
                    path -> {
                        try {
                            return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                                    ? Files.readString(path)
                                    : Files.isSymbolicLink(path) ? "a link" : "a folder";
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    (one, other) -> one,
                    TreeMap::new));
        }
    }

    private static Object inode(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino");
    }

    /** The store acme, in reach or not. */
    private final class OneStore implements Stores {

        @Override
        public Collection<StoreSettings> all() {
            return List.of(store("acme"));
        }

        @Override
        public StoreSettings get(String id) {
            return store(id);
        }

        @Override
        public StoreFiles files(String id) {
            if (storeIsAway) {
                throw new StoreException("store acme: no route to host", null);
            }
            return VerifyTest.this.files();
        }

        @Override
        public StoreDatabase database(String id) {
            throw new IllegalStateException("nobody asks for it");
        }
    }
}
