package cocart.upkeep.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AlterTableTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ALTER TABLE wp_cocart_carts ADD COLUMN a INT",
                "alter  table\n`wp_cocart_carts`\n add `lock` int comment 'ALGORITHM; -- order by' ; ",
                "ALTER TABLE wp_cocart_carts ADD a VARCHAR(9) DEFAULT 'it''s \\' PARTITION', ADD INDEX (a)"
            })
    void oneAlterTableWithoutAClauseMayGetOne(String sql) {
        assertThat(AlterTable.of(sql)).hasValueSatisfying(alter -> {
            assertThat(alter.table()).isEqualTo("wp_cocart_carts");
            assertThat(alter.with(AlterTable.INSTANT))
                    .doesNotContainPattern(";\\s*,")
                    .endsWith(", ALGORITHM=INSTANT");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE wp_cocart_carts SET cart_hash = ''",
                "ALTER TABLE wp_cocart_carts ADD a INT, ALGORITHM=COPY",
                "ALTER TABLE wp_cocart_carts ADD a INT, LOCK = NONE",
                "ALTER TABLE wp_cocart_carts ADD a INT; DROP TABLE wp_options",
                "ALTER TABLE wp_cocart_carts ORDER BY cart_key",
                "ALTER TABLE wp_cocart_carts DROP PARTITION p0",
                "ALTER TABLE wp_cocart_carts ADD a INT -- and more",
                "ALTER TABLE wp_cocart_carts ADD a INT /* x */",
                "ALTER TABLE IF EXISTS wp_cocart_carts ADD a INT",
                "ALTER TABLE shop.wp_cocart_carts ADD a INT",
                "ALTER IGNORE TABLE wp_cocart_carts ADD UNIQUE (cart_value(9))",
                "ALTER ONLINE TABLE wp_cocart_carts ADD a INT",
                "ALTER DATABASE shop CHARACTER SET utf8mb4"
            })
    void allOthersRunAsTheyAreWritten(String sql) {
        assertThat(AlterTable.of(sql)).isEmpty();
    }
}
