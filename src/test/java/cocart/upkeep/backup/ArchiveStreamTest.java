package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import cocart.upkeep.store.StoreException;
import com.exceptionfactory.jagged.framework.stream.StandardDecryptingChannelFactory;
import com.exceptionfactory.jagged.x25519.X25519KeyPairGenerator;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaReaderFactory;
import com.github.luben.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Off-site copies are opened again, in Java and by the real age, zstd and tar, and compared with the snapshot. */
class ArchiveStreamTest {

    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");
    private static final Runnable NOTHING = () -> {};

    @TempDir
    Path folder;

    private SmallShop shop;
    private Snapshot snapshot;
    private final KeyPair key = keys();

    @BeforeEach
    void snapshot() throws Exception {
        shop = new SmallShop(folder.resolve("shop"), folder.resolve("backups"));
        shop.files("plugins/a", 30, "a");
        shop.write("uploads/Grüße/日本語 ✓.txt", "names in UTF-8");
        shop.write("uploads/" + "long/".repeat(60) + "x".repeat(200) + ".txt", "a long name");
        shop.write("uploads/empty.txt", "");
        byte[] large = new byte[300_000];
        new Random(7).nextBytes(large);
        shop.write("uploads/large.bin", large);
        Path content = shop.root.resolve("wp-content");
        Files.createDirectories(content.resolve("empty folder"));
        Files.createSymbolicLink(content.resolve("link"), Path.of("plugins/a/0.php"));
        Files.setPosixFilePermissions(content.resolve("plugins/a/1.php"), PosixFilePermissions.fromString("rwxr-x--x"));
        Files.setLastModifiedTime(content.resolve("plugins/a"), FileTime.from(Instant.parse("2001-02-03T04:05:06Z")));
        snapshot = shop.backUp("acme", NOW);
    }

    @Test
    void aPlainCopyHoldsWhatTheSnapshotHas() throws Exception {
        assertArchive(new ZstdInputStream(stream("")));
    }

