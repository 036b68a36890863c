package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code upkeep check} tries every plan and changes nothing. */
class PlanCheckTest {

    @TempDir
    Path folder;

    private Shop shop;

    @BeforeEach
    void open() throws Exception {
        shop = new Shop(folder, "manual", "2.9.3", 40);
        shop.files.plugin("4.3.6");
        shop.database.execute("ALTER TABLE wp_cocart_carts ADD cart_source varchar(200) NOT NULL AFTER cart_expiry");
        shop.database.execute("ANALYZE TABLE wp_cocart_carts");
    }

    @AfterEach
    void close() throws Exception {
        shop.close();
    }

    @Test
    void whatAnUpdateWouldDoIsShown() throws Exception {
        List<String> before = everything();
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).as(check.out() + check.err()).isZero();
        assertThat(check.out())
                .contains("ok      acme: database\n        " + Shop.SLUG
                        + " 3.0.0: a data update would run these steps\n")
                .contains("step   add-cart-created: to run, about 40 rows\n"
                        + "                   ALTER TABLE wp_cocart_carts ADD COLUMN cart_created BIGINT(20)")
                .contains("step   add-cart-source: done already")
                .contains("proof  cart-hash: does not hold, expected 1, found 0")
                .contains("proof  cart-source: holds")
                .contains("right  ALTER: there", "right  LOCK TABLES: there")
                .doesNotContain("{prefix}");
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void aPlanThatWouldChangeSomethingWhenItIsAskedCannot() throws Exception {
        try (Connection root = Shop.mariadb().administrator();
                Statement statement = root.createStatement()) {
            statement.execute("USE shop");
            statement.execute("CREATE OR REPLACE FUNCTION evil() RETURNS INT DETERMINISTIC"
                    + " BEGIN DELETE FROM wp_cocart_carts; RETURN 1; END");
        }
        List<String> before = everything();
        plan("        unless: SELECT evil()\n        sql: DELETE FROM {prefix}cocart_carts\n");
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out())
                .contains("failed  acme: database: ", "unless of step own cannot be evaluated: ", "READ ONLY")
                .contains("right  DELETE: there");
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void whatIsWrongWithAPlanIsSaidAndWhatIsNotThereYetIsNot() throws Exception {
        plan("        unless: SELECT 0\n        sql: ALTR TABLE {prefix}cocart_carts ADD a INT\n"
                + "      - name: later\n        description: Uses a column that the step before makes.\n"
                + "        unless: SELECT COUNT(a) FROM {prefix}cocart_carts\n"
                + "        sql: UPDATE {prefix}cocart_carts SET a = 1\n");
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out().lines().filter(line -> line.startsWith("failed")))
                .singleElement()
                .asString()
                .contains("sql of step own is no SQL for this server", "ALTR")
                .doesNotContain("later");
        assertThat(check.out()).contains("step   later: not known before the steps above have run (");
    }

    @Test
    void aTypeThatTheServerDoesNotKnowIsSaid() throws Exception {
        plan("        unless: SELECT 0\n        sql: ALTER TABLE {prefix}cocart_carts ADD a BIGNUMBER NOT NULL\n");
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out()).contains("sql of step own is no SQL for this server", "BIGNUMBER");
    }

    @Test
    void aStoreThatIsAwayIsOneSentence() throws Exception {
        shop.settings("upkeep.store.acme.database.url = jdbc:mariadb://127.0.0.1:1/shop");
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out().lines().filter(line -> line.startsWith("failed") && line.contains("acme: database")))
                .singleElement()
                .asString()
                .contains("failed  acme: database: the database at 127.0.0.1:1 cannot be reached");
        assertThat(check.out()).doesNotContain("step ", "proof ");
    }

    /** The shipped plan with one step of our own before its own. */
    private void plan(String step) throws Exception {
        Path plan = shop.home.resolve("config/updates/" + Shop.SLUG + ".yaml");
        Files.writeString(
                plan,
                Files.readString(plan)
                        .replace(
                                "    steps:\n",
                                "    steps:\n      - name: own\n        description: A test.\n" + step));
    }

    private List<String> everything() throws Exception {
        List<String> all = new ArrayList<>(shop.database.columns());
        all.addAll(shop.database.carts());
        try (Statement statement = shop.connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "CHECKSUM TABLE wp_options, wp_cocart_carts, wp_actionscheduler_actions")) {
            while (rows.next()) {
                all.add(rows.getString(1) + " " + rows.getString(2));
            }
        }
        return all;
    }
}
