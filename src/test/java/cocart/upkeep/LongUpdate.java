package cocart.upkeep;

import static org.awaitility.Awaitility.await;

import cocart.upkeep.plan.Proofs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;

/** A fourth step for the shipped plan: a hash for each cart, a chunk of rows after the other. */
final class LongUpdate {

    private LongUpdate() {}

    /** Whoever does it twice to a row leaves hh. */
    private static String fill(int rows, int pauseMillis) {
        return """
                      - name: fill-cart-hash
                        description: A hash for each cart.
                        unless: SELECT COUNT(*) = 0 FROM {prefix}cocart_carts WHERE cart_hash = ''
                        sql: >-
                          UPDATE {prefix}cocart_carts SET cart_hash = CONCAT(cart_hash, 'h')
                          WHERE cart_hash = '' AND cart_id > :from AND cart_id <= :to
                        chunk:
                          table: cocart_carts
                          key: cart_id
                          rows: %d
                          pause: %dms
                """.formatted(rows, pauseMillis);
    }

    /** Adds the step to a shop's plan. */
    static void plan(Shop shop, int rows, int pauseMillis) throws Exception {
        Path plan = shop.home.resolve("config/updates/" + Shop.SLUG + ".yaml");
        String fill = fill(rows, pauseMillis);
        String indented = fill.indent(6 - fill.indexOf('-'));
        Files.writeString(plan, Files.readString(plan).replace("    proofs:\n", indented + "    proofs:\n"));
    }

    /** How many carts have their hash, and no more than it. */
    static long filled(Shop shop) throws Exception {
        if (!shop.database.columns().contains("cart_hash varchar(200) NOT NULL")) {
            return 0;
        }
        return Long.parseLong(String.valueOf(
                Proofs.scalar(shop.connection, "SELECT COUNT(*) FROM wp_cocart_carts WHERE cart_hash = 'h'")));
    }

    /** Waits until a process of the bundle has filled so many. */
    static void awaitFilled(Fleet fleet, long rows) {
        await("filled " + rows)
                .atMost(Fleet.PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .ignoreException(SQLException.class)
                .untilAsserted(() -> org.assertj.core.api.Assertions.assertThat(filled(fleet.shop))
                        .as(fleet.said())
                        .isGreaterThanOrEqualTo(rows));
    }
}
