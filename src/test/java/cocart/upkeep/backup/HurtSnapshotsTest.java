package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreFilesFactory;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import org.apache.camel.impl.DefaultCamelContext;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.type.StringDataType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A backup after somebody, or a disk, has changed earlier snapshots: nothing of that gets into the new one. */
class HurtSnapshotsTest {

    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");
    private static final String A = "wp-content/a.php";
    private static volatile boolean built;

    @TempDir
    Path folder;

    private SmallShop shop;
    private Path backups;

    @BeforeEach
    void shop() throws Exception {
        backups = folder.resolve("backups");
        shop = new SmallShop(folder.resolve("shop"), backups);
        shop.write("a.php", "<?php // good").write("deep/b.php", "<?php // b");
    }

    @Test
    void anEditedManifestIsNotTakenOverFromButTheOlderSnapshotIs() throws Exception {
        Snapshot first = shop.backUp("acme", NOW);
        Snapshot second = shop.backUp("acme", at(1));
        plant(second.path().resolve(A), "<?php // evil");
        Path manifest = second.path().resolve(Manifest.NAME);
        String evil = Hashing.sha256(second.path().resolve(A));
        edit(
                manifest,
                Files.readString(manifest).replace(Hashing.sha256(first.path().resolve(A)), evil));
        Snapshot third = shop.backUp("acme", at(2));
        assertThat(third.path().resolve(A)).hasContent("<?php // good");
        assertThat(inode(third.path().resolve(A))).isEqualTo(inode(first.path().resolve(A)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"F0", "6E756C6C0A", "endless", "pipe", "no footer fields"})
    void noDamageOfManifestsStopsABackup(String what) throws Exception {
        Snapshot first = shop.backUp("acme", NOW);
        Path manifest = first.path().resolve(Manifest.NAME);
        byte[] text = Files.readAllBytes(manifest);
        Files.delete(manifest);
        switch (what) {
            case "pipe" -> pipe(manifest);
            case "no footer fields" ->
                Files.writeString(manifest, "{\"sealed\":null}\n".repeat(2) + "{\"sealed\":null}\n");
            case "endless" -> {
                // sparse: more than fits into memory, before the footer
                try (FileChannel channel =
                        FileChannel.open(manifest, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                    channel.write(ByteBuffer.wrap("\n".getBytes()), 600L << 20);
                    channel.write(ByteBuffer.wrap(text), (600L << 20) + 1);
                }
            }
            default -> {
                byte[] bytes = java.util.HexFormat.of().parseHex(what);
                Files.write(manifest, bytes);
                Files.write(manifest, text, StandardOpenOption.APPEND);
            }
        }
        assertTimeoutPreemptively(Duration.ofMinutes(4), () -> {
            Snapshot second = shop.backUp("acme", at(1));
            assertThat(second.failed()).isZero();
            assertThat(second.newBytes()).as("nothing is taken from there").isEqualTo(second.bytes());
        });
    }

    @Test
    void aTwinIsHashedBeforeNewContentIsLinkedToIt() throws Exception {
        Snapshot first = shop.backUp("acme", NOW);
        plant(first.path().resolve(A), "<?php // evil");
        shop.write("copy.php", "<?php // good");
        Snapshot second = shop.backUp("acme", at(1));
        assertThat(second.path().resolve("wp-content/copy.php")).hasContent("<?php // good");
    }

    @Test
    void aSnapshotThatIsKnownToBeDamagedIsPassedBy() throws Exception {
        Snapshot first = shop.backUp("acme", NOW);
        plant(first.path().resolve(A), "<?php // evil");
        assertThat(backUp(at(1), Set.of(first.id())).path().resolve(A)).hasContent("<?php // good");
    }

    @Test
    void whatLiesBehindALinkIsNotTakenOver() throws Exception {
        Snapshot first = shop.backUp("acme", NOW);
        Path deep = first.path().resolve("wp-content/deep");
        Path outside = folder.resolve("outside");
        Disk.remove(deep);
        Files.createDirectories(outside);
        Files.writeString(outside.resolve("b.php"), "<?php // b");
        Files.createSymbolicLink(deep, outside);
        shop.write("copy.php", "<?php // b");
        Snapshot second = shop.backUp("acme", at(1));
        assertThat(inode(second.path().resolve("wp-content/deep/b.php"))).isNotEqualTo(inode(outside.resolve("b.php")));
        assertThat(inode(second.path().resolve("wp-content/copy.php"))).isNotEqualTo(inode(outside.resolve("b.php")));
    }

    @Test
    void aLinkInPlaceOfAStoresFolderIsRefused() throws Exception {
        Path outside = Files.createDirectories(folder.resolve("outside"));
        Files.createDirectories(backups.resolve("snapshots"));
        Files.createSymbolicLink(backups.resolve("snapshots/acme"), outside);
        assertThatThrownBy(() -> backUp(NOW, Set.of()))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("snapshots/acme is a link or a file: move the folder");
        assertThatThrownBy(() -> shop.snapshots.list("acme")).isInstanceOf(StoreException.class);
        assertThat(outside).isEmptyDirectory();
        assertThat(shop.backUp("other", NOW).failed()).isZero();
    }

    @Test
    void anIndexThatNamesClassesOfJavaMakesNone() throws Exception {
        Snapshot first = shop.backUp("acme", NOW);
        Path index = backups.resolve("index.mv.db");
        Files.delete(index);
        try (MVStore planted = MVStore.open(index.toString())) {
            MVMap<Object, Object> contents = planted.openMap("contents");
            contents.put(new Planted(), new Planted());
            planted.<Object, Object>openMap("snapshots").put(new Planted(), new Planted());
        }
        built = false;
        shop.write("copy.php", "<?php // good");
        Snapshot second = shop.backUp("acme", at(1));
        assertThat(built).isFalse();
        assertThat(inode(second.path().resolve("wp-content/copy.php")))
                .as("the index works again")
                .isEqualTo(inode(first.path().resolve(A)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "acme", "a b/c/d/e", "acme/x/y/\0"})
    void anIndexOfNonsenseIsMadeAnew(String place) throws Exception {
        Snapshot first = shop.backUp("acme", NOW);
        try (MVStore planted = MVStore.open(backups.resolve("index.mv.db").toString())) {
            MVMap<String, String> contents = planted.openMap(
                    "contents",
                    new MVMap.Builder<String, String>()
                            .keyType(StringDataType.INSTANCE)
                            .valueType(StringDataType.INSTANCE));
            contents.put(Hashing.sha256(first.path().resolve(A)), place);
        }
        shop.write("copy.php", "<?php // good");
        Snapshot second = shop.backUp("acme", at(1));
        assertThat(inode(second.path().resolve("wp-content/copy.php")))
                .isEqualTo(inode(first.path().resolve(A)));
    }

    @Test
    void aPipeInPlaceOfTheIndexIsNotWaitedFor() throws Exception {
        shop.backUp("acme", NOW);
        Files.delete(backups.resolve("index.mv.db"));
        pipe(backups.resolve("index.mv.db"));
        assertTimeoutPreemptively(Duration.ofMinutes(4), () -> assertThat(
                        shop.backUp("other", at(1)).newBytes())
                .as("its dump alone")
                .isEqualTo("-- dump of other".length()));
    }

    /** Tells when it is read. */
    private static final class Planted implements Serializable, Comparable<Planted> {

        private static final long serialVersionUID = 1;

        private void readObject(java.io.ObjectInputStream in) {
            built = true;
        }

        @Override
        public int compareTo(Planted other) {
            return 0;
        }
    }

    private Snapshot backUp(Instant at, Set<String> damaged) {
        try (StoreFiles files =
                new StoreFilesFactory(new DefaultCamelContext(), shop.root).open(shop.settings("acme", "", "UTC"))) {
            return new BackUp(shop.snapshots, Clock.fixed(at, ZoneOffset.UTC), 0)
                    .run(
                            shop.settings("acme", "", "UTC"),
                            files,
                            target -> {
                                try {
                                    return Files.size(Files.writeString(target, "-- dump"));
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            },
                            Progress.NONE,
                            damaged);
        }
    }

    private static Instant at(int minutes) {
        return NOW.plusSeconds(60L * minutes);
    }

    /** Other bytes in the same place; the inodes of other snapshots stay. */
    private static void plant(Path file, String text) throws IOException {
        Files.delete(file);
        Files.writeString(file, text);
    }

    private static void edit(Path manifest, String text) throws IOException {
        Files.setPosixFilePermissions(manifest, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(manifest, text);
    }

    private static void pipe(Path path) throws Exception {
        assertThat(new ProcessBuilder(List.of("mkfifo", path.toString()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private static Object inode(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino");
    }
}
