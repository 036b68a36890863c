package cocart.upkeep.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.TestServers;
import cocart.upkeep.demo.ShopDatabase;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** 1,000,000 carts of a store that keeps selling: none is lost, changed or doubled, and no shopper waits for long. */
@Tag("soak")
class SellingSoakTest {

    private static final int CARTS = Integer.getInteger("cocart.test.carts", 1_000_000);
    private static final int SHOPPERS = 6;

    private final List<String> notes = new ArrayList<>();
    private final StepRunner.Checkpoint checkpoint = new StepRunner.Checkpoint() {
        @Override
        public void before(long count, String checksum) {}

        @Override
        public void reached(long key) {}

        @Override
        public void note(String text) {
            notes.add(text);
        }
    };

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void noCartIsLost() throws Exception {
        TestServers.mariadb().create("selling", "selling", "pw");
        StoreDatabase store = new JdbcStoreDatabase(
                "acme",
                new DatabaseAddress(
                        "127.0.0.1", TestServers.mariadb().port(), null, "selling", "selling", "pw", "wp_", null));
        try (Connection connection = store.connect()) {
            new ShopDatabase(connection, "wp_").create("2.9.3", 0);
        }
        UpdatePlan plan = new Plans(Path.of("config/updates"))
                .find("cart-rest-api-for-woocommerce", "3.0.0")
                .orElseThrow();
        UpdatePlan.Step fill = new UpdatePlan.Step(
                "fill-cart-hash",
                "A hash for each cart.",
                "SELECT COUNT(*) = 0 FROM {prefix}cocart_carts WHERE cart_hash = ''",
                "UPDATE {prefix}cocart_carts SET cart_hash = CONCAT(cart_hash, MD5(cart_value))"
                        + " WHERE cart_hash = '' AND cart_id > :from AND cart_id <= :to",
                new UpdatePlan.Chunk("cocart_carts", "cart_id", 2000));
        try (SellingStore selling = new SellingStore(store, CARTS).start(SHOPPERS, CARTS)) {
            await().atMost(Duration.ofMinutes(1)).until(() -> selling.writes() > 1000);
            say("before", selling, 0);
            for (UpdatePlan.Step step : plan.steps()) {
                run(plan, step, store, selling);
            }
            run(plan, fill, store, selling);
            assertThat(selling.stop()).isEmpty();
            assertThat(selling.differences()).isEmpty();
        }
        assertThat(new Proofs(Comparator.naturalOrder()).check(plan, store).holds())
                .isTrue();
        try (Connection connection = store.connectForLong()) {
            assertThat(Proofs.scalar(
                            connection, "SELECT COUNT(*) FROM wp_cocart_carts WHERE CHAR_LENGTH(cart_hash) > 32"))
                    .as("filled twice")
                    .isEqualTo("0");
        }
    }

    private void run(UpdatePlan plan, UpdatePlan.Step step, StoreDatabase store, SellingStore selling) {
        selling.forgetLongest();
        notes.clear();
        long began = System.nanoTime();
        assertThat(new StepRunner().run(plan, step, store, null, checkpoint).cartsChecked())
                .isEqualTo("untouched");
        say(step.name(), selling, began);
        // a shopper queues behind us while we wait for the table, and then until we are done with it
        assertThat(selling.longestMillis())
                .as("milliseconds that one write took at most")
                .isLessThan(StepLimits.DEFAULT
                        .lockWait()
                        .plus(StepLimits.DEFAULT.block())
                        .toMillis());
    }

    private void say(String what, SellingStore selling, long began) {
        System.out.printf(
                "%s: %d carts, %.1f s, longest write %d ms, %d writes so far %s%n",
                what,
                CARTS,
                began == 0 ? 0 : (System.nanoTime() - began) / 1e9,
                selling.longestMillis(),
                selling.writes(),
                notes);
    }
}
