package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.demo.ShopDatabase;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Three instances share a state database; one after the other is killed at random and started again, for a minute. */
@Tag("soak")
class ManyKilledTest {

    private static final int CARTS = 200;
    private static final int SECONDS = Integer.getInteger("cocart.test.seconds", 60);
    private static final List<String> TABLES = List.of(
            "options", "cocart_carts", "actionscheduler_actions", "actionscheduler_groups", "actionscheduler_logs");

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB"})
    @Timeout(900)
    void threeInstancesKilledForAMinute(StateServers server) throws Exception {
        long seed = Long.getLong("cocart.test.seed", new Random().nextLong());
        Random random = new Random(seed);
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", CARTS);
                Fleet fleet = new Fleet(shop, folder, server.create(), "upkeep.lease = 2s").cluster()) {
            LongUpdate.plan(shop, 10, 50);
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();
            Process[] instances = new Process[3];
            for (int i = 0; i < instances.length; i++) {
                instances[i] = start(fleet, i);
            }
            int kills = 0;
            int updates = 0;
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (System.nanoTime() < end) {
                Thread.sleep(500 + random.nextInt(4000));
                int victim = random.nextInt(instances.length);
                assertThat(instances[victim].isAlive()).as(fleet.said()).isTrue();
                assertThat(Fleet.kill(instances[victim])).isTrue();
                kills++;
                assertThat(shop.database.carts()).as("seed " + seed).isEqualTo(carts);
                instances[victim] = start(fleet, victim);
                if (isComplete(fleet, updates + 1)) {
                    updates++;
                    reset(shop);
                }
            }
            long last = System.nanoTime() + Fleet.PATIENCE.toNanos();
            while (!isComplete(fleet, updates + 1) && System.nanoTime() < last) {
                Thread.sleep(200);
            }
            updates++;
            String context = "seed " + seed + ": " + fleet.ask("SELECT at, instance, text FROM event ORDER BY at")
                    + fleet.said();
            assertThat(fleet.ask("SELECT state FROM data_update"))
                    .as(context)
                    .hasSize(updates)
                    .containsOnly("complete");
            assertThat(fleet.ask("SELECT status FROM data_update_step"))
                    .as(context)
                    .hasSize(4 * updates)
                    .containsOnly("complete");
            fleet.assertStepsRecordedOnce(updates);
            assertThat(shop.database.carts()).isEqualTo(carts);
            assertThat(LongUpdate.filled(shop)).isEqualTo(CARTS);
            System.out.printf(
                    "%s: 3 instances, %d kills in %d s, %d updates, seed %d%n", server, kills, SECONDS, updates, seed);
        }
    }

    private static Process start(Fleet fleet, int i) throws Exception {
        return fleet.start("instance-" + i, "--profile", "cluster", "run");
    }

    private static boolean isComplete(Fleet fleet, int updates) {
        try {
            return fleet.ask("SELECT COUNT(*) FROM data_update WHERE state = 'complete'")
                    .equals(List.of(String.valueOf(updates)));
        } catch (java.sql.SQLException e) {
            return false; // no tables yet
        }
    }

    /** All old tables in place of the new ones at once, as instances look at them all the while. */
    private static void reset(Shop shop) throws Exception {
        new ShopDatabase(shop.connection, "fresh_").create("2.9.3", CARTS);
        shop.database.execute("RENAME TABLE "
                + TABLES.stream()
                        .flatMap(table ->
                                Stream.of("wp_" + table + " TO gone_" + table, "fresh_" + table + " TO wp_" + table))
                        .collect(Collectors.joining(", ")));
        for (String table : TABLES) {
            shop.database.execute("DROP TABLE gone_" + table);
        }
    }
}
