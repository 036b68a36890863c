package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.faults.CuttingProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Several instances, each a process of its own, with the shipped profile cluster on one state database. */
class ClusterTest {

    private static final Duration PATIENCE = Duration.ofSeconds(100);

    @TempDir
    Path folder;

    private final List<Process> instances = new ArrayList<>();
    private StateServers.Place place;

    @AfterEach
    void stop() throws Exception {
        for (Process instance : instances) {
            signal(instance, "CONT");
            instance.destroyForcibly();
            instance.waitFor();
        }
    }

    @Test
    void twoThatStartAtOnceShareTheWorkAndOneGoesOnWhenTheOtherIsKilled() throws Exception {
        shareWork(StateServers.POSTGRESQL);
    }

    @Tag("soak")
    @ParameterizedTest
    @EnumSource(names = {"MARIADB", "MYSQL"})
    void theSameOn(StateServers server) throws Exception {
        shareWork(server);
    }

    private void shareWork(StateServers server) throws Exception {
        try (Shop shop = shop(server)) {
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();
            Process one = start(shop, "one");
            Process two = start(shop, "two");
            awaitState("complete", one, two);
            assertThat(ask("SELECT COUNT(*) FROM data_update")).containsExactly("1");
            assertThat(ask("SELECT attempts FROM data_update_step")).containsExactly("1", "1", "1");
            assertThat(ask("SELECT COUNT(*) FROM event WHERE text LIKE 'Step % complete.%'"))
                    .containsExactly("3");
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
            assertThat(shop.database.carts()).isEqualTo(carts);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(ask("SELECT COUNT(*) FROM QRTZ_SCHEDULER_STATE"))
                    .containsExactly("2"));
            assertThat(ask("SELECT TRIGGER_NAME FROM QRTZ_TRIGGERS")).contains("detect", "migrate", "back-up");

            kill(one);
            shop.files.plugin("4.3.7");
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(ask(
                            "SELECT COUNT(*) FROM plugin_sighting WHERE version = '4.3.7' AND settled_at IS NOT NULL"))
                    .as(said("two"))
                    .containsExactly("1"));
            assertThat(two.isAlive()).isTrue();
            for (String name : List.of("one", "two")) {
                assertThat(Files.readAllLines(log(name)))
                        .noneMatch(line -> line.contains("ERROR") || line.contains("Exception"));
            }
        }
    }

    @Tag("soak")
    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB"})
    void whatOneLeavesMidwayTheOtherEnds(StateServers server) throws Exception {
        try (Shop shop = shop(server)) {
            KillTest.pauseBefore(shop.home.resolve("routes/migrate.camel.yaml"), "record-step");
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();
            Path marker = folder.resolve("reached");
            Process one = start(shop, "one", "-D" + Pause.MARKER + "=" + marker);
            awaitFile(marker, one, "one");
            Process two = start(shop, "two");
            kill(one);
            assertEndsWell(shop, carts, two, "two");
        }
    }

    @Tag("soak")
    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB"})
    void oneThatFreezesPastItsLeaseAndWakesRecordsNothing(StateServers server) throws Exception {
        try (Shop shop = shop(server)) {
            KillTest.pauseBefore(shop.home.resolve("routes/migrate.camel.yaml"), "record-step");
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();
            Path marker = folder.resolve("reached");
            Process one = start(shop, "one", "-D" + Pause.MARKER + "=" + marker, "-D" + Pause.GO_ON + "=true");
            awaitFile(marker, one, "one");
            signal(one, "STOP");
            Process two = start(shop, "two");
            assertEndsWell(shop, carts, two, "two");
            String events = String.join("\n", ask("SELECT text FROM event ORDER BY at"));
            List<String> steps = ask("SELECT status, attempts, carts_checked FROM data_update_step ORDER BY position");

            signal(one, "CONT");
            Files.delete(marker);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(said("one")).contains("took it over"));
            shop.files.plugin("4.3.7");
            await("it works again").atMost(PATIENCE).untilAsserted(() -> assertThat(
                            ask("SELECT COUNT(*) FROM plugin_sighting WHERE version = '4.3.7'"))
                    .containsExactly("1"));
            assertThat(ask("SELECT state FROM data_update")).as(events).containsExactly("complete");
            assertThat(ask("SELECT status, attempts, carts_checked FROM data_update_step ORDER BY position"))
                    .isEqualTo(steps);
            assertThat(shop.database.carts()).isEqualTo(carts);
        }
    }

    @Tag("soak")
    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MARIADB"})
    void oneThatIsCutOffFromTheStateDatabaseIsReplacedAndComesBack(StateServers server) throws Exception {
        try (Shop shop = shop(server)) {
            KillTest.pauseBefore(shop.home.resolve("routes/migrate.camel.yaml"), "record-step");
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();
            Path marker = folder.resolve("reached");
            String port = place.url().replaceAll(".*:([0-9]+)/.*", "$1");
            try (CuttingProxy proxy = new CuttingProxy(Integer.parseInt(port))) {
                Process one = start(
                        shop,
                        "one",
                        "-D" + Pause.MARKER + "=" + marker,
                        "-D" + Pause.GO_ON + "=true",
                        "-Dupkeep.database.url=" + place.url().replace(":" + port + "/", ":" + proxy.port() + "/"));
                awaitFile(marker, one, "one");
                proxy.refuse();
                proxy.cut(CuttingProxy.End.RESET);
                Process two = start(shop, "two");
                assertEndsWell(shop, carts, two, "two");
                Files.delete(marker);
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(said("one")).contains("did not answer"));
                kill(two);
                proxy.heal();
                shop.files.plugin("4.3.7");
                await("it works again").atMost(PATIENCE).untilAsserted(() -> assertThat(
                                ask("SELECT COUNT(*) FROM plugin_sighting WHERE version = '4.3.7'"))
                        .as(said("one"))
                        .containsExactly("1"));
                assertThat(ask("SELECT state FROM data_update")).containsExactly("complete");
                assertThat(shop.database.carts()).isEqualTo(carts);
            }
        }
    }

    private void assertEndsWell(Shop shop, List<String> carts, Process instance, String name) throws Exception {
        awaitState("complete", instance);
        assertThat(ask("SELECT COUNT(*) FROM data_update")).as(said(name)).containsExactly("1");
        assertThat(ask("SELECT status FROM data_update_step")).containsExactly("complete", "complete", "complete");
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        assertThat(shop.database.carts()).isEqualTo(carts);
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("3.0.0");
    }

    private Shop shop(StateServers server) throws Exception {
        place = server.create();
        Shop shop = new Shop(folder, "automatic", "2.9.3", 50);
        String profile = Files.readString(Path.of("config/application-cluster.properties"))
                .replaceAll("(?m)^upkeep\\.database\\..*$", "")
                .replace("clusterCheckinInterval] = 5000", "clusterCheckinInterval] = 1000");
        Files.writeString(shop.home.resolve("config/application-cluster.properties"), profile);
        return shop;
    }

    private Process start(Shop shop, String name, String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "-Dupkeep.database.url=" + place.url(),
                "-Dupkeep.database.username=" + place.username(),
                "-Dupkeep.database.password=" + place.password()));
        arguments.addAll(List.of(options));
        arguments.addAll(List.of("--profile", "cluster", "run"));
        Process instance = shop.start(log(name), arguments.toArray(String[]::new));
        instances.add(instance);
        return instance;
    }

    private void awaitState(String state, Process... alive) {
        await(state).atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).untilAsserted(() -> {
            String said = instances.isEmpty() ? "" : said("one");
            for (Process instance : alive) {
                assertThat(instance.isAlive()).as(said).isTrue();
            }
            assertThat(ask("SELECT state FROM data_update")).as(said).containsExactly(state);
        });
    }

    private void awaitFile(Path file, Process instance, String name) throws Exception {
        await().atMost(PATIENCE).until(() -> Files.exists(file) || !instance.isAlive());
        assertThat(file).as(said(name)).exists();
    }

    private List<String> ask(String query) throws Exception {
        String url = place.url().replace("jdbc:mysql:", "jdbc:mariadb:");
        List<String> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(url, place.username(), place.password());
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.add(result.getString(i));
                }
                rows.add(row.stream().map(String::valueOf).collect(Collectors.joining(" ")));
            }
        } catch (java.sql.SQLException e) {
            // the tables are not made yet
            rows.add(e.getMessage());
        }
        return rows;
    }

    private Path log(String name) {
        return folder.resolve(name + ".log");
    }

    private String said(String name) throws Exception {
        return Files.exists(log(name)) ? Files.readString(log(name)) : "";
    }

    private static void kill(Process instance) throws Exception {
        instance.destroyForcibly();
        assertThat(instance.waitFor()).isEqualTo(128 + 9);
    }

    private static void signal(Process process, String signal) throws Exception {
        new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid()))
                .start()
                .waitFor();
    }
}
