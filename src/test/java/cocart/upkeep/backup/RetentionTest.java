package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.backup.Retention.Decision;
import cocart.upkeep.backup.Retention.Outcome;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.StateDatabase;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What is removed of real snapshots on a real disk, with a real state database. */
class RetentionTest {

    private static final Instant NOW = Instant.parse("2026-11-24T03:00:00Z");

    @TempDir
    Path folder;

    private SmallShop shop;
    private HikariDataSource source;
    private JdbcClient sql;
    private Updates updates;
    private Jobs jobs;
    private String keep = "last=1";
    private Instant now = NOW;
    private Retention retention;

    @BeforeEach
    void open() throws Exception {
        shop = new SmallShop(folder.resolve("shop"), folder.resolve("backups"));
        shop.files("plugins/a", 20, "a");
        source = StateDatabase.open(Path.of("."), "jdbc:h2:mem:" + UUID.randomUUID(), "sa", "");
        sql = JdbcClient.create(source);
        Database database = new Database(source);
        Instance instance = Instance.current();
        Events events = new Events(database, instance);
        updates = new Updates(database, events);
        jobs = new Jobs(
                database,
                instance,
                Duration.ofMinutes(1),
                Duration.ofMinutes(15),
                List.of("acme"),
                (store, job) -> new Jobs.Schedule("", "UTC"));
        retention = new Retention(
                database,
                new Stores() {
                    @Override
                    public Collection<StoreSettings> all() {
                        return List.of(get("acme"));
                    }

                    @Override
                    public StoreSettings get(String id) {
                        return shop.settings(id, keep, "UTC");
                    }

                    @Override
                    public StoreFiles files(String id) {
                        throw new UnsupportedOperationException();
                    }

                    @Override
                    public StoreDatabase database(String id) {
                        throw new UnsupportedOperationException();
                    }
                },
                shop.snapshots,
                updates,
                jobs,
                events,
                new Clock() {
                    @Override
                    public Instant instant() {
                        return now;
                    }

                    @Override
                    public java.time.ZoneId getZone() {
                        return ZoneOffset.UTC;
                    }

                    @Override
                    public Clock withZone(java.time.ZoneId zone) {
                        return this;
                    }
                });
    }

    @AfterEach
    void close() {
        source.close();
    }

    @Test
    void whatNoRuleKeepsGoesWithItsRowAndContentOfOthersStays() throws Exception {
        Snapshot first = day(-3);
        Snapshot second = day(-2);
        shop.write("plugins/a/0.php", "<?php // new");
        Snapshot third = day(-1);
        shop.write("plugins/a/0.php", "<?php // newer");
        Snapshot other = shop.backUp("other", NOW);
        Snapshot fourth = day(0);
        keep = "last=2";
        Outcome plan = retention.plan("acme");
        assertThat(removed(plan)).containsExactly(second, first);
        assertThat(shop.snapshots.list("acme")).as("a plan changes nothing").hasSize(4);
        assertThat(sql.sql("SELECT COUNT(*) FROM snapshot").query(Long.class).single())
                .isZero();

        Outcome done = retention.run("acme");
        assertThat(removed(done)).containsExactly(second, first);
        assertThat(done.freed()).isEqualTo(plan.freed()).isPositive();
        assertThat(shop.snapshots.list("acme")).containsExactly(fourth, third);
        assertThat(shop.snapshots.list("other")).containsExactly(other);
        assertThat(names(fourth.path().getParent())).containsExactlyInAnyOrder(fourth.id(), third.id());
        assertThat(third.path().resolve("wp-content/plugins/a/0.php")).hasContent("<?php // new");
        assertThat(other.path().resolve("wp-content/plugins/a/5.php")).hasContent("<?php // a 5");
        assertThat(rows()).containsExactly(third.id(), fourth.id());
        assertThat(removed(retention.run("acme"))).as("again").isEmpty();
    }

    @Test
    void freedIsOnlyWhatNothingElseLinks() throws Exception {
        Snapshot first = day(-1);
        Files.delete(shop.root.resolve("wp-content/plugins/a/0.php"));
        shop.write("plugins/a/1.php", "x".repeat(1000));
        Snapshot second = day(0);
        long manifest = Files.size(first.path().resolve("manifest.jsonl"));
        long gone = "<?php // a 0".length() + "<?php // a 1".length();
        assertThat(retention.plan("acme").freed()).isEqualTo(manifest + gone);
        assertThat(retention.run("acme").freed()).isEqualTo(manifest + gone);
        assertThat(second.path()).exists();
    }

