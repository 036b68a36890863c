package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two instances whose machines' clocks are a minute apart, by libfaketime (Debian's package of that name, or
 * -Dcocart.test.faketime=FILE): leases and due times are the database's, so that no step runs twice.
 */
@Tag("soak")
class ClocksTest {

    private static final Path LIBRARY = Path.of(
            System.getProperty("cocart.test.faketime", "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"));
    private static final int CARTS = 200;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"+60s", "-60s"})
    @Timeout(400)
    void aMinuteApart(String shift) throws Exception {
        assumeTrue(Files.exists(LIBRARY), "SKIPPED: no libfaketime at " + LIBRARY);
        // without the last of them each timed wait of a JVM is over at once, and it does nothing but spin
        Map<String, String> other = Map.of(
                "LD_PRELOAD",
                LIBRARY.toString(),
                "FAKETIME",
                shift,
                "FAKETIME_DONT_FAKE_MONOTONIC",
                "1",
                "FAKETIME_FORCE_MONOTONIC_FIX",
                "0");
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", CARTS);
                Fleet fleet = new Fleet(shop, folder, StateServers.POSTGRESQL.create()).cluster()) {
            LongUpdate.plan(shop, 5, 50);
            List<String> carts = shop.database.carts();
            Process right = fleet.start("right", "--profile", "cluster", "run");
            Process wrong = fleet.start("wrong", other, "--profile", "cluster", "run");
            for (String name : List.of("right", "wrong")) {
                await().atMost(Fleet.PATIENCE).until(() -> fleet.said(name).contains("Looking after"));
            }
            shop.files.plugin("4.3.6");
            fleet.awaitState("complete", "right", "wrong");
            fleet.assertEndedWell(carts);
            assertThat(fleet.ask("SELECT DISTINCT attempts FROM data_update_step"))
                    .as(fleet.said())
                    .containsExactly("1");
            assertThat(LongUpdate.filled(shop)).isEqualTo(CARTS);
            System.out.println(shift + ": instances and their events "
                    + fleet.ask("SELECT instance, COUNT(*) FROM event GROUP BY instance") + ", right is "
                    + right.pid() + ", wrong is " + wrong.pid());
            // neither is needed by the other, whichever of them is left
            Fleet.kill(shift.startsWith("+") ? wrong : right);
            long killed = System.nanoTime();
            shop.files.plugin("4.3.7");
            await().atMost(Fleet.PATIENCE.multipliedBy(2))
                    .untilAsserted(() -> assertThat(fleet.ask("SELECT COUNT(*) FROM plugin_sighting WHERE version ="
                                    + " '4.3.7' AND settled_at IS NOT NULL"))
                            .as(fleet.said())
                            .containsExactly("1"));
            System.out.println(
                    shift + ": the other went on after " + (System.nanoTime() - killed) / 1_000_000_000 + " s");
            assertThat(fleet.said("wrong"))
                    .contains("The clock of this machine is ")
                    .contains(shift.startsWith("+") ? " s ahead of" : " s behind");
            assertThat(fleet.said().lines().filter(line -> line.contains("took this one for dead")))
                    .as("each says it once")
                    .hasSizeLessThanOrEqualTo(2);
        }
    }
}
