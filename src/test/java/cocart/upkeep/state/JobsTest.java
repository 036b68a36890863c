package cocart.upkeep.state;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.jdbc.core.simple.JdbcClient;

class JobsTest {

    private static final Jobs.Schedule NIGHTLY = new Jobs.Schedule("0 0 3 * * ?", "UTC");

    private HikariDataSource source;
    private Database database;

    @BeforeEach
    void open() {
        source = StateDatabase.open(Path.of("."), "jdbc:h2:mem:" + UUID.randomUUID(), "sa", "");
        database = new Database(source);
    }

    @AfterEach
    void close() {
        source.close();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            nullValues = "-",
            value = {
                "never ran,                        -,                -,                false, false, true",
                "ran this night,                   2026-11-24T03:00, 2026-11-24T03:05, false, false, false",
                "missed the night,                 2026-11-23T03:00, 2026-11-23T03:05, false, false, true",
                "ran by hand before the night,     2026-11-24T02:00, 2026-11-24T02:05, false, false, true",
                "failed ten minutes ago,           2026-11-24T11:45, 2026-11-24T11:50, true,  false, false",
                "failed a quarter of an hour ago,  2026-11-24T11:40, 2026-11-24T11:45, true,  false, true",
                "left behind by a dead instance,   2026-11-24T11:50, 2026-11-23T03:05, false, true,  true",
                "running,                          2026-11-24T11:50, 2026-11-23T03:05, false, false, false",
                "ran before the clock went back,   2027-11-24T03:00, 2027-11-24T03:05, false, false, true",
                "ran by a clock a little ahead,    2026-11-24T12:00:30, 2026-11-24T12:00:31, false, false, false"
            })
    void isDue(
            String what,
            @Nullable LocalDateTime started,
            @Nullable LocalDateTime finished,
            boolean failed,
            boolean orphaned,
            boolean due) {
        Jobs.LastRun last = started == null ? null : new Jobs.LastRun(started, finished, failed, orphaned);
        assertThat(Jobs.isDue(NIGHTLY, Duration.ofMinutes(15), last, LocalDateTime.parse("2026-11-24T12:00:00")))
                .isEqualTo(due);
    }

    @Test
    void theZoneCounts() {
        Jobs.LastRun last = new Jobs.LastRun(
                LocalDateTime.parse("2026-11-24T00:00:00"), LocalDateTime.parse("2026-11-24T00:01:00"), false, false);
        LocalDateTime now = LocalDateTime.parse("2026-11-24T02:30:00");
        assertThat(Jobs.isDue(NIGHTLY, Duration.ZERO, last, now)).isFalse();
        assertThat(Jobs.isDue(new Jobs.Schedule("0 0 3 * * ?", "Europe/Berlin"), Duration.ZERO, last, now))
                .isTrue();
    }

    @Test
    void aRunIsClaimedByOneAndTakenOverOnlyFromTheDead() {
        Jobs one = jobs("one");
        Jobs two = jobs("two");
        assertThat(one.claim("acme", "back-up")).isTrue();
        assertThat(one.claim("acme", "back-up")).as("nor twice by the same").isFalse();
        assertThat(two.claim("acme", "back-up")).isFalse();
        assertThat(two.claim("acme", "detect")).as("another job").isTrue();
        assertThat(two.due("back-up")).as("running").isEmpty();
        change("last_started_at = DATEADD(HOUR, -1, last_started_at)");
        assertThat(two.claim("acme", "back-up")).as("its heart beats").isFalse();
        change("heartbeat_at = DATEADD(MINUTE, -2, heartbeat_at)");
        assertThat(two.due("back-up")).containsExactly("acme");
        assertThat(two.claim("acme", "back-up")).isTrue();
        one.finish("acme", "back-up", "too late");
        assertThat(one.error("acme")).as("the old one has no say any more").isEmpty();
        assertThat(one.claim("acme", "back-up")).isFalse();
        two.finish("acme", "back-up", null);
        assertThat(one.claim("acme", "back-up")).isTrue();
    }

    @Test
    void whatDiedBeforeTheClockWentBackIsTakenOver() {
        Jobs one = jobs("one");
        Jobs two = jobs("two");
        assertThat(one.claim("acme", "back-up")).isTrue();
        change("heartbeat_at = DATEADD(YEAR, 1, heartbeat_at), last_started_at = DATEADD(YEAR, 1, last_started_at)");
        assertThat(two.due("back-up")).containsExactly("acme");
        assertThat(two.claim("acme", "back-up")).isTrue();
        assertThat(one.claim("acme", "back-up"))
                .as("its heart beats by the clock as it is")
                .isFalse();
    }

    @Test
    void anErrorIsNewsOnlyOnce() {
        Jobs jobs = jobs("one");
        jobs.claim("acme", "detect");
        assertThat(jobs.finish("acme", "detect", "away")).isTrue();
        jobs.claim("acme", "detect");
        assertThat(jobs.finish("acme", "detect", "away")).isFalse();
        assertThat(jobs.error("acme")).contains("away");
        jobs.claim("acme", "detect");
        assertThat(jobs.finish("acme", "detect", null)).isFalse();
        assertThat(jobs.error("acme")).isEmpty();
    }

    private void change(String columns) {
        JdbcClient.create(source)
                .sql("UPDATE job_run SET " + columns + " WHERE claimed_by = 'one' AND job = 'back-up'")
                .update();
    }

    /** With a lease of a minute. */
    private Jobs jobs(String instance) {
        return new Jobs(
                database,
                new Instance(instance),
                Duration.ofMinutes(1),
                Duration.ofMinutes(15),
                List.of("acme"),
                (store, job) -> NIGHTLY);
    }
}