    @Test
    void theNewestVerifiedOneStaysAndWhileNoneIsTheNewestWholeOne() throws Exception {
        Snapshot verified = day(-5);
        day(-4);
        Snapshot whole = day(-3);
        retention.run("acme");
        assertThat(shop.snapshots.list("acme")).containsExactly(whole);
        Snapshot next = day(-2);
        sql.sql("UPDATE snapshot SET verified_at = LOCALTIMESTAMP WHERE id = '" + whole.id() + "'")
                .update();
        Snapshot last = day(-1);
        Outcome outcome = retention.run("acme");
        assertThat(shop.snapshots.list("acme")).containsExactly(last, whole);
        assertThat(reasons(outcome, whole)).containsExactly("newest verified");
        assertThat(next.path()).doesNotExist();
        assertThat(verified.path()).doesNotExist();
    }

    @Test
    void aPartialSnapshotDoesNotPushOutTheNewestWholeOne() throws Exception {
        Snapshot whole = day(-2);
        Snapshot partial = day(-1);
        markPartial(partial);
        assertThat(reasons(retention.run("acme"), whole)).containsExactly("newest whole");
        assertThat(shop.snapshots.list("acme")).hasSize(2);
    }

    @Test
    void aDamagedSnapshotPushesOutNoWholeOneAndGoesWhenAWholeOneHasItsPlace() throws Exception {
        keep = "daily=2";
        Snapshot whole = day(-5);
        Snapshot beside = shop.backUp("acme", NOW.plus(Duration.ofDays(-5)).plus(Duration.ofHours(2)));
        Snapshot damaged = day(-3);
        damage(beside);
        damage(damaged);
        Outcome outcome = retention.run("acme");
        assertThat(reasons(outcome, whole)).contains("daily", "newest whole");
        assertThat(reasons(outcome, damaged)).containsExactly("daily, damaged", "newest");
        assertThat(beside.path()).doesNotExist();
        Snapshot other = day(-2);
        Snapshot last = day(-1);
        damage(last);
        Snapshot now = day(0);
        retention.run("acme");
        assertThat(shop.snapshots.list("acme"))
                .as("two whole days, and a damaged one among them")
                .containsExactlyInAnyOrder(other, last, now);
    }

    private void damage(Snapshot snapshot) {
        new SnapshotRows(new Database(source)).add(snapshot);
        sql.sql("UPDATE snapshot SET damage = 'one file' WHERE id = '" + snapshot.id() + "'")
                .update();
    }

    @ParameterizedTest
    @ValueSource(strings = {"awaiting-approval", "pending", "in-progress", "failed", "canceled", "blocked"})
    void snapshotsOfADataUpdateThatIsNotCompleteStay(String state) throws Exception {
        day(-6);
        Snapshot before = day(-5);
        Snapshot named = day(-4);
        Snapshot since = day(-3);
        Snapshot newest = day(-2);
        DataUpdate update = update(state, NOW.minus(Duration.ofDays(4)).plusSeconds(60), named.id());
        Outcome outcome = retention.run("acme");
        assertThat(shop.snapshots.list("acme")).containsExactly(newest, since, named, before);
        assertThat(reasons(outcome, named)).containsExactly("data update to 3.0.0 is " + state);
        assertThat(reasons(outcome, before)).containsExactly("before data update to 3.0.0 is " + state);

        sql.sql("UPDATE data_update SET state = 'complete' WHERE id = '" + update.id() + "'")
                .update();
        retention.run("acme");
        assertThat(shop.snapshots.list("acme")).containsExactly(newest);
    }

    @Test
    void anOldFailureThatALaterUpdateHasSettledKeepsOnlyTheSnapshotThatItNames() throws Exception {
        Snapshot named = day(-4);
        day(-3);
        Snapshot newest = day(-2);
        update("failed", NOW.minus(Duration.ofDays(4)).minusSeconds(60), named.id());
        update("complete", NOW.minus(Duration.ofDays(3)), null);
        retention.run("acme");
        assertThat(shop.snapshots.list("acme")).containsExactly(newest, named);
    }

