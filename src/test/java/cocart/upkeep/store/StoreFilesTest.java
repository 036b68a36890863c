package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.demo.EmbeddedSftp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same tree, read from this machine and over SFTP, is the same. */
class StoreFilesTest {

    @TempDir
    Path folder;

    private Path root;
    private EmbeddedSftp server;
    private StoreFiles local;
    private StoreFiles remote;

    @BeforeEach
    void open() throws Exception {
        Path home = Files.createDirectories(folder.resolve("home"));
        root = Files.createDirectories(folder.resolve("shop"));
        server = new EmbeddedSftp(root, folder.resolve("host-key"), 0, "pw", List.of());
        server.trustIn(home.resolve("config/known_hosts"));
        local = SftpServers.open(home, "file:" + root);
        remote = SftpServers.open(home, "sftp:deploy@127.0.0.1:" + server.port() + "/?password=pw");
    }

    @AfterEach
    void close() throws Exception {
        remote.close();
        local.close();
        server.close();
    }

    @Test
    void twoNamesThatAreWrittenAlikeAreNeverTakenForEachOther() throws Exception {
        write("wp-content/caf%E9", "by its letters".getBytes());
        write("wp-content/alone%E8", "no byte beside it".getBytes());
        Files.writeString(Path.of(java.net.URI.create(root.resolve("wp-content").toUri() + "caf%E9")), "by its byte");
        assertThat(root.resolve("wp-content").toFile().list()).hasSize(3);
        Visited visited = Visited.of(local, "wp-content");
        assertThat(visited.text("caf%E9")).isEqualTo("by its letters");
        assertThat(visited.text("alone%E8")).isEqualTo("no byte beside it");
        assertThat(visited.failed).containsOnlyKeys("caf%E9 (not UTF-8)").containsValue(SftpFiles.Name.ALIKE);
    }

    @Test
    void aTreeIsTheSameFromBothSides() throws Exception {
        write("wp-content/index.php", "<?php // Silence is golden.".getBytes());
        write("wp-content/empty.txt", new byte[0]);
        write("wp-content/uploads/Käse & Brot #1.jpg", bytes(70_000));
        write("wp-content/uploads/new\nline.txt", bytes(3));
        write("wp-content/uploads/exactly.bin", bytes(32_768));
        write("wp-content/uploads/large.bin", bytes(9 << 20));
        for (int i = 0; i < 400; i++) {
            write("wp-content/plugins/p" + i % 20 + "/deep/er/" + i + ".php", bytes(i * 37));
        }
        Files.createDirectories(root.resolve("wp-content/no-files/at-all"));
        Files.setLastModifiedTime(
                root.resolve("wp-content/index.php"), java.nio.file.attribute.FileTime.fromMillis(1_000_000_000L));
        Files.createSymbolicLink(root.resolve("wp-content/link.php"), Path.of("index.php"));
        Files.createSymbolicLink(root.resolve("wp-content/up"), Path.of(".."));
        Files.createSymbolicLink(root.resolve("wp-content/gone"), Path.of("nowhere"));

        Visited here = Visited.of(local, "wp-content");
        Visited there = Visited.of(remote, "wp-content");

        assertThat(here.failed).isEmpty();
        assertThat(there.failed).isEmpty();
        assertThat(there.lines()).isEqualTo(here.lines());
        assertThat(there.content).hasSize(406);
        assertThat(there.found.get("up").type()).isEqualTo(FileEntry.Type.LINK);
        assertThat(there.found.get("up").linkTarget()).isEqualTo("..");
        assertThat(there.found).doesNotContainKey("up/wp-content");
    }

    /** As an attacker who may write there does: a pipe comes between the look and the open, with nobody or somebody at it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPipeInTheFilesPlaceIsNotWaitedFor(boolean somebody) throws Exception {
        write("wp-content/a.txt", bytes(10));
        write("wp-content/b.txt", bytes(10));
        Path victim = root.resolve("wp-content/a.txt");
        List<FileChannel> ends = new CopyOnWriteArrayList<>();
        Visited visited = new Visited() {
            @Override
            public boolean found(FileEntry entry) {
                if (entry.path().equals("a.txt")) {
                    try {
                        Files.delete(victim);
                        assertThat(new ProcessBuilder("mkfifo", victim.toString())
                                        .start()
                                        .waitFor())
                                .isZero();
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    if (somebody) {
                        CompletableFuture.runAsync(() -> ends.add(opened(victim)));
                    }
                }
                return super.found(entry);
            }
        };
        local.walk("wp-content", visited);
        assertThat(visited.failed).containsOnlyKeys("a.txt");
        assertThat(visited.failed.get("a.txt")).contains("no plain file any more");
        assertThat(visited.content).containsOnlyKeys("b.txt");
        await().until(() -> !somebody || !ends.isEmpty());
        for (FileChannel end : ends) {
            end.close();
        }
    }

    /** Waits for a reader. */
    private static FileChannel opened(Path pipe) {
        try {
            return FileChannel.open(pipe, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void singlePathsAreTheSameFromBothSides() throws Exception {
        write("wp-config.php", bytes(100_000));
        Files.createDirectories(root.resolve("wp-content"));
        assertThat(local.stat("wp-config.php/below")).isEmpty();
        for (StoreFiles files : List.of(local, remote)) {
            assertThat(files.stat("wp-config.php")).hasValueSatisfying(entry -> {
                assertThat(entry.size()).isEqualTo(100_000);
                assertThat(entry.type()).isEqualTo(FileEntry.Type.FILE);
            });
            assertThat(files.stat("nothing")).isEmpty();
            assertThat(files.read("wp-config.php", 50_000)).hasValueSatisfying(bytes -> assertThat(bytes)
                    .isEqualTo(java.util.Arrays.copyOf(bytes(100_000), 50_000)));
            assertThat(files.read("wp-config.php", 200_000))
                    .hasValueSatisfying(bytes -> assertThat(bytes).hasSize(100_000));
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
    }

    @Test
    void aLostConnectionEndsTheWalkWithASentence() throws Exception {
        for (int i = 0; i < 2000; i++) {
            write("wp-content/" + i + ".txt", bytes(1000));
        }
        Visited visited = new Visited() {
            @Override
            public java.io.OutputStream open(FileEntry entry) {
                if (content.size() >= 500) {
                    try {
                        server.close();
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }
                return super.open(entry);
            }
        };
        assertThatThrownBy(() -> remote.walk("wp-content", visited)).isInstanceOfSatisfying(StoreException.class, e -> {
            assertThat(e.isPermanent()).isFalse();
            assertThat(e).hasMessageContaining("store acme: the connection to the SFTP server was lost");
        });
        assertThat(visited.content.size()).isLessThan(2000);
    }

    private void write(String name, byte[] content) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }
}
