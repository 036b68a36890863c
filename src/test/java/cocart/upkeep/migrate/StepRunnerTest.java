package cocart.upkeep.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.TestServers;
import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.demo.ShopDatabase;
import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shipped plan for CoCart 3.0.0, and others, against a real MariaDB. */
class StepRunnerTest {

    private static final String SLUG = "cart-rest-api-for-woocommerce";
    private static final List<String> STANDARD = List.of(
            "cart_id bigint(20) unsigned NOT NULL",
            "cart_key char(42) NOT NULL",
            "cart_value longtext NOT NULL",
            "cart_created bigint(20) unsigned NOT NULL",
            "cart_expiry bigint(20) unsigned NOT NULL",
            "cart_source varchar(200) NOT NULL",
            "cart_hash varchar(200) NOT NULL");
    private static final List<String> ADD = List.of(
            "ADD cart_created bigint(20) unsigned NOT NULL AFTER cart_value",
            "ADD cart_source varchar(200) NOT NULL AFTER cart_expiry",
            "ADD cart_hash varchar(200) NOT NULL");

    @TempDir
    Path folder;

    private EmbeddedMariaDb server;
    private StoreDatabase store;
    private Connection connection;
    private ShopDatabase shop;
    private final List<String> checkpoints = new ArrayList<>();
    private final StepRunner.Checkpoint checkpoint = new StepRunner.Checkpoint() {
        @Override
        public void before(long count, String checksum) {
            checkpoints.add("before " + count);
        }

        @Override
        public void reached(long key) {
            checkpoints.add("reached " + key);
        }
    };

    @BeforeEach
    void database() throws Exception {
        server = TestServers.mariadb();
        server.create("steps", "steps", "pw");
        store = new JdbcStoreDatabase(
                "acme", new DatabaseAddress("127.0.0.1", server.port(), null, "steps", "steps", "pw", "wp_", null));
        connection = store.connect();
        shop = new ShopDatabase(connection, "wp_");
        shop.create("2.9.3", 20);
    }

    @AfterEach
    void close() throws Exception {
        connection.close();
    }

    /** Each bit is a column that is there already, as after a half-done update. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
    void everyHalfDoneTableIsBroughtToTheStandardSchemaAndTheSecondRunChangesNothing(int there) throws Exception {
        for (int i = 0; i < 3; i++) {
            if ((there & 1 << i) != 0) {
                shop.execute("ALTER TABLE wp_cocart_carts " + ADD.get(i));
            }
        }
        List<String> carts = shop.carts();
        UpdatePlan plan = shipped();
        int bits = Integer.bitCount(there);
        assertThat(runAll(plan)).filteredOn("no-op"::equals).hasSize(bits);
        assertThat(shop.columns()).isEqualTo(STANDARD);
        assertThat(shop.carts()).isEqualTo(carts);
        assertThat(new Proofs(Comparator.naturalOrder()).check(plan, store).holds())
                .isTrue();
        assertThat(runAll(plan)).containsOnly("no-op");
        assertThat(shop.columns()).isEqualTo(STANDARD);
    }

    /** As some hosts' users are. */
    private void useUserWithoutLock() throws Exception {
        try (Connection root = server.administrator();
                Statement statement = root.createStatement()) {
            for (String host : List.of("localhost", "127.0.0.1")) {
                statement.execute("CREATE OR REPLACE USER lockless@'" + host + "' IDENTIFIED BY 'pw'");
                statement.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON steps.* TO lockless@'" + host + "'");
            }
        }
        store = new JdbcStoreDatabase(
                "acme", new DatabaseAddress("127.0.0.1", server.port(), null, "steps", "lockless", "pw", "wp_", null));
    }

    @Test
    void whereTablesCannotBeLockedAStepThatWritesIsProvenByItsRows() throws Exception {
        useUserWithoutLock();
        assertThat(run(plan("SELECT 0", "UPDATE {prefix}cocart_carts SET cart_key = cart_key WHERE cart_id = 7"))
                        .cartsChecked())
                .isEqualTo("untouched");
    }

