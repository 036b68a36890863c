package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.migrate.Planning;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.DueUpdate;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.wordpress.ActionScheduler;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.AdviceWith;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** CoCart's own updater in every state that it was seen in, on the recorded database of a real store. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OwnUpdaterTest {

    private static final String CLICKED = "status = 'pending' AND action_id >= 10";
    private static final String RUNNING = "UPDATE wp_actionscheduler_actions SET status = 'in-progress', attempts = 1,"
            + " claim_id = 9, last_attempt_gmt = UTC_TIMESTAMP() - INTERVAL %s WHERE action_id = 10";
    private static final String NOTICES = "a:2:{i:0;s:9:\"update_db\";i:1;s:15:\"upgrade_warning\";}";
    private static final int CARTS = 60;

    private Shop shop;
    private Bundle bundle;
    private CamelContext context;
    private ProducerTemplate template;
    private List<String> carts;

    @BeforeAll
    void open(@TempDir Path folder) throws Exception {
        shop = new Shop(folder, "automatic", "2.9.3", 0);
        Fixtures.load(shop, "store-cocart-2.9.3.sql.gz");
        sql("DELETE FROM wp_cocart_carts ORDER BY cart_id DESC LIMIT " + (count("wp_cocart_carts") - CARTS));
        sql("CREATE TABLE before_carts LIKE wp_cocart_carts", "INSERT INTO before_carts SELECT * FROM wp_cocart_carts");
        carts = shop.database.carts();
        bundle = new Bundle(Settings.load(shop.home, null), false);
        context = bundle.start();
        template = context.createProducerTemplate();
    }

    @AfterAll
    void close() throws Exception {
        bundle.close();
        shop.close();
    }

    /** The store as it was before the update, with the button just clicked; nothing known of it. */
    @BeforeEach
    void asItWas() throws Exception {
        Fixtures.load(shop, "action-scheduler-after-click.sql");
        sql(
                "DROP TABLE wp_cocart_carts",
                "CREATE TABLE wp_cocart_carts LIKE before_carts",
                "INSERT INTO wp_cocart_carts SELECT * FROM before_carts",
                "DELETE FROM wp_options WHERE option_name LIKE '%cocart_installing'");
        shop.database.option("cocart_db_version", "2.9.3");
        shop.database.option("cocart_admin_notices", NOTICES);
        for (String table : List.of(
                "data_update", "data_update_step", "own_updater", "notice", "event", "job_run", "plugin_sighting")) {
            state("DELETE FROM " + table);
        }
    }

    static Stream<Arguments> combinations() {
        return Stream.of(
                waits("pending", false, "3 pending, 0 in progress"),
                goesOn("pending for too long", true, "3 pending actions were canceled", "canceled 3"),
                waits("in progress", false, "2 pending, 1 in progress", RUNNING.formatted("5 SECOND")),
                waits(
                        "begun just before the limit",
                        true,
                        "what it has begun (1 actions)",
                        RUNNING.formatted("5 SECOND")),
                goesOn("dead", true, "counts as dead", "canceled 2, in-progress 1", RUNNING.formatted("11 MINUTE")),
                goesOn(
                        "in progress, nobody knows since when",
                        true,
                        "counts as dead",
                        "canceled 2, in-progress 1",
                        "UPDATE wp_actionscheduler_actions SET status = 'in-progress' WHERE action_id = 10"),
                goesOn("failed", false, "had ended before (3 failed)", "failed 3", ended("failed")),
                goesOn(
                        "complete, but nothing was done (4.2.0)",
                        false,
                        "had ended before (3 complete)",
                        "complete 3",
                        ended("complete"),
                        "UPDATE wp_options SET option_value = '3.0.0' WHERE option_name = 'cocart_db_version'"),
                goesOn(
                        "clicked twice",
                        true,
                        "6 pending actions were canceled",
                        "canceled 6",
                        "INSERT INTO wp_actionscheduler_actions (hook, status, args, schedule, group_id) SELECT hook,"
                                + " status, args, schedule, group_id FROM wp_actionscheduler_actions WHERE " + CLICKED),
                waits(
                        "claimed by a run that lives",
                        true,
                        "what it has begun (3 actions)",
                        "UPDATE wp_actionscheduler_actions SET claim_id = 9, last_attempt_gmt = UTC_TIMESTAMP() WHERE "
                                + CLICKED),
                goesOn(
                        "claimed by a run that died",
                        true,
                        "3 pending actions were canceled",
                        "canceled 3",
                        "UPDATE wp_actionscheduler_actions SET claim_id = 9, last_attempt_gmt = UTC_TIMESTAMP() -"
                                + " INTERVAL 11 MINUTE WHERE " + CLICKED),
                waits(
                        "installing",
                        false,
                        "_transient_cocart_installing is set",
                        none(),
                        installing("UNIX_TIMESTAMP() + 200")),
                goesOn("installed long ago", false, "", "", none(), installing("UNIX_TIMESTAMP() - 1")),
                goesOn(
                        "installing without an end",
                        true,
                        "_transient_cocart_installing) was still set",
                        "",
                        none(),
                        "INSERT INTO wp_options (option_name, option_value) VALUES ('_transient_cocart_installing', 'yes')"),
                goesOn(
                        "no Action Scheduler",
                        false,
                        "",
                        "none",
                        "DROP TABLE wp_actionscheduler_actions, wp_actionscheduler_logs, wp_actionscheduler_groups"));
    }

    private static Arguments waits(String name, boolean limitIsOver, String reason, String... before) {
        return Arguments.of(name, limitIsOver, true, reason, "", List.of(before));
    }

    private static Arguments goesOn(String name, boolean limitIsOver, String note, String actions, String... before) {
        return Arguments.of(name, limitIsOver, false, note, actions, List.of(before));
    }

    private static String ended(String status) {
        return "UPDATE wp_actionscheduler_actions SET status = '" + status + "', attempts = 1 WHERE " + CLICKED;
    }

    private static String none() {
        return "DELETE FROM wp_actionscheduler_actions WHERE " + CLICKED;
    }

    private static String installing(String until) {
        return "INSERT INTO wp_options (option_name, option_value) VALUES ('_transient_cocart_installing', 'yes'),"
                + " ('_transient_timeout_cocart_installing', " + until + ")";
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("combinations")
    void neverBesideItAndNeverForEver(
            String name, boolean limitIsOver, boolean waits, String text, String actions, List<String> before)
            throws Exception {
        sql(before.toArray(String[]::new));
        DataUpdate update = approved();
        if (limitIsOver) {
            migrate();
            assertThat(columns()).as("it waits at first").isEqualTo(4);
            state("UPDATE own_updater SET seen_at = TIMESTAMPADD(MINUTE, -10, seen_at)");
        }
        List<String> logs = actions.equals("none") ? List.of() : logs();
        migrate();

        assertThat(shop.database.option("cocart_admin_notices"))
                .as("is CoCart's own")
                .isEqualTo(NOTICES);
        assertThat(count("wp_usermeta WHERE meta_key LIKE 'dismissed_cocart%'")).isZero();
        DataUpdate now = bundle.updates.get(update.id());
        String notice = bundle.notices.current("acme").orElseThrow().text();
        if (waits) {
            assertThat(now.state()).isEqualTo("pending");
            assertThat(now.reason()).startsWith("Waiting").contains(text);
            assertThat(notice).contains(text);
            assertThat(columns()).isEqualTo(4);
            assertThat(shop.database.option("cocart_db_version")).isEqualTo("2.9.3");
            return;
        }
        assertThat(now.state()).as(now.reason()).isEqualTo("complete");
        assertThat(columns()).isEqualTo(7);
        assertThat(shop.database.carts()).isEqualTo(carts);
        assertThat(shop.database.option("cocart_db_version"))
                .as("with update_db in the list, wp-admin says by itself that the update is complete")
                .isEqualTo("3.0.0");
        assertThat(notice).startsWith("CoCart database update complete").contains(text);
        if (!actions.equals("none")) {
            assertThat(statuses()).isEqualTo(actions);
            assertThat(count("wp_actionscheduler_actions WHERE action_id IN (8, 9) AND status = 'pending'"))
                    .as("actions of others")
                    .isEqualTo(2);
            long canceled = count("wp_actionscheduler_actions WHERE status = 'canceled'");
            List<String> added = new ArrayList<>(logs());
            added.removeAll(logs);
            assertThat(added).hasSize((int) canceled).allMatch(log -> log.endsWith("|action canceled|0"));
        }
    }

    @Test
    void whatAppearsBetweenTwoStepsKeepsTheNextOneBack() throws Exception {
        sql(none());
        DataUpdate update = approved();
        boolean[] done = {false};
        AdviceWith.adviceWith(context, "run-step", route -> route.weaveById("run-step-sql")
                .after()
                .process(exchange -> {
                    if (!done[0]) {
                        done[0] = true;
                        // automatic mode: the first visitor's request queues it
                        shop.database.queueUpdater("pending");
                    }
                }));
        migrate();
        assertThat(columns()).as("one step").isEqualTo(5);
        assertThat(bundle.updates.get(update.id()).reason()).contains("2 pending, 0 in progress");
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("2.9.3");
        migrate();
        assertThat(columns()).isEqualTo(5);
        sql("UPDATE wp_actionscheduler_actions SET status = 'complete' WHERE hook = 'cocart_run_update_callback'");
        migrate();
        assertThat(columns()).isEqualTo(7);
        assertThat(bundle.updates.get(update.id()).state()).isEqualTo("complete");
    }

    @Test
    void whatAppearsAfterTheLastStepKeepsTheMarkBack() throws Exception {
        sql(none());
        DataUpdate update = approved();
        template.requestBodyAndHeader("direct:run-steps", null, "store", "acme");
        assertThat(columns()).isEqualTo(7);
        Planning planning = context.getRegistry().lookupByNameAndType("planning", Planning.class);
        assertThat(planning.isReady(update)).isTrue();
        shop.database.queueUpdater("in-progress");
        assertThat(planning.isReady(update)).isFalse();
        migrate();
        assertThat(shop.database.option("cocart_db_version")).isEqualTo("2.9.3");
    }

    @Test
    void whileThePluginIsAbsentNothingIsDoneAndItsFailedActionsDoNotKeepUsBackAfterwards() throws Exception {
        template.requestBodyAndHeader("direct:detect", null, "store", "acme");
        DataUpdate update = approved();
        migrate();
        assertThat(bundle.updates.get(update.id()).reason()).startsWith("Waiting for the files");
        assertThat(statuses()).isEqualTo("pending 3");
        // what Action Scheduler makes of actions that nobody knows
        sql(ended("failed"));
        migrate();
        assertThat(columns()).isEqualTo(4);
        state("UPDATE plugin_sighting SET state = 'settled', version = '4.3.6'");
        migrate();
        assertThat(columns()).isEqualTo(7);
        assertThat(bundle.updates.get(update.id()).state()).isEqualTo("complete");
    }

    @Test
    void anActionThatBeginsInTheSameMomentIsNotCanceled() throws Exception {
        ActionScheduler scheduler = new ActionScheduler();
        try (StoreDatabase database = bundle.stores.database("acme")) {
            List<ActionScheduler.Action> seen = scheduler
                    .look(database, List.of("cocart_run_update_callback"))
                    .open();
            sql(
                    RUNNING.formatted("0 SECOND"),
                    "UPDATE wp_actionscheduler_actions SET claim_id = 9 WHERE action_id = 11");
            assertThat(scheduler.cancel(database, seen)).isZero();
            assertThat(statuses()).isEqualTo("in-progress 1, pending 2");
        }
    }

    @Test
    void theRowsThatAreQueuedAreThoseOfAClick() throws Exception {
        List<String> clicked = rows("action_id >= 10");
        sql(
                "DELETE FROM wp_actionscheduler_actions WHERE action_id >= 10",
                "DELETE FROM wp_actionscheduler_groups WHERE group_id = 4");
        ActionScheduler scheduler = new ActionScheduler();
        List<ActionScheduler.Call> calls = List.of(
                new ActionScheduler.Call(
                        "cocart_run_update_callback", "update_callback", "cocart_update_300_db_structure"),
                new ActionScheduler.Call(
                        "cocart_run_update_callback", "update_callback", "cocart_update_300_db_version"),
                new ActionScheduler.Call("cocart_update_db_to_current_version", "version", "3.0.0"));
        try (StoreDatabase database = bundle.stores.database("acme")) {
            long next = scheduler.next(database);
            long first = scheduler.queue(database, calls, next);
            assertThat(rows("action_id >= " + first)).isEqualTo(clicked);
            assertThat(scheduler.queue(database, calls, next)).as("once").isEqualTo(first);
            assertThat(rows("action_id >= " + first)).hasSize(3);
            assertThat(logs())
                    .filteredOn(log -> log.startsWith(first + "|"))
                    .containsExactly(first + "|action created|0");
            sql("UPDATE wp_actionscheduler_actions SET status = 'complete' WHERE action_id >= " + first);
            assertThat(scheduler.queue(database, calls, next))
                    .as("by a process that died before it could say so")
                    .isEqualTo(first);
        }
    }

    /** Everything of an action but its id; seconds and dates count from the first one's. */
    private List<String> rows(String which) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Statement statement = shop.connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT a.*, UNIX_TIMESTAMP(a.scheduled_date_gmt) AS at, g.slug FROM"
                                + " wp_actionscheduler_actions a JOIN wp_actionscheduler_groups g ON g.group_id = a.group_id"
                                + " WHERE " + which + " AND hook LIKE 'cocart_%' ORDER BY action_id")) {
            long first = 0;
            while (row.next()) {
                long at = row.getLong("at");
                first = first == 0 ? at : first;
                rows.add(String.join(
                        "|",
                        row.getString("hook"),
                        row.getString("status"),
                        row.getString("priority"),
                        row.getString("args"),
                        row.getString("schedule").replace(String.valueOf(at), "T" + (at - first)),
                        row.getString("slug"),
                        row.getString("attempts"),
                        row.getString("last_attempt_gmt"),
                        row.getString("last_attempt_local"),
                        row.getString("claim_id"),
                        row.getString("extended_args"),
                        String.valueOf(
                                row.getString("scheduled_date_gmt").equals(row.getString("scheduled_date_local")))));
            }
        }
        return rows;
    }

    private DataUpdate approved() {
        template.requestBody(
                "direct:plan",
                new DueUpdate(
                        "acme",
                        Shop.SLUG,
                        "2.9.3",
                        "3.0.0",
                        "4.3.6",
                        Instant.now().minusSeconds(5),
                        true));
        DataUpdate update = bundle.updates.current("acme").orElseThrow();
        bundle.updates.backedUp(update.id(), "20261124T000000Z");
        return bundle.updates.get(update.id());
    }

    private void migrate() {
        template.requestBodyAndHeader("direct:migrate", null, "store", "acme");
        assertThat(bundle.jobs.error("acme")).isEmpty();
    }

    private int columns() throws SQLException {
        return shop.database.columns().size();
    }

    private String statuses() throws SQLException {
        return String.join(
                ", ",
                texts(
                        "SELECT CONCAT(status, ' ', COUNT(*)) FROM wp_actionscheduler_actions WHERE hook IN"
                                + " ('cocart_run_update_callback', 'cocart_update_db_to_current_version') GROUP BY status ORDER BY status"));
    }

    private List<String> logs() throws SQLException {
        return texts("SELECT CONCAT(action_id, '|', message, '|', log_date_gmt <> log_date_local) FROM"
                + " wp_actionscheduler_logs ORDER BY log_id");
    }

    private long count(String from) throws SQLException {
        return Long.parseLong(texts("SELECT COUNT(*) FROM " + from).get(0));
    }

    private List<String> texts(String query) throws SQLException {
        List<String> texts = new ArrayList<>();
        try (Statement statement = shop.connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                texts.add(rows.getString(1));
            }
        }
        return texts;
    }

    private void sql(String... statements) throws SQLException {
        for (String statement : statements) {
            shop.database.execute(statement);
        }
    }

    private void state(String statement) throws SQLException {
        DataSource source = context.getRegistry().lookupByNameAndType("dataSource", DataSource.class);
        try (Connection connection = source.getConnection();
                Statement executed = connection.createStatement()) {
            executed.execute(statement);
        }
    }
}
