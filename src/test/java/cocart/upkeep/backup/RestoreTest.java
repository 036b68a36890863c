package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.OpenSshd;
import cocart.upkeep.demo.EmbeddedSftp;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.StateDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreFilesFactory;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.camel.impl.DefaultCamelContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files of snapshots, back to where they were or to a folder; the database is RestoreCommandTest's. */
class RestoreTest {

    enum Server {
        LOCAL,
        MINA,
        OPENSSH
    }

    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");

    @TempDir
    Path folder;

    private Path shop;
    private Path content;
    private Snapshots snapshots;
    private HikariDataSource state;
    private Database database;
    private Restores restores;
    private String files;
    private List<String> skip = List.of("cache", "backup*");
    private final List<String> notes = new ArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeEach
    void shop() throws Exception {
        shop = folder.resolve("shop");
        content = shop.resolve("wp-content");
        files = "file:" + shop;
        snapshots = new Snapshots(folder.resolve("backups"));
        state = StateDatabase.open(folder, "jdbc:h2:mem:" + UUID.randomUUID(), "sa", "");
        database = new Database(state);
        Stores stores = new Stores() {
            @Override
            public Collection<StoreSettings> all() {
                return List.of(settings());
            }

            @Override
            public StoreSettings get(String id) {
                return settings();
            }

            @Override
            public StoreFiles files(String id) {
                return new StoreFilesFactory(new DefaultCamelContext(), folder).open(settings());
            }

            @Override
            public StoreDatabase database(String id) {
                throw new StoreException("no database here", null);
            }
        };
        Instance instance = new Instance("test");
        Jobs jobs = new Jobs(
                database,
                instance,
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                List.of("acme"),
                (store, job) -> new Jobs.Schedule("", "UTC"));
        restores = new Restores(
                database,
                snapshots,
                stores,
                new Backups(
                        database,
                        stores,
                        new BackUp(snapshots, Clock.systemUTC(), 0),
                        new DatabaseDump(List.of("none")),
                        new Events(database, instance),
                        new ProgressReports(jobs)),
                jobs,
                new Events(database, instance),
                new DatabaseLoad(List.of("none")));
        write("index.php", "<?php // Silence is golden.", 0644);
        write("plugins/a/a.php", "<?php // a", 0640);
        write("uploads/with blank.jpg", "picture", 0600);
        write("uploads/new\nline.jpg", "odd", 0644);
        write("uploads/Käse.jpg", "cheese", 0644);
        write("uploads/run.sh", "#!/bin/sh", 0755);
        write("uploads/empty.txt", "", 0644);
        Files.createDirectories(content.resolve("empty/inner"));
        Files.setPosixFilePermissions(content.resolve("empty"), PosixFilePermissions.fromString("rwxr-x--x"));
        settle();
    }

