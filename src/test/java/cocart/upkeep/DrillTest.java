package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.backup.Snapshot;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The restore drill through its route, on a real scratch server. */
class DrillTest {

    private static final String SCRATCH = "scr\"atch #'x\\";

    @TempDir
    Path folder;

    private Shop shop;
    private Bundle bundle;
    private ProducerTemplate template;
    private Snapshot snapshot;

    @BeforeEach
    void aSnapshotOfAShop() throws Exception {
        shop = new Shop(folder, "manual", "2.9.3", 30);
        shop.files.plugin("4.3.6");
        try (Connection root = TestServers.scratch().administrator();
                Statement statement = root.createStatement()) {
            for (String host : List.of("localhost", "127.0.0.1")) {
                statement.execute("CREATE OR REPLACE USER scratch@'" + host + "' IDENTIFIED BY '"
                        + SCRATCH.replace("\\", "\\\\").replace("'", "\\'") + "'");
                statement.execute("GRANT ALL ON `upkeep\\_scratch\\_%`.* TO scratch@'" + host + "'");
            }
        }
        open(SCRATCH);
        snapshot = (Snapshot) ask("direct:back-up");
    }

    @AfterEach
    void close() throws Exception {
        bundle.close();
        shop.close();
        assertThat(scratchDatabases()).as("always dropped").isEmpty();
    }

    @Test
    void theNewestSnapshotIsLoadedLookedAtAndDropped() throws Exception {
        assertThat(status().at("/lastSnapshot/verifiedAt").isNull()).isTrue();
        shop.connection.close(); // the drill is for the day when the store is not there
        shop.sftp.close();
        Object said = ask("direct:drill");
        assertThat(String.valueOf(said))
                .contains("Restore drill of snapshot " + snapshot.id(), "5 tables")
                .contains("the tables of " + Shop.SLUG
                        + " are from before 3.0.0, as they were in the store, with 30 carts (")
                .doesNotContain("outdated")
                .containsPattern("[0-9]+ of [0-9]+ contents hashed");
        assertThat(status().at("/lastSnapshot/verifiedAt").isNull()).isFalse();
        assertThat(status().get("error").isNull()).isTrue();
    }

    @Test
    void itIsDueByItsOwnScheduleAndOnlyOnceThereIsASnapshot() throws Exception {
        assertThat(bundle.jobs.due("drill")).as("off by default").isEmpty();
        bundle.close();
        settings(SCRATCH, "upkeep.backup.drill.cron = 0 0 4 * * ?");
        start();
        assertThat(bundle.jobs.due("drill")).containsExactly("acme");
        assertThat(ask("direct:drill")).isNotNull();
        assertThat(bundle.jobs.due("drill")).isEmpty();
    }

    @Test
    void beforeTheFirstBackupThereIsNothingToTryAndNoError() throws Exception {
        remove(snapshot.path());
        assertThat(ask("direct:drill")).isNull();
        assertThat(status().get("error").isNull()).isTrue();
    }

    @Test
    void aDumpThatIsCutOffOrDamagedBecomesANotice() throws Exception {
        Path dump = snapshot.path().resolve("database.sql.gz");
        byte[] whole = Files.readAllBytes(dump);
        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 1;
        for (byte[] content : List.of(java.util.Arrays.copyOf(whole, whole.length / 2), flipped)) {
            Files.delete(dump);
            Files.write(dump, content);
            assertThat(ask("direct:drill")).isNull();
            assertThat(status().get("error").asText())
                    .contains("snapshot " + snapshot.id() + " is damaged: 1 changed, first database.sql.gz");
            assertThat(status().at("/notice/kind").asText()).isEqualTo("attention");
            assertThat(status().at("/lastSnapshot/verifiedAt").isNull()).isTrue();
        }
        Files.delete(dump);
        Files.write(dump, whole);
        assertThat(shop.upkeep("verify", "acme").code()).isZero();
        assertThat(ask("direct:drill")).isNotNull();
        assertThat(status().get("error").isNull()).isTrue();
    }

    @Test
    void aDatabaseThatIsNotTheShopsIsSaid() throws Exception {
        shop.database.execute("RENAME TABLE wp_cocart_carts TO wp_other");
        ask("direct:back-up");
        assertThat(ask("direct:drill")).isNull();
        assertThat(status().get("error").asText())
                .contains("has 5 tables and among them no options table", "cocart_carts");
    }

    @Test
    void theShopsOwnServerIsRefused() throws Exception {
        bundle.close();
        settings(Shop.mariadb().port(), SCRATCH);
        try (Connection root = Shop.mariadb().administrator();
                Statement statement = root.createStatement()) {
            statement.execute("CREATE OR REPLACE USER scratch@'127.0.0.1' IDENTIFIED BY '"
                    + SCRATCH.replace("\\", "\\\\").replace("'", "\\'") + "'");
            start();
            assertThat(ask("direct:drill")).isNull();
            assertThat(status().get("error").asText())
                    .contains("upkeep.scratch.url leads to the server of the shop's own database", "another server");
            statement.execute("DROP USER scratch@'127.0.0.1'");
        }
    }

