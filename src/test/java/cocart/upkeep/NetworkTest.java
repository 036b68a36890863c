package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.demo.ShopDatabase;
import cocart.upkeep.detect.PhpVersion;
import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.DryRun;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.ProofResult;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** WordPress networks (multisite): each blog has tables of its own, and each is looked after. */
class NetworkTest {

    private static final String MIGRATE = "ALTER TABLE %scocart_carts ADD cart_created bigint(20) unsigned NOT NULL"
            + " AFTER cart_value, ADD cart_source varchar(200) NOT NULL AFTER cart_expiry,"
            + " ADD cart_hash varchar(200) NOT NULL AFTER cart_source";

    @TempDir
    Path folder;

    private final Proofs proofs = new Proofs(PhpVersion::compare);

    @Test
    void everySiteIsBackedUpMigratedProvenMarkedAndCanBeRestored() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 20)) {
            network(shop.database);
            ShopDatabase archived = blog(shop.connection, 2, "2.9.3", 7);
            shop.database.execute("UPDATE wp_blogs SET archived = 1, spam = 1, deleted = 1 WHERE blog_id = 2");
            ShopDatabase migrated = blog(shop.connection, 3, "3.0.0", 5);
            migrated.execute(MIGRATE.formatted("wp_3_"));
            blog(shop.connection, 4, null, 0).execute("DROP TABLE wp_4_cocart_carts");
            ShopDatabase left = blog(shop.connection, 5, "2.9.3", 3);
            shop.database.execute("DELETE FROM wp_blogs WHERE blog_id = 5");
            ShopDatabase unmarked = blog(shop.connection, 12, null, 9);
            List<ShopDatabase> sites = List.of(shop.database, archived, migrated, unmarked);
            List<List<String>> carts = carts(sites);
            shop.files.plugin("4.3.6");
            shop.settings(
                    "upkeep.data-update = automatic",
                    "upkeep.backup.client-program = " + Shop.mariadb().program("mariadb"));

            Shop.Said once = shop.upkeep("once");

            assertThat(once.code()).as(once.out() + once.err()).isZero();
            for (ShopDatabase site : sites) {
                assertThat(site.columns()).isEqualTo(Shop.NEW_COLUMNS);
                assertThat(site.option("cocart_db_version")).isEqualTo("3.0.0");
            }
            assertThat(carts(sites)).isEqualTo(carts);
            assertThat(left.columns()).as("no blog of the network any more").hasSize(4);
            JsonNode store = EndToEndTest.status(shop);
            assertThat(store.at("/dataUpdate/state").asText()).isEqualTo("complete");
            assertThat(store.at("/dataUpdate/from").isNull()).isTrue();
            assertThat(store.at("/dataUpdate/steps").findValuesAsText("name"))
                    .containsExactly(
                            "add-cart-created",
                            "add-cart-source",
                            "add-cart-hash",
                            "add-cart-created (wp_2_)",
                            "add-cart-source (wp_2_)",
                            "add-cart-hash (wp_2_)",
                            "add-cart-created (wp_12_)",
                            "add-cart-source (wp_12_)",
                            "add-cart-hash (wp_12_)");

            String snapshot = store.at("/dataUpdate/snapshot").asText();
            Path dump = shop.home.resolve("data/backups/snapshots/acme/" + snapshot + "/database.sql.gz");
            try (var in = new GZIPInputStream(Files.newInputStream(dump))) {
                assertThat(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                        .contains("`wp_blogs`", "`wp_cocart_carts`", "`wp_2_cocart_carts`", "`wp_12_cocart_carts`");
            }
            archived.execute("DELETE FROM wp_2_cocart_carts");
            Shop.Said restored = shop.upkeep("restore", "acme", snapshot, "--in-place", "--database-only", "--yes");
            assertThat(restored.code()).as(restored.out() + restored.err()).isZero();
            assertThat(carts(sites)).isEqualTo(carts);
            assertThat(archived.columns()).hasSize(4);
        }
    }

    @Test
    void blogsMayJoinAndLeaveWhileAnUpdateIsUnderWay() throws Exception {
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 5)) {
            network(shop.database);
            blog(shop.connection, 2, "2.9.3", 5);
            shop.files.plugin("4.3.6");
            assertThat(shop.upkeep("once").code()).isEqualTo(1);

            shop.database.execute("DROP TABLE wp_2_cocart_carts, wp_2_options, wp_2_actionscheduler_actions");
            shop.database.execute("DELETE FROM wp_blogs WHERE blog_id = 2");
            ShopDatabase fresh = blog(shop.connection, 3, "3.0.0", 2);
            fresh.execute(MIGRATE.formatted("wp_3_"));
            ShopDatabase cloned = blog(shop.connection, 4, "2.9.3", 6);
            List<String> carts = cloned.carts();
            assertThat(shop.upkeep("approve", "acme").code()).isZero();
            Shop.Said once = shop.upkeep("once");

            assertThat(once.code()).as(once.out() + once.err()).isZero();
            assertThat(cloned.columns()).isEqualTo(Shop.NEW_COLUMNS);
            assertThat(cloned.carts()).isEqualTo(carts);
            assertThat(EndToEndTest.status(shop).at("/dataUpdate/steps").findValuesAsText("name"))
                    .as("those of the fresh one were never needed, those of the one that left are no-ops")
                    .containsExactly(
                            "add-cart-created",
                            "add-cart-source",
                            "add-cart-hash",
                            "add-cart-created (wp_2_)",
                            "add-cart-source (wp_2_)",
                            "add-cart-hash (wp_2_)",
                            "add-cart-created (wp_4_)",
                            "add-cart-source (wp_4_)",
                            "add-cart-hash (wp_4_)");
        }
    }

    /** Called by a route of the test, once. */
    public static final class Joining {

        private static ShopDatabase joined;
        private static Connection connection;

        private Joining() {}

        public static void join() throws Exception {
            if (joined == null) {
                joined = blog(connection, 7, "2.9.3", 4);
            }
        }
    }

    @Test
    void aBlogThatJoinsAfterTheLastStepIsMigratedBeforeTheMark() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5)) {
            network(shop.database);
            shop.files.plugin("4.3.6");
            Joining.connection = shop.connection;
            Joining.joined = null;
            Path route = shop.home.resolve("routes/complete.camel.yaml");
            Files.writeString(
                    route,
                    Files.readString(route)
                            .replaceFirst(
                                    "      steps:\n",
                                    "      steps:\n        - setVariable:\n            name: joined\n            method:\n"
                                            + "              beanType: "
                                            + Joining.class.getName().replace("$", "\\$")
                                            + "\n              method: join\n"));

            Shop.Said once = shop.upkeep("once");

            assertThat(once.code()).as(once.out() + once.err()).isZero();
            assertThat(Joining.joined.columns()).isEqualTo(Shop.NEW_COLUMNS);
            assertThat(Joining.joined.option("cocart_db_version")).isEqualTo("3.0.0");
            assertThat(Joining.joined.carts()).hasSize(4);
            JsonNode update = EndToEndTest.status(shop).get("dataUpdate");
            assertThat(update.get("state").asText()).isEqualTo("complete");
            assertThat(update.get("steps")).hasSize(6);
        }
    }

    @Test
    void anUpdateThatNoPlanDescribesIsNotHandedOverForAWholeNetwork() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "3.0.0", 2)) {
            network(shop.database);
            ShopDatabase second = blog(shop.connection, 2, "3.0.0", 2);
            shop.database.execute(MIGRATE.formatted("wp_"));
            second.execute(MIGRATE.formatted("wp_2_"));
            shop.files.plugin("5.1.1");
            shop.files.plugin(
                    "includes/class-cocart-install.php",
                    "<?php class X { private static $db_updates = array( '5.1.0' => array( 'cocart_update_510' ) ); }");
            assertThat(shop.upkeep("once").code()).isEqualTo(1);
            JsonNode blocked = EndToEndTest.status(shop).get("dataUpdate");
            assertThat(blocked.get("state").asText()).isEqualTo("blocked");
            assertThat(blocked.get("reason").asText())
                    .contains("update each of the 2 blogs in its own wp-admin")
                    .doesNotContain("--by-wordpress");

            Shop.Said approve = shop.upkeep("approve", "acme", "--by-wordpress");
            assertThat(approve.code()).isEqualTo(1);
            assertThat(approve.out() + approve.err()).contains("update each of the 2 blogs in its own wp-admin");

            assertThat(shop.upkeep("cancel", "acme").code()).isZero();
            assertThat(shop.upkeep("retry", "acme").code()).isZero();
            shop.upkeep("once");
            assertThat(EndToEndTest.status(shop).at("/dataUpdate/reason").asText())
                    .as("tried again, there is still no plan")
                    .doesNotContain("--by-wordpress");
            assertThat(shop.upkeep("approve", "acme", "--by-wordpress").code()).isEqualTo(1);

            shop.database.option("cocart_db_version", "5.1.0");
            shop.upkeep("once");
            assertThat(EndToEndTest.status(shop).at("/dataUpdate/state").asText())
                    .as("blog 2 still has to be updated")
                    .isEqualTo("blocked");
            second.option("cocart_db_version", "5.1.0");
            assertThat(shop.upkeep("once").code()).isZero();
        }
    }

    @Test
    void oneOutdatedBlogMakesTheStoreOutdatedAndIsNamed() throws Exception {
        try (Network network = new Network()) {
            network.database.execute(MIGRATE.formatted("wp_"));
            network.database.option("cocart_db_version", "3.0.0");
            blog(network.connection, 2, "2.9.10", 3);
            blog(network.connection, 3, "2.9.9", 2).execute(MIGRATE.formatted("wp_3_"));

            ProofResult result = proofs.check(network.plan, network.store);

            assertThat(result.schema()).isEqualTo("outdated");
            assertThat(result.markValue()).isEqualTo("2.9.9");
            assertThat(result.failures())
                    .hasSize(3)
                    .allMatch(sentence -> sentence.contains(" does not hold in wp_2_ ("));
            assertThat(Carts.measure(network.connection, network.plan, network.store)
                            .count())
                    .isEqualTo(network.database.carts().size() + 3 + 2);

            network.database.execute("DROP TABLE wp_cocart_carts");
            assertThat(proofs.check(network.plan, network.store).schema())
                    .as("the main site needs no CoCart")
                    .isEqualTo("outdated");
            network.database.execute("DROP TABLE wp_2_cocart_carts, wp_3_cocart_carts");
            assertThat(proofs.check(network.plan, network.store).failures())
                    .singleElement()
                    .asString()
                    .startsWith("The table wp_cocart_carts does not exist");
        }
    }

    @Test
    void manyFailuresAreSaidInFewSentences() throws Exception {
        try (Network network = new Network()) {
            for (int blog = 2; blog <= 5; blog++) {
                blog(network.connection, blog, null, 0);
            }
            assertThat(proofs.check(network.plan, network.store).failures())
                    .hasSize(11)
                    .endsWith("And 5 more do not; 5 of 5 sites are outdated.");
        }
    }

    @Test
    void theOwnUpdatersOfAllBlogsAreSeen() throws Exception {
        try (Network network = new Network()) {
            blog(network.connection, 2, null, 0).queueUpdater("pending");
            blog(network.connection, 3, null, 0).queueUpdater("in-progress");
            blog(network.connection, 4, null, 0).execute("DROP TABLE wp_4_actionscheduler_actions");
            blog(network.connection, 5, null, 0);
            assertThat(proofs.atWork(network.plan, network.store))
                    .extracting(Site::blog)
                    .containsExactly(1, 2, 3);
        }
    }

    @Test
    void aProofThatCannotStandInBracketsIsAskedOneByOne() throws Exception {
        try (Network network = new Network()) {
            blog(network.connection, 2, null, 0);
            UpdatePlan.Proof proof = new UpdatePlan.Proof(
                    "first-column",
                    "The key comes first.",
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
                            + " AND table_name = '{prefix}cocart_carts' ORDER BY ordinal_position -- many rows",
                    "cart_id");
            UpdatePlan plan = new UpdatePlan(
                    "odd", "1", "odd_version", network.plan.carts(), List.of(), network.plan.steps(), List.of(proof));
            assertThat(proofs.check(plan, network.store).holds()).isTrue();
        }
    }

    @Test
    void whatElseStandsInTheListOfBlogsDoesNotMatter() throws Exception {
        try (Network network = new Network()) {
            blog(network.connection, 2, null, 0);
            blog(network.connection, 31, null, 0);
            blog(network.connection, 44, null, 0);
            network.database.execute("DROP TABLE wp_blogs");
            network.database.execute("CREATE TABLE wp_blogs (blog_id text) ENGINE=MyISAM");
            network.database.execute("INSERT INTO wp_blogs SELECT seq FROM seq_1000000_to_2000000");
            network.database.execute("INSERT INTO wp_blogs VALUES (-2), (0), (NULL), ('x'), (''), ('44e'), ('31.5'),"
                    + " ('2_options; DROP TABLE wp_options'), ('99999999999999999999999'), ('2')");
            assertThat(blogs(network.store)).containsExactly(1, 2, 44);

            network.database.execute("DROP TABLE wp_blogs");
            network.database.execute("CREATE TABLE wp_blogs (id int)");
            assertThat(blogs(network.store)).as("somebody else's table").containsExactly(1);
        }
    }

    @Test
    void aNumberThatIsTooHighIsSaid() throws Exception {
        try (Network network = new Network()) {
            network.database.execute("CREATE TABLE wp_3000000000_options (a int)");
            network.database.execute("CREATE TABLE wp_3000000000_cocart_carts (a int)");
            assertThat(blogs(network.store)).containsExactly(1);
            network.database.execute("INSERT INTO wp_blogs (blog_id) VALUES (3000000000)");
            assertThatThrownBy(() -> proofs.check(network.plan, network.store))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("the blog 3000000000 in wp_blogs has a higher number");
        }
    }

    @Test
    void theRightToAlterIsLookedForInEverySite() throws Exception {
        try (Network network = new Network()) {
            blog(network.connection, 2, null, 0);
            assertThat(DryRun.of(network.plan, network.plans, network.store).wrong())
                    .isEmpty();
            try (Connection root = Shop.mariadb().administrator();
                    Statement statement = root.createStatement()) {
                for (String host : List.of("127.0.0.1", "localhost", "%")) {
                    String user = "'shop'@'" + host + "'";
                    statement.execute("REVOKE ALTER ON shop.* FROM " + user);
                    statement.execute("GRANT ALTER ON shop.wp_cocart_carts TO " + user);
                }
            }
            assertThat(DryRun.of(network.plan, network.plans, network.store).wrong())
                    .singleElement()
                    .asString()
                    .contains("may not ALTER tables (wp_2_cocart_carts), so");
        }
    }

    /** What a look costs is what it asks: statements are counted, and the time is printed. */
    @Test
    @Tag("soak")
    void aThousandBlogsAreLookedAtInFewStatements() throws Exception {
        try (Network network = new Network()) {
            for (int blog = 2; blog <= 1000; blog++) {
                network.database.execute("CREATE TABLE wp_" + blog + "_options LIKE wp_options");
                network.database.execute("CREATE TABLE wp_" + blog + "_cocart_carts LIKE wp_cocart_carts");
                network.database.execute("INSERT INTO wp_blogs (blog_id) VALUES (" + blog + ")");
            }
            for (int look = 0; look < 3; look++) {
                long before = statements(network.connection);
                long begun = System.nanoTime();
                ProofResult result = proofs.check(network.plan, network.store);
                System.out.println("1,000 blogs: one look takes " + (System.nanoTime() - begun) / 1_000_000 + " ms, "
                        + (statements(network.connection) - before) + " statements");
                assertThat(result.failures()).last().asString().contains("1000 of 1000 sites");
                assertThat(statements(network.connection) - before).isLessThan(80);
            }
        }
    }

    private static long statements(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW GLOBAL STATUS LIKE 'Questions'")) {
            row.next();
            return row.getLong(2);
        }
    }

    private static List<Integer> blogs(StoreDatabase store) throws Exception {
        try (Connection connection = store.connect()) {
            return store.sites(connection, "cocart_carts").stream()
                    .map(Site::blog)
                    .toList();
        }
    }

    private static List<List<String>> carts(List<ShopDatabase> sites) throws Exception {
        List<List<String>> carts = new java.util.ArrayList<>();
        for (ShopDatabase site : sites) {
            carts.add(site.carts());
        }
        return carts;
    }

    /** The list of blogs as WordPress makes it. */
    private static void network(ShopDatabase database) throws Exception {
        database.execute(
                "CREATE TABLE wp_blogs (blog_id bigint(20) NOT NULL AUTO_INCREMENT, site_id bigint(20) NOT NULL"
                        + " DEFAULT 0, domain varchar(200) NOT NULL DEFAULT '', path varchar(100) NOT NULL DEFAULT '', public"
                        + " tinyint(2) NOT NULL DEFAULT 1, archived tinyint(2) NOT NULL DEFAULT 0, mature tinyint(2) NOT NULL"
                        + " DEFAULT 0, spam tinyint(2) NOT NULL DEFAULT 0, deleted tinyint(2) NOT NULL DEFAULT 0, lang_id int(11)"
                        + " NOT NULL DEFAULT 0, PRIMARY KEY (blog_id), KEY domain (domain(50), path(5)))");
        database.execute("INSERT INTO wp_blogs (blog_id) VALUES (1)");
    }

    private static ShopDatabase blog(Connection connection, int number, String databaseVersion, int carts)
            throws Exception {
        ShopDatabase blog = new ShopDatabase(connection, "wp_" + number + "_");
        blog.create(databaseVersion, carts);
        blog.execute("INSERT INTO wp_blogs (blog_id) VALUES (" + number + ")");
        return blog;
    }

    /** A network's database whose main site has CoCart's old tables. */
    private static final class Network implements AutoCloseable {

        final Connection connection;
        final ShopDatabase database;
        final StoreDatabase store;
        final Plans plans = new Plans(Path.of("config/updates"));
        final UpdatePlan plan = plans.find(Shop.SLUG, "3.0.0").orElseThrow();

        Network() throws Exception {
            Shop.mariadb().create("shop", "shop", Shop.PASSWORD);
            connection = DriverManager.getConnection(Shop.mariadb().url("shop"), "shop", Shop.PASSWORD);
            database = new ShopDatabase(connection, "wp_");
            database.create("2.9.3", 4);
            network(database);
            store = new JdbcStoreDatabase(
                    "acme",
                    new DatabaseAddress(
                            "127.0.0.1", Shop.mariadb().port(), null, "shop", "shop", Shop.PASSWORD, "wp_", null));
        }

        @Override
        public void close() throws Exception {
            connection.close();
        }
    }
}