    @Test
    void anEncryptedCopyIsOpenedWithTheKeyAndNoOther() throws Exception {
        byte[] copy = stream(recipient(key)).readAllBytes();
        assertThat(new String(copy, 0, 21, java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("age-encryption.org/v1");
        assertArchive(new ZstdInputStream(decrypted(copy, key)));
        assertThatThrownBy(() -> decrypted(copy, keys())).isInstanceOf(Exception.class);
    }

    @Test
    void severalRecipientsCanEachOpenIt() throws Exception {
        KeyPair other = keys();
        byte[] copy = stream(recipient(key) + ", " + recipient(other)).readAllBytes();
        assertArchive(new ZstdInputStream(decrypted(copy, key)));
        assertArchive(new ZstdInputStream(decrypted(copy, other)));
    }

    @Test
    void ageZstdAndTarOpenItWithoutUs() throws Exception {
        for (String program : List.of("age", "zstd", "tar")) {
            assumeTrue(isInstalled(program), program + " is not installed here, so this is not tested");
        }
        Path out = Files.createDirectories(folder.resolve("out"));
        Path keyFile = Files.writeString(folder.resolve("key.txt"), secret(key) + "\n");
        Path copy = folder.resolve("copy.tar.zst.age");
        try (InputStream in = stream(recipient(key))) {
            Files.copy(in, copy);
        }
        shell("age -d -i " + keyFile + " " + copy + " | zstd -d | tar x -C " + out);
        assertUnpacked(out);
    }

    @Test
    void zstdAndTarOpenAPlainOneWithoutUs() throws Exception {
        for (String program : List.of("zstd", "tar")) {
            assumeTrue(isInstalled(program), program + " is not installed here, so this is not tested");
        }
        Path out = Files.createDirectories(folder.resolve("out"));
        Path copy = folder.resolve("copy.tar.zst");
        try (InputStream in = stream("")) {
            Files.copy(in, copy);
        }
        shell("zstd -t " + copy + " && zstd -dc " + copy + " | tar x -C " + out);
        assertUnpacked(out);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"flipped", "shorter", "longer", "gone", "a link now", "mode in the manifest", "half a manifest"})
    void aDamagedSnapshotBreaksItsCopy(String how) throws Exception {
        Path file = snapshot.path().resolve("wp-content/uploads/large.bin");
        Path manifest = snapshot.path().resolve("manifest.jsonl");
        byte[] content = Files.readAllBytes(file);
        switch (how) {
            case "flipped" -> {
                content[200_000] ^= 1;
                rewrite(file, content);
            }
            case "shorter" -> rewrite(file, java.util.Arrays.copyOf(content, 299_999));
            case "longer" -> rewrite(file, java.util.Arrays.copyOf(content, 300_001));
            case "gone" -> Files.delete(file);
            case "a link now" -> {
                Path elsewhere = Files.write(folder.resolve("elsewhere"), content);
                Files.delete(file);
                Files.createSymbolicLink(file, elsewhere);
            }
            case "mode in the manifest" ->
                rewrite(
                        manifest,
                        Files.readString(manifest).replaceFirst("0751", "0755").getBytes());
            default ->
                rewrite(manifest, Files.readString(manifest).substring(0, 2000).getBytes());
        }
        for (String recipients : List.of("", recipient(key))) {
            InputStream in = stream(recipients);
            assertThatThrownBy(in::readAllBytes)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Snapshot acme/20261124T030000Z is damaged: ")
                    .hasMessageContaining("run: upkeep verify acme")
                    .hasRootCauseInstanceOf(StoreException.class);
            assertThatThrownBy(in::read).as("asked again").isInstanceOf(IOException.class);
        }
    }

    @Test
    void aStreamThatWasClosedNeverLooksAsIfItHadEnded() throws Exception {
        InputStream in = stream("");
        in.readNBytes(1000);
        in.close();
        assertThatThrownBy(in::read).isInstanceOf(IOException.class);
    }

    @Test
    void aClaimThatWasLostBreaksTheCopyBeforeItsEnd() throws Exception {
        InputStream in = new ArchiveStream(snapshot, Recipients.parse(""), () -> {
            throw new StoreException("another run has begun it anew", null);
        });
        assertThatThrownBy(in::readAllBytes).hasMessageContaining("another run");
    }

    @Test
    void onlyAFewPiecesAreInMemory() throws Exception {
        byte[] noise = new byte[8 << 20];
        new Random(3).nextBytes(noise);
        shop.write("uploads/noise.bin", noise);
        snapshot = shop.backUp("acme", NOW.plusSeconds(60));
        try (InputStream in = stream(recipient(key))) {
            long most = 0;
            byte[] one = new byte[1];
            for (int n = in.read(one); n > 0; n = in.read(one)) {
                int made = in.available();
                most = Math.max(most, made);
                in.skipNBytes(made);
            }
            assertThat(most).isBetween(1000L, 2L << 20);
        }
    }

    @Test
    void aLinkOfTheStoreNeverComesBeforeAFile() throws Exception {
        try (TarArchiveInputStream tar = new TarArchiveInputStream(new ZstdInputStream(stream("")), "UTF-8")) {
            boolean linked = false;
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                assertThat(linked && !entry.isSymbolicLink() && !entry.isDirectory())
                        .isFalse();
                linked |= entry.isSymbolicLink();
            }
            assertThat(linked).isTrue();
        }
    }

    private InputStream stream(String recipients) throws IOException {
        return new ArchiveStream(snapshot, Recipients.parse(recipients), NOTHING);
    }

