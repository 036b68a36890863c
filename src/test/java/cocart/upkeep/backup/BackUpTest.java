package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import cocart.upkeep.faults.SmallDisk;
import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreFilesFactory;
import cocart.upkeep.store.StoreSettings;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots on a real disk, of real folders. */
class BackUpTest {

    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");

    @TempDir
    Path folder;

    private Path shop;
    private Snapshots snapshots;
    private final List<String> read = new ArrayList<>();
    private String dump = "-- dump 1";

    @BeforeEach
    void shop() throws Exception {
        shop = folder.resolve("shop");
        snapshots = new Snapshots(folder.resolve("backups"));
        write("index.php", "<?php // Silence is golden.");
        write("plugins/a/a.php", "<?php // a");
        write("plugins/a/cache/source.php", "<?php // a plugin's own source");
        write("uploads/2026/11/one.jpg", "picture");
        write("uploads/2026/11/same.jpg", "picture");
        Files.createDirectories(shop.resolve("wp-content/empty"));
    }

    @Test
    void aSnapshotIsAPlainTreeWithADumpAndAManifest() throws Exception {
        Snapshot snapshot = backUp("acme", NOW);
        assertThat(snapshot.id()).isEqualTo("20261124T030000Z");
        assertThat(snapshot.failed()).isZero();
        assertThat(snapshot.files()).isEqualTo(6);
        assertThat(snapshot.path()).isEqualTo(folder.resolve("backups/snapshots/acme/20261124T030000Z"));
        assertThat(tree(snapshot.path().resolve("wp-content"))).isEqualTo(tree(shop.resolve("wp-content")));
        assertThat(snapshot.path().resolve("wp-content/empty")).isEmptyDirectory();
        assertThat(snapshot.path().resolve("database.sql.gz")).hasContent("-- dump 1");
        List<String> manifest = Files.readAllLines(snapshot.path().resolve("manifest.jsonl"));
        assertThat(manifest)
                .anyMatch(line -> line.contains("\"path\":\"wp-content/uploads/2026/11/one.jpg\"")
                        && line.contains("\"size\":7")
                        && line.contains("\"mode\":\"06")
                        && line.contains("\"sha256\":\""));
        assertThat(manifest.get(manifest.size() - 1)).startsWith("{\"sealed\":");
        assertThat(snapshots.list("acme")).containsExactly(snapshot);
    }

