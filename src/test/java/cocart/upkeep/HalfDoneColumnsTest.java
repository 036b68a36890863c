package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A store where somebody has begun the update by hand: the columns are there, but not as the code needs them. */
class HalfDoneColumnsTest extends OutdatedShop {

    private static final Pattern STATEMENT =
            Pattern.compile("((?:UPDATE|ALTER TABLE) wp_cocart_carts .+?)(?=, then |; in the store|\\. When)");

    HalfDoneColumnsTest() {
        super("automatic", 20);
    }

    @Test
    void theNoticeSaysHowToMendThemAndThatMendsThem() throws Exception {
        shop.database.execute(
                "ALTER TABLE wp_cocart_carts ADD cart_created varchar(20) AFTER cart_value,"
                        + " ADD cart_source varchar(200) AFTER cart_expiry, ADD cart_hash varchar(40) NOT NULL AFTER cart_source");
        List<String> carts = shop.database.carts();
        assertThat(shop.upkeep("once").code()).isEqualTo(1);
        JsonNode status = EndToEndTest.status(shop);
        assertThat(status.at("/dataUpdate/state").asText()).isEqualTo("failed");
        String notice = status.at("/notice/text").asText();
        assertThat(notice)
                .contains("Proof cart-created does not hold (", "Proof cart-hash does not hold (")
                .contains("The plan's steps are done and leave it so: in the store's database run UPDATE")
                .doesNotContain("{prefix}")
                .endsWith(" When that is mended, run: upkeep retry acme");
        List<String> statements =
                STATEMENT.matcher(notice).results().map(found -> found.group(1)).toList();
        assertThat(statements)
                .hasSize(6)
                .contains("ALTER TABLE wp_cocart_carts MODIFY cart_created BIGINT(20) UNSIGNED NOT NULL");
        for (String statement : statements) {
            shop.database.execute(statement);
        }
        assertThat(shop.upkeep("retry", "acme").code()).isZero();
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).as(once.out() + once.err()).isZero();
        assertThat(EndToEndTest.status(shop).at("/dataUpdate/state").asText()).isEqualTo("complete");
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        assertThat(shop.database.carts()).isEqualTo(carts);
    }

    @Test
    void aProofWithoutARemedyLeavesThePlan() throws Exception {
        Path plan = shop.plan();
        Files.writeString(
                plan,
                Files.readString(plan)
                        .replace(
                                "    proofs:\n      - name: cart-created\n",
                                "    proofs:\n      - name: never\n        description: Nothing.\n"
                                        + "        query: SELECT 0\n        expect: 1\n      - name: cart-created\n"));
        assertThat(shop.upkeep("once").code()).isEqualTo(1);
        assertThat(EndToEndTest.status(shop).at("/notice/text").asText())
                .contains("Proof never does not hold (")
                .contains("leave it so: mend the tables, or add a step to config/updates, then run upkeep retry acme"
                        + " --replan.");
    }
}