    private void assertArchive(InputStream plain) throws Exception {
        Map<String, String> found = new TreeMap<>();
        try (TarArchiveInputStream tar = new TarArchiveInputStream(plain, "UTF-8")) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String text = entry.isDirectory()
                        ? "folder"
                        : entry.isSymbolicLink()
                                ? "link " + entry.getLinkName()
                                : Integer.toHexString(java.util.Arrays.hashCode(tar.readAllBytes()));
                found.put(
                        entry.getName().replaceAll("/$", ""),
                        text + " " + Integer.toOctalString(entry.getMode() & 0777) + " "
                                + entry.getLastModifiedTime().to(TimeUnit.SECONDS));
            }
        }
        Map<String, String> expected = new TreeMap<>();
        String root = "acme/20261124T030000Z";
        expected.put(root, "folder 700 " + NOW.getEpochSecond());
        expected.put(root + "/manifest.jsonl", hash("manifest.jsonl") + " 600 " + NOW.getEpochSecond());
        Manifest.read(
                snapshot.path(),
                line -> expected.put(
                        root + "/" + line.path(),
                        (line.isStored()
                                        ? hash(line.path())
                                        : line.target() != null ? "link " + line.target() : "folder")
                                + " "
                                + (line.target() != null
                                        ? "777"
                                        : Integer.toOctalString(Integer.parseInt(line.mode(), 8)))
                                + " " + line.mtime()),
                broken -> {});
        assertThat(found).isEqualTo(expected).hasSizeGreaterThan(40);
    }

    private String hash(String path) {
        try {
            return Integer.toHexString(
                    java.util.Arrays.hashCode(Files.readAllBytes(snapshot.path().resolve(path))));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void assertUnpacked(Path out) throws Exception {
        Path unpacked = out.resolve("acme/20261124T030000Z");
        try (Stream<Path> all = Files.walk(snapshot.path())) {
            for (Path path : all.toList()) {
                Path same = unpacked.resolve(snapshot.path().relativize(path).toString());
                if (Files.isDirectory(path)) {
                    assertThat(same).isDirectory();
                } else {
                    assertThat(same).hasSameBinaryContentAs(path);
                }
            }
        }
        Path content = shop.root.resolve("wp-content");
        Path there = unpacked.resolve("wp-content");
        assertThat(Files.readSymbolicLink(there.resolve("link"))).isEqualTo(Path.of("plugins/a/0.php"));
        assertThat(Files.getPosixFilePermissions(there.resolve("plugins/a/1.php")))
                .isEqualTo(Files.getPosixFilePermissions(content.resolve("plugins/a/1.php")));
        for (String path : List.of("plugins/a", "plugins/a/3.php", "uploads/Grüße/日本語 ✓.txt")) {
            assertThat(Files.getLastModifiedTime(there.resolve(path), LinkOption.NOFOLLOW_LINKS)
                            .to(TimeUnit.SECONDS))
                    .isEqualTo(Files.getLastModifiedTime(content.resolve(path)).to(TimeUnit.SECONDS));
        }
    }

    private static void rewrite(Path file, byte[] content) throws IOException {
        Files.delete(file);
        Files.write(file, content);
    }

    private static InputStream decrypted(byte[] copy, KeyPair key) throws Exception {
        return Channels.newInputStream(new StandardDecryptingChannelFactory()
                .newDecryptingChannel(
                        Channels.newChannel(new ByteArrayInputStream(copy)),
                        List.of(X25519RecipientStanzaReaderFactory.newRecipientStanzaReader(secret(key)))));
    }

    private static KeyPair keys() {
        try {
            return new X25519KeyPairGenerator().generateKeyPair();
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String recipient(KeyPair key) {
        return new String(key.getPublic().getEncoded(), java.nio.charset.StandardCharsets.US_ASCII);
    }

    private static String secret(KeyPair key) {
        return new String(key.getPrivate().getEncoded(), java.nio.charset.StandardCharsets.US_ASCII);
    }

    private static boolean isInstalled(String program) {
        return Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator))
                .anyMatch(path -> Files.isExecutable(Path.of(path, program)));
    }

    private static void shell(String command) throws Exception {
        Process process = new ProcessBuilder("sh", "-ec", command)
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(said).isZero();
    }
}