    @Test
    void aSnapshotFromTheFutureStaysAndMakesNoOtherOld() throws Exception {
        keep = "last=1,within=2d";
        Snapshot old = day(-9);
        Snapshot recent = day(-1);
        Snapshot future = shop.backUp("acme", NOW.plus(Duration.ofDays(400)));
        Snapshot pushed = shop.backUp("acme", NOW);
        assertThat(pushed.id()).as("pushed by the one before").isGreaterThan(future.id());
        Outcome outcome = retention.run("acme");
        assertThat(shop.snapshots.list("acme")).containsExactly(pushed, future, recent);
        assertThat(reasons(outcome, future)).containsExactly("in the future");
        assertThat(reasons(outcome, pushed)).contains("last", "within 2d", "newest");
        assertThat(old.path()).doesNotExist();
    }

    @Test
    void aClockThatWentBackRemovesNothing() throws Exception {
        day(-2);
        day(-1);
        day(0);
        now = Instant.parse("1970-01-02T00:00:00Z");
        assertThat(removed(retention.run("acme"))).isEmpty();
    }

    @Test
    void withoutRulesEverythingStays() throws Exception {
        keep = "";
        day(-2);
        day(-1);
        assertThat(removed(retention.run("acme"))).isEmpty();
    }

    @Test
    void unknownFoldersAndOtherStoresAreLeftAlone() throws Exception {
        Snapshot first = day(-1);
        day(0);
        Path store = first.path().getParent();
        Disk.createFolder(store.resolve("my notes"));
        Disk.createFolder(store.resolve("20200101T000000Z"));
        Files.createSymbolicLink(store.resolve("20200102T000000Z"), folder.resolve("shop"));
        Disk.createFolder(store.resolve(".unfinished-20200103T000000Z"));
        shop.backUp("other", NOW.minus(Duration.ofDays(1)));
        shop.backUp("other", NOW);
        retention.run("acme");
        assertThat(names(store))
                .contains("my notes", "20200101T000000Z", "20200102T000000Z", ".unfinished-20200103T000000Z")
                .doesNotContain(first.id());
        assertThat(shop.snapshots.list("other")).hasSize(2);
        assertThat(folder.resolve("shop/wp-content")).exists();
    }

    @Test
    void whatAKillLeftBetweenRenameAndDeleteIsNoSnapshotAndGoesWithTheNextRun() throws Exception {
        Snapshot first = day(-1);
        Snapshot second = day(0);
        keep = "";
        retention.run("acme");
        Path hidden = Removal.hide(first.path());
        Files.delete(hidden.resolve("database.sql.gz")); // killed in the middle
        assertThat(shop.snapshots.list("acme")).containsExactly(second);
        assertThat(rows()).contains(first.id());
        Snapshot third = shop.backUp("acme", NOW.plusSeconds(60));
        assertThat(third.newBytes()).isZero();
        now = NOW.plusSeconds(120);
        retention.run("acme");
        assertThat(names(second.path().getParent())).containsExactlyInAnyOrder(second.id(), third.id());
        assertThat(rows()).containsExactly(second.id(), third.id());
    }

    @Test
    void aLeftoverOfTheSameNameIsNotInTheWay() throws Exception {
        Snapshot first = day(-1);
        day(0);
        Path way = Files.createDirectories(
                first.path().resolveSibling(".removing-" + first.id()).resolve("x"));
        Files.writeString(way.resolve("y"), "");
        retention.run("acme");
        assertThat(first.path()).doesNotExist();
        assertThat(way).doesNotExist();
    }

    @Test
    void contentThatARunningBackupHasLinkedStaysReadable() throws Exception {
        shop.backUp("other", NOW.minus(Duration.ofDays(3)));
        Snapshot first = day(-2);
        Snapshot second = day(-1);
        // another store's backup, halfway: it links the content of the snapshot that is about to go
        Path work = Files.createDirectories(folder.resolve("backups/snapshots/other/.unfinished-20261124T020000Z"));
        Files.createLink(work.resolve("5.php"), first.path().resolve("wp-content/plugins/a/5.php"));
        retention.run("acme");
        assertThat(first.path()).doesNotExist();
        assertThat(work.resolve("5.php")).hasContent("<?php // a 5");
        assertThat(second.path().resolve("wp-content/plugins/a/5.php")).hasContent("<?php // a 5");
    }

