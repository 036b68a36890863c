package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.migrate.Planning;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.store.StoreException;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.AdviceWith;
import org.apache.camel.model.SetHeaderDefinition;
import org.apache.camel.test.junit5.CamelTestSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Each job by its own route, on real servers, with faults woven into the routes where none comes by itself. */
class RoutesTest extends CamelTestSupport {

    @TempDir
    Path folder;

    private Shop shop;
    private Bundle bundle;

    @Override
    protected CamelContext createCamelContext() throws Exception {
        shop = new Shop(folder, "manual", "2.9.3", 30);
        shop.settings("upkeep.data-update = manual", "upkeep.migrate.back-off = 1h");
        bundle = new Bundle(Settings.load(shop.home, null), false);
        return bundle.start();
    }

    @AfterEach
    void closeShop() throws Exception {
        bundle.close();
        shop.close();
    }

    @Test
    void detectWaitsUntilAFolderHasSettledAndThenAsksTheSchema() throws Exception {
        shop.files.firstHalf("4.3.6");
        detect();
        assertThat(plugin("state")).isEqualTo("unsettled");
        Thread.sleep(Shop.SETTLE_MILLIS + 20);
        shop.files.secondHalf();
        detect();
        assertThat(plugin("state")).as("changed again").isEqualTo("unsettled");
        assertThat(bundle.updates.current("acme")).isEmpty();
        Thread.sleep(Shop.SETTLE_MILLIS + 20);
        detect();
        assertThat(plugin("state")).isEqualTo("settled");
        assertThat(plugin("schema")).isEqualTo("outdated");
        assertThat(plugin("databaseVersion")).isEqualTo("2.9.3");
        assertThat(bundle.updates.current("acme").orElseThrow().state()).isEqualTo("awaiting-approval");
        assertThat(status().at("/notice/kind").asText()).isEqualTo("update-required");
    }

    @Test
    void detectActsOnNothingDuringMaintenance() throws Exception {
        shop.files.plugin("4.3.6");
        shop.files.write(".maintenance", "<?php $upgrading = " + System.currentTimeMillis() / 1000 + "; ?>");
        settle();
        assertThat(plugin("state")).isEqualTo("unsettled");
        assertThat(plugin("reason")).contains(".maintenance");
        shop.files.write(".maintenance", "<?php $upgrading = " + (System.currentTimeMillis() / 1000 - 601) + "; ?>");
        settle();
        assertThat(plugin("state")).as("WordPress ignores an old one").isEqualTo("settled");
    }

    @Test
    void detectTellsAbsentFromEmptyFromWithoutAHeader() throws Exception {
        Files.createDirectories(shop.root.resolve("wp-content/plugins"));
        settle();
        assertThat(plugin("state")).isEqualTo("absent");
        Files.createDirectories(shop.root.resolve("wp-content/plugins/" + Shop.SLUG));
        settle();
        assertThat(plugin("state")).isEqualTo("unsettled");
        shop.files.plugin("includes/part.php", "<?php\n");
        shop.files.plugin(Shop.SLUG + ".php", "<?php // half a fi");
        settle();
        assertThat(plugin("state")).isEqualTo("unsettled");
        assertThat(plugin("reason")).contains("plugin header");
        assertThat(bundle.updates.current("acme")).isEmpty();
    }

    @Test
    void whatADumpLacksIsShown() throws Exception {
        try (java.sql.Statement statement = shop.connection.createStatement()) {
            statement.execute("CREATE TABLE wp_old (a INT) ENGINE=MyISAM");
        }
        template.requestBodyAndHeader("direct:back-up", null, "store", "acme");
        assertThat(status().at("/lastSnapshot/dumpLacks").asText())
                .startsWith("the tables wp_old are not of the same moment as the rest");
        assertThat(shop.upkeep("status").out()).contains("of its database: the tables wp_old");
    }

    @Test
    void backUpLeavesASealedSnapshotAndRunsOnceAtATime() {
        shop.sftp.port();
        assertThat(bundle.jobs.claim("acme", "back-up")).isTrue();
        assertThat(backUp()).as("another run has it").isNull();
        bundle.jobs.finish("acme", "back-up", null);

        Snapshot snapshot = (Snapshot) backUp();
        assertThat(snapshot.path().resolve("database.sql.gz")).isRegularFile();
        assertThat(bundle.snapshots.list("acme")).containsExactly(snapshot);
        assertThat(status().at("/lastSnapshot/id").asText()).isEqualTo(snapshot.id());
    }

    /** As when many stores are due at once and the first of them take longer than a tick. */
    @Test
    void aStoreThatAnotherTickHasBackedUpMeanwhileIsNotBackedUpAgain() throws Exception {
        AtomicBoolean first = new AtomicBoolean(true);
        AdviceWith.adviceWith(context, "back-up-tick", route -> {
            route.replaceFromWith("direct:back-up-tick");
            route.weaveByType(SetHeaderDefinition.class).after().process(exchange -> {
                if (first.getAndSet(false)) {
                    template.sendBody("direct:back-up-tick", null);
                }
            });
        });
        context.getRouteController().startRoute("back-up-tick");
        template.sendBody("direct:back-up-tick", null);
        assertThat(first).isFalse();
        assertThat(bundle.snapshots.list("acme")).hasSize(1);
    }