    @AfterEach
    void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
        state.close();
    }

    @Test
    void aSnapshotComesBackInAFolderAsItWas() throws Exception {
        Map<String, String> before = tree(content);
        Snapshot snapshot = backUp();
        Path to = folder.resolve("new/restored");
        Restored restored = restore(to, null);
        assertThat(notes).isEmpty();
        assertThat(restored.failed()).isZero();
        assertThat(restored.files()).isEqualTo(7);
        assertThat(tree(to.resolve("wp-content"))).isEqualTo(before);
        assertThat(to.resolve("database.sql.gz"))
                .hasSameBinaryContentAs(snapshot.path().resolve("database.sql.gz"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(to)))
                .isEqualTo("rwx------");
        assertThatThrownBy(() -> restore(to, null))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("is not empty");
        assertThat(events()).anyMatch(text -> text.startsWith("Restored snapshot " + snapshot.id()));
    }

    @ParameterizedTest
    @EnumSource
    void aStoreIsBroughtBackAndTheSecondTimeNothingIsDone(Server server) throws Exception {
        serve(server);
        Snapshot snapshot = backUp();
        Map<String, String> before = tree(content);
        Files.writeString(content.resolve("index.php"), "<?php // hacked");
        Files.delete(content.resolve("uploads/with blank.jpg"));
        Disk.remove(content.resolve("plugins"));
        Disk.remove(content.resolve("empty"));
        Files.setPosixFilePermissions(content.resolve("uploads/run.sh"), PosixFilePermissions.fromString("rw-rw-rw-"));
        Files.setPosixFilePermissions(content.resolve("uploads"), PosixFilePermissions.fromString("rwx------"));
        Files.writeString(content.resolve("uploads/later.jpg"), "uploaded since");
        Files.writeString(content.resolve("uploads/.run.sh.upkeep-0123456789abcdef"), "left by a kill");

        Restored dry = inPlace(request().with("dry"));
        assertThat(dry.files()).isEqualTo(4);
        assertThat(notes)
                .contains("write|wp-content/index.php", "folder|wp-content/plugins/a", "folder|wp-content/empty/inner");
        assertThat(content.resolve("index.php")).hasContent("<?php // hacked");
        assertThat(content.resolve("plugins")).doesNotExist();
        assertThat(content.resolve("uploads/.run.sh.upkeep-0123456789abcdef")).exists();

        notes.clear();
        Restored restored = inPlace(request());
        assertThat(notes).isEmpty();
        assertThat(restored.snapshot().id()).isEqualTo(snapshot.id());
        assertThat(restored.files()).isEqualTo(4);
        assertThat(restored.unchanged()).isEqualTo(3);
        assertThat(content.resolve("uploads/later.jpg")).hasContent("uploaded since");
        Map<String, String> after = tree(content);
        assertThat(after.remove("uploads/later.jpg")).isNotNull();
        assertThat(after).isEqualTo(before);

        Restored again = inPlace(request());
        assertThat(again.files()).isZero();
        assertThat(again.unchanged()).isEqualTo(7);
        assertThat(inPlace(request().with("all")).files()).isEqualTo(7);
    }

    @ParameterizedTest
    @EnumSource
    void onePathIsRestoredAndNothingElse(Server server) throws Exception {
        serve(server);
        backUp();
        Map<String, String> before = tree(content);
        Files.writeString(content.resolve("index.php"), "changed");
        Disk.remove(content.resolve("plugins"));
        Files.writeString(content.resolve("uploads/run.sh"), "changed");
        Files.writeString(content.resolve("uploads/.run.sh.upkeep-0123456789abcdef"), "left by a kill");
        Files.writeString(content.resolve("uploads/.other.upkeep-0123456789abcdef"), "left by a kill");
        FileTime uploads = Files.getLastModifiedTime(content.resolve("uploads"));

        assertThat(inPlace(request().with("plugins/a")).files()).isEqualTo(1);
        assertThat(inPlace(request().with("uploads/run.sh")).files()).isEqualTo(1);
        assertThat(content.resolve("index.php")).hasContent("changed");
        assertThat(tree(content.resolve("plugins/a"))).isEqualTo(sub(before, "plugins/a"));
        assertThat(content.resolve("uploads/run.sh")).hasContent("#!/bin/sh");
        assertThat(content.resolve("uploads/.run.sh.upkeep-0123456789abcdef")).doesNotExist();
        assertThat(content.resolve("uploads/.other.upkeep-0123456789abcdef")).exists();
        assertThat(Files.getLastModifiedTime(content.resolve("uploads"))).isGreaterThanOrEqualTo(uploads);

        Path to = folder.resolve("one");
        assertThat(restore(to, "uploads/Käse.jpg").files()).isEqualTo(1);
        assertThat(tree(to)).containsOnlyKeys("", "wp-content", "wp-content/uploads", "wp-content/uploads/Käse.jpg");
        assertThatThrownBy(() -> restore(folder.resolve("none"), "uploads/none.jpg"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("has nothing at wp-content/uploads/none.jpg");
        for (String bad : List.of("../x", "/etc/passwd", "a//b", "a/../b", "")) {
            assertThatThrownBy(() -> RestoreRequest.checkedPath(bad)).isInstanceOf(StoreException.class);
        }
        assertThat(RestoreRequest.checkedPath("wp-content/uploads/x/")).isEqualTo("uploads/x");
    }

    @Test
    void theContentFolderItselfHasItsTimeAndModeInTheSnapshotAndInAFolder() throws Exception {
        Files.setPosixFilePermissions(content, PosixFilePermissions.fromString("rwxr-x---"));
        FileTime time = FileTime.fromMillis(1_600_000_000_000L);
        Files.setLastModifiedTime(content, time);
        Snapshot snapshot = backUp();
        assertThat(Files.getLastModifiedTime(snapshot.path().resolve("wp-content")))
                .isEqualTo(time);
        Path to = folder.resolve("restored");
        restore(to, null);
        assertThat(Files.getLastModifiedTime(to.resolve("wp-content"))).isEqualTo(time);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(to.resolve("wp-content"))))
                .isEqualTo("rwxr-x---");
    }

    @Test
    void namesThatAreNotUtf8GetTheirBytesBack() throws Exception {
        serve(Server.OPENSSH);
        Path odd = Path.of(URI.create(content.toUri() + "caf%E9/na%FFme.txt"));
        Files.createDirectory(odd.getParent());
        Files.writeString(odd, "latin");
        settle();
        Map<String, String> before = tree(content);
        Snapshot snapshot = backUp();
        assertThat(snapshot.failed()).isZero();
        Files.delete(odd);
        Files.delete(odd.getParent());
        assertThat(inPlace(request()).files()).isEqualTo(1);
        assertThat(odd).hasContent("latin");
        assertThat(tree(content)).isEqualTo(before);
        assertThat(inPlace(request()).files()).as("the second time").isZero();
        Path to = folder.resolve("restored");
        assertThat(restore(to, null).failed()).isZero();
        assertThat(Path.of(URI.create(to.toUri() + "wp-content/caf%E9/na%FFme.txt")))
                .hasContent("latin");
    }

    @ParameterizedTest
    @EnumSource
    void deleteRemovesOnlyWhatAnotherSnapshotHas(Server server) throws Exception {
        serve(server);
        write("cache/page.html", "cached", 0644);
        write("theirs/cache/x", "x", 0644);
        settle();
        Snapshot old = backUp();
        write("uploads/since/deep/later.jpg", "backed up since", 0644);
        write("uploads/since/deep/changed.jpg", "backed up since", 0644);
        write("backup-2026/x.zip", "never backed up", 0644);
        Files.createSymbolicLink(content.resolve("uploads/link"), Path.of("run.sh"));
        settle();
        backUp();
        Files.writeString(content.resolve("uploads/since/deep/changed.jpg"), "changed after that");
        Files.writeString(content.resolve("uploads/unknown.jpg"), "in no snapshot");

        Restored dry = inPlace(request().with("delete").with("dry").with("snapshot=" + old.id()));
        assertThat(dry.deleted()).isEqualTo(1);
        assertThat(content.resolve("uploads/since/deep/later.jpg")).exists();
        notes.clear();

        Restored restored = inPlace(request().with("delete").with("snapshot=" + old.id()));
        assertThat(restored.deleted()).isEqualTo(1);
        assertThat(notes)
                .containsExactlyInAnyOrder(
                        "kept|wp-content/uploads/since/deep/changed.jpg",
                        "kept|wp-content/uploads/unknown.jpg",
                        "kept|wp-content/uploads/link");
        assertThat(content.resolve("uploads/since/deep/later.jpg")).doesNotExist();
        assertThat(content.resolve("uploads/since/deep/changed.jpg")).exists();
        assertThat(content.resolve("backup-2026/x.zip")).exists();
        assertThat(content.resolve("cache/page.html")).exists();

        Files.delete(content.resolve("uploads/since/deep/changed.jpg"));
        inPlace(request().with("delete").with("snapshot=" + old.id()));
        assertThat(content.resolve("uploads/since"))
                .as("a folder that is empty now")
                .doesNotExist();
        assertThat(content.resolve("index.php")).exists();
    }

    @Test
    void nothingIsDeletedBelowWhatTheSnapshotLacks() throws Exception {
        Snapshot old = backUp();
        edit(
                old,
                text -> text.replace(
                        "{\"path\":\"wp-content/uploads/run.sh\"",
                        "{\"error\":\"the folder cannot be listed\",\"path\":\"wp-content/uploads\"}\n"
                                + "{\"path\":\"wp-content/uploads/run.sh\""));
        write("uploads/since.jpg", "x", 0644);
        settle();
        backUp();
        Restored restored = inPlace(request().with("delete").with("snapshot=" + old.id()));
        assertThat(restored.deleted()).isZero();
        assertThat(restored.failed()).as("what is missing is told").isEqualTo(1);
        assertThat(content.resolve("uploads/since.jpg")).exists();
    }

    @Test
    void nothingIsDeletedBelowWhatTheSnapshotLacksOrTheSettingsLeaveOutIfItsNameIsNotUtf8() throws Exception {
        serve(Server.OPENSSH);
        Path lacking = Path.of(URI.create(content.toUri() + "caf%E9/since.txt"));
        Path skipped = Path.of(URI.create(content.toUri() + "th%E9/since.txt"));
        Path superfluous = Path.of(URI.create(content.toUri() + "na%FFme/since.txt"));
        Files.createDirectory(lacking.getParent());
        settle();
        Snapshot old = backUp();
        edit(old, text -> text.lines()
                .map(line -> line.contains("wp-content/caf")
                        ? line.replace("{\"path\"", "{\"error\":\"it cannot be listed\",\"path\"")
                        : line)
                .collect(java.util.stream.Collectors.joining("\n", "", "\n")));
        for (Path since : List.of(lacking, skipped, superfluous)) {
            Files.createDirectories(since.getParent());
            Files.writeString(since, "since");
        }
        settle();
        backUp();
        skip = List.of("th%E9");
        assertThat(inPlace(request().with("delete").with("snapshot=" + old.id()))
                        .deleted())
                .isEqualTo(1);
        assertThat(lacking).exists();
        assertThat(skipped).exists();
        assertThat(superfluous).doesNotExist();
    }

    @ParameterizedTest
    @EnumSource
    void aFileOfWhichTheHeldCopyIsHurtIsNeitherOverwrittenNorDeleted(Server server) throws Exception {
        serve(server);
        Snapshot old = backUp();
        write("uploads/later.jpg", "the last good copy", 0644);
        write("uploads/also.jpg", "held whole", 0644);
        write("index.php", "<?php // changed since", 0644);
        settle();
        Snapshot held = backUp();
        for (String name : List.of("uploads/later.jpg", "index.php")) {
            Path copy = held.path().resolve("wp-content/" + name);
            FileTime time = Files.getLastModifiedTime(copy);
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
            Files.writeString(copy, Files.readString(copy).replace('c', 'x'));
            Files.setLastModifiedTime(copy, time);
        }
        write("uploads/run.sh", "#!/bin/sh -e", 0755);
        RestorePlan plan = new RestorePlan(old, null);
        try (StoreFiles target = new StoreFilesFactory(new DefaultCamelContext(), folder).open(settings())) {
            Present present = new Present(target, plan.root(), new Skips(skip));
            RestoreHeld before = new RestoreHeld(held);
            RestoreFiles restore = new RestoreFiles(plan, old.path(), target, present, before, new Noting(), false);
            restore.run(false);
            RestoreDeletion deletion = new RestoreDeletion(plan, present, new Skips(skip), target, new Noting(), false);
            assertThat(deletion.run(before, restore::touch)).isEqualTo(1);
            assertThat(restore.failed()).isEqualTo(1);
            assertThat(deletion.failed()).isEqualTo(1);
        }
        assertThat(notes).containsExactlyInAnyOrder("failed|wp-content/index.php", "kept|wp-content/uploads/later.jpg");
        assertThat(content.resolve("uploads/later.jpg")).hasContent("the last good copy");
        assertThat(content.resolve("index.php")).hasContent("<?php // changed since");
        assertThat(content.resolve("uploads/also.jpg")).doesNotExist();
        assertThat(content.resolve("uploads/run.sh")).hasContent("#!/bin/sh");

        notes.clear();
        assertThat(inPlace(request().with("delete").with("snapshot=" + old.id()))
                        .failed())
                .as("without a backup the newest snapshot holds it")
                .isEqualTo(1);
        assertThat(notes).containsExactly("kept|wp-content/uploads/later.jpg");
    }

    @Test
    void aFolderThatOthersMayWriteIsRefusedAndAnotherIsClosed() throws Exception {
        backUp();
        Path to = Files.createDirectory(folder.resolve("to"));
        for (String mode : List.of("rwxrwxrwx", "rwxrwxr-x", "rwxr-xrwx")) {
            Files.setPosixFilePermissions(to, PosixFilePermissions.fromString(mode));
            assertThatThrownBy(() -> restore(to, null))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("can be written by other users");
            assertThat(to).isEmptyDirectory();
        }
        Path link = Files.createSymbolicLink(folder.resolve("link"), to);
        assertThatThrownBy(() -> restore(link, null))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("a file or a link");
        Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(restore(to, null).failed()).isZero();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(to)))
                .isEqualTo("rwx------");
        assertThat(notes).containsExactly("folder|");
    }

    @Test
    void aContentFolderThatBecomesALinkIsNotWrittenThrough() throws Exception {
        Path to = Files.createDirectory(folder.resolve("to"));
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Files.createSymbolicLink(to.resolve("wp-content"), elsewhere);
        try (StoreFiles target = StoreFilesFactory.local("acme", to)) {
            assertThatThrownBy(() -> target.makeFolder("wp-content", 0755)).isInstanceOf(StoreException.class);
            assertThatThrownBy(() ->
                            target.write("wp-content/a", new java.io.ByteArrayInputStream(new byte[] {1}), 1, 0644))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("is a link");
        }
        assertThat(elsewhere).isEmptyDirectory();
    }

    @Test
    void aHurtFileIsNamedAndNotRestored() throws Exception {
        Snapshot snapshot = backUp();
        Path hurt = snapshot.path().resolve("wp-content/plugins/a/a.php");
        Files.setPosixFilePermissions(hurt, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(hurt, "<?php // b");
        Files.delete(snapshot.path().resolve("wp-content/index.php"));
        Files.writeString(content.resolve("plugins/a/a.php"), "what is there now");
        Files.writeString(content.resolve("index.php"), "what is there now");
        Restored restored = inPlace(request());
        assertThat(restored.failed()).isEqualTo(2);
        assertThat(notes).containsExactlyInAnyOrder("failed|wp-content/plugins/a/a.php", "failed|wp-content/index.php");
        assertThat(content.resolve("plugins/a/a.php")).hasContent("what is there now");
        assertThat(content.resolve("index.php")).hasContent("what is there now");
        assertThat(content.resolve("plugins/a").toFile().list()).containsExactly("a.php");

        Path dump = snapshot.path().resolve("database.sql.gz");
        Files.setPosixFilePermissions(dump, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(dump, "-- dump 2");
        assertThatThrownBy(() -> restore(folder.resolve("to"), null))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("database.sql.gz is not restored");
        assertThat(folder.resolve("to")).doesNotExist();
    }

    @Test
    void anEditedManifestIsRefusedAndWithItsDigestMendedWritesNothingOutside() throws Exception {
        Snapshot snapshot = backUp();
        String sha = line(snapshot, "wp-content/index.php").replaceAll(".*\"sha256\":\"([0-9a-f]+)\".*", "$1");
        Files.writeString(
                snapshot.path().resolve("evil"),
                Files.readString(snapshot.path().resolve("wp-content/index.php")));
        String size = "\"size\":27,\"mtime\":1,\"mode\":\"4755\",\"sha256\":\"" + sha + "\"}";
        StringBuilder evil = new StringBuilder();
        for (String path : List.of(
                "wp-content/../../escaped",
                "../escaped",
                "/tmp/upkeep-escaped",
                "wp-content//escaped",
                "wp-content/./x",
                "wp-content/a\\\\..\\\\x",
                "wp-content",
                "evil",
                "wp-content/nul\\u0000",
                "wp-content/lnk/below")) {
            evil.append("{\"path\":\"")
                    .append(path)
                    .append("\",\"type\":\"file\",")
                    .append(size)
                    .append("\n");
        }
        evil.append("{\"path\":\"wp-content/raw%E9\",\"type\":\"file\",\"raw\":\"2e2e2f2e2e2f657363\",")
                .append(size)
                .append("\n");
        for (String target :
                List.of("/etc/passwd", "../../outside", "empty/../../../outside", "plugins/../../..", "a\\\\b", "")) {
            evil.append("{\"path\":\"wp-content/lnk")
                    .append(target.length())
                    .append("\",\"type\":\"link\",\"size\":0,\"mtime\":1,\"mode\":\"0777\",\"target\":\"")
                    .append(target)
                    .append("\"}\n");
        }
        evil.append("{\"path\":\"wp-content/lnk\",\"type\":\"link\",\"size\":0,\"mtime\":1,\"mode\":\"0777\","
                + "\"target\":\"../..\"}\n");
        evil.append("{\"path\":\"wp-content/good\",\"type\":\"link\",\"size\":0,\"mtime\":1,\"mode\":\"0777\","
                + "\"target\":\"plugins/a\"}\n");
        String first = line(snapshot, "wp-content/index.php");
        Path manifest = snapshot.path().resolve("manifest.jsonl");
        String sealed = Files.readString(manifest);
        Files.setPosixFilePermissions(manifest, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(manifest, sealed.replace(first, evil + first));
        assertThatThrownBy(() -> restore(folder.resolve("one"), null))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("is not to be trusted");
        assertThat(folder.resolve("one")).doesNotExist();

        Files.writeString(manifest, sealed);
        edit(snapshot, text -> text.replace(first, evil + first));
        Path to = folder.resolve("in/ner/to");
        Restored restored = restore(to, null);
        assertThat(restored.failed()).as(notes.toString()).isEqualTo(11);
        assertThat(notes).filteredOn(note -> note.startsWith("skipped")).hasSize(7);
        assertThat(Files.readSymbolicLink(to.resolve("wp-content/good"))).isEqualTo(Path.of("plugins/a"));
        try (Stream<Path> all = Files.walk(folder)) {
            assertThat(all).noneMatch(path -> path.getFileName().toString().contains("escaped"));
        }
        assertThat(folder.resolve("in").toFile().list()).containsExactly("ner");
        assertThat(folder.resolve("in/ner").toFile().list()).containsExactly("to");
        assertThat(to.toFile().list()).containsExactlyInAnyOrder("wp-content", "database.sql.gz");
        assertThat(Path.of("/tmp/upkeep-escaped")).doesNotExist();
        notes.clear();
        Map<String, String> before = tree(folder.resolve("shop"));
        assertThat(inPlace(request()).failed()).isEqualTo(11);
        assertThat(tree(folder.resolve("shop")).keySet())
                .containsAll(before.keySet())
                .noneMatch(path -> path.contains("escaped"));
    }

    @Test
    void aFileNeverGetsTheRightToRunAsItsOwner() throws Exception {
        Snapshot snapshot = backUp();
        edit(snapshot, text -> text.replace("\"mode\":\"0755\"", "\"mode\":\"6755\""));
        Path to = folder.resolve("to");
        restore(to, null);
        assertThat(Files.getAttribute(to.resolve("wp-content/uploads/run.sh"), "unix:mode"))
                .isEqualTo(0100755);
    }

    @Test
    void linksInAFolderAreMadeWhereTheyLeadInside() throws Exception {
        Files.createSymbolicLink(content.resolve("uploads/latest"), Path.of("run.sh"));
        Files.createSymbolicLink(content.resolve("uploads/plugin"), Path.of("../plugins/a"));
        Files.createSymbolicLink(content.resolve("uploads/out"), Path.of("../../wp-config.php"));
        settle();
        backUp();
        Path to = folder.resolve("to");
        Restored restored = restore(to, null);
        assertThat(restored.failed()).isZero();
        assertThat(notes).containsExactly("skipped|wp-content/uploads/out");
        assertThat(to.resolve("wp-content/uploads/latest")).hasContent("#!/bin/sh");
        assertThat(to.resolve("wp-content/uploads/plugin/a.php")).hasContent("<?php // a");
        assertThat(Files.exists(to.resolve("wp-content/uploads/out"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
    }

    @Test
    void whatLiesInTheWayIsNamedAndTheRestGoesOn() throws Exception {
        backUp();
        Disk.remove(content.resolve("plugins"));
        Files.writeString(content.resolve("plugins"), "a file now");
        Files.delete(content.resolve("index.php"));
        Files.createDirectories(content.resolve("index.php/inner"));
        Files.writeString(content.resolve("uploads/run.sh"), "changed");
        Restored restored = inPlace(request());
        assertThat(notes)
                .containsExactlyInAnyOrder(
                        "failed|wp-content/plugins",
                        "failed|wp-content/plugins/a",
                        "failed|wp-content/plugins/a/a.php",
                        "failed|wp-content/index.php");
        assertThat(restored.failed()).isEqualTo(4);
        assertThat(content.resolve("uploads/run.sh")).hasContent("#!/bin/sh");
        assertThat(content.resolve("plugins")).hasContent("a file now");
    }

    @Test
    void anIdIsFoundByItsBeginning() throws Exception {
        Snapshot one = backUp();
        Snapshot two = backUp();
        assertThat(snapshots.pick("acme", "latest")).isEqualTo(two);
        assertThat(snapshots.pick("acme", one.id())).isEqualTo(one);
        assertThat(snapshots.pick("acme", two.id().substring(0, 15))).isEqualTo(two);
        assertThatThrownBy(() -> snapshots.pick("acme", "2026")).hasMessageContaining("2 begin so");
        assertThatThrownBy(() -> snapshots.pick("acme", "1999"))
                .hasMessageContaining("has no snapshot 1999")
                .hasMessageContaining(two.id());
        assertThatThrownBy(() -> snapshots.pick("other", "latest")).hasMessageContaining("none that is sealed");
    }

    @Test
    void theStoresOtherJobsWaitAndAreAsDueAsBefore() throws Exception {
        backUp();
        Instance other = new Instance("other");
        Jobs jobs = new Jobs(
                database,
                other,
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                List.of("acme"),
                (store, job) -> new Jobs.Schedule("0 0 3 * * ?", "UTC"));
        assertThat(jobs.claim("acme", "migrate")).isTrue();
        assertThatThrownBy(() -> inPlace(request()))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("its job migrate is running now");
        assertThat(jobs.claim("acme", "back-up")).as("let go again").isTrue();
        jobs.finish("acme", "migrate", null);
        jobs.finish("acme", "back-up", "the last one failed");
        List<Boolean> claims = new ArrayList<>();
        Files.delete(content.resolve("index.php"));
        restores.run(request().build(), new Noting() {
            @Override
            public void at(String what, long files, long allFiles, long bytes, long allBytes) {
                claims.add(jobs.claim("acme", "back-up"));
                claims.add(jobs.claim("acme", "detect"));
            }
        });
        assertThat(claims).isNotEmpty().containsOnly(false);
        assertThat(jobs.hasFailed("acme", "back-up")).as("how it last went").isTrue();
        assertThat(jobs.due("detect")).as("never ran").containsExactly("acme");
        assertThat(jobs.claim("acme", "detect")).isTrue();
    }

    // --- what the tests share ---------------------------------------------------------------------------------------

    private class Noting implements RestoreView {

        @Override
        public void at(String what, long files, long allFiles, long bytes, long allBytes) {
            assertThat(files).isLessThanOrEqualTo(allFiles);
        }

        @Override
        public void note(String word, String path, String reason) {
            assertThat(word.equals("folder") || word.equals("delete") || !reason.isEmpty())
                    .isTrue();
            notes.add(word + "|" + path);
        }
    }

    private static final class Wish {

        private final List<String> words = new ArrayList<>();

        Wish with(String word) {
            words.add(word);
            return this;
        }

        RestoreRequest build() {
            String snapshot = words.stream()
                    .filter(word -> word.startsWith("snapshot="))
                    .map(word -> word.substring(9))
                    .findFirst()
                    .orElse("latest");
            String path = words.stream()
                    .filter(word -> word.contains("/"))
                    .findFirst()
                    .orElse(null);
            return new RestoreRequest(
                    "acme",
                    snapshot,
                    null,
                    path,
                    true,
                    false,
                    null,
                    words.contains("delete"),
                    words.contains("all"),
                    words.contains("dry"),
                    false);
        }
    }

    private static Wish request() {
        return new Wish();
    }

    private Restored inPlace(Wish wish) {
        return restores.run(wish.build(), new Noting());
    }

    private Restored restore(Path to, String path) {
        return restores.run(
                new RestoreRequest("acme", "latest", to, path, true, path == null, null, false, false, false, false),
                new Noting());
    }

    private StoreSettings settings() {
        return new StoreSettings(
                "acme",
                files,
                null,
                List.of("a"),
                new StoreSettings.DatabaseSettings(null, null, null, null, false),
                false,
                Duration.ZERO,
                "0 * * * * ?",
                "UTC",
                new StoreSettings.Backup("0 0 3 * * ?", "", skip, "", 2, Duration.ZERO, 128, 16L << 20));
    }

    private void serve(Server server) throws Exception {
        if (server == Server.MINA) {
            EmbeddedSftp mina = new EmbeddedSftp(shop, folder.resolve("host-key"), 0, "pw", List.of());
            open.add(mina);
            mina.trustIn(folder.resolve("config/known_hosts"));
            files = "sftp:deploy@127.0.0.1:" + mina.port() + "/?password=pw";
        } else if (server == Server.OPENSSH) {
            OpenSshd sshd = new OpenSshd(folder.resolve("sshd"));
            open.add(sshd);
            sshd.trustIn(folder.resolve("config/known_hosts"));
            files = sshd.uri(shop);
        }
    }

    private Snapshot backUp() throws Exception {
        try (StoreFiles opened = new StoreFilesFactory(new DefaultCamelContext(), folder).open(settings())) {
            return new BackUp(snapshots, Clock.fixed(NOW, ZoneOffset.UTC), 0).run(settings(), opened, target -> {
                try {
                    return Files.size(Files.writeString(target, "-- dump 1"));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
        }
    }

    private void write(String name, String text, int mode) throws IOException {
        Path file = content.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setAttribute(file, "unix:mode", mode);
    }

    /** Gives everything a time of its own in the past. */
    private void settle() throws IOException {
        List<Path> paths;
        try (Stream<Path> all = Files.walk(content)) {
            paths = new ArrayList<>(all.sorted().toList());
        }
        for (int i = 0; i < paths.size(); i++) {
            if (!Files.isSymbolicLink(paths.get(i))) {
                Files.setLastModifiedTime(
                        paths.get(i),
                        FileTime.from(NOW.minusSeconds(100_000 + paths.get(i).hashCode() % 10_000)));
            }
        }
    }

    private static String line(Snapshot snapshot, String path) throws IOException {
        return Files.readAllLines(snapshot.path().resolve("manifest.jsonl")).stream()
                .filter(line -> line.contains("\"path\":\"" + path + "\""))
                .findFirst()
                .orElseThrow();
    }

    /** Edits a manifest and seals it again, as somebody would who knows how. */
    private static void edit(Snapshot snapshot, java.util.function.UnaryOperator<String> change) throws Exception {
        Path manifest = snapshot.path().resolve("manifest.jsonl");
        Files.setPosixFilePermissions(manifest, PosixFilePermissions.fromString("rw-------"));
        String text = Files.readString(manifest);
        int last = text.lastIndexOf("{\"sealed\"");
        String lines = change.apply(text.substring(0, last));
        String digest = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256")
                        .digest(lines.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        long files = lines.lines().filter(line -> line.contains("sha256")).count();
        long bytes = lines.lines()
                .filter(line -> line.contains("sha256"))
                .mapToLong(line -> Long.parseLong(line.replaceAll(".*\"size\":(\\d+).*", "$1")))
                .sum();
        long partial = lines.lines().filter(line -> line.contains("\"error\"")).count();
        Files.writeString(
                manifest,
                lines
                        + text.substring(last)
                                .replaceAll("\"lines\":\"[0-9a-f]+\"", "\"lines\":\"" + digest + "\"")
                                .replaceAll("\"files\":\\d+", "\"files\":" + files)
                                .replaceAll("\"bytes\":\\d+", "\"bytes\":" + bytes)
                                .replaceAll("\"partial\":\\d+", "\"partial\":" + partial));
    }

    private List<String> events() throws SQLException {
        try (Connection connection = state.getConnection();
                ResultSet rows = connection.createStatement().executeQuery("SELECT text FROM event")) {
            List<String> texts = new ArrayList<>();
            while (rows.next()) {
                texts.add(rows.getString(1));
            }
            return texts;
        }
    }

    /** Content, mode and time of everything; a link is what it leads to. */
    private static Map<String, String> tree(Path root) throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.toList()) {
                tree.put(
                        root.relativize(path).toString(),
                        (Files.isSymbolicLink(path)
                                        ? Files.readSymbolicLink(path).toString()
                                        : (Files.isRegularFile(path) ? Files.readString(path) : "a folder"))
                                + (path.equals(root) || Files.isSymbolicLink(path)
                                        ? ""
                                        : " " + Integer.toOctalString((Integer) Files.getAttribute(path, "unix:mode"))
                                                + " "
                                                + Files.getLastModifiedTime(path)
                                                                .toMillis()
                                                        / 1000));
            }
        }
        return tree;
    }

    private static Map<String, String> sub(Map<String, String> tree, String folder) {
        Map<String, String> below = new TreeMap<>();
        tree.forEach((path, what) -> {
            if (path.startsWith(folder + "/")) {
                below.put(path.substring(folder.length() + 1), what);
            }
        });
        below.put("", "a folder");
        return below;
    }
}
