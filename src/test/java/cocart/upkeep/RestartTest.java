package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.faults.CuttingProxy;
import cocart.upkeep.state.StateException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Databases that are stopped and started again in the middle of an update, and connections that end at any byte: the
 * process that runs goes on by itself, says what is wrong in one sentence, and each step is recorded once.
 */
class RestartTest {

    private static final int CARTS = 200;

    @TempDir
    Path folder;

    @Tag("soak")
    @Test
    void theStateDatabaseCrashesAndComesBack() throws Exception {
        try (OwnPostgres postgres = new OwnPostgres(folder.resolve("postgres"));
                Shop shop = shop();
                Fleet fleet = new Fleet(shop, folder, postgres.place()).cluster()) {
            List<String> carts = shop.database.carts();
            fleet.start("one", "--profile", "cluster", "run");
            LongUpdate.awaitFilled(fleet, 30);
            postgres.crash();
            await().atMost(Fleet.PATIENCE).untilAsserted(() -> assertThat(fleet.said("one"))
                    .contains("the state database (upkeep.database.url)"));
            postgres.start();
            fleet.change(
                    "UPDATE QRTZ_TRIGGERS SET TRIGGER_STATE = 'ERROR'"); // as Quartz does when it cannot read a job
            assertGoesOn(fleet, carts);
            assertOneSentence(fleet, "one");
        }
    }

    /** Quartz, which shares its ticks there, is the first that asks for it again. */
    @Tag("soak") // the pool waits for it three times
    @Test
    void aStateDatabaseThatGoesAwayDuringAStartIsWhatIsBlamed() throws Exception {
        try (OwnPostgres postgres = new OwnPostgres(folder.resolve("postgres"));
                Shop shop = shop();
                Fleet fleet = new Fleet(shop, folder, postgres.place()).cluster();
                Bundle bundle = new Bundle(Settings.load(shop.home, "cluster"), true)) {
            postgres.close();
            assertThatThrownBy(bundle::start)
                    .isInstanceOf(StateException.class)
                    .hasMessageMatching(
                            "The state database jdbc:postgresql://127\\.0\\.0\\.1:[0-9]+/state does not answer"
                                    + " \\(.*refused.*\\); start that server, or correct upkeep\\.database\\.url");
        }
    }

    /** A MariaDB that has both, the state and the shop. */
    @Tag("soak")
    @Test
    void bothDatabasesAreRestartedAtOnce() throws Exception {
        try (Shop shop = shop();
                Fleet fleet = new Fleet(
                                shop,
                                folder,
                                StateServers.MARIADB.create(),
                                "upkeep.migrate.attempts = 5",
                                "upkeep.migrate.back-off = 2s")
                        .cluster()) {
            List<String> carts = shop.database.carts();
            fleet.start("one", "--profile", "cluster", "run");
            LongUpdate.awaitFilled(fleet, 30);
            Shop.mariadb().restart(() -> sleep(5000));
            shop.reconnect();
            assertGoesOn(fleet, carts);
            assertOneSentence(fleet, "one");
        }
    }

    @Tag("soak")
    @Test
    void theStoresDatabaseIsRestarted() throws Exception {
        try (Shop shop = shop();
                Fleet fleet = new Fleet(
                        shop,
                        folder,
                        StateServers.POSTGRESQL.create(),
                        "upkeep.migrate.attempts = 5",
                        "upkeep.migrate.back-off = 2s")) {
            List<String> carts = shop.database.carts();
            fleet.start("one", "run");
            LongUpdate.awaitFilled(fleet, 30);
            Shop.mariadb().restart(() -> sleep(3000));
            shop.reconnect();
            assertGoesOn(fleet, carts);
            assertThat(fleet.said("one"))
                    .contains("failed, pending again, attempt 1 of 5")
                    .doesNotContain("\tat ", "ERROR");
        }
    }

