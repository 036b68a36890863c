package cocart.upkeep.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.StateDatabase;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreException;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;

class QueueTest {

    private static final String PLUGIN = "cart-rest-api-for-woocommerce";

    private HikariDataSource source;
    private Database database;
    private Updates updates;
    private Queue queue;

    @BeforeEach
    void open() {
        source = StateDatabase.open(Path.of("."), "jdbc:h2:mem:" + UUID.randomUUID(), "sa", "");
        database = new Database(source);
        updates = new Updates(database, new Events(database, new Instance("one")));
        queue = queue("one");
    }

    @AfterEach
    void close() {
        source.close();
    }

    @Test
    void stepsRunInOrderOneAtATime() {
        update("acme", 3);
        List<String> order = new ArrayList<>();
        for (ClaimedStep step = queue.claim("acme"); step != null; step = queue.claim("acme")) {
            assertThat(queue("two").claim("acme")).as("one at a time").isNull();
            order.add(step.name());
            queue.complete(step, "untouched");
        }
        assertThat(order).containsExactly("step-0", "step-1", "step-2");
    }

    @Test
    void nothingRunsBeforeApprovalNorWithoutASnapshot() {
        DataUpdate waiting = plan("acme", false);
        add(waiting, 0);
        assertThat(queue.claim("acme")).isNull();
        updates.approve(waiting);
        assertThat(queue.claim("acme")).as("not backed up").isNull();
        updates.backedUp(waiting.id(), "20261124T030000Z");
        assertThat(queue.claim("acme")).isNotNull();
    }

    @Test
    void aFailedAttemptWaitsAndTheLastOneStopsEverything() throws Exception {
        DataUpdate update = update("acme", 2);
        ClaimedStep first = queue.claim("acme");
        assertThat(queue.fail(first, new StoreException("away", null))).isFalse();
        assertThat(queue.claim("acme")).as("backs off").isNull();
        Thread.sleep(120);
        ClaimedStep second = queue.claim("acme");
        assertThat(second.attempts()).isEqualTo(2);
        assertThat(queue.fail(second, new StoreException("away", null))).isFalse();
        Thread.sleep(120);
        assertThat(queue.claim("acme")).as("twice as long").isNull();
        Thread.sleep(120);
        assertThat(queue.fail(queue.claim("acme"), new StoreException("away", null)))
                .isTrue();
        Thread.sleep(120);
        assertThat(queue.claim("acme")).isNull();
        updates.fail(updates.get(update.id()), "away");
        assertThat(updates.retry(updates.get(update.id()))).isTrue();
        updates.backedUp(update.id(), "20261124T030000Z");
        assertThat(queue.claim("acme").attempts()).isEqualTo(1);
    }

    @Test
    void whatAHumanMustMendIsNotTriedAgain() {
        update("acme", 1);
        assertThat(queue.fail(queue.claim("acme"), new StoreException("denied", null, true)))
                .isTrue();
    }

    @Test
    void aDeadInstancesStepIsTakenOverAndItsResultDropped() throws Exception {
        update("acme", 2);
        ClaimedStep stale = queue.claim("acme");
        queue.measured(stale, 20, "abc");
        Thread.sleep(450);
        Queue other = queue("two");
        ClaimedStep taken = other.claim("acme");
        assertThat(taken.name()).isEqualTo(stale.name());
        assertThat(taken.wasStarted()).isTrue();
        assertThatThrownBy(() -> queue.complete(stale, "untouched")).hasMessageContaining("another instance");
        assertThatThrownBy(() -> queue.measured(stale, 1, "x")).hasMessageContaining("another instance");
        queue.fail(stale, new StoreException("late", null));
        other.complete(taken, "no-op");
        assertThat(other.cartsUntouched(taken.dataUpdateId()))
                .as("a no-op after a lost attempt proves nothing about the carts")
                .isFalse();
        assertThat(other.claim("acme").name()).isEqualTo("step-1");
    }

