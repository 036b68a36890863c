package cocart.upkeep.state;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The data updates of all stores; at most one of a plugin of a store is open. Every change is an event, written in the
 * same transaction. Each method may be called at any moment, twice, or by two at once: it asks the database whether the
 * change is still possible, and says so.
 */
public final class Updates {

    private final Database database;
    private final Events events;

    public Updates(Database database, Events events) {
        this.database = database;
        this.events = events;
    }

    /** The open data update of a plugin. */
    public Optional<DataUpdate> open(String store, String plugin) {
        return database.sql("update-open")
                .param("key", key(store, plugin))
                .query(Updates::map)
                .optional();
    }

    /** The store's data updates that may go on, oldest first. */
    public List<DataUpdate> approved(String store) {
        return database.sql("update-approved")
                .param("store", store)
                .query(Updates::map)
                .list();
    }

    /** The store's data updates in every state but complete, oldest first. */
    public List<DataUpdate> unfinished(String store) {
        return database.sql("updates-unfinished")
                .param("store", store)
                .query(Updates::map)
                .list();
    }

    /** At most 100 of the store's complete and canceled data updates that ended before a time and have a newer one. */
    List<DataUpdate> old(String store, LocalDateTime before) {
        return database.sql("history-updates")
                .param("store", store)
                .param("before", before)
                .query(Updates::map)
                .list();
    }

    public DataUpdate get(String id) {
        return database.sql("update-get").param("id", id).query(Updates::map).single();
    }

    /** The newest data update of a plugin, whatever its state. */
    public Optional<DataUpdate> latest(String store, String plugin) {
        return database.sql("update-latest")
                .param("store", store)
                .param("plugin", plugin)
                .query(Updates::map)
                .optional();
    }

    /** The data update of a store that its operator cares for: the open one, else the newest. */
    public Optional<DataUpdate> current(String store) {
        return database.sql("update-current")
                .param("store", store)
                .query(Updates::map)
                .optional();
    }

    /** Those of a store that were completed after the last look at it began. */
    public List<DataUpdate> completedSinceLook(String store) {
        return database.sql("updates-since-look")
                .param("store", store)
                .query(Updates::map)
                .list();
    }

    /** The same for several stores, by store; those without one are not in it. */
    public Map<String, DataUpdate> current(Collection<String> stores) {
        return database.sql("updates-current").param("stores", stores).query(Updates::map).list().stream()
                .collect(Collectors.toMap(DataUpdate::store, Function.identity()));
    }

    /**
     * Opens a data update, unless one is open already or the last one for the same code failed or was canceled.
     *
     * @param fromVersion database version now, or null
     * @param approved true to go on at once
     * @return the open data update; empty if a human has to decide ({@code retry}) or another instance was first
     */
    public Optional<DataUpdate> plan(
            String store,
            String plugin,
            @Nullable String fromVersion,
            String toVersion,
            String codeVersion,
            Instant exposedSince,
            boolean approved) {
        Optional<DataUpdate> latest = latest(store, plugin);
        if (latest.filter(DataUpdate::isOpen).isPresent()) {
            return latest;
        }
        if (latest.filter(last -> (last.state().equals("failed") || last.state().equals("canceled"))
                        && last.toVersion().equals(toVersion)
                        && last.codeVersion().equals(codeVersion))
                .isPresent()) {
            return Optional.empty();
        }
        String id = UUID.randomUUID().toString();
        try {
            database.inTransaction(() -> {
                database.sql("update-add")
                        .param("id", id)
                        .param("store", store)
                        .param("plugin", plugin)
                        .param("from", fromVersion)
                        .param("to", toVersion)
                        .param("code", codeVersion)
                        .param("state", approved ? "pending" : "awaiting-approval")
                        .param("key", key(store, plugin))
                        .param("exposed", LocalDateTime.ofInstant(exposedSince, ZoneOffset.UTC))
                        .update();
                events.record(
                        store,
                        "Data update of " + plugin + " to database version " + toVersion + " (installed code "
                                + codeVersion
                                + (approved ? ") is pending." : ") awaits approval: upkeep approve " + store));
                return true;
            });
        } catch (DuplicateKeyException e) {
            return Optional.empty();
        }
        return Optional.of(get(id));
    }

    /** Lets an update go on that awaits approval. False if it does not, or does not any more. */
    public boolean approve(DataUpdate update) {
        return change(
                database.sql("update-approve"),
                update,
                () -> events.record(update.store(), "Data update of " + update.plugin() + " approved, now pending."));
    }