    @Test
    void aShoppersNewCartWaitsWhereOnlyRowsAreLocked() throws Exception {
        useUserWithoutLock();
        String slow = "UPDATE {prefix}cocart_carts SET cart_expiry = cart_expiry + SLEEP(2) WHERE cart_id = 7";
        UpdatePlan plan = plan("SELECT 0", slow);
        CompletableFuture<String> step =
                CompletableFuture.supplyAsync(() -> run(plan).cartsChecked());
        try (Connection root = server.administrator()) { // who sees other users' statements
            await().until(() -> !"0"
                    .equals(Proofs.scalar(
                            root,
                            "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'UPDATE%SLEEP(2)%'")));
        }
        shop.addCart("t_meanwhile", "a:0:{}");
        assertThat(step.get()).as("it would count the new one else").isEqualTo("untouched");
        assertThat(shop.carts()).hasSize(21);
    }

    @Test
    void newColumnsOfOldCartsAreZeroAndEmpty() throws Exception {
        runAll(shipped());
        assertThat(
                        Proofs.scalar(
                                connection,
                                "SELECT COUNT(*) FROM wp_cocart_carts WHERE cart_created = 0 AND cart_source = '' AND cart_hash = ''"))
                .isEqualTo("20");
    }

    @Test
    void columnsOfTheWrongTypeAreNotProven() throws Exception {
        shop.execute("ALTER TABLE wp_cocart_carts ADD cart_created int NOT NULL AFTER cart_value,"
                + " ADD cart_source varchar(20) NOT NULL, ADD cart_hash varchar(200) NULL");
        assertThat(new Proofs(Comparator.naturalOrder()).check(shipped(), store).failures())
                .hasSize(3)
                .anyMatch(failure -> failure.contains("cart-created"))
                .anyMatch(failure -> failure.contains("cart-source"))
                .anyMatch(failure -> failure.contains("cart-hash"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStepThatChangesACartIsRolledBackAndFails(boolean mayLockTables) throws Exception {
        if (!mayLockTables) {
            useUserWithoutLock();
        }
        List<String> carts = shop.carts();
        for (String sql : List.of(
                "UPDATE {prefix}cocart_carts SET cart_value = '' WHERE cart_id = 7",
                "DELETE FROM {prefix}cocart_carts WHERE cart_id = 7",
                "INSERT INTO {prefix}cocart_carts (cart_key, cart_value, cart_expiry) VALUES ('x', '', 1)")) {
            assertThatThrownBy(() -> run(plan("SELECT 0", sql)))
                    .as(sql)
                    .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.isPermanent())
                            .isTrue())
                    .hasMessageContaining("changes the carts in wp_cocart_carts (20 before, ")
                    .hasMessageContaining("it was rolled back and no cart was changed");
            assertThat(shop.carts()).as(sql).isEqualTo(carts);
        }
        assertThat(checkpoints).hasSize(3);
        try (Connection other = store.connect()) {
            new ShopDatabase(other, "wp_").addCart("t_late", "the table is locked no more");
        }
    }

    @Test
    void aStepThatWritesRowsAndLeavesTheCartsAloneIsCommitted() throws Exception {
        shop.execute("ALTER TABLE wp_cocart_carts ADD cart_hash varchar(200) NOT NULL");
        assertThat(run(plan("SELECT 0", "UPDATE {prefix}cocart_carts SET cart_hash = 'x'"))
                        .cartsChecked())
                .isEqualTo("untouched");
        try (Connection other = store.connect()) {
            assertThat(Proofs.scalar(other, "SELECT COUNT(*) FROM wp_cocart_carts WHERE cart_hash = 'x'"))
                    .isEqualTo("20");
        }
    }

    @Test
    void aStepAfterWhichTheCartsCannotBeReadSaysThatTheyAreToBeRestored() throws Exception {
        String sql = "CREATE OR REPLACE TABLE {prefix}cocart_carts (cart_id INT)";
        assertThatThrownBy(() -> run(plan("SELECT 0", sql)))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isTrue())
                .hasMessageContaining("changed the carts in wp_cocart_carts: they cannot be read any more (")
                .hasMessageContaining("Restore the table from the snapshot");
    }

