package cocart.upkeep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Many stores as the state database knows them after months of work; nobody looks after them. */
final class Fleet {

    private static final String[] FIRST = {
        "nordwind",
        "blue-heron",
        "alma",
        "copper",
        "linden",
        "harbour",
        "maple",
        "quiet",
        "juniper",
        "ember",
        "sable",
        "orchard",
        "tide",
        "willow",
        "atlas",
        "meadow",
        "birch",
        "lumen",
        "cedar",
        "north"
    };
    private static final String[] SECOND = {
        "tea", "books", "cycles", "ceramics", "coffee", "garden", "wool", "prints", "bakery", "candles"
    };
    private static final DateTimeFormatter ID =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Connection state;
    private final Path backups;
    private final Random random = new Random(7);
    private final Instant now = Instant.now();

    /** @param backups {@code upkeep.backup.directory} */
    Fleet(Connection state, Path backups) {
        this.state = state;
        this.backups = backups;
    }

    /** Ids of this many stores, each another. */
    static List<String> ids(int count) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String name = FIRST[i % FIRST.length] + "-" + SECOND[i / FIRST.length % SECOND.length];
            int round = i / (FIRST.length * SECOND.length);
            ids.add(round == 0 ? name : name + "-" + (round + 1));
        }
        return ids;
    }

    /** Their lines in the settings: nothing is ever due there. */
    static List<String> settings(List<String> ids) {
        List<String> lines = new ArrayList<>();
        for (String id : ids) {
            lines.add("upkeep.store." + id + ".files = file:/srv/" + id);
            lines.add("upkeep.store." + id + ".url = https://" + id + ".example");
            lines.add("upkeep.store." + id + ".detect.cron = 0 0 0 1 1 ? 2099");
        }
        return lines;
    }

    /**
     * Most stores are fine, some are not, and two are at it.
     *
     * @return those about which there is something to say
     */
    List<String> fill(List<String> ids) throws SQLException {
        List<String> others = new ArrayList<>();
        state.setAutoCommit(false);
        for (int i = 0; i < ids.size(); i++) {
            String id = ids.get(i);
            switch (i % 125) {
                case 3 -> failed(id);
                case 17, 60 -> awaiting(id);
                case 31 -> inProgress(id);
                default -> fine(id);
            }
            if (List.of(3, 17, 31, 60).contains(i % 125)) {
                others.add(id);
            }
        }
        state.commit();
        state.setAutoCommit(true);
        return others;
    }

    void fine(String store) throws SQLException {
        sighting(store, "4.3.6", "3.0.0", "current", Duration.ofDays(20 + random.nextInt(60)), Duration.ofSeconds(40));
        String update = update(store, "complete", null, Duration.ofDays(20 + random.nextInt(60)));
        step(update, 1, "add-cart-created", "complete", null, null);
        step(update, 2, "add-cart-source", "complete", null, null);
        step(update, 3, "add-cart-hash", "complete", null, null);
        jobs(store);
        snapshot(store, now.minus(Duration.ofHours(9).plusMinutes(random.nextInt(50))), size());
    }

    private void awaiting(String store) throws SQLException {
        sighting(store, "4.3.6", "2.9.3", "outdated", Duration.ofMinutes(23), Duration.ofSeconds(20));
        update(store, "awaiting-approval", null, Duration.ofMinutes(23));
        jobs(store);
        snapshot(store, now.minus(Duration.ofHours(9)), size());
    }

    private void failed(String store) throws SQLException {
        sighting(store, "4.3.6", "2.9.3", "outdated", Duration.ofHours(3), Duration.ofSeconds(20));
        String error = "The store's database refused the step: ALTER command denied to user 'shop'@'10.0.0.7' for table"
                + " wp_cocart_carts. Grant it: GRANT ALTER ON shop.* TO 'shop'@'10.0.0.7'.";
        String update = update(store, "failed", "step add-cart-source: " + error, Duration.ofHours(3));
        step(update, 1, "add-cart-created", "complete", null, null);
        step(update, 2, "add-cart-source", "failed", error, null);
        step(update, 3, "add-cart-hash", "pending", null, null);
        event(store, Duration.ofMinutes(171), "Step add-cart-created started, attempt 1 of 5.");
        event(store, Duration.ofMinutes(171), "Step add-cart-created complete, carts: 48,211 the same.");
        for (int attempt = 1; attempt <= 5; attempt++) {
            event(
                    store,
                    Duration.ofMinutes(170 - attempt),
                    "Step add-cart-source failed"
                            + (attempt == 5 ? ": " : ", pending again, attempt " + attempt + " of 5: ") + error);
        }
        jobs(store);
        snapshot(store, now.minus(Duration.ofHours(3)), size());
    }

    void inProgress(String store) throws SQLException {
        sighting(store, "4.3.6", "2.9.3", "outdated", Duration.ofMinutes(6), Duration.ofSeconds(20));
        String update = update(store, "in-progress", null, Duration.ofMinutes(6));
        step(update, 1, "add-cart-created", "complete", null, null);
        step(update, 2, "add-cart-source", "in-progress", null, new long[] {31_200, 48_211, 42});
        step(update, 3, "add-cart-hash", "pending", null, null);
        event(store, Duration.ofSeconds(95), "Step add-cart-created started, attempt 1 of 5.");
        event(store, Duration.ofSeconds(92), "Step add-cart-created complete, carts: 48,211 the same.");
        event(store, Duration.ofSeconds(92), "Step add-cart-source started, attempt 1 of 5.");
        jobs(store);
        execute(
                "UPDATE job_run SET claimed_by = 'elsewhere', token = 'x', heartbeat_at = ? WHERE store = ? AND job ="
                        + " 'migrate'",
                time(now),
                store);
        snapshot(store, now.minus(Duration.ofMinutes(4)), size());
    }

    /** A store with a long history, also on disk. */
    void old(String store) throws SQLException, IOException {
        sighting(store, "4.3.5", "3.0.0", "current", Duration.ofDays(64), Duration.ofDays(31));
        fine(store);
        long bytes = 498_200_000;
        for (int day = 40; day >= 0; day--) {
            Instant begun =
                    now.minus(Duration.ofDays(day)).minus(Duration.ofHours(9)).minusSeconds(random.nextInt(300));
            long added = day == 40
                    ? bytes
                    : day % 13 == 5 ? 31_000_000 + random.nextInt(9_000_000) : 600_000 + random.nextInt(4_000_000);
            bytes += added / 3;
            String id =
                    onDisk(store, begun, bytes, added, Duration.ofMillis(3900 + random.nextInt(900) + added / 9000));
            execute(
                    "INSERT INTO snapshot (store, id, files, bytes, new_bytes, failed, sealed_at, verified_at) VALUES"
                            + " (?, ?, ?, ?, ?, 0, ?, ?)",
                    store,
                    id,
                    20_104 + day,
                    bytes,
                    added,
                    time(begun.plusSeconds(5)),
                    day % 7 == 1 ? time(now.minus(Duration.ofDays(1))) : null);
            event(
                    store,
                    Duration.between(begun, now),
                    "Snapshot " + id + " sealed: 20104 files, " + bytes + " bytes (" + added
                            + " new), with a dump of the" + " database.");
        }
        event(store, Duration.ofMinutes(30), "Verified whole: 41 snapshots, newest of today.");
    }

    /** A store whose every text is a piece of HTML. */
    void hostile(String store, String html) throws SQLException {
        sighting(store, html, "3.0.0", "current", Duration.ofDays(2), Duration.ofSeconds(40));
        jobs(store);
        snapshot(store, now.minus(Duration.ofHours(9)), size());
        event(store, Duration.ofHours(1), "An event " + html);
    }

    /** An update goes on. */
    void rowsDone(String store, long rows) throws SQLException {
        execute(
                "UPDATE data_update_step SET rows_done = ? WHERE status = 'in-progress' AND data_update_id ="
                        + " (SELECT id FROM data_update WHERE store = ?)",
                rows,
                store);
    }

    private String onDisk(String store, Instant begun, long bytes, long added, Duration took) throws IOException {
        String id = ID.format(begun);
        Path folder = Files.createDirectories(
                backups.resolve("snapshots").resolve(store).resolve(id));
        Files.writeString(
                folder.resolve("manifest.jsonl"),
                "{}\n"
                        + String.format(
                                Locale.ROOT,
                                "{\"sealed\":\"%s\",\"files\":%d,\"bytes\":%d,\"newBytes\":%d,\"partial\":0,\"store\":\"%s\","
                                        + "\"id\":\"%s\",\"lines\":\"%064d\"}%n",
                                Instant.parse(begun.toString().replaceAll("\\..*Z", "Z"))
                                        .plus(took),
                                20_104,
                                bytes,
                                added,
                                store,
                                id,
                                0));
        return id;
    }

    private long size() {
        return 80_000_000L + random.nextInt(900_000_000);
    }

    void sighting(String store, String version, String database, String schema, Duration since, Duration last)
            throws SQLException {
        execute(
                "INSERT INTO plugin_sighting (id, store, plugin, fingerprint, state, version, database_version,"
                        + " schema_state, first_seen_at, last_seen_at, settled_at) VALUES (?, ?, ?, ?, 'settled', ?, ?, ?, ?,"
                        + " ?, ?)",
                UUID.randomUUID().toString(),
                store,
                Shop.SLUG,
                UUID.randomUUID().toString(),
                version,
                database,
                schema,
                time(now.minus(since)),
                time(now.minus(last)),
                time(now.minus(since).plusSeconds(30)));
    }

    private String update(String store, String state, @Nullable String reason, Duration since) throws SQLException {
        String id = UUID.randomUUID().toString();
        boolean open = !state.equals("complete") && !state.equals("failed");
        execute(
                "INSERT INTO data_update (id, store, plugin, from_version, to_version, code_version, state, reason,"
                        + " open_key, carts_before, carts_after, exposed_since, exposure_seconds, created_at, finished_at)"
                        + " VALUES (?, ?, ?, '2.9.3', '3.0.0', '4.3.6', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                id,
                store,
                Shop.SLUG,
                state,
                reason,
                open ? store + "/" + Shop.SLUG : null,
                state.equals("awaiting-approval") ? null : 48_211,
                state.equals("complete") ? 48_213 : null,
                time(now.minus(since)),
                state.equals("complete") ? 38 + random.nextInt(20) : null,
                time(now.minus(since)),
                open ? null : time(now.minus(since).plusSeconds(60)));
        return id;
    }

    private void step(
            String update, int position, String name, String status, @Nullable String error, long @Nullable [] rows)
            throws SQLException {
        boolean begun = !status.equals("pending");
        execute(
                "INSERT INTO data_update_step (data_update_id, position, name, status, attempts, error, rows_done,"
                        + " rows_total, seconds_left, started_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                update,
                position,
                name,
                status,
                !begun ? 0 : status.equals("failed") ? 5 : 1,
                error,
                rows == null ? null : rows[0],
                rows == null ? null : rows[1],
                rows == null ? null : rows[2],
                begun ? time(now.minusSeconds(100 - 3L * position)) : null,
                status.equals("complete") || error != null ? time(now.minusSeconds(98 - 3L * position)) : null);
    }

    private void jobs(String store) throws SQLException {
        Duration[] ago = {Duration.ofSeconds(41), Duration.ofHours(9), Duration.ofMinutes(3), Duration.ofSeconds(50)};
        String[] names = {"detect", "back-up", "migrate", "tidy"};
        for (int i = 0; i < names.length; i++) {
            Instant begun = now.minus(ago[i]);
            execute(
                    "INSERT INTO job_run (store, job, last_started_at, last_finished_at) VALUES (?, ?, ?, ?)",
                    store,
                    names[i],
                    time(begun),
                    time(begun.plusMillis(i == 1 ? 4700 : 310)));
        }
    }

    private void snapshot(String store, Instant sealed, long bytes) throws SQLException {
        execute(
                "INSERT INTO snapshot (store, id, files, bytes, new_bytes, failed, sealed_at) VALUES (?, ?, ?, ?, ?, 0, ?)",
                store,
                ID.format(sealed),
                20_104,
                bytes,
                bytes / 70,
                time(sealed));
    }

    void event(String store, Duration ago, String text) throws SQLException {
        execute(
                "INSERT INTO event (id, at, store, instance, text) VALUES (?, ?, ?, 'seed', ?)",
                UUID.randomUUID().toString(),
                time(now.minus(ago)),
                store,
                text);
    }

    private void execute(String sql, @Nullable Object... values) throws SQLException {
        try (PreparedStatement statement = state.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }

    private static LocalDateTime time(Instant at) {
        return LocalDateTime.ofInstant(at, ZoneOffset.UTC);
    }
}