    @Test
    void aBackupWhoseIndexNamesARemovedSnapshotStoresTheContentAnew() throws Exception {
        // the index of this process has seen acme's snapshot; while other is being backed up, that is removed
        StoreSettings settings = shop.settings("other", "", "UTC");
        BackUp backUp = new BackUp(shop.snapshots, Clock.fixed(NOW, ZoneOffset.UTC), 0);
        Snapshot first = day(-2);
        shop.files("plugins/a", 20, "b");
        day(-1);
        shop.files("plugins/a", 20, "a");
        Snapshot other;
        try (StoreFiles files = new cocart.upkeep.store.StoreFilesFactory(
                        new org.apache.camel.impl.DefaultCamelContext(), folder)
                .open(settings)) {
            other = backUp.run(settings, files, target -> {
                retention.accept("acme");
                retention.run("acme");
                try {
                    return Files.size(Files.writeString(target, "-- dump"));
                } catch (java.io.IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
        }
        assertThat(first.path()).doesNotExist();
        assertThat(other.failed()).isZero();
        assertThat(other.path().resolve("wp-content/plugins/a/5.php")).hasContent("<?php // a 5");
    }

    @ParameterizedTest
    @ValueSource(strings = {"restore", "verify", "drill"})
    void nothingIsRemovedWhileAJobReadsTheSnapshots(String job) throws Exception {
        day(-1);
        day(0);
        jobs.claim("acme", job);
        Outcome outcome = retention.run("acme");
        assertThat(removed(outcome)).isEmpty();
        assertThat(outcome.suspended()).contains("Job " + job + " reads the snapshots of store acme");
        jobs.finish("acme", job, null);
        assertThat(removed(retention.run("acme"))).hasSize(1);
    }

    @Test
    void aStoreThatLostMostOfItsFilesKeepsTheOlderSnapshotsUntilItIsAsBefore() throws Exception {
        day(-5);
        day(-4);
        retention.run("acme");
        move("plugins/a", "away");
        shop.files("plugins/a", 5, "a");
        Snapshot odd = day(-3);
        Outcome outcome = retention.run("acme");
        assertThat(removed(outcome)).isEmpty();
        assertThat(outcome.suspicious()).isTrue();
        assertThat(suspicion(odd)).contains("has 5 files where there were 20 in 20261120T030000Z");
        Snapshot again = day(-2);
        assertThat(removed(retention.run("acme")))
                .as("ordinary beside the odd one, not beside the trusted one")
                .isEmpty();
        assertThat(suspicion(again)).contains("where there were 20");

        shop.files("plugins/a", 20, "a");
        Snapshot back = day(-1);
        assertThat(retention.run("acme").suspended()).isNull();
        assertThat(shop.snapshots.list("acme")).containsExactly(back);
    }

    @Test
    void aHumanCanAcceptAndThenRetentionGoesOn() throws Exception {
        day(-3);
        retention.run("acme");
        assertThat(retention.accept("acme")).as("nothing is suspicious").isFalse();
        move("plugins/a", "away");
        shop.files("plugins/b", 3, "b");
        Snapshot odd = day(-2);
        assertThat(retention.run("acme").suspicious()).isTrue();
        assertThat(retention.accept("acme")).isTrue();
        assertThat(suspicion(odd)).isNull();
        retention.run("acme");
        assertThat(shop.snapshots.list("acme")).containsExactly(odd);
        day(-1);
        assertThat(retention.run("acme").suspicious()).isFalse();
    }

    @Test
    void aFloodOfChangesIsSuspiciousEvenIfEveryFileHasANewName() throws Exception {
        day(-3);
        retention.run("acme");
        move("plugins/a", "away");
        Random random = new Random(1);
        for (int i = 0; i < 20; i++) {
            byte[] encrypted = new byte[50];
            random.nextBytes(encrypted);
            shop.write("plugins/a/" + i + ".php.locked", encrypted);
        }
        Snapshot odd = day(-2);
        assertThat(retention.run("acme").suspended())
                .contains("lacks the content of 20 of 20 files", "upkeep prune acme --accept");
        assertThat(suspicion(odd)).contains("encrypted");
    }

    @Test
    void ordinaryLifeIsNotSuspicious() throws Exception {
        day(-6);
        move("plugins/a", "plugins/renamed"); // same content elsewhere
        day(-5);
        assertThat(retention.run("acme").suspended()).isNull();
        shop.files("uploads", 100, "new picture"); // growth
        day(-4);
        assertThat(retention.run("acme").suspended()).isNull();
        shop.files("plugins/renamed", 20, "b"); // one plugin of several is updated
        day(-3);
        assertThat(retention.run("acme").suspended()).isNull();
    }

    @Test
    void aStoreOfAFewFilesMayChangeAsItLikes() throws Exception {
        move("plugins/a", "away");
        shop.files("plugins/b", 8, "b");
        day(-2);
        retention.run("acme");
        move("plugins/b", "away too");
        shop.files("plugins/c", 1, "c");
        day(-1);
        assertThat(retention.run("acme").suspended()).isNull();
    }

    @Test
    void aSnapshotThatWasNotJudgedBecauseOfAKillIsJudgedByTheNextRun() throws Exception {
        day(-4);
        retention.run("acme");
        move("plugins/a", "away");
        shop.files("plugins/a", 5, "a");
        day(-3); // killed before it was judged
        day(-2);
        assertThat(retention.run("acme").suspicious()).isTrue();
    }

    @Test
    void aManifestThatCannotBeReadStopsRetentionAndSaysSo() throws Exception {
        day(-2);
        shop.files("plugins/new", 1, "new"); // an unchanged one is not compared
        Snapshot odd = day(-1);
        Path manifest = odd.path().resolve("manifest.jsonl");
        List<String> lines = new java.util.ArrayList<>(Files.readAllLines(manifest));
        lines.set(3, lines.get(3).substring(5));
        Files.delete(manifest);
        Files.write(manifest, lines);
        assertThatThrownBy(() -> retention.run("acme"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("cannot be read whole; run: upkeep verify acme");
        assertThat(shop.snapshots.list("acme")).hasSize(2);
    }

    private Snapshot day(int day) {
        return shop.backUp("acme", NOW.plus(Duration.ofDays(day)));
    }

    private void move(String from, String to) throws Exception {
        Path content = shop.root.resolve("wp-content");
        Path target = to.startsWith("away") ? folder.resolve(to) : content.resolve(to);
        Files.createDirectories(target.getParent());
        Files.move(content.resolve(from), target);
    }

    private DataUpdate update(String state, Instant began, String snapshot) {
        DataUpdate update = updates.plan(
                        "acme", "cart", null, "3.0.0", state.equals("complete") ? "2" : "1", began, true)
                .orElseThrow();
        sql.sql("UPDATE data_update SET state = :state, open_key = NULL, snapshot_id = :snapshot, created_at = :began"
                        + " WHERE id = :id")
                .param("state", state)
                .param("snapshot", snapshot)
                .param("began", Timestamp.valueOf(java.time.LocalDateTime.ofInstant(began, ZoneOffset.UTC)))
                .param("id", update.id())
                .update();
        return update;
    }

    private static void markPartial(Snapshot snapshot) throws Exception {
        Path manifest = snapshot.path().resolve("manifest.jsonl");
        String text = Files.readString(manifest).replace("\"partial\":0", "\"partial\":1");
        Files.delete(manifest);
        Files.writeString(manifest, text);
    }

    private static List<Snapshot> removed(Outcome outcome) {
        return outcome.decisions().stream()
                .filter(decision -> !decision.stays())
                .map(Decision::snapshot)
                .toList();
    }

    private static List<String> reasons(Outcome outcome, Snapshot snapshot) {
        return outcome.decisions().stream()
                .filter(decision -> decision.snapshot().id().equals(snapshot.id()))
                .findFirst()
                .orElseThrow()
                .reasons();
    }

    private String suspicion(Snapshot snapshot) {
        return sql.sql("SELECT suspicion FROM snapshot WHERE id = '" + snapshot.id() + "'")
                .query((row, n) -> java.util.Optional.ofNullable(row.getString(1)))
                .single()
                .orElse(null);
    }

    private List<String> rows() {
        return sql.sql("SELECT id FROM snapshot WHERE store = 'acme' ORDER BY id")
                .query(String.class)
                .list();
    }

    private static List<String> names(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