    @Test
    void rowsOfATableThatCannotBeRolledBackAreNotWritten() throws Exception {
        shop.execute("ALTER TABLE wp_cocart_carts ENGINE=MyISAM");
        List<String> carts = shop.carts();
        String update = "UPDATE {prefix}cocart_carts SET cart_value = 'x'";
        String chunk = "        chunk: {table: cocart_carts, key: cart_id, rows: 10}\n";
        for (UpdatePlan plan : List.of(
                plan("SELECT 0", update),
                plan("SELECT 0", update + " WHERE cart_id > :from AND cart_id <= :to", chunk))) {
            assertThatThrownBy(() -> run(plan))
                    .hasMessageContaining("wp_cocart_carts, which is no InnoDB table")
                    .hasMessageContaining("nothing was changed. Run ALTER TABLE wp_cocart_carts ENGINE=InnoDB");
            assertThat(shop.carts()).isEqualTo(carts);
        }
    }

    @Test
    void whetherAStepIsDoneIsAskedWithoutChangingAnything() throws Exception {
        shop.execute("CREATE OR REPLACE FUNCTION evil() RETURNS INT DETERMINISTIC"
                + " BEGIN DELETE FROM wp_cocart_carts; RETURN 1; END");
        List<String> carts = shop.carts();
        assertThatThrownBy(() -> run(plan("SELECT evil()", "DO 1"))).hasMessageContaining("READ ONLY");
        assertThat(shop.carts()).isEqualTo(carts).isNotEmpty();
    }

    @Test
    void aProofOverAColumnThatIsYetToBeAddedDoesNotHold() throws Exception {
        UpdatePlan shipped = shipped();
        UpdatePlan plan = new UpdatePlan(
                shipped.plugin(),
                shipped.version(),
                shipped.mark(),
                shipped.carts(),
                List.of(),
                shipped.steps(),
                List.of(new UpdatePlan.Proof(
                        "all-have-a-source",
                        "None is without.",
                        "SELECT COUNT(*) FROM {prefix}cocart_carts WHERE cart_source IS NULL",
                        "0")));
        Proofs proofs = new Proofs(String::compareTo);
        assertThat(proofs.ofEach(plan, store).get(0).result().failures())
                .singleElement(InstanceOfAssertFactories.STRING)
                .contains("all-have-a-source does not hold");
        runAll(plan);
        assertThat(proofs.ofEach(plan, store).get(0).result().failures()).isEmpty();
    }

    @Test
    void aChunkThatDeletesCartsIsRolledBack() throws Exception {
        List<String> carts = shop.carts();
        assertThatThrownBy(() -> run(plan(
                        "SELECT 0",
                        "DELETE FROM {prefix}cocart_carts WHERE cart_id > :from AND cart_id <= :to AND cart_id % 7 = 0",
                        "        chunk: {table: cocart_carts, key: cart_id, rows: 10}\n")))
                .hasMessageContaining("that chunk was rolled back and no cart was changed");
        assertThat(shop.carts()).isEqualTo(carts);
    }

    @Test
    void whileAStepRunsNobodyElseCanWriteCarts() throws Exception {
        UpdatePlan plan = plan("SELECT 0", "DO SLEEP(1.5)");
        Thread shopper = new Thread(() -> {
            try (Connection other = store.connect()) {
                Thread.sleep(500);
                new ShopDatabase(other, "wp_").addCart("t_late", "a cart that comes in the middle");
            } catch (Exception e) {
                checkpoints.add("the shopper failed: " + e.getMessage());
            }
        });
        shopper.start();
        assertThat(run(plan).cartsChecked()).isEqualTo("untouched");
        shopper.join();
        assertThat(checkpoints).containsExactly("before 20");
        assertThat(shop.carts()).hasSize(21);
    }