    /**
     * Cancels an open update: no step of it is begun any more. One that is running goes to its end, or, if it runs in
     * chunks, to the end of its chunk; steps that are done stay done. Whatever its state is called. False if it is not open, or not
     * any more.
     */
    public boolean cancel(DataUpdate update, String reason) {
        return change(database.sql("update-cancel").param("reason", Database.cut(reason)), update, () -> {
            List<String> steps = steps(update, List.of("pending"));
            database.sql("steps-cancel").param("id", update.id()).update();
            events.record(
                    update.store(),
                    Stream.concat(
                                    Stream.of("Data update of " + update.plugin() + " canceled: " + reason),
                                    steps.stream().map(step -> "Step " + step + " canceled."))
                            .toList());
        });
    }

    /**
     * Reopens a failed or canceled update: its steps are pending again, carts are counted anew after another backup. A
     * step that still runs since before it was canceled goes to its end first. False if the update is in another state,
     * or another one of the plugin is open.
     */
    public boolean retry(DataUpdate update) {
        try {
            return change(
                    database.sql("update-retry").param("key", key(update.store(), update.plugin())), update, () -> {
                        List<String> steps = steps(update, List.of("complete", "failed", "canceled"));
                        database.sql("steps-retry").param("id", update.id()).update();
                        events.record(
                                update.store(),
                                Stream.concat(
                                                Stream.of("Data update of " + update.plugin()
                                                        + " is tried again, now pending."),
                                                steps.stream().map(step -> "Step " + step + " pending again."))
                                        .toList());
                    });
        } catch (DuplicateKeyException e) {
            return false;
        }
    }

    /** Names of an update's steps in certain states; they stay in them until the transaction ends. */
    private List<String> steps(DataUpdate update, List<String> statuses) {
        return database
                .sql("steps-lock")
                .param("id", update.id())
                .query((row, n) -> statuses.contains(row.getString("status")) ? row.getString("name") : "")
                .list()
                .stream()
                .filter(name -> !name.isEmpty())
                .toList();
    }

    /** Records the snapshot that was made before the first step. */
    public void backedUp(String id, String snapshotId) {
        database.sql("update-backed-up")
                .param("id", id)
                .param("snapshot", snapshotId)
                .update();
    }

    /** Records the carts before the first step, once. */
    public void cartsBefore(String id, long count, String checksum) {
        database.sql("update-carts-before")
                .param("id", id)
                .param("count", count)
                .param("checksum", checksum)
                .update();
    }

    /** Ends an update well; exposure is measured by the database's clock. False if it was not in progress. */
    public boolean complete(
            DataUpdate update, @Nullable Long cartsAfter, @Nullable String checksumAfter, String reason) {
        long exposure = Math.max(
                0,
                Duration.between(update.exposedSince(), database.now().toInstant(ZoneOffset.UTC))
                        .toSeconds());
        return change(
                database.sql("update-complete")
                        .param("exposure", exposure)
                        .param("count", cartsAfter)
                        .param("checksum", checksumAfter)
                        .param("reason", Database.cut(reason)),
                update,
                () -> events.record(update.store(), reason));
    }

    /** Ends an update as failed; nothing of it runs until {@code upkeep retry}. False if it was not under way. */
    public boolean fail(DataUpdate update, String reason) {
        return change(
                database.sql("update-fail").param("reason", Database.cut(reason)),
                update,
                () -> events.failure(update.store(), "Data update of " + update.plugin() + " failed: " + reason));
    }

    /** Says why an open update does not go on right now; null when it does. */
    public void waiting(String id, @Nullable String reason) {
        database.sql("update-waiting")
                .param("id", id)
                .param("reason", Database.cut(reason))
                .update();
    }

    /** Changes an update's state, if that is possible now, and only then does what belongs to it; all or nothing. */
    private boolean change(JdbcClient.StatementSpec statement, DataUpdate update, Runnable rest) {
        return database.inTransaction(() -> {
            if (statement.param("id", update.id()).update() != 1) {
                return false;
            }
            rest.run();
            return true;
        });
    }

    private static String key(String store, String plugin) {
        return store + "/" + plugin;
    }

    private static DataUpdate map(ResultSet row, int n) throws SQLException {
        return new DataUpdate(
                row.getString("id"),
                row.getString("store"),
                row.getString("plugin"),
                row.getString("from_version"),
                row.getString("to_version"),
                row.getString("code_version"),
                row.getString("state"),
                row.getString("reason"),
                row.getString("snapshot_id"),
                row.getObject("carts_before", Long.class),
                row.getString("checksum_before"),
                row.getObject("carts_after", Long.class),
                row.getString("checksum_after"),
                Database.instant(row, "exposed_since"),
                row.getObject("exposure_seconds", Long.class),
                Database.instant(row, "created_at"),
                Database.instant(row, "finished_at"));
    }
}
