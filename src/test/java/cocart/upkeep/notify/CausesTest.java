package cocart.upkeep.notify;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Engine;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.StateDatabase;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import com.zaxxer.hikari.HikariDataSource;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/** Each cause comes and goes with the state that it is about, on all kinds of state databases. */
class CausesTest {

    private static final String PLUGIN = "cart-rest-api-for-woocommerce";

    @TempDir
    Path folder;

    private HikariDataSource source;
    private Database database;
    private JdbcClient sql;
    private Updates updates;
    private Jobs jobs;
    private Events events;
    private Notices notices;
    private Outbox outbox;
    private final Set<Cause> raised = EnumSet.noneOf(Cause.class);
    private final Set<Cause> cleared = EnumSet.noneOf(Cause.class);

    /** Two stores by their settings alone; nothing here reads them. */
    private record Settings(Collection<StoreSettings> all) implements Stores {

        @Override
        public StoreSettings get(String id) {
            return all.stream()
                    .filter(store -> store.id().equals(id))
                    .findFirst()
                    .orElseThrow(() -> new StoreException("no store " + id, null));
        }

        @Override
        public StoreFiles files(String id) {
            throw new UnsupportedOperationException();
        }

        @Override
        public StoreDatabase database(String id) {
            throw new UnsupportedOperationException();
        }
    }

    private void open(Engine engine, long free) throws Exception {
        open(engine.open(), free);
    }

    private void open(HikariDataSource opened, long free) {
        source = opened;
        database = new Database(source);
        sql = JdbcClient.create(source);
        events = new Events(database, new Instance("one"));
        updates = new Updates(database, events);
        jobs = new Jobs(
                database,
                new Instance("one"),
                Duration.ofMinutes(1),
                Duration.ofMinutes(15),
                List.of("acme", "shop"),
                (store, job) -> new Jobs.Schedule("0 0 3 * * ?", "UTC"));
        Stores stores =
                new Settings(Stream.of("acme", "shop").map(CausesTest::store).toList());
        Notifying notifying = new Notifying(
                database,
                stores,
                jobs,
                events,
                new Notifying.Settings(
                        new NoticeSettings(store -> Duration.ofDays(2), store -> Duration.ofMinutes(15)),
                        new OutboxSettings(
                                true,
                                Quiet.parse("", ZoneOffset.UTC),
                                Duration.ZERO,
                                Duration.ofSeconds(10),
                                new Jobs.Schedule("", "UTC")),
                        folder.resolve("not/made/yet"),
                        free,
                        List.of("webhook")),
                Clock.systemUTC());
        notices = notifying.notices();
        outbox = notifying.outbox();
    }

    private static StoreSettings store(String id) {
        return new StoreSettings(
                id,
                "file:/nowhere",
                null,
                List.of(PLUGIN),
                new StoreSettings.DatabaseSettings(null, null, null, null, false),
                false,
                Duration.ZERO,
                "0 * * * * ?",
                "UTC",
                new StoreSettings.Backup("0 0 3 * * ?", "", List.of(), "", 1, Duration.ZERO, 1, 1 << 20));
    }

    @AfterEach
    void close() {
        source.close();
    }

    @ParameterizedTest
    @EnumSource(Engine.class)
    void everyCauseComesAndGoesWithItsState(Engine engine) throws Exception {
        open(engine, Long.MAX_VALUE / 2);
        dataUpdates();
        jobs();
        snapshots();
        plugins();
        bundle();
        assertThat(raised).containsExactlyInAnyOrder(Cause.values());
        assertThat(cleared).containsExactlyInAnyOrder(Cause.values());
        assertThat(sql.sql("SELECT COUNT(*) FROM event WHERE store = 'acme' AND text LIKE 'Notice (%'")
                        .query(Long.class)
                        .single())
                .as("the history has each")
                .isGreaterThan(15);
    }

