package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The process is killed (SIGKILL) at the worst moments and started again: the end is the same. */
class KillTest {

    /** What the next run waits for the one that was killed. */
    private static final String SHORT_LEASE = "upkeep.lease = 1s";

    private static final Duration PATIENCE = Duration.ofSeconds(100);

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "between claim and step, migrate, run-step-sql, 0",
        "between step and its record, migrate, record-step, 1",
        "between proof and mark, complete, mark, 3",
        "between mark and its record, complete, record-completion, 3"
    })
    void killedDuringTheUpdate(String when, String route, String before, int columnsAdded) throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 100)) {
            shop.settings(SHORT_LEASE, "upkeep.data-update = automatic");
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();
            pauseBefore(shop.home.resolve("routes/" + route + ".camel.yaml"), before);

            Path marker = folder.resolve("reached");
            Process child = shop.start(log(), "-D" + Pause.MARKER + "=" + marker, "once");
            await().atMost(PATIENCE).until(() -> Files.exists(marker) || !child.isAlive());
            assertThat(marker).as("the point to be killed at").exists();
            kill(child);
            assertThat(shop.database.columns()).hasSize(4 + columnsAdded);
            assertThat(shop.database.carts()).isEqualTo(carts);

            assertEndsWell(shop, carts);
            assertThat(snapshots(shop)).hasSize(1);
        }
    }

    @Test
    void killedDuringTheBackup() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 100)) {
            for (int i = 0; i < 6000; i++) {
                shop.files.write("wp-content/uploads/" + i / 100 + "/" + i + ".txt", "file " + i + "\n");
            }
            shop.settings(SHORT_LEASE, "upkeep.data-update = automatic");
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();
            Path snapshots = shop.home.resolve("data/backups/snapshots/acme");

            Process child = shop.start(log(), "once");
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> lines(snapshots) > 1000 || !child.isAlive());
            kill(child);
            assertThat(shop.upkeep("snapshots").out()).contains("no snapshots");
            assertThat(shop.database.columns()).hasSize(4);

            assertEndsWell(shop, carts);
            assertThat(snapshots(shop)).hasSize(1);
            Path sealed = snapshots(shop).get(0);
            for (int i = 0; i < 6000; i++) {
                assertThat(sealed.resolve("wp-content/uploads/" + i / 100 + "/" + i + ".txt"))
                        .hasContent("file " + i + "\n");
            }
            assertThat(names(snapshots)).allMatch(name -> !name.startsWith("."));
        }
    }

    /** What must be true at the end, whatever happened before. */
    private static void assertEndsWell(Shop shop, List<String> carts) throws Exception {
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).as(once.out() + once.err()).isZero();
        JsonNode store = EndToEndTest.status(shop);
        assertThat(store.at("/dataUpdate/state").asText()).isEqualTo("complete");
        assertThat(store.at("/dataUpdate/steps"))
                .hasSize(3)
                .allMatch(step -> step.get("status").asText().equals("complete"));
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        assertThat(shop.database.carts()).isEqualTo(carts);
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("3.0.0");
        assertThat(store.at("/notice/kind").asText()).isEqualTo("update-complete");
    }

    static void pauseBefore(Path route, String id) throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(route));
        int at = lines.indexOf(lines.stream()
                .filter(line -> line.strip().equals("id: " + id))
                .findFirst()
                .orElseThrow());
        String step = lines.get(at - 1);
        assertThat(step.strip()).startsWith("- ");
        String indent = step.substring(0, step.indexOf('-'));
        lines.add(at - 1, indent + "- bean:");
        lines.add(at, indent + "    beanType: " + Pause.class.getName());
        lines.add(at + 1, indent + "    method: here");
        Files.write(route, lines);
    }

    private Path log() {
        return folder.resolve("child.log");
    }

    private void kill(Process child) throws Exception {
        assertThat(child.isAlive()).as(Files.readString(log())).isTrue();
        child.destroyForcibly();
        assertThat(child.waitFor()).isEqualTo(128 + 9);
    }

    private static List<Path> snapshots(Shop shop) throws IOException {
        try (Stream<Path> all = Files.list(shop.home.resolve("data/backups/snapshots/acme"))) {
            return all.filter(path -> !path.getFileName().toString().startsWith("."))
                    .toList();
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(path -> path.getFileName().toString()).toList();
        }
    }

    /** Lines of the manifest of the backup that is being written. */
    private static long lines(Path snapshots) throws IOException {
        if (!Files.isDirectory(snapshots)) {
            return 0;
        }
        for (String name : names(snapshots)) {
            Path manifest = snapshots.resolve(name).resolve("manifest.jsonl");
            if (name.startsWith(".unfinished-") && Files.exists(manifest)) {
                try (Stream<String> lines = Files.lines(manifest)) {
                    return lines.count();
                }
            }
        }
        return 0;
    }
}
