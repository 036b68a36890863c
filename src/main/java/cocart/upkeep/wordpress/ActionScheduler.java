package cocart.upkeep.wordpress;

import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The queue of a store's Action Scheduler (WooCommerce's, version 3), read and written as its own PHP code does it:
 * tables {@code actionscheduler_actions}, {@code _groups} and {@code _logs}. Knows the hooks that it is asked for, and
 * no others. Faults of the database are {@link StoreException}s.
 */
public final class ActionScheduler {

    /**
     * Action Scheduler gives up on an action after this time ({@code ActionScheduler_QueueCleaner}, ten times its run of
     * 30 seconds): it marks it failed, or takes away the claim. Its filters may say otherwise, which nobody outside sees.
     */
    public static final Duration DEAD = Duration.ofMinutes(5);

    /** The group of CoCart's update actions. */
    static final String GROUP = "cocart-db-updates";

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

    /** Most actions that are looked at; CoCart queues three to six. */
    private static final int MOST = 1000;

    /**
     * An action.
     *
     * @param status {@code pending}, {@code in-progress}, {@code complete}, {@code failed} or {@code canceled}
     * @param claim id of the run that has claimed it, 0 for none
     * @param age since it was last claimed or begun, by the store's clock; null if never. Negative if clocks differ.
     */
    public record Action(
            long id,
            String hook,
            String status,
            @Nullable String args,
            long claim,
            @Nullable Duration age) {

        public boolean isPending() {
            return status.equals("pending");
        }

        public boolean isInProgress() {
            return status.equals("in-progress");
        }
    }

    /**
     * The updater as one look found it.
     *
     * @param open actions that are pending or in progress, in order
     * @param ended how many actions have which other status
     * @param installing true while {@code _transient_cocart_installing} is set and has not run out
     */
    public record Sight(List<Action> open, Map<String, Long> ended, boolean installing) {

        public boolean isBusy() {
            return !open.isEmpty() || installing;
        }

        /** For people: what is at work. */
        public String text() {
            long running = open.stream().filter(Action::isInProgress).count();
            String queue = open.isEmpty()
                    ? ""
                    : "Action Scheduler: " + (open.size() - running) + " pending, " + running + " in progress";
            return queue + (installing ? (queue.isEmpty() ? "" : "; ") + "_transient_cocart_installing is set" : "");
        }

        /** For people: what has ended, for example {@code 3 complete, 1 failed}; empty if nothing has. */
        public String endedText() {
            return ended.entrySet().stream()
                    .map(entry -> entry.getValue() + " " + entry.getKey())
                    .reduce((a, b) -> a + ", " + b)
                    .orElse("");
        }
    }

    /** An action to be queued: a hook and one named argument. */
    public record Call(String hook, String argument, String value) {

        /** As PHP's {@code json_encode} writes it. */
        public String args() {
            return "{\"" + argument + "\":\"" + value.replace("\\", "\\\\").replace("/", "\\/") + "\"}";
        }
    }

    /** Looks at the actions of these hooks, and whether CoCart is installing; changes nothing. */
    public Sight look(StoreDatabase database, List<String> hooks) {
        return with(database, connection -> {
            Map<String, Long> ended = new LinkedHashMap<>();
            List<Action> open = List.of();
            if (exists(connection, actions(database))) {
                open = actions(connection, database, hooks, "status IN ('pending', 'in-progress')", 0);
                try (PreparedStatement statement = connection.prepareStatement("SELECT status, COUNT(*) FROM "
                        + actions(database) + " WHERE hook IN (" + marks(hooks)
                        + ") AND status NOT IN ('pending', 'in-progress') GROUP BY status ORDER BY status")) {
                    set(statement, hooks, 1);
                    try (ResultSet rows = statement.executeQuery()) {
                        while (rows.next()) {
                            ended.put(rows.getString(1), rows.getLong(2));
                        }
                    }
                }
            }
            return new Sight(open, ended, isInstalling(connection, database));
        });
    }

