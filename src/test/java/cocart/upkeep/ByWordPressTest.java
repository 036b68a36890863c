package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.plan.Proofs;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A release that asks for a data update which no plan describes, from detection to its end. */
class ByWordPressTest {

    private static final String INSTALLER = "<?php\nclass CoCart_Install {\n\tprivate static $db_updates = array(\n"
            + "\t\t'3.0.0'  => array(\n\t\t\t'cocart_update_300_db_structure',\n\t\t\t'cocart_update_300_db_version',\n\t\t),\n"
            + "\t\t'5.1.0' => array(\n\t\t\t'cocart_update_510_db_structure',\n\t\t\t'cocart_update_510_db_version',\n"
            + "\t\t),\n\t);\n\t// queue: 'cocart_update_db_to_current_version'\n"
            + "\tfunction update() { q( 'cocart_update_db_to_current_version' ); }\n}\n";

    @TempDir
    Path folder;

    private Shop shop;
    private HttpServer web;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile String ends = "complete";
    private volatile boolean works = true;

    @BeforeEach
    void open() throws Exception {
        shop = new Shop(folder, "automatic", "3.0.0", 20);
        shop.database.execute(
                "ALTER TABLE wp_cocart_carts ADD cart_created bigint(20) unsigned NOT NULL AFTER cart_value,"
                        + " ADD cart_source varchar(200) NOT NULL AFTER cart_expiry, ADD cart_hash varchar(200) NOT NULL");
        shop.files.plugin("5.1.1");
        shop.files.plugin("includes/classes/class-cocart-install.php", INSTALLER);
        shop.files.plugin("includes/class-cocart.php", "<?php class CoCart { public static $db_version = '5.1.0'; }");
        Files.delete(shop.root.resolve("wp-content/plugins/" + Shop.SLUG + "/includes/class-cocart-install.php"));
        web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/wp-cron.php", exchange -> {
            calls.incrementAndGet();
            try {
                if (works && "doing_wp_cron".equals(exchange.getRequestURI().getQuery())) {
                    workTheQueue();
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        web.start();
        settings();
    }

    private void settings(String... more) throws Exception {
        List<String> lines = new ArrayList<>(List.of(
                "upkeep.data-update = automatic",
                "upkeep.detect.settle = 0s",
                "upkeep.store.acme.url = http://127.0.0.1:" + web.getAddress().getPort() + "/"));
        lines.addAll(List.of(more));
        shop.settings(lines.toArray(String[]::new));
    }

    @AfterEach
    void close() throws Exception {
        web.stop(0);
        shop.close();
    }

    /** As WordPress does it, on a connection of its own. */
    private void workTheQueue() throws SQLException {
        try (Connection connection = DriverManager.getConnection(Shop.mariadb().url("shop"), "shop", Shop.PASSWORD);
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE wp_actionscheduler_actions SET status = '" + ends
                    + "', attempts = 1, last_attempt_gmt = UTC_TIMESTAMP() WHERE status = 'pending'");
            if (ends.equals("complete")) {
                statement.execute(
                        "UPDATE wp_options SET option_value = '5.1.0' WHERE option_name = 'cocart_db_version'");
            } else {
                statement.execute("INSERT INTO wp_actionscheduler_logs (action_id, message) SELECT MIN(action_id),"
                        + " 'action failed via WP Cron: no memory' FROM wp_actionscheduler_actions");
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void itIsBlockedUntilAPersonHandsItOverAndThenCalledNotProven() throws Exception {
        assertThat(shop.upkeep("once").code()).isEqualTo(1);
        JsonNode update = EndToEndTest.status(shop).get("dataUpdate");
        assertThat(update.get("state").asText()).isEqualTo("blocked");
        assertThat(update.get("from").asText()).isEqualTo("3.0.0");
        assertThat(update.get("to").asText()).isEqualTo("5.1.0");
        assertThat(EndToEndTest.status(shop).at("/notice/kind").asText()).isEqualTo("attention");
        assertThat(update.get("reason").asText())
                .contains("cocart_update_510_db_structure, cocart_update_510_db_version")
                .doesNotContain("cocart_update_300")
                .contains("config/updates/" + Shop.SLUG + ".yaml")
                .contains("upkeep approve acme --by-wordpress");
        assertThat(shop.upkeep("approve", "acme").code()).as("by no plan").isEqualTo(1);
        assertThat(actions()).isEmpty();

        Shop.Said said = shop.upkeep("approve", "acme", "--by-wordpress");
        assertThat(said.out()).contains("cocart_update_510_db_structure").contains("not proven");
        assertThat(shop.upkeep("approve", "acme", "--by-wordpress").code()).isEqualTo(1);
        assertThat(shop.upkeep("once").code()).isZero();
        assertThat(actions())
                .containsExactly(
                        "complete {\"update_callback\":\"cocart_update_510_db_structure\"}",
                        "complete {\"update_callback\":\"cocart_update_510_db_version\"}",
                        "complete {\"version\":\"5.1.0\"}");
        JsonNode store = EndToEndTest.status(shop);
        assertThat(store.at("/dataUpdate/state").asText()).isEqualTo("complete");
        assertThat(store.at("/dataUpdate/snapshot").isTextual())
                .as("backed up before")
                .isTrue();
        assertThat(store.at("/dataUpdate/reason").asText())
                .contains("not proven")
                .contains("20 carts before, 20 after");
        assertThat(store.at("/notice/text").asText()).contains("not proven").doesNotContain("proven in the schema");
        assertThat(shop.upkeep("once").code()).as("asks for nothing more").isZero();
        assertThat(calls).hasValue(1);
    }

    @Test
    void aCallbackThatFailsFailsTheUpdateAndARetryQueuesItAnew() throws Exception {
        ends = "failed";
        shop.upkeep("once");
        shop.upkeep("approve", "acme", "--by-wordpress");
        assertThat(shop.upkeep("once").code()).isEqualTo(1);
        JsonNode store = EndToEndTest.status(shop);
        assertThat(store.at("/dataUpdate/state").asText()).isEqualTo("failed");
        assertThat(store.at("/notice/text").asText())
                .contains("is failed, its log says: action failed via WP Cron: no memory")
                .contains("upkeep retry acme");
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("3.0.0");

        ends = "complete";
        assertThat(shop.upkeep("retry", "acme").code()).isZero();
        shop.upkeep("once");
        assertThat(actions())
                .hasSize(6)
                .filteredOn(action -> action.startsWith("complete"))
                .hasSize(3);
        assertThat(EndToEndTest.status(shop).at("/dataUpdate/state").asText()).isEqualTo("complete");
    }

    @Test
    @Tag("soak")
    void wordPressThatDoesNotRunThemIsWaitedForUntilTheLimit() throws Exception {
        works = false;
        settings("upkeep.migrate.wordpress-wait = 2s");
        shop.upkeep("once");
        shop.upkeep("approve", "acme", "--by-wordpress");
        shop.upkeep("once");
        JsonNode store = EndToEndTest.status(shop);
        assertThat(store.at("/dataUpdate/reason").asText())
                .startsWith("Waiting for WordPress to run CoCart's callbacks (0 of 3 have ended)")
                .contains("WP-Cron of http://127.0.0.1");
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
            shop.upkeep("once");
            return EndToEndTest.status(shop).at("/dataUpdate/state").asText().equals("failed");
        });
        assertThat(actions()).allMatch(action -> action.startsWith("canceled")).hasSize(3);
        assertThat(EndToEndTest.status(shop).at("/notice/text").asText()).contains("Does WP-Cron run");
    }

    @Test
    @Tag("soak")
    void killedWhileItHandsOverThereIsOneSetOfActions() throws Exception {
        works = false;
        settings("upkeep.lease = 1s");
        shop.upkeep("once");
        assertThat(shop.upkeep("approve", "acme", "--by-wordpress").code()).isZero();
        try (Connection holder = DriverManager.getConnection(Shop.mariadb().url("shop"), "shop", Shop.PASSWORD);
                Statement lock = holder.createStatement()) {
            // it gets as far as the log entry of the first action
            lock.execute("LOCK TABLES wp_actionscheduler_logs READ");
            Process child = shop.start(folder.resolve("killed.log"), "once");
            try (Connection root = Shop.mariadb().administrator()) {
                Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !"0"
                        .equals(Proofs.scalar(
                                root,
                                "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'INSERT INTO"
                                        + " wp_actionscheduler_logs%'")));
            }
            child.destroyForcibly().waitFor();
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .pollDelay(Duration.ofSeconds(2))
                .until(() -> {
                    shop.upkeep("once");
                    return actions().size() > 0;
                });
        assertThat(actions()).hasSize(3).allMatch(action -> action.startsWith("pending"));

        // killed right after the actions were there, before that was recorded
        try (Connection state = DriverManager.getConnection(
                        "jdbc:h2:file:" + shop.home.resolve("data/upkeep") + ";AUTO_SERVER=TRUE", "sa", "");
                Statement statement = state.createStatement()) {
            assertThat(statement.executeUpdate("UPDATE own_updater SET queued_at = NULL"))
                    .isEqualTo(1);
        }
        shop.upkeep("once");
        assertThat(actions()).hasSize(3);
        works = true;
        Awaitility.await().atMost(Duration.ofSeconds(120)).until(() -> {
            shop.upkeep("once");
            return EndToEndTest.status(shop).at("/dataUpdate/state").asText().equals("complete");
        });
        assertThat(actions()).hasSize(3);
    }

    @Test
    void aPlanThatAppearsSupersedesTheBlock() throws Exception {
        shop.upkeep("once");
        assertThat(EndToEndTest.status(shop).at("/dataUpdate/state").asText()).isEqualTo("blocked");
        Path plans = shop.home.resolve("config/updates/" + Shop.SLUG + ".yaml");
        Files.writeString(
                plans,
                Files.readString(plans)
                        + "  - version: 5.1.0\n    mark: cocart_db_version\n    carts:\n      table: cocart_carts\n"
                        + "      key: cart_id\n      columns: [cart_id, cart_key, cart_value, cart_expiry]\n    steps:\n"
                        + "      - name: add-x\n        description: Adds x.\n        unless: SELECT COUNT(*) FROM"
                        + " information_schema.columns WHERE table_schema = DATABASE() AND table_name ="
                        + " '{prefix}cocart_carts' AND column_name = 'x'\n        sql: ALTER TABLE {prefix}cocart_carts ADD"
                        + " COLUMN x INT\n    proofs:\n      - name: x\n        description: x is there.\n        query:"
                        + " SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name"
                        + " = '{prefix}cocart_carts' AND column_name = 'x'\n        expect: 1\n");
        assertThat(shop.upkeep("once").code()).isZero();
        JsonNode update = EndToEndTest.status(shop).get("dataUpdate");
        assertThat(update.get("state").asText()).isEqualTo("complete");
        assertThat(update.get("reason").asText()).contains("proven in the schema");
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("5.1.0");
        assertThat(actions()).isEmpty();
    }

    private List<String> actions() throws SQLException {
        List<String> actions = new ArrayList<>();
        try (Statement statement = shop.connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT CONCAT(status, ' ', args) FROM wp_actionscheduler_actions ORDER BY action_id")) {
            while (rows.next()) {
                actions.add(rows.getString(1));
            }
        }
        return actions;
    }
}
