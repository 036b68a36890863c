package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.backup.BackUp;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.backup.Snapshots;
import cocart.upkeep.store.EmbeddedFtp.Security;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same tree, read from this machine and over FTP, is the same; and what is written over FTP is there. */
class FtpFilesTest {

    @TempDir
    static Path shared;

    private static Path keys;

    @TempDir
    Path folder;

    private Path root;
    private EmbeddedFtp server;
    private StoreFiles local;
    private StoreFiles remote;

    @BeforeAll
    static void keys() throws Exception {
        keys = EmbeddedFtp.certificate(shared.resolve("keys.p12"), "IP:127.0.0.1");
    }

    @BeforeEach
    void folders() throws Exception {
        root = Files.createDirectories(folder.resolve("shop"));
        local = SftpServers.open(folder, "file:" + root);
    }

    @AfterEach
    void close() {
        if (remote != null) {
            remote.close();
        }
        if (server != null) {
            server.close();
        }
    }

    @ParameterizedTest(name = "MLSD {0}, TLS {1}")
    @CsvSource({"true, NONE", "false, NONE", "true, EXPLICIT", "true, IMPLICIT", "false, EXPLICIT"})
    void aTreeIsTheSameFromBothSides(boolean modern, Security security) throws Exception {
        write("wp-content/index.php", "<?php // Silence is golden.".getBytes());
        write("wp-content/empty.txt", new byte[0]);
        if (!modern) { // MLSD of this server, unlike that of others, hides it
            write("wp-content/.htaccess", bytes(9));
        }
        write("wp-content/uploads/Käse & Brot #1 Å.jpg", bytes(70_000));
        write("wp-content/uploads/ two  spaces; -> x", bytes(3));
        write("wp-content/uploads/[a]*/-la.txt", bytes(4));
        write("wp-content/uploads/large.bin", bytes(9 << 20));
        for (int i = 0; i < 40; i++) {
            write("wp-content/plugins/p" + i % 4 + "/deep/er/" + i + ".php", bytes(i * 37));
        }
        Files.createDirectories(root.resolve("wp-content/no-files/at-all"));
        twoDaysPast(root.resolve("wp-content"));
        Files.setLastModifiedTime(
                root.resolve("wp-content/index.php"),
                FileTime.fromMillis(1_000_000_000_000L / 86_400_000 * 86_400_000));
        start(modern, security);

        Visited here = Visited.of(local, "wp-content");
        Visited there = Visited.of(remote, "wp-content");

        assertThat(there.failed).isEmpty();
        assertThat(there.lines()).isNotEmpty();
        assertThat(there.content.keySet()).isEqualTo(here.content.keySet());
        assertThat(there.content).hasSize(modern ? 46 : 47);
        here.content.forEach((path, bytes) -> assertThat(java.util.Arrays.equals(there.content.get(path), bytes))
                .as(path)
                .isTrue());
        assertThat(there.found.keySet()).isEqualTo(here.found.keySet());
        here.found.forEach((path, entry) -> {
            FileEntry other = there.found.get(path);
            assertThat(other.type()).as(path).isEqualTo(entry.type());
            assertThat(other.size()).as(path).isEqualTo(entry.size());
            if (modern && entry.type() == FileEntry.Type.FILE) {
                assertThat(other.mtime()).as(path).isEqualTo(entry.mtime());
            } else if (entry.type() == FileEntry.Type.FILE) {
                assertThat(other.mtime()).as(path).isGreaterThanOrEqualTo(entry.mtime());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void singlePathsAreTheSameFromBothSides(boolean modern) throws Exception {
        write("wp-config.php", bytes(100_000));
        Files.createDirectories(root.resolve("wp-content"));
        start(modern, Security.NONE);
        for (StoreFiles files : List.of(local, remote)) {
            assertThat(files.stat("wp-config.php")).hasValueSatisfying(entry -> {
                assertThat(entry.size()).isEqualTo(100_000);
                assertThat(entry.path()).isEqualTo("wp-config.php");
                assertThat(entry.type()).isEqualTo(FileEntry.Type.FILE);
            });
            assertThat(files.stat("")).isPresent();
            assertThat(files.stat("wp-content"))
                    .hasValueSatisfying(entry -> assertThat(entry.type()).isEqualTo(FileEntry.Type.FOLDER));
            assertThat(files.stat("nothing")).isEmpty();
            assertThat(files.stat("wp-config.php/below")).isEmpty();
            assertThat(files.read("wp-config.php", 50_000)).hasValueSatisfying(bytes -> assertThat(bytes)
                    .isEqualTo(java.util.Arrays.copyOf(bytes(100_000), 50_000)));
            assertThat(files.read("wp-config.php", 200_000))
                    .hasValueSatisfying(bytes -> assertThat(bytes).isEqualTo(bytes(100_000)));
            assertThat(files.read("nothing", 10)).isEmpty();
            assertThat(files.list("")).hasValueSatisfying(list -> assertThat(list)
                    .extracting(FileEntry::path)
                    .containsExactlyInAnyOrder("wp-config.php", "wp-content"));
            assertThat(files.list("nothing")).isEmpty();
            assertThat(files.list("wp-config.php")).isEmpty();
            assertThatThrownBy(() -> files.walk("nothing", new Visited())).isInstanceOf(StoreException.class);
            for (String hostile : List.of("../shop/wp-config.php", "/etc/passwd", "wp-content/../x", "a//b", "a\\b")) {
                assertThatThrownBy(() -> files.stat(hostile))
                        .as(hostile)
                        .isInstanceOf(StoreException.class)
                        .hasMessageContaining("cannot be used");
            }
        }
        assertThatThrownBy(() -> remote.delete("x\r\nDELE wp-config.php"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("line break");
        assertThat(root.resolve("wp-config.php")).exists();
    }

    @ParameterizedTest(name = "MLSD {0}")
    @ValueSource(booleans = {true, false})
    void anUnchangedStoreIsNotFetchedAgainAndAChangeIs(boolean modern) throws Exception {
        for (int i = 0; i < 40; i++) {
            write("wp-content/plugins/p" + i % 5 + "/" + i + ".php", bytes(i * 37));
        }
        twoDaysPast(root.resolve("wp-content"));
        start(modern, Security.NONE);
        BackUp backUp = new BackUp(new Snapshots(folder.resolve("backups")), Clock.systemUTC(), 0);

        Snapshot first = backUp(backUp);
        long fetched = server.fetched();
        assertThat(fetched).isEqualTo(40);
        assertThat(first.failed()).isZero();

        Snapshot second = backUp(backUp);
        assertThat(server.fetched()).isEqualTo(fetched);
        assertThat(second.files()).isEqualTo(first.files());
        assertThat(second.path().resolve("wp-content/plugins/p4/39.php")).hasBinaryContent(bytes(39 * 37));

        byte[] changed = bytes(39 * 37);
        changed[0]++;
        write("wp-content/plugins/p4/39.php", changed);
        Snapshot third = backUp(backUp);
        assertThat(server.fetched()).isEqualTo(fetched + 1);
        assertThat(third.path().resolve("wp-content/plugins/p4/39.php")).hasBinaryContent(changed);
    }

    @Test
    void whereNoTimeIsExactAFileThatMayHaveChangedSinceIsFetchedAgain() throws Exception {
        // as a server five hours behind UTC lists by minutes a file that changes twice in one
        Instant minute = Instant.now().minus(5, ChronoUnit.HOURS).truncatedTo(ChronoUnit.MINUTES);
        write("wp-content/a.php", bytes(10));
        Files.setLastModifiedTime(root.resolve("wp-content/a.php"), FileTime.from(minute.plusSeconds(10)));
        start(false, Security.NONE);
        BackUp backUp = new BackUp(new Snapshots(folder.resolve("backups")), Clock.systemUTC(), 0);
        backUp(backUp);
        byte[] changed = bytes(10);
        changed[0]++;
        write("wp-content/a.php", changed);
        Files.setLastModifiedTime(root.resolve("wp-content/a.php"), FileTime.from(minute.plusSeconds(50)));
        assertThat(backUp(backUp).path().resolve("wp-content/a.php")).hasBinaryContent(changed);
    }

    @Test
    void aPathBelowTheLoginFolderIsFound() throws Exception {
        write("htdocs/wp-config.php", bytes(5));
        server = new EmbeddedFtp(root);
        for (String path : List.of("/~/htdocs", "/htdocs", "/htdocs/", "/~/htdocs/")) {
            try (StoreFiles files = open(path, "")) {
                assertThat(files.stat("wp-config.php")).as(path).isPresent();
            }
        }
    }

    @Test
    void aServerThatLetsInOneConnectionOnlyIsWalkedWithOne() throws Exception {
        for (int i = 0; i < 50; i++) {
            write("wp-content/" + i + ".php", bytes(i));
        }
        server = new EmbeddedFtp(root, true, Security.NONE, null, 1);
        remote = open("/", "");
        Visited visited = Visited.of(remote, "wp-content");
        assertThat(visited.failed).isEmpty();
        assertThat(visited.content).hasSize(50);
        assertThat(server.commands)
                .filteredOn(command -> command.startsWith("USER"))
                .hasSizeGreaterThan(1);
    }

    @ParameterizedTest(name = "MLSD {0}, TLS {1}")
    @CsvSource({"true, NONE", "false, NONE", "true, EXPLICIT"})
    void whatIsWrittenIsThere(boolean modern, Security security) throws Exception {
        Files.createDirectories(root.resolve("wp-content"));
        start(modern, security);
        byte[] content = bytes(300_000);

        remote.makeFolder("wp-content/uploads", 0755);
        remote.makeFolder("wp-content/uploads", 0755);
        remote.write("wp-content/uploads/Käse.bin", new ByteArrayInputStream(content), 1_700_000_000, 0640);
        assertThat(root.resolve("wp-content/uploads/Käse.bin")).hasBinaryContent(content);
        if (modern) {
            assertThat(Files.getLastModifiedTime(root.resolve("wp-content/uploads/Käse.bin"))
                            .toMillis())
                    .isEqualTo(1_700_000_000_000L);
        }
        remote.write("wp-content/uploads/Käse.bin", new ByteArrayInputStream("new".getBytes()), 1_700_000_001, 0640);
        assertThat(root.resolve("wp-content/uploads/Käse.bin")).hasContent("new");

        Files.createDirectories(root.resolve("wp-content/full/of"));
        assertThatThrownBy(() -> remote.write("wp-content/full", new ByteArrayInputStream(content), 0, 0644))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("cannot be written");
        assertThatThrownBy(() -> remote.write("nowhere/x", new ByteArrayInputStream(content), 0, 0644))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("/nowhere/x cannot be written");
        try (Stream<Path> all = Files.walk(root)) {
            assertThat(all.filter(Files::isRegularFile)).hasSize(1);
        }

        remote.delete("wp-content/uploads/Käse.bin");
        remote.delete("wp-content/uploads");
        remote.delete("wp-content/uploads");
        assertThat(root.resolve("wp-content/uploads")).doesNotExist();
    }

    @Test
    void aStreamThatCannotBeReadLeavesWhatWasThere() throws Exception {
        write("wp-config.php", bytes(10));
        start(true, Security.NONE);
        assertThatThrownBy(() -> remote.write(
                        "wp-config.php",
                        new java.io.InputStream() {
                            @Override
                            public int read() throws IOException {
                                throw new IOException("the snapshot's disk is broken");
                            }
                        },
                        0,
                        0644))
                .isInstanceOf(IOException.class)
                .hasMessage("the snapshot's disk is broken");
        assertThat(root.resolve("wp-config.php")).hasBinaryContent(bytes(10));
        assertThat(remote.list("")).hasValueSatisfying(list -> assertThat(list).hasSize(1));
    }

    @Test
    void aConnectionThatTheServerClosedWhenItWasIdleIsOpenedAnew() throws Exception {
        write("wp-config.php", bytes(10));
        start(true, Security.NONE);
        assertThat(remote.stat("wp-config.php")).isPresent();
        server.hangUp();
        assertThat(remote.stat("wp-config.php")).isPresent();
        server.hangUp();
        remote.write("new.php", new ByteArrayInputStream(bytes(7)), 0, 0644);
        assertThat(root.resolve("new.php")).hasBinaryContent(bytes(7));
    }

    @Test
    void theServersCharsetMayBeGiven() throws Exception {
        start(true, Security.NONE);
        remote.write("K\u00e4se.txt", new ByteArrayInputStream(bytes(7)), 0, 0644);
        assertThat(root.resolve("K\u00e4se.txt")).exists();
        try (StoreFiles files = open("/", "&ftpClient.controlEncoding=ISO-8859-1")) {
            // the embedded server speaks UTF-8, so this shows its bytes one by one
            assertThat(files.list("")).hasValueSatisfying(list -> assertThat(list)
                    .extracting(FileEntry::path)
                    .containsExactly(
                            new String("K\u00e4se.txt".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)));
            assertThatThrownBy(() -> files.stat("\u65e5\u672c.txt"))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("ftpClient.controlEncoding");
        }
    }

    private void start(boolean modern, Security security) throws Exception {
        server = new EmbeddedFtp(root, modern, security, keys, 0);
        remote = open(
                "/",
                security == Security.NONE
                        ? ""
                        : "&ftpClient.trustStore.file=" + keys + "&ftpClient.trustStore.password=changeit"
                                + (security == Security.IMPLICIT ? "&implicit=true" : ""));
    }

    private StoreFiles open(String path, String options) {
        return SftpServers.open(
                folder,
                (options.contains("trustStore") ? "ftps" : "ftp") + ":deploy@127.0.0.1:" + server.port() + path
                        + "?password=RAW(" + EmbeddedFtp.PASSWORD + ")&soTimeout=5000&reconnectDelay=10" + options);
    }

    private Snapshot backUp(BackUp backUp) {
        return backUp.run(SftpServers.store("ftp:x"), remote, target -> {
            try {
                return Files.size(Files.writeString(target, "dump"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private void write(String name, byte[] content) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    /** So that no backup takes them for just changed. */
    private static void twoDaysPast(Path tree) throws IOException {
        FileTime then = FileTime.from(Instant.now().minus(2, ChronoUnit.DAYS).truncatedTo(ChronoUnit.SECONDS));
        try (Stream<Path> all = Files.walk(tree)) {
            for (Path path : all.toList()) {
                Files.setLastModifiedTime(path, then);
            }
        }
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }
}
