package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.plan.Proofs;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Long steps through the command line: seen by status while they run, killed (SIGKILL) in the middle, and very long. */
class LongStepKillTest {

    private static final Duration PATIENCE = Duration.ofSeconds(100);
    private static final int CARTS = 300;

    /** Whoever does it twice to a row leaves hh. */
    private static final String FILL = """
                  - name: fill-cart-hash
                    description: A hash for each cart.
                    unless: SELECT COUNT(*) = 0 FROM {prefix}cocart_carts WHERE cart_hash = ''
                    sql: >-
                      UPDATE {prefix}cocart_carts SET cart_hash = CONCAT(cart_hash, 'h')
                      WHERE cart_hash = '' AND cart_id > :from AND cart_id <= :to
                    chunk:
                      table: cocart_carts
                      key: cart_id
                      rows: 10
                      pause: 100ms
            """;

    @TempDir
    Path folder;

    @Test
    void aLongStepShowsHowFarItIsAndGoesOnAfterAKill() throws Exception {
        try (Shop shop = shop(FILL)) {
            List<String> carts = shop.database.carts();
            Process child = shop.start(folder.resolve("child.log"), "once");
            await().atMost(PATIENCE)
                    .until(() -> !child.isAlive() || step(shop).path("rowsDone").asLong() >= 50);
            assertThat(child.isAlive())
                    .as(Files.readString(folder.resolve("child.log")))
                    .isTrue();
            JsonNode step = step(shop);
            assertThat(step.get("status").asText()).isEqualTo("in-progress");
            assertThat(step.get("rowsTotal").asLong()).isEqualTo(CARTS);
            assertThat(step.get("secondsLeft").asLong()).isBetween(0L, 60L);
            assertThat(shop.upkeep("status").out())
                    .containsPattern(
                            "fill-cart-hash: in-progress, \\d+ of about 300 rows \\(\\d+ %\\), about \\d+ s left");
            child.destroyForcibly().waitFor();
            assertThat(filled(shop)).isBetween(50L, CARTS - 1L);

            assertEndsWell(shop, carts);
            step = step(shop);
            assertThat(step.get("rowsDone").asLong()).isEqualTo(CARTS);
            assertThat(step.get("secondsLeft").isNull()).isTrue();
            assertThat(shop.upkeep("status").out()).contains("ALGORITHM=INSTANT: no row was touched; writes waited");
        }
    }

    @Tag("soak")
    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void killedAtRandomMomentsItIsDoneOnce() throws Exception {
        Random random = new Random(20261124);
        try (Shop shop = shop(FILL)) {
            List<String> carts = shop.database.carts();
            int inChunks = 0;
            for (int i = 0; i < 15 && filled(shop) < CARTS; i++) {
                Process child = shop.start(folder.resolve("child-" + i + ".log"), "once");
                long before = filled(shop);
                long more = 1 + random.nextInt(25);
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(1 + random.nextInt(5)))
                        .until(() -> !child.isAlive() || filled(shop) >= before + more);
                child.destroyForcibly().waitFor();
                inChunks += filled(shop) < CARTS ? 1 : 0;
            }
            assertThat(inChunks).as("kills in the middle").isGreaterThan(5);
            assertEndsWell(shop, carts);
        }
    }

    /** Forty leases long, with a second instance that would take it over. */
    @Tag("soak")
    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void aStatementOfTwoMinutesKeepsItsClaim() throws Exception {
        try (Shop shop = shop("""
                      - name: two-minutes
                        description: A statement that takes long.
                        unless: SELECT COUNT(*) FROM {prefix}options WHERE option_name = 'two-minutes'
                        sql: >-
                          INSERT INTO {prefix}options (option_name, option_value) SELECT 'two-minutes', SLEEP(120)
                """)) {
            List<String> carts = shop.database.carts();
            Process one = shop.start(folder.resolve("one.log"), "run");
            Process two = shop.start(folder.resolve("two.log"), "run");
            try {
                await().atMost(Duration.ofMinutes(4))
                        .pollInterval(Duration.ofSeconds(2))
                        .until(() -> EndToEndTest.status(shop)
                                .at("/dataUpdate/state")
                                .asText()
                                .equals("complete"));
            } finally {
                one.destroyForcibly().waitFor();
                two.destroyForcibly().waitFor();
            }
            assertThat(step(shop).get("attempts").asInt()).isEqualTo(1);
            assertThat(shop.database.carts()).isEqualTo(carts);
        }
    }

    private static void assertEndsWell(Shop shop, List<String> carts) throws Exception {
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).as(once.out() + once.err()).isZero();
        assertThat(EndToEndTest.status(shop).at("/dataUpdate/state").asText()).isEqualTo("complete");
        assertThat(shop.database.carts()).isEqualTo(carts);
        assertThat(filled(shop)).isEqualTo(CARTS);
    }

    /** A store whose update has a fourth step. */
    private Shop shop(String fourth) throws Exception {
        Shop shop = new Shop(folder, "automatic", "2.9.3", CARTS);
        Path plan = shop.home.resolve("config/updates/" + Shop.SLUG + ".yaml");
        String indented = fourth.indent(6 - fourth.indexOf('-'));
        Files.writeString(plan, Files.readString(plan).replace("    proofs:\n", indented + "    proofs:\n"));
        shop.files.plugin("4.3.6");
        return shop;
    }

    private static JsonNode step(Shop shop) throws Exception {
        return EndToEndTest.status(shop).at("/dataUpdate/steps/3");
    }

    private static long filled(Shop shop) throws Exception {
        if (!shop.database.columns().contains("cart_hash varchar(200) NOT NULL")) {
            return 0;
        }
        return Long.parseLong(String.valueOf(
                Proofs.scalar(shop.connection, "SELECT COUNT(*) FROM wp_cocart_carts WHERE cart_hash = 'h'")));
    }
}
