package cocart.upkeep.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.store.StoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlansTest {

    private static final String SLUG = "cart-rest-api-for-woocommerce";

    @TempDir
    Path folder;

    @Test
    void theShippedPlanIsRead() {
        UpdatePlan plan =
                new Plans(Path.of("config/updates")).find(SLUG, "3.0.0").orElseThrow();
        assertThat(plan.mark()).isEqualTo("cocart_db_version");
        assertThat(plan.steps())
                .extracting(UpdatePlan.Step::name)
                .containsExactly("add-cart-created", "add-cart-source", "add-cart-hash");
        assertThat(plan.proofs())
                .extracting(UpdatePlan.Proof::name)
                .containsExactly("cart-created", "cart-source", "cart-hash", "old-columns");
        assertThat(new Plans(Path.of("config/updates")).of("another-plugin")).isEmpty();
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "plugin: cart-rest-api-for-woocommerce | plugn: x                    | unknown field 'plugn'",
                "  - version: 3.0.0                     |   - vers: 3.0.0              | unknown field 'vers'",
                "    mark: cocart_db_version            |     mark: cocart db           | mark must match",
                "      table: cocart_carts              |       table: 'c; DROP TABLE'  | table must match",
                "      key: cart_id                     |       kee: cart_id            | unknown field 'kee'",
                "[cart_id, cart_key                     | [cart_id, 'x)', cart_key      | must match",
                "name: add-cart-source                  | name: add-cart-created        | stands here twice",
                "name: add-cart-source                  | name: Add Cart                | name must match",
                "        unless: >-                     |         unless: DELETE FROM x | unless must be a SELECT",
                "          ALTER TABLE {prefix}cocart_carts | ALTER TABLE {prefx}cocart_carts | the only placeholder is {prefix}",
                "          ALTER TABLE {prefix}cocart_carts | TRUNCATE TABLE {prefix}cocart_carts | drop, empty or rename",
                "          ALTER TABLE {prefix}cocart_carts | DROP TABLE IF EXISTS `{prefix}cocart_carts` | drop, empty or rename",
                "          ALTER TABLE {prefix}cocart_carts | CALL x() | must not be a CALL",
                "          ALTER TABLE {prefix}cocart_carts | ALTER IGNORE TABLE {prefix}cocart_carts | must not be ALTER IGNORE",
                "          ALTER TABLE {prefix}cocart_carts | ALTER TABLE {prefix}cocart_carts DROP cart_value, | drop a column of carts.columns",
                "        unless: >-                     |         unless: SELECT 1 INTO x | must not have INTO",
                "        expect: 1                      |         expects: 1            | unknown field 'expects'",
                "run UPDATE {prefix}cocart_carts SET    | run UPDATE {prefx}cocart_carts SET | remedy has {prefx}; the only placeholder",
                "    proofs:                            |     prooves:                  | unknown field 'prooves'",
                "    steps:                             |     steps: 5  #               | "
            })
    void whatIsWrongIsSaidWithFileLineAndColumn(String right, String wrong, String expected) throws Exception {
        String text = Files.readString(Path.of("config/updates/" + SLUG + ".yaml"));
        int at = text.indexOf(right.strip());
        assertThat(at).isNotNegative();
        Path file = folder.resolve(SLUG + ".yaml");
        Files.writeString(
                file,
                text.substring(0, at)
                        + wrong.strip()
                        + text.substring(at + right.strip().length()));
        assertThatThrownBy(() -> new Plans(folder))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isTrue())
                .hasMessageContaining(expected == null ? "" : expected.strip())
                .hasMessageMatching("(?s)\\Q" + file + "\\E, line [0-9]+, column [0-9]+: .+");
    }

    @Test
    void anEmptyFileAndAMissingFolderAreSaid() throws Exception {
        Path file = Files.writeString(folder.resolve(SLUG + ".yaml"), "# nothing\n");
        assertThatThrownBy(() -> new Plans(folder)).hasMessageContaining(file.toString());
        assertThatThrownBy(() -> new Plans(folder.resolve("none"))).hasMessageContaining("none");
    }
}
