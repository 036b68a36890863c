package cocart.upkeep.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.LocalServer;
import cocart.upkeep.TestServers;
import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.demo.ShopDatabase;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps that take long, on a store that is in use, against a real MariaDB. */
class LongStepsTest {

    private static final String SLUG = "cart-rest-api-for-woocommerce";
    private static final String RANGE = " AND cart_id > :from AND cart_id <= :to";
    private static final String UNFILLED = "SELECT COUNT(*) = 0 FROM {prefix}cocart_carts WHERE cart_hash = ''";

    /** Whoever does it twice to a row leaves hh. */
    private static final String FILL =
            "UPDATE {prefix}cocart_carts SET cart_hash = CONCAT(cart_hash, 'h') WHERE cart_hash = ''" + RANGE;

    private EmbeddedMariaDb server;
    private StoreDatabase store;
    private Connection connection;
    private ShopDatabase shop;
    private final Recorder recorder = new Recorder();

    /** What a runner remembers, and what happens to it then. */
    private static final class Recorder implements StepRunner.Checkpoint {
        final List<Long> reached = new ArrayList<>();
        final List<String> notes = new ArrayList<>();
        final List<String> progress = new ArrayList<>();
        int measured;
        LongConsumer atReached = key -> {};

        @Override
        public void before(long count, String checksum) {
            measured++;
        }

        @Override
        public void reached(long key) {
            atReached.accept(key);
            reached.add(key);
        }

        @Override
        public void progress(long rowsDone, long rowsTotal, @Nullable Long secondsLeft) {
            progress.add(rowsDone + "/" + rowsTotal);
        }

        @Override
        public void note(String text) {
            notes.add(text);
        }
    }

    @BeforeEach
    void database() throws Exception {
        server = TestServers.mariadb();
        server.create("long", "long", "pw");
        store = new JdbcStoreDatabase(
                "acme", new DatabaseAddress("127.0.0.1", server.port(), null, "long", "long", "pw", "wp_", null));
        connection = store.connect();
        shop = new ShopDatabase(connection, "wp_");
        shop.create("2.9.3", 0);
    }

    @AfterEach
    void close() throws Exception {
        connection.close();
    }

    @Test
    void rowsAreCountedNotKeys() throws Exception {
        migratedWithIds(1, 2, 3, 4, 5, 1_000_000, 5_000_000_000L, 9_000_000_000_000_000_000L);
        assertThat(run(filling(3))).isEqualTo("untouched");
        assertThat(recorder.reached).containsExactly(3L, 1_000_000L, 9_000_000_000_000_000_000L);
        assertThat(recorder.progress).endsWith("8/8");
        assertThat(hashes()).containsOnly(Map.entry("h", 8));
        assertThat(run(filling(3))).isEqualTo("no-op");
    }

