package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.backup.SmallShop;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.demo.EmbeddedSftp;
import com.github.luben.zstd.ZstdInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Off-site copies through the shipped route, to a real SFTP server of which the line can be cut. */
class OffSiteTest {

    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");
    private static final String RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    @TempDir
    Path folder;

    private Path home;
    private Path away;
    private SmallShop shop;
    private EmbeddedSftp sftp;
    private Line line;

    @BeforeEach
    void start() throws Exception {
        home = Files.createDirectories(folder.resolve("home"));
        away = Files.createDirectories(folder.resolve("away"));
        Files.createDirectories(away.resolve("copies"));
        shop = new SmallShop(folder.resolve("shop"), home.resolve("data/backups"));
        byte[] noise = new byte[2 << 20];
        new Random(5).nextBytes(noise);
        shop.files("plugins/a", 20, "a").write("uploads/noise.bin", noise);
        sftp = new EmbeddedSftp(away, folder.resolve("host-key"), 0, "s3cret!", List.of());
        line = new Line(sftp.port());
        Shop.copy(Path.of("routes"), home.resolve("routes"));
        Shop.copy(Path.of("config/updates"), home.resolve("config/updates"));
        // as an integrator edits it
        Path route = home.resolve("routes/off-site.camel.yaml");
        String shipped = Files.readString(route);
        Files.writeString(
                route,
                shipped.replace(
                                "sftp:backup@offsite.example:22/cocart-upkeep",
                                "sftp:backup@127.0.0.1:" + line.port() + "/copies")
                        .replace(
                                "privateKeyFile: \"{{upkeep.home}}/config/id_ed25519\"",
                                "password: \"RAW({{file:config/off-site-password}})\""));
        assertThat(Files.readString(route)).doesNotContain("sftp:backup@offsite", "privateKeyFile:");
        Files.createDirectories(home.resolve("config"));
        Files.writeString(home.resolve("config/off-site-password"), "s3cret!\n");
        trust();
        settings("");
    }

    @AfterEach
    void stop() throws Exception {
        line.close();
        sftp.close();
    }

    @Test
    void everySnapshotIsCopiedOnceAndOpensToWhatItIs() throws Exception {
        Snapshot first = shop.backUp("acme", NOW);
        shop.write("plugins/a/0.php", "<?php // new");
        Snapshot second = shop.backUp("acme", NOW.plusSeconds(60));
        assertThat(copy()).isNull();
        assertThat(copies()).containsExactly(name(first), name(second));
        assertOpens(first, "<?php // a 0");
        assertOpens(second, "<?php // new");
        Object before = Files.getAttribute(away.resolve("copies").resolve(name(first)), "unix:ino");
        long sent = line.sent();
        assertThat(copy()).as("twice is once").isNull();
        assertThat(line.sent()).isEqualTo(sent);
        assertThat(Files.getAttribute(away.resolve("copies").resolve(name(first)), "unix:ino"))
                .isEqualTo(before);
    }

    @Test
    void aCopyThatIsCutLeavesNoFinalNameAndTheNextRunMakesItWhole() throws Exception {
        Snapshot snapshot = shop.backUp("acme", NOW);
        line.cutAfter(1 << 20);
        assertThat(copy())
                .contains("Store acme: the off-site copy acme-20261124T030000Z.tar.zst could not be sent (")
                .contains("it is tried again. Where it goes is set in routes/off-site.camel.yaml.")
                .doesNotContain("s3cret!", "unforeseen", "Exception:");
        assertThat(copies()).noneMatch(name -> name.startsWith("acme"));
        assertThat(copy()).isNull();
        assertThat(copies()).containsExactly(name(snapshot));
        assertOpens(snapshot, "<?php // a 0");
    }

    /** As AWS's client says it; the S3 variant is not part of every build. */
    @Test
    void missingCredentialsOfS3AreOneShortSentence() throws Exception {
        String said = "Unable to load credentials from any of the providers in the chain AwsCredentialsProviderChain("
                + "credentialsProviders=[SystemPropertyCredentialsProvider(), InstanceProfileCredentialsProvider()]): ["
                + "SystemPropertyCredentialsProvider(): Unable to load credentials from system settings. Access key must"
                + " be specified. ".repeat(30) + "]";
        failsWith(said);
        shop.backUp("acme", NOW);
        assertThat(copy())
                .isEqualTo("Store acme: the off-site copy acme-20261124T030000Z.tar.zst could not be sent (there are no"
                        + " AWS credentials here; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of"
                        + " run); it is tried again. Where it goes is set in routes/off-site.camel.yaml.");
        failsWith("Access denied. ".repeat(200).strip());
        assertThat(copy()).contains("could not be sent (Access denied. Access").hasSizeLessThan(600);
    }

