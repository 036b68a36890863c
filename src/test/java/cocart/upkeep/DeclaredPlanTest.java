package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The data update 4.3.23 of CoCart, which not every release with a higher number has. */
class DeclaredPlanTest {

    private static final String INSTALLER = "<?php\nclass CoCart_Install {\n\tprivate static $db_updates = array(\n"
            + "\t\t'3.0.0'  => array(\n\t\t\t'cocart_update_300_db_structure',\n\t\t\t'cocart_update_300_db_version',\n\t\t),\n"
            + "\t\t'4.3.23' => array(\n\t\t\t'cocart_update_4323_db_structure',\n\t\t\t'cocart_update_4323_db_version',\n"
            + "\t\t),\n\t);\n}\n";

    @TempDir
    Path folder;

    @Test
    void oneApprovalTakesAStoreThroughAllThatItsReleaseDeclares() throws Exception {
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 20)) {
            shop.files.plugin("4.9.7");
            shop.files.plugin("includes/classes/class-cocart-install.php", INSTALLER);
            List<String> carts = shop.database.carts();
            assertThat(shop.upkeep("once").code()).isEqualTo(1);
            assertThat(status(shop, "/dataUpdate/to")).isEqualTo("3.0.0");
            assertThat(status(shop, "/dataUpdate/state")).isEqualTo("awaiting-approval");
            assertThat(status(shop, "/plugins/0/schema")).isEqualTo("outdated");

            assertThat(shop.upkeep("approve", "acme").code()).isZero();
            Shop.Said once = shop.upkeep("once");

            assertThat(once.code()).as(once.out() + once.err()).isZero();
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
            assertThat(shop.database.carts()).isEqualTo(carts);
            assertThat(shop.database.option("cocart_db_version")).isEqualTo("4.3.23");
            assertThat(status(shop, "/dataUpdate/from")).isEqualTo("3.0.0");
            assertThat(status(shop, "/dataUpdate/to")).isEqualTo("4.3.23");
            assertThat(status(shop, "/dataUpdate/state")).isEqualTo("complete");
            assertThat(status(shop, "/plugins/0/schema")).isEqualTo("current");
            assertThat(status(shop, "/plugins/0/databaseVersion")).isEqualTo("4.3.23");
        }
    }

    @Test
    void aTableThatIsDeclaredOtherwiseIsDeclaredAnewAndKeepsItsCarts() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "3.0.0", 20)) {
            shop.database.execute("ALTER TABLE wp_cocart_carts MODIFY cart_id bigint(20) NOT NULL AUTO_INCREMENT,"
                    + " ADD cart_created bigint(10) unsigned NOT NULL AFTER cart_value,"
                    + " MODIFY cart_expiry bigint(20) unsigned NULL,"
                    + " ADD cart_source varchar(200) NOT NULL AFTER cart_expiry, ADD cart_hash varchar(200) NOT NULL");
            List<String> carts = shop.database.carts();
            shop.files.plugin("4.3.24");
            shop.files.plugin("includes/classes/class-cocart-install.php", INSTALLER);

            Shop.Said once = shop.upkeep("once");

            assertThat(once.code()).as(once.out() + once.err()).isZero();
            assertThat(types(shop))
                    .isEqualTo("cart_id bigint(20) unsigned NO auto_increment, cart_created bigint(20) unsigned NO ,"
                            + " cart_expiry bigint(20) unsigned NO ");
            assertThat(shop.database.carts()).isEqualTo(carts);
            assertThat(shop.database.option("cocart_db_version")).isEqualTo("4.3.23");
        }
    }

    @Test
    @Tag("soak")
    void aReleaseThatDoesNotDeclareItIsLeftAtItsOwnVersion() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5)) {
            shop.files.plugin("4.4.0-beta.6");
            shop.files.plugin(
                    "includes/classes/class-cocart-install.php",
                    INSTALLER.substring(0, INSTALLER.indexOf("\t\t'4.3.23'")) + "\t);\n}\n");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(shop.database.option("cocart_db_version")).isEqualTo("3.0.0");
            assertThat(status(shop, "/dataUpdate/to")).isEqualTo("3.0.0");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(status(shop, "/dataUpdate/to")).isEqualTo("3.0.0");
        }
    }

    private static String status(Shop shop, String field) throws Exception {
        JsonNode store = EndToEndTest.status(shop);
        return store.at(field).asText();
    }

    private static String types(Shop shop) throws Exception {
        try (Statement statement = shop.connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT GROUP_CONCAT(CONCAT_WS(' ', column_name, column_type,"
                        + " is_nullable, extra) ORDER BY ordinal_position SEPARATOR ', ') FROM information_schema.columns"
                        + " WHERE table_schema = DATABASE() AND table_name = 'wp_cocart_carts'"
                        + " AND column_type LIKE 'bigint%'")) {
            row.next();
            return row.getString(1);
        }
    }
}
