package cocart.upkeep.bench;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.migrate.ClaimedStep;
import cocart.upkeep.migrate.Queue;
import cocart.upkeep.migrate.StepResult;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.StateDatabase;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerBuilder;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The queue's benchmark: steps that do nothing, through the real queue, beside db-scheduler on the same database. */
@Command(
        name = "queue-bench",
        description = "Drains steps that do nothing, with our queue and with db-scheduler (lock-and-fetch).",
        mixinStandardHelpOptions = true,
        showDefaultValues = true)
public final class QueueBench implements Callable<Integer> {

    private static final String PLUGIN = "cart-rest-api-for-woocommerce";

    @Option(names = "--engines", split = ",", description = "Of postgresql, mariadb and h2.")
    List<String> engines = List.of("postgresql", "mariadb", "h2");

    @Option(names = "--stores", description = "Stores with a data update each.")
    int stores = 1000;

    @Option(names = "--steps", description = "Steps of each, which run in order.")
    int steps = 100;

    @Option(names = "--workers", description = "Threads, of each contender.")
    int workers = 4;

    @Option(names = "--repetitions", description = "How often each is run; the best counts.")
    int repetitions = 1;

    @Option(
            names = "--finished",
            description = "Finished steps that claiming is also measured with; 0 leaves that out.")
    int finished = 1_000_000;

    @Option(
            names = "--unsafe",
            description = "PostgreSQL as tests start it, without fsync; else each commit is on disk, as a user has it.")
    boolean unsafe;

    @Option(
            names = "--one-by-one",
            description =
                    "Record each of our steps alone, as one that changes something; else as those that were done already.")
    boolean oneByOne;

    @Option(names = "--sql", description = "A statement to try out first, such as one that drops an index.")
    @Nullable
    String sql;

    @Option(names = "--json", description = "File for the result as JSON.")
    Path json = Path.of("target/bench/queue.json");

    /** Steps a second of both, and milliseconds that a claim takes with few and with many finished steps. */
    record Result(
            String engine,
            double ours,
            double peer,
            double ratio,
            @Nullable Double claimMillis,
            @Nullable Double claimMillisFinished) {}

