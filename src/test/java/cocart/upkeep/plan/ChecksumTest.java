package cocart.upkeep.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChecksumTest {

    private static final String SLUG = "cart-rest-api-for-woocommerce";

    @TempDir
    Path folder;

    @Test
    void commentsDescriptionsAndFormMakeNoDifference() throws Exception {
        String shipped = Files.readString(Path.of("config/updates/" + SLUG + ".yaml"));
        String before = plan(shipped).checksum();
        assertThat(before).matches("[0-9a-f]{64}");
        for (String same : List.of(
                "# a comment\n" + shipped,
                shipped.replace("description: Add the column", "description: Adds the column"),
                shipped.replace("in the store's database run UPDATE", "run UPDATE"),
                shipped.replace("sql: >-", "sql: |"),
                shipped.replace("          ADD COLUMN", "            ADD   COLUMN"),
                shipped.replace("[cart_id, cart_key,", "[ 'cart_id',\n        cart_key,"))) {
            assertThat(same).isNotEqualTo(shipped);
            assertThat(plan(same).checksum()).isEqualTo(before);
        }
    }

    @Test
    void allElseDoes() throws Exception {
        String shipped = Files.readString(Path.of("config/updates/" + SLUG + ".yaml"));
        String before = plan(shipped).checksum();
        for (String[] change : new String[][] {
            {"mark: cocart_db_version", "mark: other"},
            {"table: cocart_carts", "table: carts"},
            {"cart_value, cart_expiry]", "cart_value]"},
            {"updater: [cocart_run_update_callback, ", "updater: ["},
            {"name: add-cart-hash", "name: add-hash"},
            {"column_name = 'cart_hash'", "column_name = 'cart_hash '"},
            {"VARCHAR(200)", "VARCHAR(201)"},
            {"expect: 4", "expect: 5"},
            {
                "      - name: add-cart-source",
                "      - name: before\n        description: x\n"
                        + "        unless: SELECT 0\n        sql: DO 1\n      - name: add-cart-source"
            }
        }) {
            String other = shipped.replace(change[0], change[1]);
            assertThat(other).isNotEqualTo(shipped);
            assertThat(plan(other).checksum()).as(change[1]).isNotEqualTo(before);
        }
    }

    @Test
    void whiteSpaceCountsInTextsAndWhereACommentMayEnd() {
        assertThat(Checksum.normalised("SELECT  'a  b',\n\t`c  d`")).isEqualTo("SELECT 'a  b', `c  d`");
        assertThat(Checksum.normalised("SELECT 'it''s  \\'  ', \"  \"")).isEqualTo("SELECT 'it''s  \\'  ', \"  \"");
        assertThat(Checksum.normalised("DO 1 -- x\n, 2")).isEqualTo("DO 1 -- x\n, 2");
    }

    @Test
    void aFileThatChangesIsReadAgainAndABrokenOneIsNot() throws Exception {
        Path file = folder.resolve(SLUG + ".yaml");
        String shipped = Files.readString(Path.of("config/updates/" + SLUG + ".yaml"));
        Files.writeString(file, shipped);
        Plans plans = new Plans(folder);
        String before = plans.all().get(0).checksum();
        Files.writeString(file, shipped.replace("VARCHAR(200)", "VARCHAR(210)"));
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(60)));
        assertThat(plans.all().get(0).checksum()).as("may be half written").isEqualTo(before);
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(10)));
        String after = plans.all().get(0).checksum();
        assertThat(after).isNotEqualTo(before);
        Files.writeString(file, "plugin: [");
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(20)));
        assertThat(plans.all().get(0).checksum()).isEqualTo(after);
        Files.writeString(file, shipped);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(plans.all().get(0).checksum()).isEqualTo(before));
    }

    private UpdatePlan plan(String yaml) throws Exception {
        Path own = Files.createTempDirectory(folder, "plans");
        Files.writeString(own.resolve("plan.yaml"), yaml);
        return new Plans(own).all().get(0);
    }
}
