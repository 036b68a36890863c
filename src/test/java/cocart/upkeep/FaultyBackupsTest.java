package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.faults.CuttingProxy;
import cocart.upkeep.faults.LimitedSftp;
import cocart.upkeep.faults.SmallDisk;
import cocart.upkeep.faults.SnapshotCheck;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command {@code backup} when disks, rights and processes fail: what it says, and what is left. */
class FaultyBackupsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(100);
    private static final long LEASE_MILLIS = 1000;

    @TempDir
    Path folder;

    private Shop shop;
    private LimitedSftp server;
    private CuttingProxy proxy;
    private final Random random = new Random(5);

    @BeforeEach
    void start() throws Exception {
        shop = new Shop(folder, "manual", "2.9.3", 20);
        shop.files.plugin("2.9.3");
        Files.delete(shop.root.resolve("wp-content/cache/page.html"));
        Files.delete(shop.root.resolve("wp-content/cache"));
        server = new LimitedSftp(shop.root, folder.resolve("limited-key"));
        proxy = new CuttingProxy(server.port());
        server.trustIn(shop.home.resolve("config/known_hosts"), proxy.port());
        settings();
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
        server.close();
        shop.close();
    }

    @Test
    void whatCannotBeReadMakesAPartialSnapshotThatIsSaidUntilOneIsWhole() throws Exception {
        shop.files.write("wp-content/uploads/closed/inside.txt", "inside");
        server.denied.addAll(List.of("/wp-content/uploads/closed", "/wp-content/themes/storefront/style.css"));
        Shop.Said said = shop.upkeep("backup", "acme");
        assertThat(said.code()).as(said.toString()).isEqualTo(1);
        assertThat(said.out()).contains("2 could not be read", "manifest.jsonl");
        Path snapshot = newest();
        SnapshotCheck.assertWhole(snapshot);
        assertThat(SnapshotCheck.errors(snapshot))
                .containsOnlyKeys("wp-content/uploads/closed", "wp-content/themes/storefront/style.css")
                .allSatisfy((path, reason) -> assertThat(reason).contains("permission denied"));
        JsonNode status = EndToEndTest.status(shop);
        assertThat(status.at("/lastSnapshot/failed").asInt()).isEqualTo(2);
        assertThat(status.at("/notice/kind").asText()).isEqualTo("attention");
        assertThat(status.at("/notice/text").asText()).contains("lacks 2 files or folders", "manifest.jsonl");
        assertThat(shop.upkeep("status").code()).isEqualTo(1);

        server.denied.clear();
        assertThat(shop.upkeep("backup", "acme").code()).isZero();
        SnapshotCheck.assertWholeAndEqual(newest(), wpContent());
        assertThat(EndToEndTest.status(shop).get("notice").isNull()).isTrue();
        assertThat(shop.upkeep("snapshots", "acme").out()).contains("partial: 2 failed");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "no room for a large file, size=8m, size=64m",
        "no room for the dump, size=16k, size=64m",
        "no inodes for many files, size=64m;nr_inodes=60, nr_inodes=10000"
    })
    void aFullDiskSealsNothingAndSaysWhatToDo(String what, String small, String large) throws Exception {
        byte[] video = new byte[12 << 20];
        random.nextBytes(video);
        Files.write(shop.root.resolve("wp-content/uploads/video.mp4"), video);
        for (int i = 0; i < 100; i++) {
            shop.files.write("wp-content/uploads/" + i / 10 + "/" + i + ".txt", "file " + i);
        }
        Path mount = folder.resolve("disk");
        try (SmallDisk disk = new SmallDisk(mount, small.replace(';', ','))) {
            settings("upkeep.backup.directory = " + mount.resolve("backups"), "upkeep.backup.reserve = 1KB");
            Shop.Said said = shop.upkeep("backup", "acme");
            assertThat(said.code()).as(said.toString()).isEqualTo(1);
            assertThat(said.err().lines().filter(line -> line.startsWith("upkeep: ")))
                    .singleElement()
                    .asString()
                    .contains("store acme", mount.toString(), "free", "make room", "upkeep.backup.")
                    .doesNotContain("Exception");
            Path snapshots = mount.resolve("backups/snapshots/acme");
            assertThat(SnapshotCheck.sealed(snapshots)).isEmpty();
            assertThat(EndToEndTest.status(shop).at("/notice/text").asText()).contains("make room");

            disk.resize(large);
            Shop.Said again = shop.upkeep("backup", "acme");
            assertThat(again.code()).as(again.toString()).isZero();
            assertThat(SnapshotCheck.sealed(snapshots)).hasSize(1);
            SnapshotCheck.assertWholeAndEqual(SnapshotCheck.sealed(snapshots).get(0), wpContent());
            SnapshotCheck.assertClean(snapshots);
            assertThat(EndToEndTest.status(shop).get("notice").isNull()).isTrue();
        }
    }

    @Test
    void twoProcessesAtOnceMakeOneWholeSnapshotOrTwo() throws Exception {
        fill(400);
        proxy.pace(300_000);
        Process one = shop.start(folder.resolve("one.log"), "backup", "acme");
        Process two = shop.start(folder.resolve("two.log"), "backup", "acme");
        String said = said(one, "one.log") + said(two, "two.log");
        assertThat(List.of(one.exitValue(), two.exitValue()))
                .as(said)
                .contains(0)
                .isSubsetOf(0, 1);
        if (one.exitValue() + two.exitValue() == 1) {
            assertThat(said).contains("is being backed up by another run");
        }
        int sealed = SnapshotCheck.assertAllWhole(snapshots());
        assertThat(sealed).as(said).isEqualTo(2 - one.exitValue() - two.exitValue());
        for (Path snapshot : SnapshotCheck.sealed(snapshots())) {
            SnapshotCheck.assertWholeAndEqual(snapshot, wpContent());
        }
        SnapshotCheck.assertClean(snapshots());
    }

    /** As when a laptop sleeps: the other one has taken over when it wakes up. */
    @Test
    @Tag("soak")
    void aProcessThatWakesUpAfterAnotherTookOverHarmsNothing() throws Exception {
        fill(400);
        shop.upkeep("status");
        // Whoever opens the state database first serves it to the others, which a sleeping process cannot.
        String state = "jdbc:h2:file:" + shop.home.resolve("data/upkeep") + ";AUTO_SERVER=TRUE";
        try (Connection served = DriverManager.getConnection(state, "sa", "")) {
            assertThat(served.isValid(5)).isTrue();
            proxy.pace(300_000);
            Process sleeper = shop.start(folder.resolve("sleeper.log"), "backup", "acme");
            await().atMost(PATIENCE).until(() -> begun() || !sleeper.isAlive());
            Thread.sleep(300);
            signal(sleeper, "STOP");
            try {
                proxy.pace(0);
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofSeconds(1))
                        .until(() -> shop.upkeep("backup", "acme").code() == 0);
                Path sealed = newest();
                SnapshotCheck.assertWholeAndEqual(sealed, wpContent());
                signal(sleeper, "CONT");
                String said = said(sleeper, "sleeper.log");
                assertThat(SnapshotCheck.assertAllWhole(snapshots())).as(said).isIn(1, 2);
                SnapshotCheck.assertWholeAndEqual(sealed, wpContent());
            } finally {
                signal(sleeper, "CONT");
            }
        }
        assertThat(shop.upkeep("backup", "acme").code()).isZero();
        SnapshotCheck.assertWholeAndEqual(newest(), wpContent());
        SnapshotCheck.assertClean(snapshots());
    }

    @Test
    void killedTwiceInARowTheNextGoodRunIsWhole() throws Exception {
        killAndMakeWhole(2);
    }

    @Test
    @Tag("soak")
    @Timeout(900)
    void killedFiftyTimesInARowTheNextGoodRunIsWhole() throws Exception {
        killAndMakeWhole(50);
    }

    /** At random moments between the start of the process and the end of a backup of about a second and a half. */
    private void killAndMakeWhole(int kills) throws Exception {
        fill(1200);
        settings("upkeep.lease = " + LEASE_MILLIS + "ms");
        int killed = 0;
        for (int run = 0; killed < kills; run++) {
            shop.files.write("wp-content/uploads/changing.txt", "change " + run);
            shop.files.write("wp-content/uploads/new-" + run % 7 + ".txt", "change " + run);
            proxy.pace(500_000);
            Process child = shop.start(folder.resolve("child.log"), "backup", "acme");
            boolean early = random.nextInt(8) == 0;
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> early || begun() || !child.isAlive());
            if (!child.waitFor(random.nextInt(1500), TimeUnit.MILLISECONDS)) {
                child.destroyForcibly();
                killed++;
            }
            child.waitFor();
            SnapshotCheck.assertAllWhole(snapshots());
            Thread.sleep(LEASE_MILLIS); // the claim of the dead one lapses, so that the next one begins
        }
        proxy.pace(0);
        Map<String, String> outside = SnapshotCheck.outside(shop.root, snapshots());
        Shop.Said said = shop.upkeep("backup", "acme");
        assertThat(said.code()).as(said.toString()).isZero();
        SnapshotCheck.assertAllWhole(snapshots());
        SnapshotCheck.assertWholeAndEqual(newest(), wpContent());
        SnapshotCheck.assertClean(snapshots());
        assertThat(SnapshotCheck.outside(shop.root, snapshots())).isEqualTo(outside);
    }

    private void settings(String... more) throws Exception {
        shop.settings(Stream.concat(
                        Stream.of("upkeep.store.acme.files = sftp:deploy@127.0.0.1:" + proxy.port()
                                + "/?password=RAW(x)&soTimeout=10000"),
                        Stream.of(more))
                .toArray(String[]::new));
    }

    private void fill(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            byte[] bytes = new byte[random.nextInt(1500)];
            random.nextBytes(bytes);
            Path file = wpContent().resolve("uploads/" + i % 20 + "/" + i + ".bin");
            Files.createDirectories(file.getParent());
            Files.write(file, bytes);
        }
    }

    /** True if a backup has begun to write. */
    private boolean begun() throws Exception {
        if (Files.notExists(snapshots())) {
            return false;
        }
        try (Stream<Path> all = Files.list(snapshots())) {
            return all.anyMatch(path -> path.getFileName().toString().startsWith("."));
        }
    }

    private String said(Process process, String log) throws Exception {
        process.waitFor();
        return Files.readString(folder.resolve(log));
    }

    private static void signal(Process process, String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    private Path wpContent() {
        return shop.root.resolve("wp-content");
    }

    private Path snapshots() {
        return shop.home.resolve("data/backups/snapshots/acme");
    }

    private Path newest() throws Exception {
        List<Path> sealed = SnapshotCheck.sealed(snapshots());
        return sealed.get(sealed.size() - 1);
    }
}