    @Test
    void aKeyThatIsNoNumberBelowTwoToThe63IsRefused() throws Exception {
        migratedWithIds(1, 2);
        shop.execute("UPDATE wp_cocart_carts SET cart_id = 9223372036854775808 WHERE cart_id = 2");
        assertThatThrownBy(() -> run(filling(5)))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isTrue())
                .hasMessageContaining("'9223372036854775808'; a key must be a whole number below 2^63");
        assertThatThrownBy(() -> run(plan(UNFILLED, FILL, new UpdatePlan.Chunk("cocart_carts", "cart_key", 5))))
                .hasMessageContaining("cannot be cut by cart_key of wp_cocart_carts");
    }

    /** Dies at each point between commit and position, and goes on from the position that was saved. */
    @Test
    void aChunkWhosePositionWasNotSavedIsRepeatedAndNothingIsDoubled() throws Exception {
        migratedWithIds(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        List<String> carts = shop.carts();
        Long position = null;
        int deaths = 0;
        recorder.atReached = key -> {
            throw new IllegalStateException("killed");
        };
        for (int chunk = 0; chunk < 4; chunk++) {
            Long from = position;
            int done = Math.min(10, 3 * (chunk + 1));
            assertThatThrownBy(() -> run(filling(3), from)).hasMessage("killed");
            assertThat(hashes()).containsEntry("h", done);
            deaths++;
            position = Long.valueOf(done);
            if (chunk % 2 == 0) {
                position -= 3; // saved is only the one before: this chunk runs again
                recorder.atReached = key -> {
                    if (key > done) {
                        throw new IllegalStateException("killed");
                    }
                };
            }
        }
        recorder.atReached = key -> {};
        assertThat(deaths).isEqualTo(4);
        run(filling(3), 0L);
        assertThat(hashes()).containsOnly(Map.entry("h", 10));
        assertThat(shop.carts()).isEqualTo(carts);
    }

    @Test
    void whoLostItsClaimStopsBeforeTheNextChunk() throws Exception {
        migratedWithIds(1, 2, 3, 4, 5, 6);
        recorder.atReached = key -> {
            throw new StoreException("the claim ran out and another instance took it over", null);
        };
        assertThatThrownBy(() -> run(filling(2))).hasMessageContaining("another instance took it over");
        assertThat(hashes()).containsEntry("h", 2).containsEntry("", 4);
    }

    @Test
    void rowsThatComeMeanwhileAreIncludedAlsoLowerOnes() throws Exception {
        migratedWithIds(10, 20, 30, 40, 50, 60);
        recorder.atReached = key -> {
            if (key == 60 && recorder.reached.size() == 1) {
                addCart(70);
                addCart(55); // committed after a higher one
                addCart(5); // below all: only a second pass finds it
            }
        };
        assertThat(run(filling(3))).isEqualTo("untouched");
        assertThat(hashes()).containsOnly(Map.entry("h", 9));
        assertThat(recorder.reached).startsWith(30L, 60L, 70L, 70L).contains(4L);
    }

    @Test
    void aStepWhoseUnlessNeverHoldsIsNotComplete() throws Exception {
        migratedWithIds(1, 2, 3, 4);
        String nothing = "UPDATE {prefix}cocart_carts SET cart_hash = '' WHERE cart_hash = ''" + RANGE;
        assertThatThrownBy(() -> run(plan(UNFILLED, nothing, 2)))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isFalse())
                .hasMessageContaining("its \"unless\" still says that it is not done");
        recorder.reached.clear();
        assertThat(run(plan("SELECT 0", nothing, 2))).as("which cannot say").isEqualTo("untouched");
        assertThat(recorder.reached).containsExactly(2L, 4L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE {prefix}cocart_carts SET cart_hash = 'h', cart_value = '' WHERE cart_id = 4" + RANGE,
                "UPDATE {prefix}cocart_carts SET cart_id = cart_id + 100 WHERE cart_id = 4" + RANGE,
                "UPDATE {prefix}cocart_carts SET cart_hash = 'h' WHERE cart_id > :from OR cart_id <= :to"
            })
    void aChunkThatChangesACartOrLeavesItsRangeIsRolledBack(String sql) throws Exception {
        migratedWithIds(1, 2, 3, 4, 5, 6);
        List<String> carts = shop.carts();
        assertThatThrownBy(() -> run(plan(UNFILLED, sql, 2)))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isTrue())
                .hasMessageContaining("that chunk was rolled back and no cart was changed");
        assertThat(shop.carts()).isEqualTo(carts);
        assertThat(hashes()).containsOnly(Map.entry("", 6));
    }

    @Test
    void whatCannotBeProvenChunkByChunkIsUnlockedAndLeavesItsMark() throws Exception {
        migratedWithIds(1, 2, 3);
        shop.execute("CREATE TABLE wp_other (id INT NOT NULL, done INT NOT NULL)");
        shop.execute("INSERT INTO wp_other VALUES (1,0), (1,0), (1,0), (2,0), (9,0)");
        UpdatePlan plan = plan(
                "SELECT COUNT(*) = 0 FROM {prefix}other WHERE done = 0",
                "UPDATE {prefix}other SET done = done + 1 WHERE done = 0 AND id > :from AND id <= :to",
                new UpdatePlan.Chunk("other", "id", 2));
        assertThat(run(plan)).isEqualTo("unlocked");
        assertThat(recorder.measured).as("who finds it done must know").isEqualTo(1);
        assertThat(recorder.reached).as("rows that share a key stay together").containsExactly(1L, 9L);
        assertThat(Proofs.scalar(connection, "SELECT SUM(done = 1) FROM wp_other"))
                .isEqualTo("5");
    }

    @Test
    void aRowThatSomebodyHoldsIsWaitedForAgain() throws Exception {
        migratedWithIds(1, 2, 3, 4);
        try (Connection other = store.connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("UPDATE wp_cocart_carts SET cart_expiry = 5 WHERE cart_id = 4");
            long waits = rowLockWaits();
            CompletableFuture<String> step = CompletableFuture.supplyAsync(() -> run(filling(2)));
            await().atMost(Duration.ofSeconds(60)).until(() -> rowLockWaits() >= waits + 2 || step.isDone());
            assertThat(hashes()).as("the first chunk is done, the second waits").containsEntry("h", 2);
            other.commit();
            assertThat(step.get()).isEqualTo("untouched");
        }
        assertThat(hashes()).containsOnly(Map.entry("h", 4));
        assertThat(shop.carts().get(3)).endsWith("|5");
    }

    @Tag("soak") // it takes as long as it takes to give up
    @Test
    void aRowThatIsHeldForTooLongFailsTheAttemptAndTheNextOneGoesOn() throws Exception {
        migratedWithIds(1, 2, 3, 4);
        try (Connection other = store.connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("SELECT * FROM wp_cocart_carts WHERE cart_id = 4 FOR UPDATE");
            assertThatThrownBy(() -> run(filling(2)))
                    .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.isPermanent())
                            .isFalse())
                    .hasMessageContaining("what is done stays done, and it goes on there when it is tried again");
        }
        assertThat(recorder.reached).containsExactly(2L);
        assertThat(run(filling(2), 2L)).isEqualTo("untouched");
        assertThat(hashes()).containsOnly(Map.entry("h", 4));
    }

    @Test
    void theLoserOfADeadlockTriesAgain() throws Exception {
        migratedWithIds(1, 2, 3, 4, 5, 6, 7, 8, 9);
        long deadlocks = status("Innodb_deadlocks");
        try (Connection other = store.connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            // who has changed more rows is not the victim
            statement.execute("UPDATE wp_cocart_carts SET cart_expiry = 7 WHERE cart_id BETWEEN 3 AND 9");
            long waits = rowLockWaits();
            CompletableFuture<String> step = CompletableFuture.supplyAsync(() -> run(filling(9)));
            await().atMost(Duration.ofSeconds(60)).until(() -> rowLockWaits() > waits || step.isDone());
            statement.execute("UPDATE wp_cocart_carts SET cart_expiry = 7 WHERE cart_id = 1");
            other.commit();
            assertThat(step.get()).isEqualTo("untouched");
        }
        assertThat(status("Innodb_deadlocks")).isGreaterThan(deadlocks);
        assertThat(hashes()).containsOnly(Map.entry("h", 9));
    }

    @Test
    void aTableThatIsTooLargeForALockIsAlteredInTheOpenAndThatIsSaid() throws Exception {
        addCart(1);
        StepRunner hasty = new StepRunner(new StepLimits(Duration.ofSeconds(1), Duration.ofNanos(1), Duration.ZERO));
        UpdatePlan copy = plan("SELECT 0", "ALTER TABLE {prefix}cocart_carts MODIFY cart_key CHAR(50) NOT NULL", null);
        assertThat(hasty.run(copy, copy.steps().get(0), store, null, recorder).cartsChecked())
                .as("nobody wrote meanwhile")
                .isEqualTo("untouched");
        assertThat(recorder.notes)
                .singleElement()
                .asString()
                .contains(
                        "not under lock, because the carts are too many", "neither ALGORITHM=INSTANT nor another way");
        UpdatePlan writes = plan("SELECT 0", "UPDATE {prefix}cocart_carts SET cart_expiry = SLEEP(20)", null);
        assertThatThrownBy(() -> hasty.run(writes, writes.steps().get(0), store, null, recorder))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isTrue())
                .hasMessageContaining("cut it into chunks");
        assertThat(shop.carts()).singleElement().asString().endsWith("|1800000000");
    }

    @Test
    void whatTakesLongerUnderLockThanItMayIsEndedThere() throws Exception {
        addCart(1);
        StepRunner runner = new StepRunner(new StepLimits(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ZERO));
        UpdatePlan plan = plan("SELECT 0", "DO SLEEP(1.5)", null);
        assertThat(runner.run(plan, plan.steps().get(0), store, null, recorder).cartsChecked())
                .isEqualTo("untouched");
        assertThat(recorder.notes)
                .singleElement()
                .asString()
                .contains("would have kept writes waiting for more than 1.0 s");
        UpdatePlan writes = plan("SELECT 0", "UPDATE {prefix}cocart_carts SET cart_expiry = SLEEP(20)", null);
        assertThatThrownBy(() -> runner.run(writes, writes.steps().get(0), store, null, recorder))
                .hasMessageContaining("would have kept writes waiting for more than 1.0 s");
    }

    @Test
    void otherTablesOfAStepAreLockedTooWhereTheyCanBe() throws Exception {
        addCart(1);
        String insert = "INSERT INTO {prefix}options (option_name, option_value) SELECT ";
        assertThat(run(plan("SELECT 0", insert + "'a', COUNT(*) FROM {prefix}actionscheduler_actions", null)))
                .isEqualTo("untouched");
        assertThat(shop.option("a")).isEqualTo("0");
        assertThat(recorder.notes).singleElement().asString().startsWith("writes waited");
        assertThat(run(plan("SELECT 0", insert + "'b', COUNT(*) FROM {prefix}options x", null)))
                .isEqualTo("untouched");
        assertThat(shop.option("b")).isNotNull();
        assertThat(recorder.notes).last().asString().as("by its rows").startsWith("writes waited");
        // what a shopper does meanwhile cannot be told from what such a step does
        assertThat(run(plan(
                        "SELECT 0",
                        insert + "'c', x.cart_id FROM {prefix}options y, {prefix}cocart_carts x LIMIT 1",
                        null)))
                .isEqualTo("untouched");
    }

    @Tag("soak") // MySQL takes its time to be unpacked
    @Test
    void mySqlDoesTheShippedPlanOnlineWhereItCannotDoItInstantly() throws Exception {
        LocalServer mysql = LocalServer.mysql();
        mysql.create("long", "long", "pw");
        StoreDatabase other = new JdbcStoreDatabase(
                "acme",
                new DatabaseAddress(
                        "127.0.0.1", mysql.port(), null, "long", "long", "pw", "wp_", "allowPublicKeyRetrieval=true"));
        try (Connection there = other.connect();
                Statement statement = there.createStatement()) {
            statement.execute("SET SESSION sql_mode = ''");
            ShopDatabase carts = new ShopDatabase(there, "wp_");
            carts.create("2.9.3", 50);
            List<String> before = carts.carts();
            for (UpdatePlan.Step step : shipped().steps()) {
                assertThat(new StepRunner()
                                .run(shipped(), step, other, null, recorder)
                                .cartsChecked())
                        .isEqualTo("untouched");
            }
            UpdatePlan filling = filling(7);
            assertThat(new StepRunner()
                            .run(filling, filling.steps().get(0), other, null, recorder)
                            .cartsChecked())
                    .isEqualTo("untouched");
            assertThat(carts.carts()).isEqualTo(before);
        }
        assertThat(recorder.notes.toString()).contains("ALGORITHM=INPLACE: the table was rebuilt");
    }

    @Test
    void anInstantChangeIsProvenBySnapshotsAndOneThatDropsACartsColumnFails() throws Exception {
        addCart(1);
        assertThat(run(shipped())).isEqualTo("untouched");
        assertThat(recorder.notes).singleElement().asString().startsWith("ALGORITHM=INSTANT: no row was touched");
        UpdatePlan plan = plan("SELECT 0", "ALTER TABLE {prefix}cocart_carts DROP COLUMN cart_expiry", null);
        assertThatThrownBy(() -> run(plan))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isTrue())
                .hasMessageContaining("changed the carts");
    }

    /** The soak test does the same with 1,000,000 carts. */
    @Test
    void aStoreThatKeepsSellingLosesNoCart() throws Exception {
        try (SellingStore selling = new SellingStore(store, 20_000).start(4, 20_000)) {
            await().until(() -> selling.writes() > 100);
            for (UpdatePlan.Step step : shipped().steps()) {
                assertThat(new StepRunner()
                                .run(shipped(), step, store, null, recorder)
                                .cartsChecked())
                        .isEqualTo("untouched");
            }
            long migrated = selling.writes();
            await().until(() -> selling.writes() > migrated + 100);
            assertThat(run(filling(500))).isEqualTo("untouched");
            assertThat(selling.stop()).isEmpty();
            assertThat(selling.differences()).isEmpty();
            assertThat(hashes()).doesNotContainKey("hh");
        }
        assertThat(recorder.reached.size()).isGreaterThanOrEqualTo(40);
    }

    private String run(UpdatePlan plan) {
        return run(plan, null);
    }

    private String run(UpdatePlan plan, @Nullable Long reachedKey) {
        return new StepRunner(new StepLimits(Duration.ofSeconds(1), StepLimits.DEFAULT.block(), Duration.ofMillis(1)))
                .run(plan, plan.steps().get(0), store, reachedKey, recorder)
                .cartsChecked();
    }

    private static UpdatePlan shipped() {
        return new Plans(Path.of("config/updates")).find(SLUG, "3.0.0").orElseThrow();
    }

    private static UpdatePlan filling(int rows) {
        return plan(UNFILLED, FILL, rows);
    }

    private static UpdatePlan plan(String unless, String sql, int rows) {
        return plan(unless, sql, new UpdatePlan.Chunk("cocart_carts", "cart_id", rows));
    }

    /** The shipped plan with one step of our own. */
    private static UpdatePlan plan(String unless, String sql, UpdatePlan.@Nullable Chunk chunk) {
        UpdatePlan shipped = shipped();
        return new UpdatePlan(
                shipped.plugin(),
                shipped.version(),
                shipped.mark(),
                shipped.carts(),
                shipped.updater(),
                List.of(new UpdatePlan.Step("own", "A test.", unless, sql, chunk)),
                shipped.proofs());
    }

    private void migratedWithIds(long... ids) throws Exception {
        for (UpdatePlan.Step step : shipped().steps()) {
            shop.execute(Proofs.prefixed(step.sql(), store));
        }
        for (long id : ids) {
            addCart(id);
        }
    }

    private void addCart(long id) {
        try (Connection other = store.connect();
                Statement statement = other.createStatement()) {
            statement.execute("SET SESSION sql_mode = ''");
            statement.execute("INSERT INTO wp_cocart_carts (cart_id, cart_key, cart_value, cart_expiry) VALUES (" + id
                    + ", 't_" + id + "', 'a cart', 1800000000)");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** How many carts have which hash. */
    private Map<String, Integer> hashes() throws SQLException {
        Map<String, Integer> hashes = new java.util.HashMap<>();
        try (Statement statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT cart_hash, COUNT(*) FROM wp_cocart_carts GROUP BY 1")) {
            while (rows.next()) {
                hashes.put(rows.getString(1), rows.getInt(2));
            }
        }
        return hashes;
    }

    private long rowLockWaits() throws SQLException {
        return status("Innodb_row_lock_waits");
    }

    private long status(String name) throws SQLException {
        return Long.parseLong(Proofs.scalar(
                connection,
                "SELECT variable_value FROM information_schema.global_status WHERE variable_name = '" + name + "'"));
    }
}