    private void dataUpdates() {
        DataUpdate update = plan("4.3.6", Duration.ofMinutes(1), false);
        assertOpen("acme", Cause.UPDATE_REQUIRED);
        assertThat(notices.current("acme").orElseThrow().text())
                .startsWith("CoCart database update required: ")
                .contains("upkeep approve acme");
        sql.sql("UPDATE data_update SET exposed_since = ?")
                .param(database.now().minusMinutes(16))
                .update();
        // nobody did anything: the look that the clock asks for sees it
        assertOpen("acme", Cause.EXPOSURE, Cause.UPDATE_REQUIRED);
        assertThat(notices.current("acme").orElseThrow().cause()).isEqualTo("exposure");

        updates.approve(update);
        assertOpen("acme", Cause.EXPOSURE, Cause.UPDATING);
        assertThat(text(Cause.UPDATING)).startsWith("CoCart is updating the database in the background");
        updates.waiting(update.id(), "Refused: the plan has changed; upkeep retry acme --replan");
        assertOpen("acme", Cause.UPDATE_REFUSED, Cause.EXPOSURE);
        updates.waiting(update.id(), null);
        updates.fail(updates.get(update.id()), "Proof cart-hash does not hold");
        assertOpen("acme", Cause.UPDATE_FAILED, Cause.EXPOSURE);
        sql.sql(
                        "INSERT INTO data_update_step (data_update_id, position, name, status) VALUES (?, 0, 'columns', 'failed')")
                .param(update.id())
                .update();
        assertOpen("acme", Cause.STEP_FAILED, Cause.EXPOSURE);
        assertThat(text(Cause.STEP_FAILED)).contains("failed: Proof cart-hash does not hold. ", "upkeep retry acme");
        Instant first = changedAt(Cause.STEP_FAILED);
        updates.retry(updates.get(update.id()));
        sql.sql("DELETE FROM data_update_step").update();
        updates.waiting(update.id(), "The next step is tried again at 12:00:01.");
        assertOpen("acme", Cause.EXPOSURE, Cause.UPDATING);
        Instant began = changedAt(Cause.UPDATING);
        updates.waiting(update.id(), "The next step is tried again at 12:00:31.");
        assertOpen("acme", Cause.EXPOSURE, Cause.UPDATING);
        assertThat(text(Cause.UPDATING)).contains("12:00:31");
        assertThat(changedAt(Cause.UPDATING)).isEqualTo(began).isAfterOrEqualTo(first);

        updates.complete(updates.get(update.id()), 7L, "abc", "Fine.");
        assertOpen("acme", Cause.UPDATE_COMPLETE);
        assertThat(notices.dismiss("acme")).isTrue();
        assertThat(notices.dismiss("acme")).isFalse();
        assertOpen("acme");
        assertThat(sql.sql("SELECT dismissed_by FROM notice WHERE cause = 'update-complete'")
                        .query(String.class)
                        .single())
                .isEqualTo(System.getProperty("user.name"));

        DataUpdate next = plan("4.4.0", Duration.ofMinutes(1), true);
        assertOpen("acme", Cause.UPDATING);
        updates.complete(next, 7L, "abc", "Fine.");
        assertOpen("acme", Cause.UPDATE_COMPLETE);

        OwnUpdaters owns = new OwnUpdaters(database, events);
        owns.block(
                "acme",
                PLUGIN,
                "3.0.0",
                "5.0.0",
                "5.0.0",
                Instant.now(),
                new OwnUpdaters.Source(List.of(), null),
                1,
                "No plan describes the update to 5.0.0",
                updates.latest("acme", PLUGIN));
        assertOpen("acme", Cause.UPDATE_BLOCKED);
        updates.cancel(updates.current("acme").orElseThrow(), "by hand");
        assertOpen("acme");
        sql.sql("DELETE FROM data_update").update();
    }

    private DataUpdate plan(String code, Duration exposed, boolean approved) {
        Instant since = database.now().toInstant(ZoneOffset.UTC).minus(exposed);
        return updates.plan("acme", PLUGIN, "2.9.3", "3.0.0", code, since, approved)
                .orElseThrow();
    }

