package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.demo.ShopDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many stores are due at once: never more run a step than upkeep.migrate.workers says, and all come to their end. */
class WorkersTest {

    @TempDir
    Path folder;

    @Test
    void noMoreStoresRunStepsThanThereAreWorkers() throws Exception {
        run(5, 2);
    }

    @Tag("soak")
    @Test
    void twelveStores() throws Exception {
        run(12, 3);
    }

    private void run(int stores, int workers) throws Exception {
        List<String> ids = IntStream.range(0, stores).mapToObj(i -> "s" + i).toList();
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 10)) {
            for (String id : ids) {
                new ShopDatabase(shop.connection, id + "_").create("2.9.3", 10);
            }
            // each step takes long enough to be seen
            Path plan = shop.home.resolve("config/updates/" + Shop.SLUG + ".yaml");
            String step = """
                    - name: wait
                      description: A statement that takes a moment.
                      unless: SELECT COUNT(*) FROM {prefix}options WHERE option_name = 'waited'
                      sql: INSERT INTO {prefix}options (option_name, option_value) SELECT 'waited', SLEEP(0.3)
                    """.indent(6);
            Files.writeString(plan, Files.readString(plan).replace("    proofs:\n", step + "    proofs:\n"));
            shop.files.plugin("4.3.6");
            String addresses = ids.stream()
                    .map(id -> "upkeep.store." + id + ".files = file:" + shop.root + "\nupkeep.store." + id
                            + ".database.prefix = " + id + "_")
                    .collect(Collectors.joining("\n"));
            try (Fleet fleet = new Fleet(
                    shop, folder, StateServers.POSTGRESQL.create(), addresses, "upkeep.migrate.workers = " + workers)) {
                Path settings = shop.home.resolve("config/application.properties");
                Files.writeString(
                        settings,
                        Files.readString(settings)
                                .replaceAll("(?m)^upkeep\\.stores = acme$", "upkeep.stores = " + String.join(",", ids))
                                .replaceAll("(?m)^upkeep\\.store\\.acme.*$", ""));
                Process run = fleet.start("run", "run");
                await().atMost(Fleet.PATIENCE)
                        .until(() -> fleet.said("run").contains("Looking after") || !run.isAlive());
                assertThat(run.isAlive()).as(fleet.said()).isTrue();
                int most = 0;
                long end = System.nanoTime() + Fleet.PATIENCE.toNanos();
                while (System.nanoTime() < end && complete(fleet) < stores) {
                    int running = fleet.ask("SELECT u.store FROM data_update_step s JOIN data_update u ON"
                                    + " u.id = s.data_update_id WHERE s.status = 'in-progress'")
                            .size();
                    assertThat(running).as("steps at once").isLessThanOrEqualTo(workers);
                    most = Math.max(most, running);
                    Thread.sleep(Duration.ofMillis(10).toMillis());
                }
                assertThat(complete(fleet)).as(fleet.said()).isEqualTo(stores);
                assertThat(most).as("stores side by side").isEqualTo(workers);
                assertThat(fleet.ask("SELECT DISTINCT attempts FROM data_update_step"))
                        .containsExactly("1");
                fleet.assertStepsRecordedOnce(stores);
                for (String id : ids) {
                    assertThat(new ShopDatabase(shop.connection, id + "_").columns())
                            .isEqualTo(Shop.NEW_COLUMNS);
                }
            }
        }
    }

    private static int complete(Fleet fleet) throws Exception {
        return Integer.parseInt(fleet.ask("SELECT COUNT(*) FROM data_update WHERE state = 'complete'")
                .get(0));
    }
}
