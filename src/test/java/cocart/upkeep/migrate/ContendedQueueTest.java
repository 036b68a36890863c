package cocart.upkeep.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Engine;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Updates;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Somebody else holds a lock in the state database: it is waited for, and whoever loses a deadlock does it again. */
class ContendedQueueTest {

    private static final Duration LEASE = Duration.ofMinutes(1);

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aStepsRowIsHeld(Engine engine) throws Exception {
        try (HikariDataSource source = engine.open()) {
            Database database = new Database(source);
            Events events = new Events(database, new Instance("one"));
            Updates updates = new Updates(database, events);
            Queue queue = new Queue(database, new Instance("one"), events, LEASE, 3, Duration.ofSeconds(10));
            DataUpdate update = update(source, updates, 3);
            ClaimedStep step = queue.claim("acme");
            CompletableFuture<ClaimedStep> next;
            try (Connection other = source.getConnection();
                    Statement statement = other.createStatement()) {
                other.setAutoCommit(false);
                statement.execute(
                        "SELECT * FROM data_update_step WHERE data_update_id = '" + update.id() + "' FOR UPDATE");
                next = CompletableFuture.supplyAsync(() -> queue.completeAndClaim(step, StepResult.of("untouched")));
                Thread.sleep(3000); // longer than H2 waits for a lock by itself
                assertThat(next).isNotDone();
                other.commit();
            }
            assertThat(next.get(60, TimeUnit.SECONDS).name()).isEqualTo("step-1");
            assertThat(told(source, "Step step-0 complete.%")).isEqualTo(1);
            assertThat(told(source, "Step step-1 in progress.%")).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void whoLosesADeadlockDoesItAgain(Engine engine) throws Exception {
        try (HikariDataSource source = engine.open()) {
            Database database = new Database(source);
            Events events = new Events(database, new Instance("one"));
            Updates updates = new Updates(database, events);
            int lost = 0;
            for (int i = 1; i <= 10 && lost == 0; i++) {
                DataUpdate update = update(source, updates, 20);
                CompletableFuture<Boolean> canceled;
                try (Connection other = source.getConnection();
                        Statement statement = other.createStatement()) {
                    other.setAutoCommit(false);
                    // who has changed more rows is not the victim on MariaDB
                    statement.execute(
                            "UPDATE data_update_step SET note = 'x' WHERE data_update_id = '" + update.id() + "'");
                    canceled = CompletableFuture.supplyAsync(() -> updates.cancel(update, "for a test"));
                    Thread.sleep(300);
                    try {
                        statement.execute("UPDATE data_update SET reason = 'y' WHERE id = '" + update.id() + "'");
                        other.commit();
                        lost++;
                    } catch (SQLException e) {
                        other.rollback(); // this session was the victim; try for the other outcome
                    }
                }
                assertThat(canceled.get(60, TimeUnit.SECONDS)).isTrue();
                assertThat(updates.get(update.id()).state()).isEqualTo("canceled");
                assertThat(told(source, "Data update of % canceled: for a test%"))
                        .isEqualTo(i);
                assertThat(told(source, "Step % canceled.%")).isEqualTo(20 * i);
            }
            assertThat(lost).as("deadlocks that the canceling session lost").isPositive();
        }
    }

    private static DataUpdate update(HikariDataSource source, Updates updates, int steps) {
        JdbcClient.create(source).sql("DELETE FROM data_update").update();
        DataUpdate update = updates.plan("acme", "cart", "1.0", "3.0.0", "4.3.6", Instant.now(), true)
                .orElseThrow();
        for (int i = 0; i < steps; i++) {
            JdbcClient.create(source)
                    .sql(
                            "INSERT INTO data_update_step (data_update_id, position, name, status) VALUES (?, ?, ?, 'pending')")
                    .params(update.id(), i, "step-" + i)
                    .update();
        }
        updates.backedUp(update.id(), "20261124T030000Z");
        return update;
    }

    private static long told(HikariDataSource source, String text) {
        return JdbcClient.create(source)
                .sql("SELECT COUNT(*) FROM event WHERE text LIKE ?")
                .param(text)
                .query(Long.class)
                .single();
    }
}