    private void jobs() {
        run("detect", "store acme: nothing listens at h:22");
        run("back-up", "store acme: nothing listens at h:22");
        assertOpen("acme", Cause.JOB_FAILED);
        run("back-up", "store acme: mariadb-dump is not installed");
        assertOpen("acme", Cause.JOB_FAILED, Cause.BACKUP_FAILED);
        run("detect", "store acme: the host key of h:22 is not the one in known_hosts; run upkeep trust acme");
        assertOpen("acme", Cause.HOST_KEY, Cause.BACKUP_FAILED);
        assertThat(notices.open("acme").get(0).urgent()).isTrue();
        run("detect", null);
        run("back-up", null);
        assertOpen("acme");
    }

    private void run(String job, String error) {
        assertThat(jobs.claim("acme", job)).isTrue();
        jobs.finish("acme", job, error);
    }

    private void snapshots() {
        sighting("settled", null, null, Duration.ofDays(3), Duration.ZERO);
        assertOpen("acme", Cause.BACKUP_OVERDUE);
        assertThat(text(Cause.BACKUP_OVERDUE)).contains("has never been backed up");
        snapshot("20261120T030000Z", Duration.ofDays(3), 0);
        assertOpen("acme", Cause.BACKUP_OVERDUE);
        assertThat(text(Cause.BACKUP_OVERDUE)).contains("The newest backup of store acme is of ");
        snapshot("20261124T030000Z", Duration.ofHours(1), 2);
        assertOpen("acme", Cause.SNAPSHOT_PARTIAL);
        snapshot("20261124T040000Z", Duration.ofMinutes(1), 0);
        assertOpen("acme");
        sql.sql("UPDATE snapshot SET damage = 'database.sql.gz is cut off' WHERE id = '20261120T030000Z'")
                .update();
        sql.sql("UPDATE snapshot SET suspicion = '3 files, 900 before' WHERE id = '20261124T030000Z'")
                .update();
        assertOpen("acme", Cause.SNAPSHOT_DAMAGED, Cause.STORE_SHRUNK);
        sql.sql("UPDATE snapshot SET damage = NULL").update();
        sql.sql("UPDATE snapshot SET trusted_at = LOCALTIMESTAMP(3) WHERE id = '20261124T040000Z'")
                .update();
        assertOpen("acme");
    }

    private void snapshot(String id, Duration age, long failed) {
        sql.sql(
                        "INSERT INTO snapshot (store, id, files, bytes, new_bytes, failed, sealed_at) VALUES ('acme', ?, 1, 1, 1, ?, ?)")
                .params(id, failed, database.now().minus(age))
                .update();
    }

    private void plugins() {
        sighting("absent", null, null, Duration.ofMinutes(1), Duration.ZERO);
        assertOpen("acme", Cause.PLUGIN_ABSENT);
        assertThat(notices.open("acme").get(0).urgent()).as("may be an update").isFalse();
        sql.sql("UPDATE plugin_sighting SET first_seen_at = ? WHERE state = 'absent'")
                .param(database.now().minusMinutes(11))
                .update();
        assertOpen("acme", Cause.PLUGIN_ABSENT);
        assertThat(notices.open("acme").get(0).urgent()).isTrue();
        sql.sql("DELETE FROM plugin_sighting").update();
        sighting("unsettled", "no plugin header", null, Duration.ofMinutes(11), Duration.ZERO);
        assertOpen("acme", Cause.PLUGIN_UNSETTLED);
        sql.sql("DELETE FROM plugin_sighting").update();
        sighting("settled", null, "4.3.6", Duration.ofMinutes(1), Duration.ZERO);
        assertOpen("acme", Cause.ROLLED_BACK);
        sql.sql("DELETE FROM plugin_sighting").update();
        assertOpen("acme");
    }

