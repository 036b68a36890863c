package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Processes of the bundle that look after a shop, their state database, and what they leave there. */
final class Fleet implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(100);

    final Shop shop;
    private final Path folder;
    private final StateServers.Place place;
    private final Map<String, Process> instances = new LinkedHashMap<>();

    /**
     * Writes the shop's settings.
     *
     * @param folder where the processes' logs go
     * @param more lines of application.properties
     */
    Fleet(Shop shop, Path folder, StateServers.Place place, String... more) throws Exception {
        this.shop = shop;
        this.folder = folder;
        this.place = place;
        shop.settings(Stream.concat(
                        Stream.of(
                                "upkeep.data-update = automatic",
                                "upkeep.database.url = " + place.url(),
                                "upkeep.database.username = " + place.username(),
                                "upkeep.database.password = " + place.password()),
                        Stream.of(more))
                .toArray(String[]::new));
    }

    /** A place for a state database that a process of its own can open; a file of the shop's home in the case of H2. */
    static StateServers.Place place(StateServers server, Shop shop) throws Exception {
        return server == StateServers.H2
                ? new StateServers.Place("jdbc:h2:file:" + shop.home + "/data/upkeep;AUTO_SERVER=TRUE", "sa", "")
                : server.create();
    }

    /** Has instances share their ticks, as the shipped profile cluster does. */
    Fleet cluster() throws Exception {
        Files.writeString(
                shop.home.resolve("config/application-cluster.properties"),
                Files.readString(Path.of("config/application-cluster.properties"))
                        .replaceAll("(?m)^upkeep\\.database\\..*$", "")
                        .replace("clusterCheckinInterval] = 5000", "clusterCheckinInterval] = 1000"));
        return this;
    }

    /** Starts a command; arguments that start with -D are the JVM's. */
    Process start(String name, String... arguments) throws Exception {
        return start(name, Map.of(), arguments);
    }

    /** The same with more environment variables. */
    Process start(String name, Map<String, String> environment, String... arguments) throws Exception {
        Process instance = shop.start(log(name), environment, arguments);
        instances.put(name, instance);
        return instance;
    }

    /** SIGKILL. False if it had ended by itself. */
    static boolean kill(Process instance) throws Exception {
        instance.destroyForcibly();
        return instance.waitFor() == 128 + 9;
    }

    static void signal(long pid, String signal) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + signal, String.valueOf(pid))
                        .start()
                        .waitFor())
                .isZero();
    }

    Path log(String name) {
        return folder.resolve(name + ".log");
    }

    /** What all processes said. */
    String said() {
        return instances.keySet().stream()
                .map(name -> "--- " + name + "\n" + said(name))
                .collect(Collectors.joining("\n"));
    }

    String said(String name) {
        try {
            return Files.exists(log(name)) ? Files.readString(log(name)) : "";
        } catch (java.io.IOException e) {
            return e.toString();
        }
    }

    /** Rows of the state database, columns separated by a blank. */
    List<String> ask(String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    row.add(String.valueOf(result.getString(i)));
                }
                rows.add(String.join(" ", row));
            }
        }
        return rows;
    }

    void change(String statement) throws SQLException {
        try (Connection connection = connect();
                Statement change = connection.createStatement()) {
            change.executeUpdate(statement);
        }
    }

    /** A connection to the state database. */
    Connection connect() throws SQLException {
        return DriverManager.getConnection(
                place.url().replace("jdbc:mysql:", "jdbc:mariadb:"), place.username(), place.password());
    }

    /** Waits for a state of the newest data update; the processes named must live all the while. */
    void awaitState(String state, String... alive) {
        await(state).atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).untilAsserted(() -> {
            for (String name : alive) {
                assertThat(instances.get(name).isAlive()).as(said(name)).isTrue();
            }
            List<String> states;
            try {
                states = ask("SELECT state FROM data_update ORDER BY created_at DESC");
            } catch (SQLException e) {
                states = List.of(e.getMessage()); // there are no tables yet, or it is away
            }
            assertThat(states.isEmpty() ? "none" : states.get(0)).as(said()).isEqualTo(state);
        });
    }

    /** What must be true at the end of the shop's only data update, whatever happened before. */
    void assertEndedWell(List<String> carts) throws Exception {
        assertThat(ask("SELECT state FROM data_update")).as(said()).containsExactly("complete");
        assertThat(ask("SELECT status FROM data_update_step"))
                .as(said())
                .isNotEmpty()
                .containsOnly("complete");
        assertStepsRecordedOnce(1);
        // what failed for a moment says so until the job's next run, and no longer
        await("errors of jobs are gone").atMost(PATIENCE).untilAsserted(() -> assertThat(
                        ask("SELECT job, error FROM job_run WHERE job IN ('detect', 'migrate') AND error IS NOT NULL"))
                .as(said())
                .isEmpty());
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        assertThat(shop.database.carts()).isEqualTo(carts);
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("3.0.0");
    }

    /** Each step and each data update came to its end once, as often as there are updates. */
    void assertStepsRecordedOnce(int updates) throws Exception {
        List<String> names = ask("SELECT DISTINCT name FROM data_update_step");
        for (String name : names) {
            assertThat(ask("SELECT COUNT(*) FROM event WHERE text LIKE 'Step " + name + " complete%'"))
                    .as(name + " in " + ask("SELECT at, text FROM event ORDER BY at"))
                    .containsExactly(String.valueOf(updates));
        }
        assertThat(ask("SELECT COUNT(*) FROM event WHERE text LIKE 'Data update of % complete: proven%'"))
                .containsExactly(String.valueOf(updates));
    }

    @Override
    public void close() throws Exception {
        for (Process instance : instances.values()) {
            instance.destroyForcibly();
            instance.waitFor();
        }
    }
}