    /**
     * H2 tries for ever to close a file if its background writer fails at that very moment, so there is to be none; and
     * what is not written yet cannot be written then.
     */
    @Test
    void theIndexOfContentsIsClosedOnADiskThatHasBecomeFull() throws Exception {
        Path mount = folder.resolve("disk");
        for (int i = 0; i < 1000; i++) {
            write("uploads/" + i + ".txt", "number " + i);
        }
        try (SmallDisk disk = new SmallDisk(mount, "size=16m")) {
            snapshots = new Snapshots(mount.resolve("backups"));
            backUp("acme", NOW);
            ContentIndex index = new ContentIndex(snapshots);
            Closeable run = index.begin(new ContentIndex.Origin("acme", "20261124T040000Z"));
            assertThat(index.find("0".repeat(64), 1, "acme")).isEmpty(); // it is opened, and takes the snapshot in
            assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("MVStore background writer"));
            try (OutputStream filler = Files.newOutputStream(mount.resolve("filler"))) {
                for (byte[] some = new byte[4096]; ; ) {
                    filler.write(some);
                }
            } catch (IOException full) {
                assertTimeoutPreemptively(Duration.ofMinutes(4), run::close);
            }
            Files.delete(mount.resolve("filler"));
            write("plugins/b/b.php", "<?php // b");
            assertThat(backUp("acme", NOW.plusSeconds(60)).newBytes()).isEqualTo("<?php // b".length());
        }
    }

    @Test
    void filesArePrivateAndCannotBeChangedByAccident() throws Exception {
        Snapshot snapshot = backUp("acme", NOW);
        try (Stream<Path> all = Files.walk(folder.resolve("backups/snapshots"))) {
            for (Path path : all.toList()) {
                String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
                assertThat(mode)
                        .as(path.toString())
                        .isIn(
                                Files.isDirectory(path)
                                        ? List.of("rwx------")
                                        : path.equals(snapshot.path().resolve("manifest.jsonl"))
                                                ? List.of("r--------", "rw-------")
                                                : List.of("r--------"));
            }
        }
    }

    @Test
    void anUnchangedFileIsNotReadAgainAndStoredOnce() throws Exception {
        Snapshot first = backUp("acme", NOW);
        read.clear();
        write("plugins/a/a.php", "<?php // changed");
        Snapshot second = backUp("acme", NOW.plusSeconds(60));
        assertThat(read).containsExactly("plugins/a/a.php");
        assertThat(second.newBytes()).isEqualTo("<?php // changed".length());
        assertThat(second.bytes()).isGreaterThan(first.bytes());
        assertSameFile(first, second, "wp-content/index.php");
        assertThat(first.path().resolve("wp-content/plugins/a/a.php")).hasContent("<?php // a");
        assertThat(second.path().resolve("wp-content/plugins/a/a.php")).hasContent("<?php // changed");
    }

    @Test
    void equalContentIsStoredOnceWithinASnapshotAndOverStores() throws Exception {
        Snapshot acme = backUp("acme", NOW);
        Snapshot other = backUp("other", NOW.plusSeconds(60));
        assertThat(other.newBytes()).as("only its own dump").isEqualTo(dump.length());
        assertSameFile(acme, other, "wp-content/index.php");
        assertThat(inode(acme.path().resolve("wp-content/uploads/2026/11/one.jpg")))
                .isEqualTo(inode(acme.path().resolve("wp-content/uploads/2026/11/same.jpg")));
    }

    @Test
    void removingASnapshotByHandHurtsNoOther() throws Exception {
        Snapshot first = backUp("acme", NOW);
        Snapshot second = backUp("acme", NOW.plusSeconds(60));
        Disk.remove(first.path());
        assertThat(snapshots.list("acme")).containsExactly(second);
        assertThat(second.path().resolve("wp-content/index.php")).hasContent("<?php // Silence is golden.");
        Snapshot third = backUp("acme", NOW.plusSeconds(120));
        assertThat(third.newBytes()).isZero();
    }

    @Test
    void aFileThatChangedInTheSecondOfTheLastRunIsReadAgain() throws Exception {
        touch("index.php", NOW);
        backUp("acme", NOW);
        read.clear();
        write("index.php", "<?php // Silence is g0lden.");
        touch("index.php", NOW);
        Snapshot second = backUp("acme", NOW.plusSeconds(60));
        assertThat(second.path().resolve("wp-content/index.php")).hasContent("<?php // Silence is g0lden.");
    }

    @Test
    void whatHasANameThatCannotBeUsedCanBeLeftOut() throws Exception {
        write("uploads/c\\d.jpg", "a zip of Windows was unpacked here");
        Snapshot partial = backUp("acme", NOW);
        assertThat(partial.failed()).isEqualTo(1);
        assertThat(Files.readString(partial.path().resolve("manifest.jsonl")))
                .contains("its name cannot be used on this side", "rename it, or leave it out with upkeep.backup.skip");
        assertThat(backUp("acme", NOW.plusSeconds(60), List.of("uploads/c?d.jpg"))
                        .failed())
                .isZero();
    }

    @Test
    void skipsAreAnchoredAtWpContent() throws Exception {
        write("cache/page.html", "cached");
        write("backup-2020/old.zip", "old");
        write("uploads/backwpup-1/x.zip", "old");
        write("uploads/2026/cache/kept.jpg", "kept");
        Snapshot snapshot = backUp("acme", NOW, List.of("cache", "backup*", "uploads/backwpup*"));
        Path content = snapshot.path().resolve("wp-content");
        assertThat(content.resolve("cache")).doesNotExist();
        assertThat(content.resolve("backup-2020")).doesNotExist();
        assertThat(content.resolve("uploads/backwpup-1")).doesNotExist();
        assertThat(content.resolve("plugins/a/cache/source.php")).exists();
        assertThat(content.resolve("uploads/2026/cache/kept.jpg")).exists();
    }

    @Test
    void linksAreRecordedAndNeverFollowed() throws Exception {
        Path outside = Files.writeString(folder.resolve("outside.txt"), "secret of the host");
        Files.createSymbolicLink(shop.resolve("wp-content/out"), outside);
        Files.createSymbolicLink(shop.resolve("wp-content/up"), Path.of("../.."));
        Snapshot snapshot = backUp("acme", NOW);
        assertThat(snapshot.failed()).isZero();
        assertThat(Files.exists(snapshot.path().resolve("wp-content/out"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
        assertThat(Files.readAllLines(snapshot.path().resolve("manifest.jsonl")))
                .anyMatch(line -> line.contains("\"wp-content/out\"")
                        && line.contains("\"type\":\"link\"")
                        && line.contains("outside.txt"))
                .noneMatch(line -> line.contains("secret of the host"));
    }

    @Test
    void whatFailsBeforeTheEndIsNotListedAndItsContentIsUsedByTheNextRun() throws Exception {
        for (int i = 0; i < 50; i++) {
            write("uploads/" + i + ".txt", "file " + i);
        }
        assertThatThrownBy(() -> run("acme", NOW, List.of(), 40)).hasMessageContaining("the server went away");
        assertThat(snapshots.list("acme")).isEmpty();
        List<String> before = List.copyOf(read);
        read.clear();
        Snapshot snapshot = backUp("acme", NOW.plusSeconds(60));
        assertThat(read).hasSizeLessThan(20).doesNotContainAnyElementsOf(before.subList(0, 30));
        assertThat(tree(snapshot.path().resolve("wp-content"))).isEqualTo(tree(shop.resolve("wp-content")));
        try (Stream<Path> left = Files.list(folder.resolve("backups/snapshots/acme"))) {
            assertThat(left).containsExactly(snapshot.path());
        }
    }

    @Test
    void aDumpThatFailsLeavesNothingListed() {
        dump = null;
        assertThatThrownBy(() -> backUp("acme", NOW)).isInstanceOf(StoreException.class);
        assertThat(snapshots.list()).isEmpty();
        assertThat(read).as("the database comes first").isEmpty();
    }

    @Test
    void whatIsNotASealedSnapshotIsNotListed() throws Exception {
        Snapshot good = backUp("acme", NOW);
        Path store = good.path().getParent();
        Path cut = store.resolve("20261124T040000Z");
        Disk.createFolder(cut);
        List<String> lines = Files.readAllLines(good.path().resolve("manifest.jsonl"));
        Files.write(cut.resolve("manifest.jsonl"), lines.subList(0, lines.size() - 1));
        Disk.createFolder(store.resolve("20261124T050000Z"));
        Disk.createFolder(store.resolve("my notes"));
        Path stolen = store.resolve("20261124T060000Z");
        Disk.createFolder(stolen);
        Files.write(stolen.resolve("manifest.jsonl"), lines);
        Files.createSymbolicLink(store.resolve("20261124T070000Z"), good.path());
        assertThat(snapshots.list("acme")).containsExactly(good);
        Snapshot next = backUp("acme", NOW.plus(Duration.ofDays(1)));
        assertThat(next.newBytes()).isZero();
    }

    @Test
    void idsGrowEvenIfTheClockGoesBack() throws Exception {
        Snapshot first = backUp("acme", NOW);
        Snapshot second = backUp("acme", NOW);
        Snapshot third = backUp("acme", NOW.minusSeconds(3600));
        assertThat(List.of(first.id(), second.id(), third.id())).isSorted().doesNotHaveDuplicates();
        assertThat(snapshots.newest("acme")).contains(third);
    }

    @Test
    void aFileThatGrowsWhileItIsReadIsAnErrorInTheManifestAndNotInTheTree() throws Exception {
        StoreFiles lying = new Wrapped(files()) {
            @Override
            public boolean found(Visitor visitor, FileEntry entry) throws IOException {
                return visitor.found(
                        entry.path().equals("index.php")
                                ? new FileEntry(
                                        entry.path(), entry.type(), 9999, entry.mtime(), entry.mode(), null, null)
                                : entry);
            }

            @Override
            OutputStream open(Visitor visitor, FileEntry entry) throws IOException {
                return visitor.open(
                        entry.path().equals("index.php")
                                ? new FileEntry(
                                        entry.path(), entry.type(), 9999, entry.mtime(), entry.mode(), null, null)
                                : entry);
            }
        };
        List<String> told = new ArrayList<>();
        Progress progress = new Progress() {
            @Override
            public void at(long files, long bytes) {
                told.add(files + " " + bytes);
            }

            @Override
            public void found(long files, long bytes) {
                told.add(files + " " + bytes);
            }
        };
        Snapshot snapshot = new BackUp(snapshots, Clock.fixed(NOW, ZoneOffset.UTC), 0)
                .run(store("acme", List.of()), lying, this::writeDump, progress, Set.of());
        assertThat(told)
                .as("what was found, but for the file that was lost, is what is there")
                .endsWith("5 " + snapshot.bytes(), "5 " + snapshot.bytes());
        assertThat(snapshot.failed()).isEqualTo(1);
        assertThat(snapshot.path().resolve("wp-content/index.php")).doesNotExist();
        assertThat(Files.readAllLines(snapshot.path().resolve("manifest.jsonl")))
                .anyMatch(line -> line.contains("index.php") && line.contains("\"error\":"));
    }

    @Test
    void anIdThatComesAgainWithOtherContentIsNotTakenForTheFirst() throws Exception {
        Snapshot first = backUp("acme", NOW);
        Disk.remove(first.path());
        write("index.php", "<?php // Silence is g0lden.");
        Snapshot again = backUp("acme", NOW);
        assertThat(again.id()).isEqualTo(first.id());
        write("old.php", "<?php // Silence is golden.");
        Snapshot third = backUp("acme", NOW.plusSeconds(60));
        assertThat(third.path().resolve("wp-content/old.php")).hasContent("<?php // Silence is golden.");
        assertThat(third.path().resolve("wp-content/index.php")).hasContent("<?php // Silence is g0lden.");
    }

    @Test
    void aDamagedIndexIsMadeAnew() throws Exception {
        Snapshot acme = backUp("acme", NOW);
        Path index = folder.resolve("backups/index.mv.db");
        Files.write(index, new byte[50_000]);
        Snapshot other = backUp("other", NOW.plusSeconds(60));
        assertThat(other.newBytes()).as("only its own dump").isEqualTo(dump.length());
        assertSameFile(acme, other, "wp-content/index.php");
        assertThat(Files.readString(index, java.nio.charset.StandardCharsets.ISO_8859_1))
                .contains("H:2");
    }

    @Test
    void anIndexThatAnotherProcessUsesIsDoneWithout() throws Exception {
        Snapshot first = backUp("acme", NOW);
        Path index = folder.resolve("backups/index.mv.db");
        try (java.nio.channels.FileChannel channel =
                        java.nio.channels.FileChannel.open(index, java.nio.file.StandardOpenOption.WRITE);
                java.nio.channels.FileLock lock = channel.lock()) {
            assertThat(lock.isValid()).isTrue();
            write("copy.php", "<?php // Silence is golden.");
            Snapshot second = backUp("acme", NOW.plusSeconds(60));
            assertThat(second.newBytes()).isZero();
            assertThat(inode(second.path().resolve("wp-content/copy.php")))
                    .isEqualTo(inode(first.path().resolve("wp-content/index.php")));
        }
    }

    private Snapshot backUp(String store, Instant at) {
        return backUp(store, at, List.of());
    }

    private Snapshot backUp(String store, Instant at, List<String> skips) {
        return run(store, at, skips, Integer.MAX_VALUE);
    }

    /** @param goesAway after so many files the server is gone */
    private Snapshot run(String store, Instant at, List<String> skips, int goesAway) {
        StoreFiles files = new Wrapped(files()) {
            @Override
            OutputStream open(Visitor visitor, FileEntry entry) throws IOException {
                if (read.size() >= goesAway) {
                    throw new StoreException("store " + store + ": the server went away", null);
                }
                read.add(entry.path());
                return visitor.open(entry);
            }
        };
        return new BackUp(snapshots, Clock.fixed(at, ZoneOffset.UTC), 0)
                .run(store(store, skips), files, this::writeDump);
    }

    private StoreFiles files() {
        return new StoreFilesFactory(new DefaultCamelContext(), folder).open(store("acme", List.of()));
    }

    private long writeDump(Path target) {
        if (dump == null) {
            throw new StoreException("store acme: the database dump failed", null);
        }
        try {
            return Files.size(Files.writeString(target, dump));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private StoreSettings store(String id, List<String> skips) {
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
                new StoreSettings.Backup("0 0 3 * * ?", "", skips, "", 2, Duration.ZERO, 128, 16L << 20));
    }

    private void write(String name, String text) throws IOException {
        Path file = shop.resolve("wp-content").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        touch(name, NOW.minusSeconds(1000 + Math.abs(text.hashCode() % 1000)));
    }

    private void touch(String name, Instant at) throws IOException {
        Files.setLastModifiedTime(shop.resolve("wp-content").resolve(name), FileTime.from(at));
    }

    private static Map<String, String> tree(Path root) throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.toList()) {
                tree.put(
                        root.relativize(path).toString(),
                        Files.isRegularFile(path) ? Files.readString(path) : "a folder");
            }
        }
        return tree;
    }

    private static void assertSameFile(Snapshot one, Snapshot other, String path) throws IOException {
        assertThat(inode(other.path().resolve(path))).isEqualTo(inode(one.path().resolve(path)));
    }

    private static Object inode(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino");
    }

    /** A store's files with something in between. */
    private static class Wrapped implements StoreFiles {

        private final StoreFiles files;

        Wrapped(StoreFiles files) {
            this.files = files;
        }

        boolean found(Visitor visitor, FileEntry entry) throws IOException {
            return visitor.found(entry);
        }

        OutputStream open(Visitor visitor, FileEntry entry) throws IOException {
            return visitor.open(entry);
        }

        @Override
        public void walk(String folder, Visitor visitor) {
            files.walk(folder, new Visitor() {
                @Override
                public boolean found(FileEntry entry) throws IOException {
                    return Wrapped.this.found(visitor, entry);
                }

                @Override
                public OutputStream open(FileEntry entry) throws IOException {
                    return Wrapped.this.open(visitor, entry);
                }

                @Override
                public void failed(FileEntry entry, String reason) throws IOException {
                    visitor.failed(entry, reason);
                }
            });
        }

        @Override
        public Optional<List<FileEntry>> list(String path) {
            return files.list(path);
        }

        @Override
        public Optional<FileEntry> stat(String path) {
            return files.stat(path);
        }

        @Override
        public Optional<byte[]> read(String path, int limit) {
            return files.read(path, limit);
        }

        @Override
        public void write(String path, InputStream content, long mtime, int mode) throws IOException {
            files.write(path, content, mtime, mode);
        }

        @Override
        public void makeFolder(String path, int mode) {
            files.makeFolder(path, mode);
        }

        @Override
        public void delete(String path) {
            files.delete(path);
        }

        @Override
        public void close() {
            files.close();
        }
    }
}