    private void sighting(String state, String reason, String rolledBackFrom, Duration first, Duration last) {
        LocalDateTime now = database.now();
        sql.sql("INSERT INTO plugin_sighting (id, store, plugin, fingerprint, state, version, rolled_back_from, reason,"
                        + " first_seen_at, last_seen_at) VALUES (?, 'acme', ?, 'x', ?, '2.9.3', ?, ?, ?, ?)")
                .params(Events.newId(), PLUGIN, state, rolledBackFrom, reason, now.minus(first), now.minus(last))
                .update();
    }

    private void bundle() {
        jobs.claim(Notices.BUNDLE, "notify-webhook");
        jobs.finish(
                Notices.BUNDLE, "notify-webhook", "Notices cannot be sent by webhook: it answered with status 404.");
        assertOpen(Notices.BUNDLE, Cause.DISK_NEARLY_FULL, Cause.CHANNEL_FAILED);
        assertThat(text(Cause.DISK_NEARLY_FULL)).contains("upkeep.backup.directory", " MB are free there");
        jobs.claim(Notices.BUNDLE, "notify-webhook");
        jobs.finish(Notices.BUNDLE, "notify-webhook", null);
        assertOpen(Notices.BUNDLE, Cause.DISK_NEARLY_FULL);
        HikariDataSource before = source;
        Notices full = notices;
        notices = new Notices(
                database,
                new Settings(List.of(store("acme"))),
                events,
                new NoticeSettings(store -> Duration.ZERO, store -> Duration.ZERO),
                new BundleCauses(folder, 1, jobs, List.of()));
        assertOpen(Notices.BUNDLE);
        notices = full;
        assertThat(source).isSameAs(before);
    }

    /** What is open after a look at everything, in any order. */
    private void assertOpen(String store, Cause... causes) {
        Set<Cause> before = open(store);
        notices.refreshAll();
        Set<Cause> now = open(store);
        assertThat(now).containsExactlyInAnyOrder(causes);
        notices.refreshAll();
        if (!store.equals(Notices.BUNDLE)) {
            notices.refresh(store);
        }
        assertThat(open(store)).as("and again").isEqualTo(now);
        assertThat(notices.open("shop")).as("the store next to it").isEmpty();
        raised.addAll(now);
        before.stream().filter(cause -> !now.contains(cause)).forEach(cleared::add);
        // a dismissed one is not cleared, and is not asked for again
        assertThat(outbox.next("none")).satisfies(message -> {
            if (message != null) {
                outbox.sent(message);
            }
        });
        assertThat(outbox.next("none")).isNull();
    }