    /** The actions of these hooks from an id on, in order. */
    public List<Action> from(StoreDatabase database, List<String> hooks, long first) {
        return with(
                database,
                connection -> exists(connection, actions(database))
                        ? actions(connection, database, hooks, "action_id >= ?", first)
                        : List.of());
    }

    /** What was last said about an action in the store's own log; null if nothing. */
    public @Nullable String lastLog(StoreDatabase database, long action) {
        return with(database, connection -> {
            if (!exists(connection, logs(database))) {
                return null;
            }
            try (PreparedStatement statement = connection.prepareStatement("SELECT LEFT(message, 300) FROM "
                    + logs(database) + " WHERE action_id = ? ORDER BY log_id DESC LIMIT 1")) {
                statement.setLong(1, action);
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() ? row.getString(1) : null;
                }
            }
        });
    }

    /**
     * Cancels actions as Action Scheduler does (status {@code canceled}, a log entry "action canceled"), in one
     * transaction that takes only those which are still pending under the claim that was seen. An action that was begun
     * meanwhile is left alone.
     *
     * @return how many were canceled
     */
    public int cancel(StoreDatabase database, List<Action> candidates) {
        if (candidates.isEmpty()) {
            return 0;
        }
        return with(
                database,
                connection -> inTransaction(connection, () -> {
                    Times times = times(connection, database);
                    boolean logs = exists(connection, logs(database));
                    int canceled = 0;
                    for (Action action : candidates) {
                        try (PreparedStatement update = connection.prepareStatement(
                                "UPDATE " + actions(database)
                                        + " SET status = 'canceled' WHERE action_id = ? AND status = 'pending' AND claim_id = ?")) {
                            update.setLong(1, action.id());
                            update.setLong(2, action.claim());
                            if (update.executeUpdate() == 0) {
                                continue;
                            }
                        }
                        canceled++;
                        if (logs) {
                            log(connection, database, action.id(), "action canceled", times);
                        }
                    }
                    return canceled;
                }));
    }

    /** How many blogs have an Action Scheduler of their own: 1 in a site that is no network. */
    public int blogs(StoreDatabase database) {
        return with(database, connection -> database.sites(connection, "actionscheduler_actions")
                .size());
    }

    /** The id that the next action will at least have. */
    public long next(StoreDatabase database) {
        return with(database, connection -> {
            require(connection, database);
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(
                            "SELECT COALESCE(MAX(action_id), 0) + 1 FROM " + actions(database))) {
                row.next();
                return row.getLong(1);
            }
        });
    }

    /**
     * Queues calls one second apart, each pending and unclaimed, with the log entry "action created", as
     * {@code WC()->queue()->schedule_single()} does. All of them or, if the process dies, none. If an action of these
     * hooks is pending or in progress, or there is one from {@code first} on, nothing is queued: those are then the ones.
     *
     * @return id of the first action that belongs to the update
     */
    public long queue(StoreDatabase database, List<Call> calls, long first) {
        List<String> hooks = calls.stream().map(Call::hook).distinct().toList();
        return with(
                database,
                connection -> inTransaction(connection, () -> {
                    require(connection, database);
                    long group = group(connection, database);
                    List<Action> there = actions(
                            connection,
                            database,
                            hooks,
                            "(status IN ('pending', 'in-progress') OR action_id >= ?)",
                            first);
                    if (!there.isEmpty()) {
                        return there.get(0).id();
                    }
                    Times times = times(connection, database);
                    boolean logs = exists(connection, logs(database));
                    long firstId = 0;
                    for (int i = 0; i < calls.size(); i++) {
                        long id = insert(connection, database, calls.get(i), group, times, i);
                        if (logs) {
                            log(connection, database, id, "action created", times);
                        }
                        firstId = firstId == 0 ? id : firstId;
                    }
                    return firstId;
                }));
    }

    private static long insert(
            Connection connection, StoreDatabase database, Call call, long group, Times times, int second)
            throws SQLException {
        long at = times.gmt().toEpochSecond(ZoneOffset.UTC) + second;
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO " + actions(database)
                        + " (hook, status, scheduled_date_gmt, scheduled_date_local, args, schedule, group_id)"
                        + " VALUES (?, 'pending', ?, ?, ?, ?, ?)",
                Statement.RETURN_GENERATED_KEYS)) {
            insert.setString(1, call.hook());
            insert.setString(2, TIME.format(times.gmt().plusSeconds(second)));
            insert.setString(3, TIME.format(times.local().plusSeconds(second)));
            insert.setString(4, call.args());
            insert.setString(5, schedule(at));
            insert.setLong(6, group);
            insert.executeUpdate();
            try (ResultSet keys = insert.getGeneratedKeys()) {
                keys.next();
                return keys.getLong(1);
            }
        }
    }

    /** A serialized {@code ActionScheduler_SimpleSchedule}. */
    static String schedule(long epochSecond) {
        return "O:30:\"ActionScheduler_SimpleSchedule\":2:{s:22:\"\0*\0scheduled_timestamp\";i:" + epochSecond
                + ";s:41:\"\0ActionScheduler_SimpleSchedule\0timestamp\";i:" + epochSecond + ";}";
    }

    private static long group(Connection connection, StoreDatabase database) throws SQLException {
        String table = database.address().table("actionscheduler_groups");
        try (PreparedStatement find = connection.prepareStatement(
                "SELECT group_id FROM " + table + " WHERE slug = ? ORDER BY group_id LIMIT 1 FOR UPDATE")) {
            find.setString(1, GROUP);
            try (ResultSet row = find.executeQuery()) {
                if (row.next()) {
                    return row.getLong(1);
                }
            }
        }
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO " + table + " (slug) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
            insert.setString(1, GROUP);
            insert.executeUpdate();
            try (ResultSet keys = insert.getGeneratedKeys()) {
                keys.next();
                return keys.getLong(1);
            }
        }
    }

    private static void log(Connection connection, StoreDatabase database, long action, String text, Times times)
            throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO " + logs(database)
                + " (action_id, message, log_date_gmt, log_date_local) VALUES (?, ?, ?, ?)")) {
            insert.setLong(1, action);
            insert.setString(2, text);
            insert.setString(3, TIME.format(times.gmt()));
            insert.setString(4, TIME.format(times.local()));
            insert.executeUpdate();
        }
    }

    private static List<Action> actions(
            Connection connection, StoreDatabase database, List<String> hooks, String which, long first)
            throws SQLException {
        List<Action> found = new ArrayList<>();
        // 0000-00-00 is how WordPress writes never
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT action_id, hook, status, args, claim_id, CASE WHEN last_attempt_gmt > '1971-01-01 00:00:00'"
                        + " THEN TIMESTAMPDIFF(SECOND, last_attempt_gmt, UTC_TIMESTAMP()) END FROM "
                        + actions(database) + " WHERE hook IN (" + marks(hooks) + ") AND " + which
                        + " ORDER BY action_id LIMIT " + MOST)) {
            set(statement, hooks, 1);
            if (which.contains("?")) {
                statement.setLong(hooks.size() + 1, first);
            }
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    long age = rows.getLong(6);
                    found.add(new Action(
                            rows.getLong(1),
                            rows.getString(2),
                            rows.getString(3),
                            rows.getString(4),
                            rows.getLong(5),
                            rows.wasNull() || rows.getObject(6) == null ? null : Duration.ofSeconds(age)));
                }
            }
        }
        return found;
    }

    /** WordPress takes a transient whose time has run out for not set; one without a time never runs out. */
    private static boolean isInstalling(Connection connection, StoreDatabase database) throws SQLException {
        String options = database.address().table("options");
        if (!exists(connection, options)
                || !"yes".equals(option(connection, options, "_transient_cocart_installing"))) {
            return false;
        }
        OptionalLong until = number(option(connection, options, "_transient_timeout_cocart_installing"));
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT UNIX_TIMESTAMP()")) {
            row.next();
            return until.isEmpty() || until.getAsLong() >= row.getLong(1);
        }
    }

    /**
     * Now, by the store's database.
     *
     * @param local in the zone of the site's settings
     */
    private record Times(LocalDateTime gmt, LocalDateTime local) {}

    private static Times times(Connection connection, StoreDatabase database) throws SQLException {
        String options = database.address().table("options");
        LocalDateTime gmt;
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:%i:%s')")) {
            row.next();
            gmt = LocalDateTime.parse(row.getString(1), TIME);
        }
        String zone = option(connection, options, "timezone_string");
        String offset = option(connection, options, "gmt_offset");
        return new Times(gmt, local(gmt, zone, offset));
    }

    /** WordPress' {@code wp_timezone()}: a zone by name, else an offset in hours such as {@code 5.5}. */
    static LocalDateTime local(LocalDateTime gmt, @Nullable String zone, @Nullable String offset) {
        try {
            if (zone != null && !zone.isEmpty()) {
                return gmt.atOffset(ZoneOffset.UTC)
                        .atZoneSameInstant(ZoneId.of(zone))
                        .toLocalDateTime();
            }
            double hours = offset == null || offset.isEmpty() ? 0 : Double.parseDouble(offset);
            return Math.abs(hours) <= 18 ? gmt.plusSeconds(Math.round(hours * 3600)) : gmt;
        } catch (DateTimeException | NumberFormatException e) {
            return gmt; // only shown to people; the schedule is in GMT
        }
    }

    private static OptionalLong number(@Nullable String text) {
        return text != null && text.matches("[0-9]{1,18}")
                ? OptionalLong.of(Long.parseLong(text))
                : OptionalLong.empty();
    }

    private static @Nullable String option(Connection connection, String table, String name) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT LEFT(option_value, 65) FROM " + table + " WHERE option_name = ?")) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    private static void require(Connection connection, StoreDatabase database) throws SQLException {
        for (String table : List.of(actions(database), database.address().table("actionscheduler_groups"))) {
            if (!exists(connection, table)) {
                throw new StoreException(
                        "store " + database.store() + ": there is no table " + table
                                + ", so that WordPress cannot be asked to make the update; is WooCommerce active there?",
                        null,
                        true);
            }
        }
    }

    private static boolean exists(Connection connection, String table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?")) {
            statement.setString(1, table);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getLong(1) > 0;
            }
        }
    }

    private static String actions(StoreDatabase database) {
        return database.address().table("actionscheduler_actions");
    }

    private static String logs(StoreDatabase database) {
        return database.address().table("actionscheduler_logs");
    }

    private static String marks(List<String> hooks) {
        return String.join(",", Collections.nCopies(hooks.size(), "?"));
    }

    private static void set(PreparedStatement statement, List<String> values, int from) throws SQLException {
        for (int i = 0; i < values.size(); i++) {
            statement.setString(from + i, values.get(i));
        }
    }

    private interface Work<T extends @Nullable Object> {
        T with(Connection connection) throws SQLException;
    }

    private interface Part<T> {
        T run() throws SQLException;
    }

    private static <T extends @Nullable Object> T with(StoreDatabase database, Work<T> work) {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            // as WordPress has it: its own defaults (0000-00-00) are not valid in a strict mode
            statement.execute("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'");
            statement.execute("SET SESSION innodb_lock_wait_timeout = 5");
            return work.with(connection);
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the tables of its Action Scheduler (" + actions(database)
                            + ") could not be read or written: " + Faults.words(e),
                    e);
        }
    }

    private static <T> T inTransaction(Connection connection, Part<T> part) throws SQLException {
        connection.setAutoCommit(false);
        try {
            T result = part.run();
            connection.commit();
            return result;
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        }
    }
}
