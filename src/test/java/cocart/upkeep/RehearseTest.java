package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.demo.ShopDatabase;
import cocart.upkeep.plan.Proofs;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rehearsals, by hand and before automatic updates, on a real scratch server. */
class RehearseTest {

    private static final String[] EAT = {
        "    steps:\n",
        "    steps:\n      - name: eat\n        description: Loses a cart.\n        unless: SELECT 0\n"
                + "        sql: DELETE FROM {prefix}cocart_carts LIMIT 1\n"
    };

    @TempDir
    Path folder;

    private Shop shop;
    private Path plan;
    private String shipped;

    @BeforeEach
    void open() throws Exception {
        shop = new Shop(folder, "manual", "2.9.3", 30);
        shop.files.plugin("4.3.6");
        plan = shop.home.resolve("config/updates/" + Shop.SLUG + ".yaml");
        shipped = Files.readString(plan);
        try (Connection root = TestServers.scratch().administrator();
                Statement statement = root.createStatement()) {
            for (String host : List.of("localhost", "127.0.0.1")) {
                statement.execute("CREATE OR REPLACE USER rehearser@'" + host + "' IDENTIFIED BY 'r1'");
                statement.execute("GRANT ALL ON `upkeep\\_scratch\\_%`.* TO rehearser@'" + host + "'");
            }
        }
        settings("r1");
    }

    @AfterEach
    void close() throws Exception {
        shop.close();
        try (Connection root = TestServers.scratch().administrator();
                Statement statement = root.createStatement();
                ResultSet rows = statement.executeQuery("SHOW DATABASES LIKE 'upkeep\\_scratch\\_%'")) {
            assertThat(rows.next()).as("always dropped").isFalse();
        }
    }

    @Test
    void theWholeUpdateIsRunAndProvenOnACopyAndTheStoreIsNotTouched() throws Exception {
        assertThat(shop.upkeep("rehearse", "acme").err())
                .contains("no snapshot to rehearse on; run upkeep backup acme");
        shop.upkeep("backup", "acme");
        Shop.Said said = shop.upkeep("rehearse", "acme");
        assertThat(said.code()).as(said.out() + said.err()).isZero();
        assertThat(said.out().lines().map(line -> line.replaceAll("[0-9]+\\.[0-9]{3}", "S")
                        .replaceAll(" +", " ")))
                .startsWith(
                        "step status seconds rows",
                        "load database complete S",
                        "count carts complete S 30",
                        "add-cart-created complete S 30",
                        "add-cart-source complete S 30",
                        "add-cart-hash complete S 30",
                        "proofs hold S 4",
                        "compare carts the same S 30",
                        "set cocart_db_version complete S")
                .hasSize(10);
        assertThat(said.out())
                .contains("Proven on a copy of snapshot ", "the data update of " + Shop.SLUG + " to 3.0.0");
        assertThat(shop.database.columns()).hasSize(4);
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("2.9.3");
        assertThat(said.out() + said.err()).doesNotContain("s3cret!", Shop.PASSWORD);

        Files.writeString(plan, shipped.replace(EAT[0], EAT[1]));
        Shop.Said eats = shop.upkeep("rehearse", "acme");
        assertThat(eats.code()).isEqualTo(1);
        assertThat(eats.out())
                .containsPattern("eat +failed")
                .contains("NOT proven")
                .doesNotContain("add-cart-created");
        assertThat(eats.err())
                .contains("the store was not touched: store acme: step eat changes the carts")
                .contains(". Mend its sql in config/updates")
                .doesNotContain("Restore the table");

        Files.writeString(plan, shipped.replaceAll("(?s)      - name: add-cart-hash.*?    proofs:", "    proofs:"));
        Shop.Said unproven = shop.upkeep("rehearse", "acme");
        assertThat(unproven.code()).isEqualTo(1);
        assertThat(unproven.out()).containsPattern("proofs +failed");
        assertThat(unproven.err()).contains("Proof cart-hash does not hold");
        assertThat(shop.database.columns()).hasSize(4);
        assertThat(shop.database.carts()).hasSize(30);
    }

