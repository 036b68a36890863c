package cocart.upkeep.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Engine;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreException;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What docs/queue.md promises; {@link QueueTest} says on which state databases. */
abstract class QueuePromises {

    private static final String PLUGIN = "cart-rest-api-for-woocommerce";
    private static final Duration LEASE = Duration.ofMinutes(1);
    private static final Map<Engine, HikariDataSource> POOLS = new EnumMap<>(Engine.class);

    private final Engine engine;

    private HikariDataSource source;
    private Database database;
    private Updates updates;
    private Queue queue;

    QueuePromises(Engine engine) {
        this.engine = engine;
    }

    @BeforeEach
    void open() throws Exception {
        if (!POOLS.containsKey(engine)) {
            POOLS.put(engine, engine.open());
        }
        source = POOLS.get(engine);
        for (String table : List.of("data_update_step", "data_update", "event")) {
            change("DELETE FROM " + table);
        }
        database = new Database(source);
        updates = new Updates(database, new Events(database, new Instance("one")));
        queue = queue("one");
    }

    @AfterAll
    static void close() {
        POOLS.values().forEach(HikariDataSource::close);
        POOLS.clear();
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
    void theNextStepIsClaimedWithTheEndOfTheOneBefore() {
        update("acme", 4);
        change("UPDATE data_update_step SET reached_key = 7, carts_before = 20, attempts = 1 WHERE position = 2");
        List<ClaimedStep> order = new ArrayList<>();
        for (ClaimedStep step = queue.claim("acme");
                step != null;
                step = queue.completeAndClaim(step, StepResult.of("untouched"))) {
            assertThat(queue("two").claim("acme")).as("one at a time").isNull();
            order.add(step);
        }
        assertThat(order).extracting(ClaimedStep::name).containsExactly("step-0", "step-1", "step-2", "step-3");
        assertThat(order).extracting(ClaimedStep::attempts).containsExactly(1, 1, 2, 1);
        assertThat(order).extracting(ClaimedStep::reachedKey).containsExactly(null, null, 7L, null);
        assertThat(order).extracting(ClaimedStep::wasStarted).containsExactly(false, false, true, false);
        assertThat(order).extracting(ClaimedStep::token).doesNotHaveDuplicates();
        assertThat(texts("SELECT DISTINCT status FROM data_update_step")).containsExactly("complete");
    }

    @Test
    void theNextStepIsNotClaimedWhenItChangedMeanwhile() {
        for (String meanwhile : List.of(
                "UPDATE data_update_step SET status = 'failed' WHERE position = 1",
                "UPDATE data_update_step SET attempts = 2 WHERE position = 1",
                "UPDATE data_update_step SET name = 'another' WHERE position = 1",
                "UPDATE data_update SET state = 'failed'",
                "UPDATE data_update SET snapshot_id = NULL",
                "UPDATE data_update_step SET status = 'complete' WHERE position = 1")) {
            change("DELETE FROM data_update_step");
            change("DELETE FROM data_update");
            update("acme", 3);
            ClaimedStep first = queue.claim("acme");
            change(meanwhile);
            ClaimedStep next = queue.completeAndClaim(first, StepResult.of("untouched"));
            assertThat(texts("SELECT status FROM data_update_step WHERE position = 0"))
                    .as(meanwhile)
                    .containsExactly("complete");
            if (meanwhile.contains("another")) {
                assertThat(next.name()).isEqualTo("another");
            } else if (meanwhile.contains("attempts = 2")) {
                assertThat(next.attempts()).isEqualTo(3);
            } else if (meanwhile.contains("complete")) {
                assertThat(next.name()).isEqualTo("step-2");
            } else {
                assertThat(next).as(meanwhile).isNull();
            }
        }
    }

    @Test
    void stepsThatWereDoneAlreadyAreRecordedWithTheOneBeforeThem() {
        update("acme", 6);
        ClaimedStep first = queue.claim("acme");
        assertThat(queue.ahead(first))
                .extracting(Queue.Ahead::name)
                .containsExactly("step-1", "step-2", "step-3", "step-4", "step-5");
        change("DELETE FROM event");
        ClaimedStep next = queue.completeAndClaim(first, new StepResult("no-op", 3));
        assertThat(next.name()).isEqualTo("step-4");
        assertThat(next.attempts()).isEqualTo(1);
        assertThat(statuses())
                .containsExactly("complete", "complete", "complete", "complete", "in-progress", "pending");
        assertThat(texts("SELECT text FROM event ORDER BY id"))
                .containsExactly(
                        "Step step-0 complete: was already done.",
                        "Step step-1 in progress.",
                        "Step step-1 complete: was already done.",
                        "Step step-2 in progress.",
                        "Step step-2 complete: was already done.",
                        "Step step-3 in progress.",
                        "Step step-3 complete: was already done.",
                        "Step step-4 in progress.");
        assertThat(texts("SELECT COUNT(*) FROM data_update_step WHERE status = 'complete' AND attempts = 1"
                        + " AND carts_checked = 'no-op' AND started_at IS NOT NULL AND finished_at IS NOT NULL"
                        + " AND claimed_by IS NULL"))
                .containsExactly("4");
        assertThat(queue("two").claim("acme")).as("one at a time").isNull();
        assertThat(queue.completeAndClaim(next, new StepResult("no-op", 1)))
                .as("none is left")
                .isNull();
        assertThat(texts("SELECT DISTINCT status FROM data_update_step")).containsExactly("complete");
    }

    @Test
    void whatWasBegunBeforeNeedsAClaimOfItsOwn() {
        update("acme", 40);
        assertThat(queue.ahead(queue.claim("acme"))).hasSize(25);
        change("UPDATE data_update_step SET heartbeat_at = " + ago(61) + " WHERE position = 0");
        change("UPDATE data_update_step SET attempts = 1 WHERE position = 3");
        assertThat(queue.ahead(queue.claim("acme")))
                .extracting(Queue.Ahead::position)
                .containsExactly(1, 2);
    }

    @Test
    void stepsThatWereDoneAlreadyAreNotRecordedWhenSomethingChangedMeanwhile() {
        for (String meanwhile : List.of(
                "UPDATE data_update_step SET status = 'failed' WHERE position = 2",
                "UPDATE data_update_step SET attempts = 1 WHERE position = 1",
                "UPDATE data_update_step SET position = 102 WHERE position = 2",
                "UPDATE data_update SET state = 'canceled'",
                "UPDATE data_update SET snapshot_id = NULL")) {
            change("DELETE FROM data_update_step");
            change("DELETE FROM data_update");
            update("acme", 4);
            ClaimedStep first = queue.claim("acme");
            change(meanwhile);
            change("DELETE FROM event");
            queue.completeAndClaim(first, new StepResult("no-op", 2));
            assertThat(statuses().get(0)).as(meanwhile).isEqualTo("complete");
            assertThat(statuses().subList(1, 4)).as(meanwhile).doesNotContain("complete");
            assertThat(events())
                    .as(meanwhile)
                    .filteredOn(text -> text.contains("complete"))
                    .hasSize(1);
        }
        assertThatThrownBy(() -> {
                    update("other", 3);
                    ClaimedStep lost = queue.claim("other");
                    change("UPDATE data_update_step SET token = 'x' WHERE status = 'in-progress'");
                    queue.completeAndClaim(lost, new StepResult("no-op", 2));
                })
                .hasMessageContaining("another instance");
        assertThat(texts("SELECT s.status FROM data_update_step s JOIN data_update u ON u.id = s.data_update_id"
                        + " WHERE u.store = 'other'"))
                .doesNotContain("complete");
    }

    @Test
    void nothingRunsBeforeApprovalNorWithoutASnapshot() {
        DataUpdate waiting = plan("acme", PLUGIN, false);
        add(waiting, 0);
        assertThat(queue.claim("acme")).isNull();
        updates.approve(waiting);
        assertThat(queue.claim("acme")).as("not backed up").isNull();
        updates.backedUp(waiting.id(), "20261124T030000Z");
        assertThat(queue.claim("acme")).isNotNull();
    }

    @Test
    void aFailedAttemptWaitsTwiceAsLongEachTimeAndTheLastOneStopsEverything() {
        DataUpdate update = update("acme", 2);
        for (int attempt = 1; attempt <= 2; attempt++) {
            ClaimedStep step = queue.claim("acme");
            assertThat(step.attempts()).isEqualTo(attempt);
            assertThat(queue.fail(step, new StoreException("away", null))).isFalse();
            assertThat(queue.claim("acme")).as("backs off").isNull();
            change("UPDATE data_update_step SET due_at = " + ago(-10 * attempt + 2) + " WHERE position = 0");
            assertThat(queue.claim("acme")).as("still").isNull();
            change("UPDATE data_update_step SET due_at = " + ago(1) + " WHERE position = 0");
        }
        assertThat(queue.fail(queue.claim("acme"), new StoreException("away", null)))
                .isTrue();
        assertThat(queue.claim("acme")).isNull();
        assertThat(updates.get(update.id()).state())
                .as("in the same transaction")
                .isEqualTo("failed");
        assertThat(updates.get(update.id()).reason()).isEqualTo("step step-0: away");
        assertThat(updates.retry(update)).isTrue();
        assertThat(queue.claim("acme")).as("backed up anew first").isNull();
        updates.backedUp(update.id(), "20261124T030000Z");
        assertThat(queue.claim("acme").attempts()).isEqualTo(1);
    }

    @Test
    void thatTheStateDatabaseWasAwayGivesNoStepUp() {
        DataUpdate update = update("acme", 1);
        for (int attempt = 1; attempt <= 5; attempt++) {
            ClaimedStep step = queue.claim("acme");
            assertThat(step.attempts()).isEqualTo(attempt);
            assertThat(queue.fail(step, new DataAccessResourceFailureException("cut")))
                    .isFalse();
            change("UPDATE data_update_step SET due_at = " + ago(1));
        }
        assertThat(updates.get(update.id()).state()).isEqualTo("in-progress");
    }

    @Test
    void whatAHumanMustMendIsNotTriedAgain() {
        update("acme", 1);
        assertThat(queue.fail(queue.claim("acme"), new StoreException("denied", null, true)))
                .isTrue();
    }

    @Test
    void aDeadInstancesStepIsTakenOverAndItsResultDropped() {
        DataUpdate update = update("acme", 2);
        ClaimedStep stale = queue.claim("acme");
        queue.measured(stale, 20, "abc");
        Queue other = queue("two");
        change("UPDATE data_update_step SET heartbeat_at = " + ago(58) + " WHERE position = 0");
        assertThat(other.claim("acme")).as("its lease has not run out").isNull();
        change("UPDATE data_update_step SET heartbeat_at = " + ago(61) + " WHERE position = 0");
        ClaimedStep taken = other.claim("acme");
        assertThat(taken.name()).isEqualTo(stale.name());
        assertThat(taken.wasStarted()).isTrue();
        assertThat(taken.attempts()).isEqualTo(2);
        List<String> before = events();
        assertThatThrownBy(() -> queue.completeAndClaim(stale, StepResult.of("untouched")))
                .hasMessageContaining("another instance");
        assertThatThrownBy(() -> queue.complete(stale, "untouched")).hasMessageContaining("another instance");
        assertThatThrownBy(() -> queue.measured(stale, 1, "x")).hasMessageContaining("another instance");
        assertThatThrownBy(() -> queue.reached(stale, 1)).hasMessageContaining("another instance");
        assertThat(queue.fail(stale, new StoreException("late", null, true))).isFalse();
        assertThat(events()).as("nothing changed, so nothing is said").isEqualTo(before);
        assertThat(updates.get(update.id()).state()).isEqualTo("in-progress");
        other.complete(taken, "no-op");
        assertThat(other.cartsUntouched(taken.dataUpdateId()))
                .as("a no-op after a lost attempt proves nothing about the carts")
                .isFalse();
        assertThat(other.claim("acme").name()).isEqualTo("step-1");
    }

    @Test
    void aHeartbeatKeepsAClaimAndRevivesNoneThatWasTakenOver() {
        update("acme", 1);
        queue.claim("acme");
        change("UPDATE data_update_step SET heartbeat_at = " + ago(90));
        queue.heartbeat();
        Queue other = queue("two");
        assertThat(other.claim("acme")).isNull();
        change("UPDATE data_update_step SET heartbeat_at = " + ago(90));
        assertThat(other.claim("acme")).isNotNull();
        change("UPDATE data_update_step SET heartbeat_at = " + ago(90));
        queue.heartbeat();
        assertThat(queue("three").claim("acme"))
                .as("one's heart beats for nothing")
                .isNotNull();
    }

    @Test
    void aStepOfWhichTheProcessAlwaysDiesIsGivenUp() {
        DataUpdate update = update("acme", 2);
        int begun = 0;
        for (; queue("instance " + begun).claim("acme") != null; begun++) {
            assertThat(begun).as("an end").isLessThan(50);
            assertThat(queue.claim("acme")).as("alive").isNull();
            change("UPDATE data_update_step SET heartbeat_at = " + ago(61) + " WHERE position = 0");
        }
        assertThat(begun).as("restarts by people fail nothing").isEqualTo(12);
        assertThat(updates.get(update.id()).state()).isEqualTo("failed");
        assertThat(updates.get(update.id()).reason())
                .startsWith("step step-0: it began 12 times")
                .contains("upkeep retry acme");
        assertThat(statuses()).containsExactly("failed", "pending");
        assertThat(events().stream().filter(text -> text.contains(" failed: "))).hasSize(2);
        assertThat(updates.retry(updates.get(update.id()))).isTrue();
        updates.backedUp(update.id(), "20261124T040000Z");
        assertThat(queue.claim("acme").attempts()).isEqualTo(1);
    }

    @Test
    void whatPeopleStopCountsAsNoAttempt() {
        update("acme", 1);
        for (int stop = 0; stop < 20; stop++) {
            Queue stopped = queue("instance " + stop);
            assertThat(stopped.claim("acme")).as("stop " + stop).isNotNull();
            stopped.release();
            assertThat(queue.claim("acme")).as("alive for a lease").isNull();
            change("UPDATE data_update_step SET heartbeat_at = " + ago(61));
        }
        assertThat(queue.claim("acme").attempts()).isEqualTo(1);
    }

    @Test
    void aStepWhoseEndCouldNotBeRecordedIsNotKeptAlive() {
        update("acme", 1);
        ClaimedStep step = queue.claim("acme");
        change("UPDATE data_update_step SET token = 'out of reach'");
        assertThatThrownBy(() -> queue.complete(step, "untouched")).isInstanceOf(StoreException.class);
        change("UPDATE data_update_step SET token = '" + step.token() + "', heartbeat_at = " + ago(61));
        queue.heartbeat();
        assertThat(queue.claim("acme")).as("by the same instance too").isNotNull();
    }

    @Test
    void aClockThatWasSetBackHoldsNothingUp() {
        update("acme", 1);
        queue.claim("acme");
        change("UPDATE data_update_step SET heartbeat_at = " + ago(-3600));
        ClaimedStep step = queue("two").claim("acme");
        assertThat(step)
                .as("claimed by one that died before the clock went back")
                .isNotNull();
        queue("two").fail(step, new StoreException("away", null));
        assertThat(queue.claim("acme")).as("waits for twice its first back-off").isNull();
        change("UPDATE data_update_step SET due_at = " + ago(-3600));
        assertThat(queue.claim("acme")).as("no wait is that long").isNotNull();
    }

    @Test
    void twoUpdatesOfAStoreNeverRunAStepEachAtOnce() throws Exception {
        for (int round = 0; round < 15; round++) {
            change("DELETE FROM data_update_step");
            change("DELETE FROM data_update");
            for (String plugin : List.of("a", "b", "c")) {
                DataUpdate update = plan("acme", plugin, true);
                updates.backedUp(update.id(), "20261124T030000Z");
                add(update, 0);
            }
            List<Callable<ClaimedStep>> claims = new ArrayList<>();
            for (String instance : List.of("one", "two", "three", "four")) {
                Queue own = queue(instance);
                claims.add(() -> own.claim("acme"));
            }
            assertThat(atOnce(claims)).filteredOn(step -> step != null).hasSize(1);
        }
    }

    @Test
    void eightWorkersDoEachStepOnceAndInOrder() throws Exception {
        int stores = 24;
        int steps = 6;
        for (int s = 0; s < stores; s++) {
            update("store" + s, steps);
        }
        List<String> done = Collections.synchronizedList(new ArrayList<>());
        List<Callable<Integer>> workers = new ArrayList<>();
        for (int w = 0; w < 8; w++) {
            Queue own = queue("worker" + w);
            int first = w;
            workers.add(() -> {
                int idle = 0;
                for (int round = first; idle < stores; round++) {
                    ClaimedStep step = own.claim("store" + round % stores);
                    idle = step == null ? idle + 1 : 0;
                    for (int n = 0; step != null && n < 3; n++) {
                        done.add(step.store() + "/" + step.name());
                        if (n < 2) {
                            step = own.completeAndClaim(step, StepResult.of("untouched"));
                        } else {
                            own.complete(step, "untouched");
                        }
                    }
                }
                return 0;
            });
        }
        atOnce(workers);
        assertThat(done).hasSize(stores * steps).doesNotHaveDuplicates();
        for (int s = 0; s < stores; s++) {
            String prefix = "store" + s + "/";
            assertThat(done.stream().filter(name -> name.startsWith(prefix))).isSorted();
        }
        assertThat(texts("SELECT text FROM event WHERE text LIKE 'Step % in progress.'"))
                .hasSize(stores * steps);
        assertThat(texts("SELECT text FROM event WHERE text LIKE 'Step % complete.'"))
                .hasSize(stores * steps);
    }

    @Test
    void afterACancelTheRunningStepGoesToItsEndAndNoOtherBegins() {
        DataUpdate update = update("acme", 3);
        ClaimedStep running = queue.claim("acme");
        assertThat(updates.cancel(update, "by hand")).isTrue();
        assertThat(updates.cancel(update, "by hand")).as("it is already").isFalse();
        assertThat(updates.approve(update)).as("of a canceled one").isFalse();
        assertThat(queue.completeAndClaim(running, StepResult.of("untouched"))).isNull();
        assertThat(queue.claim("acme")).isNull();
        assertThat(updates.get(update.id()).state()).isEqualTo("canceled");
        assertThat(statuses()).containsExactly("complete", "canceled", "canceled");
    }

    @Test
    void aCancelStopsAChunkedStepBetweenTwoChunks() {
        DataUpdate update = update("acme", 2);
        ClaimedStep running = queue.claim("acme");
        queue.reached(running, 100);
        updates.cancel(update, "by hand");
        assertThatThrownBy(() -> queue.reached(running, 200)).hasMessageContaining("canceled");
        assertThat(queue.fail(running, new StoreException("stopped", null))).isFalse();
        assertThat(statuses()).containsExactly("canceled", "canceled");
        updates.retry(update);
        updates.backedUp(update.id(), "20261124T040000Z");
        assertThat(queue.claim("acme").reachedKey())
                .as("and it goes on from there")
                .isEqualTo(200);
    }

    @Test
    void aRetryWhileTheCanceledStepStillRunsDoesNotRunItTwiceAtOnce() {
        DataUpdate update = update("acme", 2);
        ClaimedStep running = queue.claim("acme");
        updates.cancel(update, "by hand");
        assertThat(updates.retry(update)).isTrue();
        assertThat(updates.retry(update)).as("it is already").isFalse();
        updates.backedUp(update.id(), "20261124T040000Z");
        assertThat(queue("two").claim("acme")).as("still running").isNull();
        ClaimedStep next = queue.completeAndClaim(running, StepResult.of("untouched"));
        assertThat(next.name()).isEqualTo("step-1");
        assertThat(statuses()).containsExactly("complete", "in-progress");
    }

    @Test
    void anUpdateWhosePluginHasANewerOpenOneIsNotTriedAgain() {
        DataUpdate old = update("acme", 1);
        updates.cancel(old, "by hand");
        DataUpdate newer = updates.plan("acme", PLUGIN, null, "3.0.0", "4.3.7", Instant.now(), true)
                .orElseThrow();
        assertThat(updates.retry(old)).isFalse();
        assertThat(updates.get(old.id()).state()).isEqualTo("canceled");
        assertThat(updates.open("acme", PLUGIN).orElseThrow().id()).isEqualTo(newer.id());
    }

    @Test
    void twoCommandsAtOnceChangeAStateOnce() throws Exception {
        for (int round = 0; round < 8; round++) {
            change("DELETE FROM event");
            DataUpdate update = plan("store" + round, PLUGIN, false);
            add(update, 0);
            assertThat(atOnce(List.of(() -> updates.approve(update), () -> updates.approve(update))))
                    .containsExactlyInAnyOrder(true, false);
            assertThat(atOnce(List.of(() -> updates.cancel(update, "x"), () -> updates.cancel(update, "x"))))
                    .containsExactlyInAnyOrder(true, false);
            assertThat(atOnce(List.of(() -> updates.retry(update), () -> updates.retry(update))))
                    .containsExactlyInAnyOrder(true, false);
            atOnce(List.of(() -> updates.cancel(update, "x"), () -> updates.approve(update)));
            assertThat(updates.get(update.id()).state()).isEqualTo("canceled");
            assertThat(events())
                    .filteredOn(text -> text.startsWith("Data update"))
                    .as("planned, approved, canceled, pending, canceled")
                    .hasSize(5);
        }
    }

    /** Whoever wins, states fit each other, each change is told once, and a step is done once. */
    @Test
    void commandsRaceWithAWorker() throws Exception {
        for (int round = 0; round < 10; round++) {
            change("DELETE FROM event");
            String store = "store" + round;
            DataUpdate update = update(store, 6);
            List<String> done = Collections.synchronizedList(new ArrayList<>());
            atOnce(List.of(() -> work(queue, store, done), () -> work(queue("two"), store, done), () -> {
                Thread.sleep(ThreadLocalRandom.current().nextInt(20));
                return updates.cancel(update, "by hand") ? 1 : 0;
            }));
            List<String> statuses = statuses(update);
            assertThat(updates.get(update.id()).state()).isEqualTo("canceled");
            assertThat(statuses.subList(0, done.size())).allMatch("complete"::equals);
            assertThat(statuses.subList(done.size(), 6)).allMatch("canceled"::equals);
            assertThat(done).doesNotHaveDuplicates().isSorted();
            assertThat(texts("SELECT text FROM event WHERE text LIKE 'Step % complete.'"))
                    .hasSize(done.size());
            assertThat(texts("SELECT text FROM event WHERE text LIKE 'Step % canceled.'"))
                    .hasSize(6 - done.size());
        }
    }

    private int work(Queue own, String store, List<String> done) {
        for (int idle = 0; idle < 3; idle++) {
            for (ClaimedStep step = own.claim(store);
                    step != null;
                    step = own.completeAndClaim(step, StepResult.of("untouched"))) {
                done.add(step.name());
            }
        }
        return 0;
    }

    @Test
    void everyChangeIsOneEventWithInstanceAndReason() {
        DataUpdate update = plan("acme", PLUGIN, false);
        add(update, 0);
        add(update, 1);
        assertEvents("Data update of " + PLUGIN + " to database version 3.0.0 (installed code 4.3.6) awaits approval:"
                + " upkeep approve acme");
        updates.approve(update);
        assertEvents("Data update of " + PLUGIN + " approved, now pending.");
        updates.backedUp(update.id(), "20261124T030000Z");
        ClaimedStep step = queue.claim("acme");
        assertEvents("Data update of " + PLUGIN + " in progress.", "Step step-0 in progress.");
        queue.fail(step, new StoreException("away", null));
        assertEvents("Step step-0 failed, pending again, attempt 1 of 3: away");
        change("UPDATE data_update_step SET due_at = " + ago(1));
        queue.claim("acme");
        assertEvents("Step step-0 in progress, attempt 2.");
        change("UPDATE data_update_step SET heartbeat_at = " + ago(61) + " WHERE position = 0");
        step = queue("two").claim("acme");
        assertThat(texts("SELECT instance FROM event")).containsExactly("two");
        assertEvents("Step step-0 taken over from one, which was not heard of for 60 s; attempt 3.");
        step = queue.completeAndClaim(step, StepResult.of("no-op"));
        assertEvents("Step step-0 complete: was already done.", "Step step-1 in progress.");
        queue.fail(step, new StoreException("denied", null, true));
        assertEvents("Data update of " + PLUGIN + " failed: step step-1: denied", "Step step-1 failed: denied");
        updates.retry(update);
        assertEvents(
                "Data update of " + PLUGIN + " is tried again, now pending.",
                "Step step-0 pending again.",
                "Step step-1 pending again.");
        updates.cancel(update, "by hand");
        assertEvents(
                "Data update of " + PLUGIN + " canceled: by hand", "Step step-0 canceled.", "Step step-1 canceled.");
    }

    @Test
    void withoutItsEventNoChangeIsMade() {
        DataUpdate update = update("acme", 3);
        ClaimedStep step = queue.claim("acme");
        change("ALTER TABLE event RENAME TO event_gone");
        try {
            assertThatThrownBy(() -> queue.completeAndClaim(step, StepResult.of("untouched")))
                    .isNotNull();
            assertThatThrownBy(() -> queue.complete(step, "untouched")).isNotNull();
            assertThatThrownBy(() -> queue.fail(step, new StoreException("x", null, true)))
                    .isNotNull();
            assertThatThrownBy(() -> updates.cancel(update, "by hand")).isNotNull();
            assertThatThrownBy(() -> updates.fail(update, "x")).isNotNull();
            assertThatThrownBy(() -> updates.complete(update, null, null, "x")).isNotNull();
            assertThatThrownBy(() -> plan("other", PLUGIN, true)).isNotNull();
        } finally {
            change("ALTER TABLE event_gone RENAME TO event");
        }
        assertThat(updates.get(update.id()).state()).isEqualTo("in-progress");
        assertThat(statuses()).containsExactly("in-progress", "pending", "pending");
        assertThat(updates.open("other", PLUGIN)).isEmpty();
    }

    @Test
    void onlyOneUpdateOfAPluginIsOpenAndAFailedOneIsNotPlannedAgainByItself() {
        DataUpdate first = plan("acme", PLUGIN, true);
        assertThat(plan("acme", PLUGIN, true).id()).isEqualTo(first.id());
        updates.fail(first, "broken");
        assertThat(updates.plan("acme", PLUGIN, null, "3.0.0", "4.3.6", Instant.now(), true))
                .as("a human decides")
                .isEmpty();
        assertThat(updates.plan("acme", PLUGIN, null, "3.0.0", "4.3.7", Instant.now(), true))
                .as("other code, another try")
                .isPresent();
    }

    /** Runs all of them from the same moment on, and waits for their ends. */
    private static <T> List<T> atOnce(List<? extends Callable<T>> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(work.size());
        try {
            CyclicBarrier start = new CyclicBarrier(work.size());
            List<Future<T>> runs = new ArrayList<>();
            for (Callable<T> one : work) {
                runs.add(threads.submit(() -> {
                    start.await();
                    return one.call();
                }));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> run : runs) {
                results.add(run.get());
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }

    private void assertEvents(String... expected) {
        assertThat(events()).containsExactlyInAnyOrder(expected);
        change("DELETE FROM event");
    }

    private List<String> events() {
        return texts("SELECT text FROM event");
    }

    private List<String> statuses() {
        return texts("SELECT status FROM data_update_step ORDER BY position");
    }

    private List<String> statuses(DataUpdate update) {
        return texts(
                "SELECT status FROM data_update_step WHERE data_update_id = '" + update.id() + "' ORDER BY position");
    }

    private List<String> texts(String sql) {
        return JdbcClient.create(source).sql(sql).query(String.class).list();
    }

    private void change(String sql) {
        JdbcClient.create(source).sql(sql).update();
    }

    /** A time so many seconds ago by the database's clock; one to come if negative. */
    private String ago(int seconds) {
        return "TIMESTAMP '" + database.now().minusSeconds(seconds).toString().replace('T', ' ') + "'";
    }

    private DataUpdate update(String store, int steps) {
        DataUpdate update = plan(store, PLUGIN, true);
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
                .sql("INSERT INTO data_update_step (data_update_id, position, name, status, due_at)"
                        + " VALUES (?, ?, ?, 'pending', LOCALTIMESTAMP(3))")
                .params(update.id(), position, "step-" + position)
                .update();
        assertThat(queue.known(update.id())).contains(position);
    }

    private DataUpdate plan(String store, String plugin, boolean approved) {
        return updates.plan(store, plugin, "2.9.3", "3.0.0", "4.3.6", Instant.now(), approved)
                .orElseThrow();
    }

    private Queue queue(String instance) {
        return new Queue(
                database,
                new Instance(instance),
                new Events(database, new Instance(instance)),
                LEASE,
                3,
                Duration.ofSeconds(10));
    }
}