    @Test
    void backUpThatFailsBecomesANotice() throws Exception {
        AdviceWith.adviceWith(
                context, "back-up", route -> route.weaveByType(org.apache.camel.model.ChoiceDefinition.class)
                        .selectLast() // others are those of onException
                        .before()
                        .throwException(new StoreException("store acme: the cable was pulled", null)));
        assertThat(backUp()).isNull();
        assertThat(status().get("error").asText()).isEqualTo("store acme: the cable was pulled");
        assertThat(status().at("/notice/kind").asText()).isEqualTo("attention");
    }

    @Test
    void migrateTriesAStepAgainAndThenGivesUpWithoutRunningTheNext() throws Exception {
        DataUpdate update = approved();
        AdviceWith.adviceWith(context, "run-step", route -> route.weaveById("run-step-sql")
                .before()
                .throwException(new StoreException("store acme: the database went away", null)));
        migrate();
        assertThat(step(0, "status")).isEqualTo("pending");
        assertThat(step(0, "attempts")).isEqualTo("1");
        assertThat(step(0, "error")).contains("went away");
        migrate();
        assertThat(step(0, "attempts")).as("not due yet").isEqualTo("1");
        JdbcClient.create(context.getRegistry().lookupByNameAndType("dataSource", DataSource.class))
                .sql("UPDATE data_update_step SET due_at = LOCALTIMESTAMP(3) WHERE position = 0")
                .update();
        migrate();
        assertThat(step(0, "status")).isEqualTo("failed");
        assertThat(step(1, "attempts")).isEqualTo("0");
        assertThat(bundle.updates.get(update.id()).state()).isEqualTo("failed");
        assertThat(shop.database.columns()).hasSize(4);
        assertThat(status().at("/notice/text").asText()).contains("upkeep retry acme");
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("2.9.3");
    }

    @Test
    void migrateChangesNothingWithoutASnapshot() throws Exception {
        approved();
        shop.files.write("wp-config.php", "<?php // emptied\n");
        migrate();
        assertThat(status().get("error").asText()).contains("wp-config.php does not set");
        assertThat(shop.database.columns()).hasSize(4);
        assertThat(bundle.snapshots.list()).isEmpty();
    }

    @Test
    void completeMarksNothingThatIsNotProven() throws Exception {
        DataUpdate update = migratedButNotComplete();
        shop.database.execute("ALTER TABLE wp_cocart_carts DROP COLUMN cart_hash");
        complete(update);
        assertThat(bundle.updates.get(update.id()).state()).isEqualTo("failed");
        assertThat(bundle.updates.get(update.id()).reason()).contains("Proof cart-hash does not hold");
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("2.9.3");
    }

    @Test
    void completeIsTriedAgainWhenTheServerIsAway() throws Exception {
        DataUpdate update = migratedButNotComplete();
        AdviceWith.adviceWith(context, "complete", route -> route.weaveById("mark")
                .before()
                .throwException(new StoreException("store acme: the database went away", null)));
        complete(update);
        assertThat(bundle.updates.get(update.id()).state()).isEqualTo("in-progress");
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("2.9.3");
    }

    @Test
    void completeMarksWhatIsProven() throws Exception {
        DataUpdate update = migratedButNotComplete();
        complete(update);
        DataUpdate done = bundle.updates.get(update.id());
        assertThat(done.state()).isEqualTo("complete");
        assertThat(done.cartsAfter()).isEqualTo(30);
        assertThat(done.exposureSeconds()).isNotNull();
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("3.0.0");
    }

    private DataUpdate approved() throws Exception {
        shop.files.plugin("4.3.6");
        settle();
        DataUpdate update = bundle.updates.current("acme").orElseThrow();
        assertThat(bundle.updates.approve(update)).isTrue();
        return update;
    }

    private DataUpdate migratedButNotComplete() throws Exception {
        DataUpdate update = approved();
        bundle.updates.backedUp(update.id(), ((Snapshot) backUp()).id());
        context.getRegistry()
                .lookupByNameAndType("planning", Planning.class)
                .countCarts(bundle.updates.get(update.id()));
        template.requestBodyAndHeader("direct:run-steps", null, "store", "acme");
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        DataUpdate migrated = bundle.updates.get(update.id());
        assertThat(migrated.state()).isEqualTo("in-progress");
        return migrated;
    }

    private void settle() throws Exception {
        detect();
        Thread.sleep(Shop.SETTLE_MILLIS + 20);
        detect();
    }

    private void detect() {
        template.requestBodyAndHeader("direct:detect", null, "store", "acme");
    }

    private Object backUp() {
        return template.requestBodyAndHeader("direct:back-up", null, "store", "acme");
    }

    private void migrate() {
        template.requestBodyAndHeader("direct:migrate", null, "store", "acme");
    }

    private void complete(DataUpdate update) {
        template.request("direct:complete", exchange -> {
            exchange.getMessage().setHeader("store", "acme");
            exchange.setVariable("update", update);
        });
    }

    private JsonNode status() {
        return bundle.status.of(bundle.stores.get("acme"));
    }

    private String plugin(String field) {
        return status().at("/plugins/0/" + field).asText();
    }

    private String step(int position, String field) {
        return status().at("/dataUpdate/steps/" + position + "/" + field).asText();
    }
}