    private Set<Cause> open(String store) {
        return notices.open(store).stream()
                .map(notice -> Stream.of(Cause.values())
                        .filter(cause -> cause.word().equals(notice.cause()))
                        .findFirst()
                        .orElseThrow())
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Cause.class)));
    }

    private String text(Cause cause) {
        return sql.sql("SELECT text FROM notice WHERE cause = ? AND cleared_at IS NULL")
                .param(cause.word())
                .query(String.class)
                .single();
    }

    private Instant changedAt(Cause cause) {
        return notices.open("acme").stream()
                .filter(notice -> notice.cause().equals(cause.word()))
                .findFirst()
                .orElseThrow()
                .changedAt();
    }

    /** Every store with ten snapshots, a data update and a sighting. */
    @Test
    void aLookAtAThousandStoresIsAFewStatements() throws Exception {
        open(Engine.H2, 0);
        sql.sql("INSERT INTO snapshot (store, id, files, bytes, new_bytes, failed, sealed_at)"
                        + " SELECT 's' || s.x, '202611' || (10 + n.x) || 'T030000Z', 1, 1, 1, 0, LOCALTIMESTAMP(3)"
                        + " FROM SYSTEM_RANGE(1, 1000) s, SYSTEM_RANGE(1, 10) n")
                .update();
        sql.sql("INSERT INTO plugin_sighting (id, store, plugin, fingerprint, state)"
                        + " SELECT 'p' || x, 's' || x, ?, 'x', 'settled' FROM SYSTEM_RANGE(1, 1000)")
                .param(PLUGIN)
                .update();
        sql.sql("INSERT INTO data_update (id, store, plugin, to_version, code_version, state, exposed_since)"
                        + " SELECT 'u' || x, 's' || x, ?, '3.0.0', '4.3.6', 'pending', LOCALTIMESTAMP(3)"
                        + " FROM SYSTEM_RANGE(1, 1000)")
                .param(PLUGIN)
                .update();
        AtomicInteger statements = new AtomicInteger();
        Notices many = new Notices(
                new Database(counting(source, statements)),
                new Settings(IntStream.rangeClosed(1, 1000)
                        .mapToObj(i -> store("s" + i))
                        .toList()),
                events,
                new NoticeSettings(store -> Duration.ofDays(2), store -> Duration.ofMinutes(15)),
                new BundleCauses(folder, 0, jobs, List.of()));
        many.refreshAll();
        assertThat(many.open("s1000")).extracting(Notice::cause).containsExactly("updating");
        statements.set(0);
        long begun = System.nanoTime();
        many.refreshAll();
        System.out.println("A look at 1,000 stores: " + statements.get() + " statements, "
                + (System.nanoTime() - begun) / 1_000_000 + " ms");
        assertThat(statements).hasValueLessThan(20);
    }

    /** The same, and each statement that is prepared is counted. */
    private static DataSource counting(DataSource real, AtomicInteger statements) {
        return (DataSource) Proxy.newProxyInstance(
                DataSource.class.getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                    Object result = method.invoke(real, arguments);
                    if (!(result instanceof Connection connection)) {
                        return result;
                    }
                    return Proxy.newProxyInstance(
                            Connection.class.getClassLoader(),
                            new Class<?>[] {Connection.class},
                            (same, call, with) -> {
                                if (call.getName().equals("prepareStatement")) {
                                    statements.incrementAndGet();
                                }
                                return call.invoke(connection, with);
                            });
                });
    }

    @Test
    void whatWasDismissedBeforeThisVersionStaysDismissed() {
        String url = "jdbc:h2:mem:old" + System.nanoTime() + ";DB_CLOSE_DELAY=-1";
        Flyway.configure()
                .dataSource(url, "sa", "")
                .locations("classpath:db/migration")
                .placeholders(Map.of("ofStep", ""))
                .target("7")
                .load()
                .migrate();
        JdbcClient old = JdbcClient.create(new DriverManagerDataSource(url, "sa", ""));
        old.sql("INSERT INTO data_update (id, store, plugin, to_version, code_version, state, exposed_since)"
                        + " VALUES ('u1', 'acme', ?, '3.0.0', '4.3.6', 'complete', LOCALTIMESTAMP(3))")
                .param(PLUGIN)
                .update();
        old.sql("INSERT INTO notice (store, kind, text, dismissed_at) VALUES"
                        + " ('acme', 'update-complete', 'CoCart database update complete', LOCALTIMESTAMP(3)),"
                        + " ('acme', 'attention', 'Something', NULL)")
                .update();
        open(StateDatabase.open(folder, url, "sa", ""), 0);
        assertOpen("acme");
        assertThat(text(Cause.UPDATE_COMPLETE)).contains("proven in the schema");
        sql.sql("UPDATE data_update SET id = 'u2'").update();
        assertOpen("acme", Cause.UPDATE_COMPLETE);
    }

    @Test
    void whatAnotherHasJustWrittenIsLeftAsItIs() throws Exception {
        open(Engine.H2, 0);
        run("detect", "store acme: away");
        notices.refresh("acme");
        int changes = sql.sql("SELECT changes FROM notice").query(Integer.class).single();
        assertThat(database.sql("notice-clear")
                        .param("id", notices.open("acme").get(0).id())
                        .param("changes", changes - 1)
                        .update())
                .isZero();
        assertThat(notices.open("acme")).hasSize(1);
    }
}
