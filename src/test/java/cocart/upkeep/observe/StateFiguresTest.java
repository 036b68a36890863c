package cocart.upkeep.observe;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Engine;
import cocart.upkeep.state.Jobs;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is read from the state database for probes and scrapes, on each kind of it. */
class StateFiguresTest {

    private static final Duration LEASE = Duration.ofSeconds(60);
    private static final Duration SLACK = Duration.ofMinutes(10);
    private static final StateFigures.Limits LIMITS = new StateFigures.Limits(LEASE, Duration.ofHours(6), SLACK);

    private HikariDataSource source;
    private LocalDateTime now;

    @ParameterizedTest
    @EnumSource(Engine.class)
    void everyStoreHasItsFigures(Engine engine) throws Exception {
        try (HikariDataSource pool = open(engine)) {
            run("acme", "detect", 30, 20, null, null);
            run("acme", "back-up", 900, 300, null, null);
            run("acme", "prune", 300, null, null, 5);
            run("blue", "detect", 30, 20, "store blue: nothing listens", null);
            run("removed", "detect", 30, 20, "is in no settings any more", null);
            snapshot("acme", "20260101T030000Z", 10, 86_400 * 9, 0);
            snapshot("acme", "20260102T030000Z", 2000, 3600, 0);
            snapshot("acme", "20260103T030000Z", 77, 60, 1);
            snapshot("blue", "20260101T030000Z", 10, 86_400 * 9, 0);
            update("a-old", "acme", "complete", 90_000, 80_000);
            update("a", "acme", "awaiting-approval", 600, 500);
            step("a", 0, "pending", 500, null);
            step("a", 1, "pending", 500, null);
            String notice = "INSERT INTO notice (id, store, kind, cause, subject, fingerprint, text";
            change(notice + ") VALUES ('1', 'acme', 'update-required', 'update-required', '', 'x', 'x')");
            change(notice + ") VALUES ('2', 'blue', 'attention', 'exposure', '', 'x', 'x')");
            change(notice + ", dismissed_at) VALUES ('3', 'acme', 'attention', 'exposure', '', 'x', 'x', ?)", 5);
            change(notice + ", cleared_at) VALUES ('4', 'acme', 'attention', 'disk', '', 'x', 'x', ?)", 5);

            Figures figures = figures("acme", "blue", "new");
            Figures.Store acme = figures.stores().get(0);
            assertThat(acme.isUp()).isTrue();
            assertThat(acme.sinceLook()).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(50));
            assertThat(acme.backup()).isEqualTo(Duration.ofSeconds(600));
            assertThat(acme.exposure()).isBetween(Duration.ofSeconds(600), Duration.ofSeconds(630));
            assertThat(acme.snapshot().bytes())
                    .as("the newest that is no copy before a restore")
                    .isEqualTo(2000);
            assertThat(acme.snapshot().count()).isEqualTo(2);
            assertThat(acme.snapshot().age()).isBetween(Duration.ofSeconds(3600), Duration.ofSeconds(3630));
            assertThat(acme.isOverdue()).isFalse();
            assertThat(acme.progress()).containsExactly(new Figures.Progress("prune", 7, 70));
            Figures.Store blue = figures.stores().get(1);
            assertThat(blue.isUp()).isFalse();
            assertThat(blue.isOverdue()).isTrue();
            assertThat(blue.exposure()).isNull();
            Figures.Store unseen = figures.stores().get(2);
            assertThat(unseen.isUp()).isNull();
            assertThat(unseen.snapshot()).isNull();
            assertThat(unseen.isOverdue()).as("it has not had the time for one").isFalse();
            assertThat(figures.updates()).isEqualTo(Map.of("awaiting-approval", 1L));
            assertThat(figures.steps()).isEqualTo(Map.of("pending", 2L));
            assertThat(figures.notices()).isEqualTo(Map.of("update-required", 1L, "attention", 1L));
            assertThat(figures.failed()).isEqualTo(Map.of("detect", 1L));
            assertThat(figures.running()).isEqualTo(Map.of("prune", 1L));
            assertThat(figures.stuck().isNone()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aStoreWithoutAnySnapshotIsOverdueFromWhenItWasFirstSeenOrSpokenOf(Engine engine) throws Exception {
        try (HikariDataSource pool = open(engine)) {
            int slack = 6 * 3600;
            change("INSERT INTO event (id, store, instance, text, at) VALUES ('1', 'away', 'i', 'x', ?)", slack + 60);
            change("INSERT INTO event (id, store, instance, text, at) VALUES ('2', 'late', 'i', 'x', ?)", slack - 60);
            String seen = "INSERT INTO plugin_sighting (id, store, plugin, fingerprint, state, first_seen_at) VALUES";
            change(seen + " ('1', 'seen', 'cart', 'f', 'unsettled', ?)", slack + 60);
            change(seen + " ('2', 'late', 'cart', 'f', 'unsettled', ?)", slack - 90);
            run("away", "back-up", 30, 20, "store away: nothing listens", null);
            assertThat(figures("away", "seen", "late", "new").stores())
                    .as("also by a process that has just begun")
                    .filteredOn(Figures.Store::isOverdue)
                    .extracting(Figures.Store::id)
                    .containsExactly("away", "seen");
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aStepWhoseLeaseRanOutLongAgoIsStuckAndOneThatIsTakenOverInTimeIsNot(Engine engine) throws Exception {
        try (HikariDataSource pool = open(engine)) {
            update("a", "acme", "in-progress", 2000, 1900);
            step("a", 0, "complete", 1900, null);
            step("a", 1, "in-progress", 1900, 65);
            assertThat(figures("acme").stuck().isNone())
                    .as("another instance may still take it over")
                    .isTrue();
            change("UPDATE data_update_step SET heartbeat_at = ? WHERE position = 1", 60 + 10 * 60 + 5);
            assertThat(figures("acme").stuck().steps()).containsExactly("acme");
        }
    }

    @Test
    void approvedWorkThatNobodyTakesIsStuckUnlessSomethingSaysWhy() throws Exception {
        try (HikariDataSource pool = open(Engine.H2)) {
            update("a", "acme", "pending", 86_400, 86_000);
            step("a", 0, "pending", 86_000, null);
            StateFigures source = new StateFigures(
                    new Database(pool),
                    List.of("acme"),
                    store -> new Jobs.Schedule("", "UTC"),
                    new StateFigures.Limits(LEASE, SLACK, Duration.ofMillis(50)));
            assertThat(source.read().stuck().isNone())
                    .as("approved a moment ago, for all one knows")
                    .isTrue();
            Thread.sleep(100);
            assertThat(source.read().stuck().updates()).containsExactly("acme");
            for (String excuse : List.of(
                    "UPDATE data_update SET reason = 'CoCart''s own updater is at work'",
                    "INSERT INTO job_run (store, job, error) VALUES ('acme', 'back-up', 'no dump program')",
                    "INSERT INTO job_run (store, job, claimed_by, heartbeat_at) VALUES ('acme', 'migrate', 'i',"
                            + " LOCALTIMESTAMP(3))")) {
                change(excuse);
                assertThat(source.read().stuck().isNone()).as(excuse).isTrue();
                change("UPDATE data_update SET reason = NULL");
                change("DELETE FROM job_run");
            }
        }
    }

    @Test
    void aThousandStoresAreScrapedWithTheirLabelAndWithout() throws Exception {
        try (HikariDataSource pool = open(Engine.H2)) {
            List<String> stores =
                    IntStream.range(0, 1000).mapToObj(i -> "store-" + i).toList();
            String each = " FROM SYSTEM_RANGE(0, 999)";
            change("INSERT INTO job_run (store, job, last_finished_at) SELECT 'store-' || X, 'detect',"
                    + " LOCALTIMESTAMP(3)" + each);
            change("INSERT INTO job_run (store, job, error) SELECT 'store-' || X, 'back-up',"
                    + " CASE MOD(X, 10) WHEN 7 THEN 'failed' END" + each);
            for (int day = 1; day <= 9; day++) {
                change("INSERT INTO snapshot (store, id, files, bytes, new_bytes, failed, sealed_at) SELECT 'store-'"
                        + " || X, '2026010" + day + "T030000Z', 3, " + day + ", 1, 0, LOCALTIMESTAMP(3)" + each);
            }
            change("INSERT INTO data_update (id, store, plugin, to_version, code_version, state) SELECT X, 'store-'"
                    + " || X, 'cart', '3', '4', 'complete'" + each);
            try (Observed observed = new Observed(
                    new Database(pool),
                    stores,
                    store -> new Jobs.Schedule("0 0 3 * * ?", "UTC"),
                    LEASE,
                    Duration.ofDays(2),
                    SLACK)) {
                BackupDisk disk = new BackupDisk(Path.of("."), 1);
                try (Metrics metrics = new Metrics(observed, disk, pool, true)) {
                    String scraped = metrics.scrape();
                    assertThat(scraped.lines().filter(line -> line.startsWith("cocart_upkeep_snapshot_bytes{")))
                            .hasSize(1000)
                            .contains("cocart_upkeep_snapshot_bytes{store=\"store-5\"} 9.0");
                }
            }
            try (HikariDataSource other = Engine.H2.open();
                    Observed observed = new Observed(
                            new Database(pool),
                            stores,
                            store -> new Jobs.Schedule("0 0 3 * * ?", "UTC"),
                            LEASE,
                            Duration.ofDays(2),
                            SLACK);
                    Metrics metrics = new Metrics(observed, new BackupDisk(Path.of("."), 1), other, false)) {
                assertThat(metrics.scrape())
                        .doesNotContain("store-5", "store=")
                        .contains(
                                "\ncocart_upkeep_snapshot_bytes 9000.0\n",
                                "\ncocart_upkeep_store_up 1.0\n",
                                "\ncocart_upkeep_jobs_failed{job=\"back-up\"} 100.0\n");
            }
        }
    }

    private HikariDataSource open(Engine engine) throws Exception {
        source = engine.open();
        now = new Database(source).now();
        return source;
    }

    private Figures figures(String... stores) {
        return new StateFigures(
                        new Database(source), List.of(stores), store -> new Jobs.Schedule("0 0 3 * * ?", "UTC"), LIMITS)
                .read();
    }

    /** @param heartbeat seconds ago, of the instance that runs it; null if none does */
    private void run(String store, String job, Integer started, Integer finished, String error, Integer heartbeat)
            throws SQLException {
        change(
                "INSERT INTO job_run (store, job, error, claimed_by, progress_files, progress_bytes, last_started_at,"
                        + " last_finished_at, heartbeat_at, progress_at) VALUES ('" + store + "', '" + job + "', "
                        + (error == null ? "NULL" : "'" + error + "'")
                        + (heartbeat == null ? ", NULL, NULL, NULL" : ", 'i', 7, 70") + ", ?, ?, ?, ?)",
                started,
                finished,
                heartbeat,
                heartbeat);
    }

    private void snapshot(String store, String id, long bytes, int sealed, int beforeRestore) throws SQLException {
        change(
                "INSERT INTO snapshot (store, id, files, bytes, new_bytes, failed, before_restore, sealed_at) VALUES ('"
                        + store + "', '" + id + "', 3, " + bytes + ", 1, 0, " + beforeRestore + ", ?)",
                sealed);
    }

    private void update(String id, String store, String state, int exposed, int created) throws SQLException {
        change(
                "INSERT INTO data_update (id, store, plugin, to_version, code_version, state, exposed_since,"
                        + " created_at) VALUES ('" + id + "', '" + store + "', 'cart', '3', '4', '" + state
                        + "', ?, ?)",
                exposed,
                created);
    }

    private void step(String update, int position, String status, int due, Integer heartbeat) throws SQLException {
        change(
                "INSERT INTO data_update_step (data_update_id, position, name, status, due_at, heartbeat_at) VALUES ('"
                        + update + "', " + position + ", 's', '" + status + "', ?, ?)",
                due,
                heartbeat);
    }

    /** @param ago seconds before now, for each parameter of the statement, or null */
    private void change(String sql, Integer... ago) throws SQLException {
        try (Connection connection = source.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < ago.length; i++) {
                statement.setTimestamp(i + 1, ago[i] == null ? null : Timestamp.valueOf(now.minusSeconds(ago[i])));
            }
            statement.executeUpdate();
        }
    }
}