    /** Another target, which refuses what it gets. */
    private void failsWith(String reason) throws Exception {
        Path route = home.resolve("routes/off-site.camel.yaml");
        String shipped = Files.readString(Path.of("routes/off-site.camel.yaml"));
        int target = shipped.indexOf("        - to:\n            description: Under a temporary name");
        assertThat(target).isPositive();
        Files.writeString(
                route,
                shipped.substring(0, target) + "        - throwException:\n"
                        + "            exceptionType: java.lang.IllegalStateException\n            message: \""
                        + reason + "\"\n");
    }

    @Test
    void anEncryptedCopyHasAnotherNameAndIsNotReadable() throws Exception {
        settings("upkeep.off-site.recipients = " + RECIPIENT);
        shop.backUp("acme", NOW);
        assertThat(copy()).isNull();
        assertThat(copies()).containsExactly("acme-20261124T030000Z.tar.zst.age");
        try (InputStream in = Files.newInputStream(away.resolve("copies/acme-20261124T030000Z.tar.zst.age"))) {
            assertThat(new String(in.readNBytes(21))).isEqualTo("age-encryption.org/v1");
        }
    }

    @Test
    void aDamagedSnapshotIsNotCopiedAndDoesNotKeepTheOthersBack() throws Exception {
        Snapshot good = shop.backUp("acme", NOW);
        shop.write("plugins/a/0.php", "<?php // new");
        Snapshot damaged = shop.backUp("acme", NOW.plusSeconds(60));
        Path file = damaged.path().resolve("wp-content/plugins/a/0.php");
        byte[] content = Files.readAllBytes(file);
        content[9] ^= 1;
        Files.delete(file);
        Files.write(file, content);
        assertThat(copy())
                .isEqualTo(
                        "Snapshot acme/" + damaged.id()
                                + " is damaged: wp-content/plugins/a/0.php is not what its manifest says; run: upkeep verify acme");
        assertThat(copies()).filteredOn(name -> name.startsWith("acme")).containsExactly(name(good));
        content[9] ^= 1;
        Files.write(file, content, StandardOpenOption.TRUNCATE_EXISTING);
        assertThat(copy()).as("repaired").isNull();
        assertThat(copies()).containsExactly(name(good), name(damaged));
    }

    @Test
    void aHostKeyThatIsNotKnownIsNotTrusted() throws Exception {
        Files.writeString(home.resolve("config/known_hosts"), "");
        shop.backUp("acme", NOW);
        assertThat(copy()).contains("could not be sent (", "config/known_hosts");
        assertThat(copies()).isEmpty();
        assertThat(line.sent()).isLessThan(10_000);
    }

    @Test
    void theTickFindsWhatIsMissingByItself() throws Exception {
        Snapshot snapshot = shop.backUp("acme", NOW);
        try (Bundle bundle = new Bundle(Settings.load(home, null), true)) {
            // a row as a backup leaves it
            bundle.retention.run("acme");
            bundle.start();
            await().atMost(Duration.ofSeconds(60)).until(() -> copies().contains(name(snapshot)));
        }
        assertOpens(snapshot, "<?php // a 0");
    }

    @Test
    void switchedOffThereIsNoRouteAndNothingHappens() throws Exception {
        String known = Files.readString(home.resolve("config/known_hosts"));
        Files.writeString(home.resolve("config/known_hosts"), "");
        shop.backUp("acme", NOW);
        assertThat(copy()).isNotNull();
        Files.writeString(home.resolve("config/known_hosts"), known);
        long sent = line.sent();
        Files.writeString(
                home.resolve("config/application.properties"),
                Files.readString(home.resolve("config/application.properties"))
                        .replace("enabled = true", "enabled = false"));
        try (Bundle bundle = new Bundle(Settings.load(home, null), true)) {
            CamelContext camel = bundle.start();
            assertThat(bundle.jobs.error("acme", "off-site"))
                    .as("is no matter any more")
                    .isEmpty();
            assertThat(camel.getRoute("off-site")).isNull();
            assertThat(camel.getRoute("off-site-tick")).isNull();
            assertThat(camel.getRoute("back-up")).isNotNull();
        }
        assertThat(line.sent()).isEqualTo(sent);
    }