    @Test
    void aWrongScratchPasswordIsSaidWithoutShowingOne() throws Exception {
        bundle.close();
        open("wr0ng");
        assertThat(ask("direct:drill")).isNull();
        assertThat(status().get("error").asText())
                .contains("does not let the user scratch in", "upkeep.scratch.username and .password")
                .doesNotContain("wr0ng");
        Shop.Said said = shop.upkeep("verify", "acme", "--drill");
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.err()).contains("upkeep.scratch.username and .password").doesNotContain("wr0ng");
    }

    @Test
    void whatKilledDrillsLeftIsDroppedAndWhatALiveOneUsesIsNot() throws Exception {
        String now = Long.toString(Instant.now().getEpochSecond(), 36);
        String old = Long.toString(Instant.now().getEpochSecond() - 90_000, 36);
        String killed = "upkeep_scratch_" + now + "_00000001";
        String alive = "upkeep_scratch_" + now + "_00000002";
        String hung = "upkeep_scratch_" + old + "_00000003";
        try (Connection root = TestServers.scratch().administrator();
                Statement statement = root.createStatement()) {
            for (String name : List.of(killed, alive, hung, "upkeep_scratch_mine")) {
                statement.execute("CREATE DATABASE " + name);
            }
            for (String name : List.of(alive, hung)) {
                statement.execute("DO GET_LOCK('" + name + "', 0)");
            }
            assertThat(ask("direct:drill")).isNotNull();
            assertThat(scratchDatabases()).containsExactlyInAnyOrder(alive, "upkeep_scratch_mine");
            statement.execute("DROP DATABASE upkeep_scratch_mine");
        }
        assertThat(ask("direct:drill")).isNotNull();
    }

    @Test
    void withoutAScratchServerTheEmbeddedOneIsUsed() throws Exception {
        bundle.close();
        shop.settings("upkeep.backup.client-program = no-such-client");
        start();
        try (Connection root = Shop.mariadb().administrator();
                Statement statement = root.createStatement()) {
            statement.execute("CREATE VIEW shop.wp_newest AS SELECT MAX(cart_id) FROM shop.wp_cocart_carts");
        }
        ask("direct:back-up");
        Path killed = Files.createDirectories(shop.home.resolve("data/scratch/server-of-a-killed-run/data"));
        Files.createFile(killed.resolveSibling("lock"));
        assertThat(String.valueOf(ask("direct:drill"))).contains("6 tables", "30 carts");
        assertThat(shop.home.resolve("data/scratch")).isEmptyDirectory();
    }

    @Test
    void theCommandPrintsWhatWasFoundAndRefusesWhatMakesNoSense() {
        Shop.Said said = shop.upkeep("verify", "acme", "--drill");
        assertThat(said.code()).as(said.err()).isZero();
        assertThat(said.out()).contains("Restore drill of snapshot").hasLineCount(1);
        for (String[] wrong : List.of(
                new String[] {"verify", "--drill"}, new String[] {"verify", "acme", "--drill", "--sample", "10%"})) {
            Shop.Said refused = shop.upkeep(wrong);
            assertThat(refused.code()).isEqualTo(2);
            assertThat(refused.err()).contains("--drill goes with a STORE").hasLineCount(1);
        }
    }

    @Test
    void aScratchUrlThatNamesADatabaseEndsTheStart() throws Exception {
        for (String wrong : List.of("jdbc:mariadb://127.0.0.1:3306/shop", "jdbc:h2:mem:x", "127.0.0.1")) {
            shop.settings("upkeep.scratch.url = " + wrong);
            Shop.Said said = shop.upkeep("status");
            assertThat(said.code()).as(wrong).isEqualTo(2);
            assertThat(said.err())
                    .contains("upkeep.scratch.url must name a server and no database")
                    .hasLineCount(1);
        }
    }

    private void open(String password) throws Exception {
        settings(password);
        start();
    }

    private void settings(String password, String... more) throws Exception {
        settings(TestServers.scratch().port(), password, more);
    }

    private void settings(int port, String password, String... more) throws Exception {
        List<String> lines = new ArrayList<>(List.of(
                "upkeep.scratch.url = jdbc:mariadb://127.0.0.1:" + port + "/",
                "upkeep.scratch.username = scratch",
                "upkeep.scratch.password = " + password.replace("\\", "\\\\"),
                "upkeep.backup.client-program = " + Shop.mariadb().program("mariadb")));
        lines.addAll(List.of(more));
        shop.settings(lines.toArray(String[]::new));
    }

    private void start() {
        bundle = new Bundle(Settings.load(shop.home, null), false);
        CamelContext camel = bundle.start();
        template = camel.createProducerTemplate();
    }

    private Object ask(String route) {
        return template.requestBodyAndHeader(route, null, "store", "acme");
    }

    private JsonNode status() {
        return bundle.status.of(bundle.stores.get("acme"));
    }

    private static List<String> scratchDatabases() throws Exception {
        List<String> found = new ArrayList<>();
        try (Connection root = TestServers.scratch().administrator();
                Statement statement = root.createStatement();
                ResultSet rows = statement.executeQuery("SHOW DATABASES LIKE 'upkeep\\_scratch\\_%'")) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }

    private static void remove(Path folder) throws Exception {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