    public static void main(String[] arguments) {
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
        ((Logger) LoggerFactory.getLogger("upkeep")).setLevel(Level.ERROR);
        System.exit(new CommandLine(new QueueBench()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        if (load > 0.5) {
            System.err.printf(Locale.ROOT, "The machine is not quiet (load %.1f): figures are of little use.%n", load);
        }
        List<Result> results = new ArrayList<>();
        for (String engine : engines) {
            results.add(measure(engine));
        }
        System.out.printf(
                Locale.ROOT,
                "%,d steps of %,d stores, %d workers, steps/s; claim: median with 0 and with %,d finished steps%n",
                stores * steps,
                stores,
                workers,
                finished);
        System.out.println("engine        upkeep  db-scheduler  ratio    claim ms");
        for (Result result : results) {
            System.out.printf(
                    Locale.ROOT,
                    "%-11s %8.0f  %12.0f  %5.2f%s%n",
                    result.engine(),
                    result.ours(),
                    result.peer(),
                    result.ratio(),
                    result.claimMillis() == null
                            ? ""
                            : String.format(
                                    Locale.ROOT, "  %5.2f %5.2f", result.claimMillis(), result.claimMillisFinished()));
        }
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("stores", stores);
        report.put("steps", steps);
        report.put("workers", workers);
        report.put("finished", finished);
        report.put("durable", !unsafe);
        report.put("processors", Runtime.getRuntime().availableProcessors());
        report.put("load", load);
        report.put("results", results);
        Files.createDirectories(json.toAbsolutePath().getParent());
        new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(json.toFile(), report);
        return 0;
    }

    private Result measure(String engine) throws Exception {
        Path folder = Files.createTempDirectory("upkeep-queue-bench");
        return switch (engine) {
            case "h2" -> measure(engine, "jdbc:h2:file:" + folder.resolve("state"), "sa", "");
            case "mariadb" -> {
                try (EmbeddedMariaDb server = new EmbeddedMariaDb(folder)) {
                    server.create("upkeep", "upkeep_state", "secret");
                    yield measure(engine, server.url("upkeep"), "upkeep_state", "secret");
                }
            }
            case "postgresql" -> {
                try (EmbeddedPostgres server = postgres(folder)) {
                    yield measure(engine, server.getJdbcUrl("postgres", "postgres"), "postgres", "");
                }
            }
            default ->
                throw new CommandLine.ParameterException(
                        new CommandLine(this), "--engines knows postgresql, mariadb and h2, not " + engine);
        };
    }

    private EmbeddedPostgres postgres(Path folder) throws IOException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder().setDataDirectory(folder.resolve("data"));
        if (!unsafe) {
            builder.setServerConfig("fsync", "on")
                    .setServerConfig("synchronous_commit", "on")
                    .setServerConfig("full_page_writes", "on");
        }
        return builder.start();
    }

    private Result measure(String engine, String url, String username, String password) throws Exception {
        try (HikariDataSource source = StateDatabase.open(Path.of("."), url, username, password)) {
            createPeer(source, engine);
            if (sql != null) {
                new JdbcTemplate(source).execute(sql);
            }
            ours(source, Math.min(stores, 50), 20); // classes, plans and pages are warm for both
            peer(source, engine, 1000);
            double ours = 0;
            double peer = 0;
            for (int i = 0; i < repetitions; i++) {
                ours = Math.max(ours, ours(source, stores, steps));
                peer = Math.max(peer, peer(source, engine, stores * steps));
            }
            Double claim = null;
            Double claimFinished = null;
            if (finished > 0) {
                clear(source);
                claim = claims(source);
                clear(source);
                fill(source);
                claimFinished = claims(source);
            }
            return new Result(engine, ours, peer, ours / peer, claim, claimFinished);
        }
    }

    private static void clear(HikariDataSource source) {
        JdbcTemplate jdbc = new JdbcTemplate(source);
        for (String table : List.of("data_update_step", "data_update", "event")) {
            jdbc.execute("TRUNCATE TABLE " + table);
        }
    }

    /** Drains all steps as the workers of route migrate-worker do: store by store, each as far as it goes. */
    private double ours(HikariDataSource source, int stores, int steps) throws Exception {
        clear(source);
        add(source, "in-progress", "pending", stores, steps, "bench");
        Database database = new Database(source);
        Instance instance = new Instance("bench");
        Queue queue = new Queue(
                database, instance, new Events(database, instance), Duration.ofMinutes(1), 5, Duration.ofSeconds(10));
        ConcurrentLinkedQueue<String> waiting = new ConcurrentLinkedQueue<>(new JdbcTemplate(source)
                .queryForList(
                        "SELECT DISTINCT store FROM data_update WHERE state IN ('pending', 'in-progress')",
                        String.class));
        long start = System.nanoTime();
        ExecutorService threads = Executors.newFixedThreadPool(workers);
        List<Future<Integer>> runs = new ArrayList<>();
        for (int w = 0; w < workers; w++) {
            runs.add(threads.submit(() -> {
                int done = 0;
                for (String store = waiting.poll(); store != null; store = waiting.poll()) {
                    int last = -1;
                    ClaimedStep step = queue.claim(store);
                    while (step != null) {
                        last = after(last, store, step.position());
                        int ahead = 0;
                        for (Queue.Ahead next : oneByOne ? List.<Queue.Ahead>of() : queue.ahead(step)) {
                            last = after(last, store, next.position());
                            ahead++;
                        }
                        done += 1 + ahead;
                        step = queue.completeAndClaim(step, new StepResult("no-op", ahead));
                    }
                }
                return done;
            }));
        }
        int done = 0;
        for (Future<Integer> run : runs) {
            done += run.get();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        threads.shutdown();
        JdbcTemplate jdbc = new JdbcTemplate(source);
        check("steps run", done, stores * steps);
        check(
                "steps complete",
                jdbc,
                "SELECT COUNT(*) FROM data_update_step WHERE status = 'complete'",
                stores * steps);
        check("events", jdbc, "SELECT COUNT(*) FROM event", 2 * stores * steps);
        return stores * steps / seconds;
    }

    /** A step that does nothing. */
    private static int after(int last, String store, int position) {
        if (position != last + 1) {
            throw new BenchException("store " + store + ": step " + position + " after " + last);
        }
        return position;
    }

    private static void check(String what, JdbcTemplate jdbc, String sql, int expected) {
        Integer found = jdbc.queryForObject(sql, Integer.class);
        check(what, found == null ? 0 : found, expected);
    }

    private static void check(String what, int found, int expected) {
        if (found != expected) {
            throw new BenchException(what + ": " + found + " instead of " + expected);
        }
    }

    /** As many one-time tasks that do nothing, due at once. */
    private double peer(HikariDataSource source, String engine, int tasks) throws Exception {
        new JdbcTemplate(source).execute("TRUNCATE TABLE scheduled_tasks");
        CountDownLatch left = new CountDownLatch(tasks);
        Set<String> doubles = ConcurrentHashMap.newKeySet();
        OneTimeTask<Void> task = Tasks.oneTime("step").execute((instance, context) -> {
            if (!doubles.add(instance.getId())) {
                throw new BenchException("db-scheduler ran " + instance.getId() + " twice");
            }
            left.countDown();
        });
        Timestamp due = Timestamp.from(Instant.now().minusSeconds(3600));
        List<Object[]> rows = new ArrayList<>();
        for (int i = 0; i < tasks; i++) {
            rows.add(new Object[] {"step", "store" + i / steps + "-" + i % steps, due, false, 1L, 0});
        }
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            insert(
                    connection,
                    "INSERT INTO scheduled_tasks (task_name, task_instance, execution_time, picked, version, priority)"
                            + " VALUES (?, ?, ?, ?, ?, ?)",
                    rows);
            connection.commit();
            connection.setAutoCommit(true);
        }
        SchedulerBuilder builder =
                Scheduler.create(source, task).threads(workers).pollingInterval(Duration.ofMillis(100));
        if (engine.equals("postgresql")) {
            builder.pollUsingLockAndFetch(4.0, 20.0); // many at a time, as its own benchmark has it
        } else {
            builder.pollUsingFetchAndLockOnExecute(4.0, 20.0); // all that it has for these
        }
        Scheduler scheduler = builder.build();
        long start = System.nanoTime();
        scheduler.start();
        left.await();
        JdbcTemplate jdbc = new JdbcTemplate(source);
        while (!Integer.valueOf(0).equals(jdbc.queryForObject("SELECT COUNT(*) FROM scheduled_tasks", Integer.class))) {
            Thread.onSpinWait();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        scheduler.stop();
        return tasks / seconds;
    }

    /** db-scheduler's own tables and indices. */
    private static void createPeer(HikariDataSource source, String engine) {
        JdbcTemplate jdbc = new JdbcTemplate(source);
        String time = engine.equals("mariadb") ? "TIMESTAMP(6)" : "TIMESTAMP WITH TIME ZONE";
        jdbc.execute(
                "CREATE TABLE scheduled_tasks (task_name VARCHAR(100) NOT NULL, task_instance VARCHAR(100) NOT NULL,"
                        + " task_data " + (engine.equals("postgresql") ? "BYTEA" : "BLOB") + ", execution_time " + time
                        + " NOT NULL, picked BOOLEAN NOT NULL, picked_by VARCHAR(50), last_success " + time
                        + " NULL, last_failure " + time + " NULL, consecutive_failures INT, last_heartbeat " + time
                        + " NULL, version BIGINT NOT NULL, priority SMALLINT, PRIMARY KEY (task_name, task_instance))");
        jdbc.execute("CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time)");
        jdbc.execute("CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat)");
    }

    /** Median milliseconds of a claim of a first step and of the record of its end, in a thread alone. */
    private double claims(HikariDataSource source) throws Exception {
        add(source, "in-progress", "pending", 1000, 3, "claim");
        Database database = new Database(source);
        Instance instance = new Instance("bench");
        Queue queue = new Queue(
                database, instance, new Events(database, instance), Duration.ofMinutes(1), 5, Duration.ofSeconds(10));
        double[] millis = IntStream.range(0, 1000)
                .mapToDouble(i -> {
                    long start = System.nanoTime();
                    ClaimedStep step = queue.claim("claim" + i);
                    queue.heartbeat();
                    queue.complete(Objects.requireNonNull(step), "no-op");
                    return (System.nanoTime() - start) / 1e6;
                })
                .sorted()
                .toArray();
        return millis[millis.length / 2];
    }

    /** Finished updates of the same stores, ten each of a thousand stores. */
    private void fill(HikariDataSource source) throws Exception {
        for (int i = 0; i < 10; i++) {
            add(source, "complete", "complete", 1000, finished / 10_000, "claim");
        }
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            if (source.getJdbcUrl().startsWith("jdbc:postgresql:")) {
                statement.execute("ANALYZE");
            } else if (source.getJdbcUrl().startsWith("jdbc:mariadb:")) {
                statement.execute("ANALYZE TABLE data_update, data_update_step");
            } else {
                statement.execute("ANALYZE");
            }
        }
    }

    private static void add(HikariDataSource source, String state, String status, int stores, int steps, String prefix)
            throws Exception {
        List<Object[]> updates = new ArrayList<>();
        List<Object[]> all = new ArrayList<>();
        boolean open = !state.equals("complete");
        for (int s = 0; s < stores; s++) {
            String id = UUID.randomUUID().toString();
            String store = prefix + s;
            updates.add(new Object[] {
                id, store, PLUGIN, "3.0.0", "4.3.6", state, open ? store + "/" + PLUGIN : null, "20261124T030000Z"
            });
            for (int i = 0; i < steps; i++) {
                all.add(new Object[] {id, i, "step-" + i, status});
            }
        }
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            insert(
                    connection,
                    "INSERT INTO data_update (id, store, plugin, to_version, code_version, state, open_key, snapshot_id)"
                            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    updates);
            insert(
                    connection,
                    "INSERT INTO data_update_step (data_update_id, position, name, status) VALUES (?, ?, ?, ?)",
                    all);
            connection.commit();
            connection.setAutoCommit(true);
        }
    }

    private static void insert(Connection connection, String sql, List<Object[]> rows) throws Exception {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int n = 0;
            for (Object[] row : rows) {
                for (int i = 0; i < row.length; i++) {
                    statement.setObject(i + 1, row[i]);
                }
                statement.addBatch();
                if (++n % 5000 == 0) {
                    statement.executeBatch();
                }
            }
            statement.executeBatch();
        }
    }
}