    @Test
    void aTableInUseIsWaitedForOnlySoLong() throws Exception {
        try (Connection other = store.connect();
                Statement statement = other.createStatement()) {
            statement.execute("LOCK TABLES wp_cocart_carts READ");
            assertThatThrownBy(() -> runner(1).run(shipped(), shipped().steps().get(0), store, null, checkpoint))
                    .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.isPermanent())
                            .isFalse())
                    .hasMessageContaining("is in use by another connection");
        }
        assertThat(shop.columns()).hasSize(4);
    }

    @Test
    void aMistakeInTheSqlIsSaid() throws Exception {
        assertThatThrownBy(() -> run(plan("SELECT 0", "ALTR TABLE x")))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isTrue())
                .hasMessageContaining("mend its SQL in config/updates, then: upkeep retry acme --replan");
    }

    @Test
    void theChecksumSeesEveryChangeAndNoOrder() throws Exception {
        UpdatePlan plan = shipped();
        Carts.Measure before = Carts.measure(connection, plan, store);
        shop.execute("UPDATE wp_cocart_carts SET cart_value = CONCAT(cart_value, ' ') WHERE cart_id = 3");
        Carts.Measure changed = Carts.measure(connection, plan, store);
        assertThat(changed.count()).isEqualTo(before.count());
        assertThat(changed.checksum()).isNotEqualTo(before.checksum());
        shop.execute("UPDATE wp_cocart_carts SET cart_value = LEFT(cart_value, CHAR_LENGTH(cart_value) - 1)"
                + " WHERE cart_id = 3");
        assertThat(Carts.measure(connection, plan, store)).isEqualTo(before);
        shop.execute("UPDATE wp_cocart_carts a JOIN wp_cocart_carts b ON a.cart_id = 1 AND b.cart_id = 2"
                + " SET a.cart_value = b.cart_value");
        assertThat(Carts.measure(connection, plan, store).checksum()).isNotEqualTo(before.checksum());
        shop.execute("ALTER TABLE wp_cocart_carts ADD anything int NOT NULL DEFAULT 7 FIRST");
        shop.execute("DELETE FROM wp_cocart_carts");
        assertThat(Carts.measure(connection, plan, store)).isEqualTo(new Carts.Measure(0, "0"));
    }

    private static StepRunner runner(int lockWaitSeconds) {
        return new StepRunner(new StepLimits(
                Duration.ofSeconds(lockWaitSeconds), StepLimits.DEFAULT.block(), StepLimits.DEFAULT.pause()));
    }

    private List<String> runAll(UpdatePlan plan) {
        return plan.steps().stream()
                .map(step -> new StepRunner()
                        .run(plan, step, store, null, checkpoint)
                        .cartsChecked())
                .toList();
    }

    private StepRunner.Outcome run(UpdatePlan plan) {
        return new StepRunner().run(plan, plan.steps().get(0), store, null, checkpoint);
    }

    private static UpdatePlan shipped() {
        return new Plans(Path.of("config/updates")).find(SLUG, "3.0.0").orElseThrow();
    }

    private UpdatePlan plan(String unless, String sql) throws Exception {
        return plan(unless, sql, "");
    }

    /** The shipped plan with one step of our own. */
    private UpdatePlan plan(String unless, String sql, @Nullable String more) throws Exception {
        String shipped = Files.readString(Path.of("config/updates/" + SLUG + ".yaml"));
        Path own = Files.createTempDirectory(folder, "plan");
        int from = shipped.indexOf("    steps:\n");
        Files.writeString(
                own.resolve(SLUG + ".yaml"),
                shipped.substring(0, from) + "    steps:\n      - name: own\n        description: A test.\n"
                        + "        unless: " + unless + "\n        sql: \"" + sql + "\"\n" + more
                        + shipped.substring(shipped.indexOf("    proofs:\n")));
        return new Plans(own).find(SLUG, "3.0.0").orElseThrow();
    }
}