    /** Runs the job for the store; its error, or null. */
    private String copy() throws Exception {
        try (Bundle bundle = new Bundle(Settings.load(home, null), false)) {
            CamelContext camel = bundle.start();
            try (ProducerTemplate template = camel.createProducerTemplate()) {
                template.requestBodyAndHeader("direct:off-site", null, "store", "acme");
            }
            return bundle.jobs.error("acme").orElse(null);
        }
    }

    private void settings(String more) throws Exception {
        Files.writeString(
                home.resolve("config/application.properties"),
                String.join(
                        "\n",
                        "upkeep.stores = acme",
                        "upkeep.store.acme.files = file:" + shop.root,
                        "upkeep.store.acme.detect.cron = 0 0 0 1 1 ? 2099",
                        "upkeep.store.acme.backup.cron = 0 0 0 1 1 ? 2099",
                        "upkeep.backup.keep =",
                        "upkeep.tick.cron = * * * * * ?",
                        "upkeep.console.enabled = false",
                        "upkeep.off-site.enabled = true",
                        more,
                        ""));
    }

    private void trust() throws Exception {
        Files.writeString(
                home.resolve("config/known_hosts"),
                sftp.knownHost().replace("]:" + sftp.port() + " ", "]:" + line.port() + " "));
    }

    private static String name(Snapshot snapshot) {
        return "acme-" + snapshot.id() + ".tar.zst";
    }

    private List<String> copies() throws Exception {
        try (Stream<Path> files = Files.list(away.resolve("copies"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private void assertOpens(Snapshot snapshot, String text) throws Exception {
        int files = 0;
        String found = null;
        try (TarArchiveInputStream tar = new TarArchiveInputStream(
                new ZstdInputStream(Files.newInputStream(away.resolve("copies").resolve(name(snapshot)))), "UTF-8")) {
            for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                byte[] content = tar.readAllBytes();
                if (entry.isFile()) {
                    files++;
                    assertThat(Files.readAllBytes(shop.snapshots
                                    .newest("acme")
                                    .orElseThrow()
                                    .path()
                                    .getParent()
                                    .getParent()
                                    .resolve(entry.getName())))
                            .isEqualTo(content);
                }
                if (entry.getName().endsWith("plugins/a/0.php")) {
                    found = new String(content);
                }
            }
        }
        assertThat(found).isEqualTo(text);
        assertThat(files).as("and the manifest").isEqualTo(snapshot.files() + 1);
    }

    /** A line to the server that counts what is sent, and can be cut once. */
    private static final class Line implements AutoCloseable {

        private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final java.util.concurrent.atomic.AtomicLong sent = new java.util.concurrent.atomic.AtomicLong();
        private volatile long cut = Long.MAX_VALUE;

        Line(int to) throws Exception {
            Thread accepting = new Thread(() -> {
                while (!server.isClosed()) {
                    try {
                        Socket in = server.accept();
                        Socket out = new Socket(InetAddress.getLoopbackAddress(), to);
                        pump(in, out, true);
                        pump(out, in, false);
                    } catch (java.io.IOException e) {
                        // closed
                    }
                }
            });
            accepting.setDaemon(true);
            accepting.start();
        }

        private void pump(Socket from, Socket to, boolean counted) {
            Thread thread = new Thread(() -> {
                try (from;
                        to) {
                    InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream();
                    byte[] buffer = new byte[8192];
                    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                        if (counted && sent.addAndGet(n) > cut) {
                            cut = Long.MAX_VALUE;
                            return;
                        }
                        out.write(buffer, 0, n);
                        out.flush();
                    }
                } catch (java.io.IOException e) {
                    // cut
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        int port() {
            return server.getLocalPort();
        }

        long sent() {
            return sent.get();
        }

        void cutAfter(long bytes) {
            cut = sent.get() + bytes;
        }

        @Override
        public void close() throws Exception {
            server.close();
        }
    }
}
