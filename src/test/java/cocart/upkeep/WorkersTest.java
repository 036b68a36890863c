package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.demo.ShopDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
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
            // a step that waits for the test, but locks nothing that a backup of the next store needs
            Path plan = shop.home.resolve("config/updates/" + Shop.SLUG + ".yaml");
            String step = """
                    - name: wait
                      description: A statement that waits for the test.
                      unless: SELECT COUNT(*) FROM {prefix}options WHERE option_name = 'waited'
                      sql: INSERT INTO {prefix}options (option_name, option_value) SELECT 'waited', GET_LOCK('{prefix}', 100)
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
                try (Connection gate =
                                DriverManager.getConnection(Shop.mariadb().url("shop"), "shop", Shop.PASSWORD);
                        Statement closed = gate.createStatement()) {
                    for (String id : ids) {
                        closed.executeQuery("SELECT GET_LOCK('" + id + "_', 0)");
                    }
                    Process run = fleet.start("run", "run");
                    await("all are due and no worker is idle")
                            .atMost(Fleet.PATIENCE)
                            .until(() -> {
                                assertThat(run.isAlive()).as(fleet.said()).isTrue();
                                return fleet.said("run").contains("Looking after")
                                        && count(fleet, "data_update") == stores
                                        && count(
                                                        fleet,
                                                        "data_update_step WHERE status = 'in-progress' AND name = 'wait'")
                                                == workers;
                            });
                    await("nobody comes by the workers")
                            .during(Duration.ofSeconds(2))
                            .until(() -> running(fleet) == workers);
                }
                await("all come to their end").atMost(Fleet.PATIENCE).until(() -> {
                    assertThat(running(fleet)).as("steps at once").isLessThanOrEqualTo(workers);
                    return count(fleet, "data_update WHERE state = 'complete'") == stores;
                });
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

    private static int running(Fleet fleet) throws Exception {
        return count(fleet, "data_update_step WHERE status = 'in-progress'");
    }

    private static int count(Fleet fleet, String rows) throws Exception {
        return Integer.parseInt(fleet.ask("SELECT COUNT(*) FROM " + rows).get(0));
    }
}