    @Test
    @Tag("soak")
    void everyBlogOfANetworkIsRehearsedAndTheOneThatFailsIsNamed() throws Exception {
        shop.database.execute("CREATE TABLE wp_blogs (blog_id bigint(20) NOT NULL PRIMARY KEY)");
        shop.database.execute("INSERT INTO wp_blogs VALUES (1), (2), (5)");
        for (int blog : List.of(2, 5)) {
            new ShopDatabase(shop.connection, "wp_" + blog + "_").create("2.9.3", 3);
        }
        shop.upkeep("backup", "acme");
        Shop.Said said = shop.upkeep("rehearse", "acme");
        assertThat(said.code()).as(said.out() + said.err()).isZero();
        assertThat(said.out())
                .containsPattern("count carts +complete +\\S+ +36")
                .containsPattern("add-cart-hash +complete")
                .containsPattern("add-cart-hash \\(wp_2_\\) +complete")
                .containsPattern("add-cart-hash \\(wp_5_\\) +complete");

        shop.database.execute("ALTER TABLE wp_5_cocart_carts ADD cart_hash int NOT NULL");
        shop.upkeep("backup", "acme");
        Shop.Said wrong = shop.upkeep("rehearse", "acme");
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.err())
                .contains("Proof cart-hash does not hold in wp_5_ (")
                .doesNotContain("in wp_2_", "Restore");
    }

    @Test
    @Tag("soak")
    void withNothingDueItSaysSo() throws Exception {
        shop.settings("upkeep.data-update = automatic");
        assertThat(shop.upkeep("once").code()).isZero();
        settings("r1");
        shop.upkeep("backup", "acme");
        Shop.Said said = shop.upkeep("rehearse", "acme");
        assertThat(said.code()).as(said.err()).isZero();
        assertThat(said.out()).contains("No data update is due on a copy of snapshot ");
    }

    @Test
    @Tag("soak")
    void theShopsOwnServerIsRefused() throws Exception {
        shop.upkeep("backup", "acme");
        settings(Shop.mariadb().port(), "shop", Shop.PASSWORD.replace("\\", "\\\\"));
        Shop.Said said = shop.upkeep("rehearse", "acme");
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.err())
                .contains("leads to the server of the shop's own database")
                .hasLineCount(1);
    }

    @Test
    void anAutomaticUpdateGoesOnOnlyAfterARehearsalOfItsPlan() throws Exception {
        settings("r1", "upkeep.data-update = automatic", "upkeep.migrate.rehearse = true");
        Files.writeString(plan, shipped.replace(EAT[0], EAT[1]));
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).isEqualTo(1);
        assertThat(update().get("state").asText()).isEqualTo("pending");
        assertThat(update().get("reason").asText())
                .startsWith("Refused: the rehearsal on a copy of snapshot ")
                .contains("nothing in the store was changed", "step eat changes the carts", "upkeep rehearse acme");
        assertThat(EndToEndTest.status(shop).at("/notice/kind").asText()).isEqualTo("attention");
        assertThat(shop.database.columns()).hasSize(4);
        assertThat(shop.database.carts()).hasSize(30);
        shop.upkeep("once");
        assertThat(events(shop, "Data update of%the rehearsal on a copy of"))
                .as("not tried again")
                .isEqualTo(1);

        Files.writeString(plan, shipped);
        Shop.Said mended = shop.upkeep("once");
        assertThat(mended.code()).as(mended.out() + mended.err()).isZero();
        assertThat(events(shop, "Rehearsed on a copy of snapshot ")).isEqualTo(1);
        assertThat(update().get("state").asText()).isEqualTo("complete");
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        assertThat(shop.database.carts()).hasSize(30);
    }

    @Test
    @Tag("soak")
    void withoutAScratchServerItWaitsAndSaysSoOnce() throws Exception {
        settings("wr0ng", "upkeep.data-update = automatic", "upkeep.migrate.rehearse = true");
        assertThat(shop.upkeep("once").code()).isEqualTo(1);
        assertThat(update().get("reason").asText())
                .startsWith("Refused: the rehearsal of this data update is not possible: The scratch server at ")
                .contains("upkeep.scratch.username", "upkeep.retry.after", "upkeep rehearse acme")
                .doesNotContain("wr0ng");
        assertThat(EndToEndTest.status(shop).at("/notice/kind").asText()).isEqualTo("attention");
        assertThat(shop.upkeep("rehearse", "acme").code()).isEqualTo(1);
        assertThat(shop.upkeep("once").code()).isEqualTo(1);
        assertThat(events(shop, "Data update of%is not possible")).isEqualTo(1);
        assertThat(shop.database.columns()).hasSize(4);

        settings("r1", "upkeep.data-update = automatic", "upkeep.migrate.rehearse = true");
        assertThat(shop.upkeep("rehearse", "acme").code())
                .as("at once, by hand")
                .isZero();
        assertThat(shop.upkeep("once").code()).isZero();
        assertThat(events(shop, "Rehearsed on a copy")).isEqualTo(1);
        assertThat(update().get("state").asText()).isEqualTo("complete");
    }

    @Test
    @Tag("soak")
    void whatAKilledOneLeftGoesWithTheNext() throws Exception {
        shop.upkeep("backup", "acme");
        Files.writeString(
                plan,
                shipped.replace(
                        EAT[0],
                        EAT[0] + "      - name: long\n        description: Takes long.\n        unless: SELECT 0\n"
                                + "        sql: DO SLEEP(100)\n"));
        Process killed = shop.start(folder.resolve("killed.log"), "rehearse", "acme");
        try (Connection root = TestServers.scratch().administrator()) {
            await().atMost(Duration.ofSeconds(120))
                    .until(
                            () -> !Objects.equals(
                                    "0",
                                    Proofs.scalar(
                                            root,
                                            "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'DO SLEEP(100)'")));
            killed.destroyForcibly().waitFor();
        }
        Files.writeString(plan, shipped);
        await().atMost(Duration.ofSeconds(60)).pollDelay(Duration.ofSeconds(1)).untilAsserted(() -> assertThat(
                        shop.upkeep("rehearse", "acme").code())
                .isZero());
    }

    private JsonNode update() throws Exception {
        return EndToEndTest.status(shop).get("dataUpdate");
    }

    private void settings(String password, String... more) throws Exception {
        settings(TestServers.scratch().port(), "rehearser", password, more);
    }

    private void settings(int port, String user, String password, String... more) throws Exception {
        List<String> lines = new ArrayList<>(List.of(
                "upkeep.scratch.url = jdbc:mariadb://127.0.0.1:" + port + "/",
                "upkeep.scratch.username = " + user,
                "upkeep.scratch.password = " + password,
                "upkeep.backup.client-program = " + Shop.mariadb().program("mariadb")));
        lines.addAll(Stream.of(more).toList());
        shop.settings(lines.toArray(String[]::new));
    }

    /** How many events of a shop hold a text. */
    static long events(Shop shop, String part) throws Exception {
        try (Connection state = DriverManager.getConnection(
                        "jdbc:h2:file:" + shop.home.resolve("data/upkeep") + ";AUTO_SERVER=TRUE", "sa", "");
                PreparedStatement count = state.prepareStatement("SELECT COUNT(*) FROM event WHERE text LIKE ?")) {
            count.setString(1, "%" + part + "%");
            try (ResultSet rows = count.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        }
    }
}