    /** The process that serves the file is killed; the other works on. */
    @Tag("soak")
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theProcessThatServesTheH2FileIsKilled(boolean working) throws Exception {
        try (Shop shop = shop()) {
            StateServers.Place file = Fleet.place(StateServers.H2, shop);
            try (Fleet two = new Fleet(shop, folder, file, "upkeep.lease = 2s")) {
                List<String> carts = shop.database.carts();
                Process server = two.start("server", "run");
                await().atMost(Fleet.PATIENCE).until(() -> two.said("server").contains("Looking after"));
                Process other = two.start("other", "run");
                LongUpdate.awaitFilled(two, 30);
                if (working) {
                    Fleet.kill(server);
                    two.awaitState("complete", "other");
                } else {
                    Fleet.kill(other);
                    two.awaitState("complete", "server");
                }
                two.assertEndedWell(carts);
                assertThat(LongUpdate.filled(shop)).isEqualTo(CARTS);
                assertThat(two.said("other")).doesNotContain("\tat ", "Unforeseen");
            }
        }
    }

    /** Both sides of a statement or commit see the connection end, at any byte; most bytes are claims, ends and events. */
    @Tag("soak")
    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB"})
    void theConnectionIsCutAtRandomBytes(StateServers server) throws Exception {
        long seed = Long.getLong("cocart.test.seed", new Random().nextLong());
        Random random = new Random(seed);
        StateServers.Place place = server.create();
        String port = place.url().replaceAll(".*:([0-9]+)/.*", "$1");
        try (CuttingProxy proxy = new CuttingProxy(Integer.parseInt(port));
                Shop shop = shop();
                Fleet fleet = new Fleet(shop, folder, place, "upkeep.lease = 2s")) {
            List<String> carts = shop.database.carts();
            Process one = fleet.start(
                    "one",
                    "-Dupkeep.database.url=" + place.url().replace(":" + port + "/", ":" + proxy.port() + "/"),
                    "run");
            await().atMost(Fleet.PATIENCE).until(() -> fleet.said("one").contains("Looking after"));
            int cuts = 0;
            for (; cuts < 300 && !isComplete(fleet); cuts++) {
                proxy.cutAfter(
                        random.nextBoolean() ? CuttingProxy.Way.TO_SERVER : CuttingProxy.Way.TO_CLIENT,
                        1 + random.nextInt(6000),
                        random.nextBoolean() ? CuttingProxy.End.RESET : CuttingProxy.End.CLOSED);
                Thread.sleep(random.nextInt(400));
                assertThat(one.isAlive()).as(fleet.said()).isTrue();
            }
            proxy.heal();
            System.out.printf("%s: %d cuts, seed %d%n", server, cuts, seed);
            assertThat(cuts).isGreaterThan(10);
            assertGoesOn(fleet, carts);
            assertThat(fleet.said("one")).doesNotContain("\tat ", "Unforeseen");
        }
    }

    private static boolean isComplete(Fleet fleet) throws Exception {
        return fleet.ask("SELECT state FROM data_update").equals(List.of("complete"));
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Shop shop() throws Exception {
        Shop shop = new Shop(folder, "automatic", "2.9.3", CARTS);
        LongUpdate.plan(shop, 5, 50);
        shop.files.plugin("4.3.6");
        return shop;
    }

    private static void assertGoesOn(Fleet fleet, List<String> carts) throws Exception {
        fleet.awaitState("complete", "one");
        fleet.assertEndedWell(carts);
        assertThat(LongUpdate.filled(fleet.shop)).isEqualTo(CARTS);
        fleet.shop.files.plugin("4.3.7");
        await("it looks after its shop").atMost(Fleet.PATIENCE).untilAsserted(() -> assertThat(fleet.ask(
                        "SELECT COUNT(*) FROM plugin_sighting WHERE version =" + " '4.3.7' AND settled_at IS NOT NULL"))
                .as(fleet.said())
                .containsExactly("1"));
    }

    private static void assertOneSentence(Fleet fleet, String name) throws Exception {
        assertThat(fleet.said(name).lines())
                .noneMatch(line -> line.contains("ERROR") || line.contains("Exception") || line.contains("\tat "));
        assertThat(fleet.said(name)
                        .lines()
                        .filter(line -> line.contains("Nothing can be recorded now"))
                        .count())
                .as(fleet.said(name))
                .isBetween(1L, 2L);
        assertThat(fleet.ask("SELECT TRIGGER_NAME FROM QRTZ_TRIGGERS WHERE TRIGGER_STATE = 'ERROR'"))
                .isEmpty();
    }
}
