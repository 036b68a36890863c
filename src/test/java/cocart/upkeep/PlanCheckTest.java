package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code upkeep check} tries every plan and changes nothing. */
class PlanCheckTest extends OutdatedShop {

    PlanCheckTest() {
        super("manual", 40);
    }

    @BeforeEach
    void open() throws Exception {
        shop.database.execute("ALTER TABLE wp_cocart_carts ADD cart_source varchar(200) NOT NULL AFTER cart_expiry");
        shop.database.execute("ANALYZE TABLE wp_cocart_carts");
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
    void columnsThatTheCartsDoNotHaveAreSaidWithFileAndLine() throws Exception {
        change("[cart_id, cart_key, cart_value, cart_expiry]", "[cart_id, cart_kay, cart_value, cart_expires]");
        assertWrong(
                "[cart_id, cart_kay",
                "columns of carts names columns that wp_cocart_carts does not have, cart_kay, cart_expires; it has"
                        + " cart_id, cart_key, cart_value, cart_expiry, cart_source");
    }

    @Test
    void aKeyThatTheCartsDoNotHaveIsSaidWithFileAndLine() throws Exception {
        change("      key: cart_id\n", "      key: id\n");
        assertWrong("      key: id", "key of carts names a column that wp_cocart_carts does not have, id; it has");
    }

    @Test
    void whatAnEarlierUpdateMakesALaterOneMayCompare() throws Exception {
        Path plan = shop.plan();
        String shipped = Files.readString(plan);
        int later = shipped.indexOf("  - version: 4.3.23");
        Files.writeString(
                plan,
                shipped.substring(0, later)
                        + shipped.substring(later)
                                .replace("[cart_id, cart_key, ", "[cart_id, cart_hash, cart_created, "));
        assertThat(shop.upkeep("check").code()).isZero();
    }

    @Test
    void aQuestionForMoreThanOneValueIsSaidWithFileAndLine() throws Exception {
        plan("        unless: SELECT 0, 1\n        sql: DO 1\n");
        assertWrong("unless: SELECT 0, 1", "unless of step own must ask for one value, not for 2 columns");
        change(
                "    proofs:\n",
                "    proofs:\n      - name: two\n        description: Two rows.\n"
                        + "        query: SELECT 1 UNION ALL SELECT 1\n        expect: 1\n");
        assertWrong("query: SELECT 1 UNION", "query of proof two must ask for one value, not for several rows");
    }

    @Test
    void whatTheServerFindsIsSaidWithFileAndLineAndTwiceInTheSameWords() throws Exception {
        plan("        unless: SELECT 0\n        sql: ALTR TABLE {prefix}cocart_carts ADD a INT\n");
        String first = assertWrong("sql: ALTR", "sql of step own is no SQL for this server: You have an error");
        assertThat(assertWrong("sql: ALTR", "sql of step own")).isEqualTo(first);
        change("sql: ALTR", "sql: ALTER");
        change(
                "    proofs:\n",
                "    proofs:\n      - name: odd\n        description: No SQL.\n"
                        + "        query: SELECT x y z\n        expect: 1\n");
        assertWrong("query: SELECT x y z", "query of proof odd cannot be evaluated: ");
    }

    @Test
    void updatesThatStandInTheWrongOrderAreSaid() throws Exception {
        String shipped = Files.readString(shop.plan());
        int first = shipped.indexOf("  - version: 3.0.0");
        int second = shipped.indexOf("  - version: 4.3.23");
        Files.writeString(
                shop.plan(),
                shipped.substring(0, first) + shipped.substring(second) + "\n" + shipped.substring(first, second));
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out())
                .contains("failed  settings, routes, update plans, state database: " + shop.plan() + ", line "
                        + line("  - version: 3.0.0") + ", column 14: the update 3.0.0 of " + Shop.SLUG
                        + " stands behind 4.3.23, and they are made in this order; put it in front of it");
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
        change("    steps:\n", "    steps:\n      - name: own\n        description: A test.\n" + step);
    }

    /** Changes the first place of the shipped plan where a text stands. */
    private void change(String right, String wrong) throws Exception {
        String text = Files.readString(shop.plan());
        assertThat(text).contains(right);
        int at = text.indexOf(right);
        Files.writeString(shop.plan(), text.substring(0, at) + wrong + text.substring(at + right.length()));
    }

    /** The number of the first line of the plan in which a text stands. */
    private int line(String text) throws Exception {
        List<String> lines = Files.readAllLines(shop.plan());
        return lines.indexOf(lines.stream()
                        .filter(line -> line.contains(text))
                        .findFirst()
                        .orElseThrow())
                + 1;
    }

    /**
     * Asserts that check finds this wrong with the plan.
     *
     * @param place what stands in the line that is to be named
     */
    private String assertWrong(String place, String sentence) throws Exception {
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).isEqualTo(1);
        String failed = check.out()
                .lines()
                .filter(line -> line.startsWith("failed  acme: database: "))
                .findFirst()
                .orElseThrow();
        assertThat(failed)
                .contains(shop.plan() + ", line " + line(place) + ", column ")
                .contains(": " + sentence)
                .doesNotContain("(conn=");
        return failed;
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