    @Test
    void aHeartbeatKeepsAClaim() throws Exception {
        update("acme", 1);
        queue.claim("acme");
        for (int i = 0; i < 6; i++) {
            Thread.sleep(100);
            JdbcClient.create(source)
                    .sql("UPDATE data_update_step SET heartbeat_at = LOCALTIMESTAMP(3) WHERE claimed_by = 'one'")
                    .update();
        }
        assertThat(queue("two").claim("acme")).isNull();
    }

    @Test
    void manyWorkersDoEachStepOnceAndInOrder() throws Exception {
        int stores = 20;
        int steps = 5;
        for (int s = 0; s < stores; s++) {
            update("store" + s, steps);
        }
        List<String> done = Collections.synchronizedList(new ArrayList<>());
        ExecutorService workers = Executors.newFixedThreadPool(8);
        List<Future<?>> runs = new ArrayList<>();
        for (int w = 0; w < 8; w++) {
            Queue own = queue("worker" + w);
            runs.add(workers.submit(() -> {
                int idle = 0;
                for (int round = 0; idle < stores * 2; round++) {
                    ClaimedStep step = own.claim("store" + round % stores);
                    if (step == null) {
                        idle++;
                    } else {
                        idle = 0;
                        done.add(step.store() + "/" + step.name());
                        own.complete(step, "untouched");
                    }
                }
            }));
        }
        for (Future<?> run : runs) {
            run.get();
        }
        workers.shutdown();
        assertThat(done).hasSize(stores * steps).doesNotHaveDuplicates();
        for (int s = 0; s < stores; s++) {
            String prefix = "store" + s + "/";
            assertThat(done.stream().filter(name -> name.startsWith(prefix))).isSorted();
        }
    }

    @Test
    void cancelIsRefusedWhileAStepRunsAndEndsAllElse() {
        DataUpdate update = update("acme", 2);
        ClaimedStep running = queue.claim("acme");
        assertThat(updates.cancel(updates.get(update.id()), "by hand")).isFalse();
        queue.complete(running, "untouched");
        assertThat(updates.cancel(updates.get(update.id()), "by hand")).isTrue();
        assertThat(updates.cancel(updates.get(update.id()), "by hand")).isFalse();
        assertThat(queue.claim("acme")).isNull();
        assertThat(updates.get(update.id()).state()).isEqualTo("canceled");
    }

    @Test
    void onlyOneUpdateOfAPluginIsOpenAndAFailedOneIsNotPlannedAgainByItself() {
        DataUpdate first = plan("acme", true);
        assertThat(plan("acme", true).id()).isEqualTo(first.id());
        updates.fail(first, "broken");
        assertThat(updates.plan("acme", PLUGIN, null, "3.0.0", "4.3.6", Instant.now(), true))
                .as("a human decides")
                .isEmpty();
        assertThat(updates.plan("acme", PLUGIN, null, "3.0.0", "4.3.7", Instant.now(), true))
                .as("other code, another try")
                .isPresent();
    }

    private DataUpdate update(String store, int steps) {
        DataUpdate update = plan(store, true);
        updates.backedUp(update.id(), "20261124T030000Z");
        for (int i = 0; i < steps; i++) {
            add(update, i);
        }
        return update;
    }

    /** What route plan does. */
    private void add(DataUpdate update, int position) {
        assertThat(queue.known(update.id())).doesNotContain(position);
        JdbcClient.create(source)
                .sql(
                        "INSERT INTO data_update_step (data_update_id, position, name, status) VALUES (?, ?, ?, 'pending')")
                .params(update.id(), position, "step-" + position)
                .update();
        assertThat(queue.known(update.id())).contains(position);
    }

    private DataUpdate plan(String store, boolean approved) {
        return updates.plan(store, PLUGIN, "2.9.3", "3.0.0", "4.3.6", Instant.now(), approved)
                .orElseThrow();
    }

    private Queue queue(String instance) {
        return new Queue(
                database,
                new Instance(instance),
                new Events(database, new Instance(instance)),
                Duration.ofMillis(400),
                3,
                Duration.ofMillis(100));
    }
}
