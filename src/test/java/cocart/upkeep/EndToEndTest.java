package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All four jobs together, through the command line, on a real SFTP server and a real MariaDB. */
class EndToEndTest {

    @TempDir
    Path folder;

    @Test
    void automaticModeGoesFromNewFilesToAProvenAndMarkedStore() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 200)) {
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();

            Shop.Said once = shop.upkeep("once");

            assertThat(once.code()).as(once.out() + once.err()).isZero();
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
            assertThat(shop.database.carts()).isEqualTo(carts);
            assertThat(shop.database.option("cocart_db_version")).isEqualTo("3.0.0");
            JsonNode store = status(shop);
            assertThat(store.at("/dataUpdate/state").asText()).isEqualTo("complete");
            assertThat(store.at("/dataUpdate/exposureSeconds").isNumber()).isTrue();
            assertThat(store.at("/plugins/0/schema").asText()).isEqualTo("current");
            assertThat(store.at("/notice/kind").asText()).isEqualTo("update-complete");

            Path snapshot = shop.home.resolve("data/backups/snapshots/acme/"
                    + store.at("/dataUpdate/snapshot").asText());
            assertThat(snapshot.resolve("wp-content/uploads/2026/11/köttbullar.txt"))
                    .hasContent("not a picture");
            assertThat(snapshot.resolve("wp-content/cache")).doesNotExist();
            try (var dump = new GZIPInputStream(Files.newInputStream(snapshot.resolve("database.sql.gz")))) {
                String sql = new String(dump.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
                assertThat(sql).contains("CREATE TABLE `wp_cocart_carts`").doesNotContain("`cart_hash`");
            }

            assertThat(shop.upkeep("dismiss", "acme").code()).isZero();
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(status(shop).get("notice").isNull()).isTrue();
            assertThat(status(shop).at("/dataUpdate/state").asText()).isEqualTo("complete");
        }
    }

    @Test
    void manualModeChangesNothingBeforeApproval() throws Exception {
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 20)) {
            shop.files.plugin("4.3.6");
            assertThat(shop.upkeep("once").code()).isEqualTo(1);
            assertThat(status(shop).at("/dataUpdate/state").asText()).isEqualTo("awaiting-approval");
            assertThat(status(shop).at("/notice/kind").asText()).isEqualTo("update-required");
            assertThat(shop.database.columns()).hasSize(4);

            assertThat(shop.upkeep("approve", "acme").code()).isZero();
            assertThat(shop.upkeep("approve", "acme").code()).isEqualTo(1);
            assertThat(shop.upkeep("once", "acme").code()).isZero();
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        }
    }

    @Test
    void aStoreThatCoCartMarkedCompleteWithoutMigratingIsFoundAndRepaired() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "3.0.0", 20)) {
            shop.database.queueUpdater("complete");
            shop.files.plugin("4.3.6");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
            assertThat(status(shop).at("/dataUpdate/state").asText()).isEqualTo("complete");
        }
    }

    @Test
    void aStoreThatNeverHadADatabaseVersionGetsOne() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", null, 20)) {
            shop.files.plugin("4.3.6");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(shop.database.option("cocart_db_version")).isEqualTo("3.0.0");
            assertThat(status(shop).at("/dataUpdate/from").isNull()).isTrue();
        }
    }

    @Test
    void columnsInTheOrderOf30xAreLeftAsTheyAreAndOnlyTheMarkIsSet() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 20)) {
            shop.database.execute("ALTER TABLE wp_cocart_carts ADD cart_created bigint(20) unsigned NOT NULL,"
                    + " ADD cart_source varchar(200) NOT NULL, ADD cart_hash varchar(200) NOT NULL");
            List<String> columns = shop.database.columns();
            shop.files.plugin("4.3.6");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(shop.database.columns()).isEqualTo(columns);
            assertThat(shop.database.option("cocart_db_version")).isEqualTo("3.0.0");
        }
    }

    @Test
    void aHalfDoneTableIsBroughtToItsEnd() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 20)) {
            shop.database.execute(
                    "ALTER TABLE wp_cocart_carts ADD cart_source varchar(200) NOT NULL AFTER cart_expiry");
            shop.files.plugin("4.3.6");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        }
    }

    @Test
    void whileCoCartsOwnUpdaterIsAtWorkWeWaitAndThenLookAtTheSchema() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 20)) {
            shop.database.queueUpdater("pending");
            shop.files.plugin("4.3.6");
            shop.upkeep("once");
            assertThat(shop.database.columns()).hasSize(4);
            assertThat(status(shop).at("/dataUpdate/state").asText()).isEqualTo("pending");
            assertThat(status(shop).at("/notice/text").asText()).contains("CoCart's own updater");

            shop.database.execute("UPDATE wp_actionscheduler_actions SET status = 'complete'");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        }
    }

    @Test
    void whatCoCartMigratesItselfWhileAwaitingApprovalIsComplete() throws Exception {
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 20)) {
            shop.files.plugin("3.1.0");
            shop.upkeep("once");
            shop.database.execute("ALTER TABLE wp_cocart_carts ADD cart_created bigint(20) unsigned NOT NULL AFTER"
                    + " cart_value, ADD cart_source varchar(200) NOT NULL AFTER cart_expiry,"
                    + " ADD cart_hash varchar(200) NOT NULL AFTER cart_source");
            shop.database.option("cocart_db_version", "3.0.0");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(status(shop).at("/dataUpdate/state").asText()).isEqualTo("complete");
        }
    }

    @Test
    void withoutTheRightToAlterTheUpdateFailsWithARemedyAndIsNotMarked() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 20)) {
            revoke("ALTER");
            shop.files.plugin("4.3.6");
            assertThat(shop.upkeep("once").code()).isEqualTo(1);
            JsonNode store = status(shop);
            assertThat(store.at("/dataUpdate/state").asText()).isEqualTo("failed");
            assertThat(store.at("/notice/text").asText())
                    .contains("GRANT ALTER")
                    .contains("upkeep retry acme");
            assertThat(shop.database.option("cocart_db_version")).isEqualTo("2.9.3");
            assertThat(shop.database.columns()).hasSize(4);

            try (Connection root = Shop.mariadb().administrator();
                    Statement statement = root.createStatement()) {
                statement.execute("GRANT ALTER ON shop.* TO 'shop'@'127.0.0.1'");
                statement.execute("GRANT ALTER ON shop.* TO 'shop'@'localhost'");
            }
            assertThat(shop.upkeep("retry", "acme").code()).isZero();
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        }
    }

    @Test
    void aStepThatLosesACartFailsTheUpdateAndNothingIsMarked() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 20)) {
            Path plan = shop.home.resolve("config/updates/" + Shop.SLUG + ".yaml");
            Files.writeString(
                    plan,
                    Files.readString(plan)
                            .replace(
                                    "    steps:\n",
                                    "    steps:\n      - name: eat\n        description: Loses a cart.\n"
                                            + "        unless: SELECT 0\n"
                                            + "        sql: DELETE FROM {prefix}cocart_carts LIMIT 1\n"));
            shop.files.plugin("4.3.6");
            assertThat(shop.upkeep("once").code()).isEqualTo(1);
            assertThat(status(shop).at("/dataUpdate/state").asText()).isEqualTo("failed");
            assertThat(status(shop).at("/dataUpdate/reason").asText()).contains("20 before, 19 after");
            assertThat(shop.database.option("cocart_db_version")).isEqualTo("2.9.3");
        }
    }

    @Test
    void onceWaitsOutTheAttemptsOfAStepThatKeepsFailing() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 20)) {
            Path plan = shop.home.resolve("config/updates/" + Shop.SLUG + ".yaml");
            Files.writeString(
                    plan,
                    Files.readString(plan)
                            .replace(
                                    "    steps:\n",
                                    "    steps:\n      - name: interrupted\n        description: Never ends well.\n"
                                            + "        unless: SELECT 0\n"
                                            + "        sql: KILL QUERY CONNECTION_ID()\n"));
            shop.files.plugin("4.3.6");
            Shop.Said once = shop.upkeep("once");
            assertThat(once.code()).as(once.out() + once.err()).isEqualTo(1);
            JsonNode update = status(shop).get("dataUpdate");
            assertThat(update.get("state").asText()).isEqualTo("failed");
            assertThat(update.at("/steps/0/attempts").asInt()).isEqualTo(2);
            assertThat(shop.database.columns()).hasSize(4);
        }
    }

    @Test
    void aSnapshotThatLacksAFileIsSaidUntilOneIsWhole() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5)) {
            shop.files.plugin("2.9.3");
            Path odd = shop.root.resolve("wp-content/a\\b.txt");
            Files.writeString(odd, "a name that cannot be used");
            assertThat(shop.upkeep("backup", "acme").code()).isEqualTo(1);
            assertThat(status(shop).at("/lastSnapshot/failed").asInt()).isEqualTo(1);
            assertThat(status(shop).at("/notice/text").asText()).contains("lacks 1 files", "manifest.jsonl");
            Files.delete(odd);
            assertThat(shop.upkeep("backup", "acme").code()).isZero();
            assertThat(status(shop).get("notice").isNull()).isTrue();
        }
    }

    @Test
    void aRollbackIsReportedAndAnUnapprovedUpdateCanceled() throws Exception {
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 5)) {
            shop.files.plugin("4.3.6");
            shop.upkeep("once");
            shop.files.plugin("2.9.3"); // of the same size, so it has to have another time, in seconds
            Files.setLastModifiedTime(
                    shop.root.resolve("wp-content/plugins/" + Shop.SLUG + "/" + Shop.SLUG + ".php"),
                    FileTime.from(Instant.now().plusSeconds(5)));
            shop.upkeep("once");
            JsonNode store = status(shop);
            assertThat(store.at("/plugins/0/rolledBackFrom").asText()).isEqualTo("4.3.6");
            assertThat(store.at("/notice/text").asText()).contains("rolled back from 4.3.6 to 2.9.3");
            assertThat(store.at("/dataUpdate/state").asText()).isEqualTo("canceled");
            assertThat(shop.database.columns()).hasSize(4);
        }
    }

    @Test
    void anAbsentPluginIsReportedAndNothingDone() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5)) {
            assertThat(shop.upkeep("once").code()).isEqualTo(1);
            assertThat(status(shop).at("/plugins/0/state").asText()).isEqualTo("absent");
            assertThat(status(shop).at("/dataUpdate/state").asText()).isEqualTo("none");
        }
    }

    @Test
    void oldCodeWithOldTablesNeedsNothing() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5)) {
            shop.files.plugin("2.9.3");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(status(shop).at("/dataUpdate/state").asText()).isEqualTo("none");
            assertThat(status(shop).at("/plugins/0/schema").asText()).isEqualTo("current");
            String made = shop.upkeep("backup", "acme", "--json").out().strip();
            assertThat(made).startsWith("{\"store\":\"acme\",\"id\":\"");
            assertThat(shop.upkeep("snapshots", "--json").out())
                    .as("the same, first")
                    .startsWith("{\"snapshots\":[" + made);
        }
    }

    @Test
    void noSecretIsSaidAnywhere() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5)) {
            shop.files.plugin("4.3.6");
            Shop.Said once = shop.upkeep("once");
            Shop.Said status = shop.upkeep("status", "--json");
            Shop.Said check = shop.upkeep("check");
            assertThat(once.out() + once.err() + status.out() + status.err() + check.out() + check.err())
                    .doesNotContain("s3cret!", Shop.PASSWORD);
            try (Stream<Path> all = Files.walk(shop.home.resolve("data"))) {
                for (Path file :
                        all.filter(f -> f.toString().endsWith("manifest.jsonl")).toList()) {
                    assertThat(Files.readString(file)).doesNotContain("s3cret!", Shop.PASSWORD);
                }
            }
        }
    }

    private static void revoke(String right) throws Exception {
        try (Connection root = Shop.mariadb().administrator();
                Statement statement = root.createStatement()) {
            for (String host : List.of("127.0.0.1", "localhost", "%")) {
                statement.execute("REVOKE " + right + " ON shop.* FROM 'shop'@'" + host + "'");
            }
        }
    }

    static JsonNode status(Shop shop) throws Exception {
        return new ObjectMapper()
                .readTree(shop.upkeep("status", "--json").out())
                .at("/stores/0");
    }
}
