package cocart.upkeep.state;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;

/** The data updates of all stores; at most one of a plugin of a store is open. Every change is an event. */
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
        } catch (DuplicateKeyException e) {
            return Optional.empty();
        }
        events.record(
                store,
                "Data update of " + plugin + " to database version " + toVersion + " (installed code " + codeVersion
                        + (approved ? ") is pending." : ") awaits approval: upkeep approve " + store));
        return Optional.of(get(id));
    }

    /** Lets an update go on that awaits approval. */
    public boolean approve(DataUpdate update) {
        return change("update-approve", update, "approved, now pending");
    }

    /** Cancels an open update; steps that are done stay done. False if a step is running or it is not open. */
    public boolean cancel(DataUpdate update, String reason) {
        return database.inTransaction(() -> {
            if (database.sql("update-cancel")
                            .param("id", update.id())
                            .param("reason", Database.cut(reason))
                            .update()
                    == 0) {
                return false;
            }
            database.sql("steps-cancel").param("id", update.id()).update();
            events.record(update.store(), "Data update of " + update.plugin() + " canceled: " + reason);
            return true;
        });
    }

    /** Reopens a failed or canceled update: failed and canceled steps are pending again, carts are counted anew. */
    public boolean retry(DataUpdate update) {
        return database.inTransaction(() -> {
            if (database.sql("update-retry")
                            .param("id", update.id())
                            .param("key", key(update.store(), update.plugin()))
                            .update()
                    == 0) {
                return false;
            }
            database.sql("steps-retry").param("id", update.id()).update();
            events.record(update.store(), "Data update of " + update.plugin() + " is tried again.");
            return true;
        });
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
        boolean done = database.sql("update-complete")
                        .param("id", update.id())
                        .param("exposure", exposure)
                        .param("count", cartsAfter)
                        .param("checksum", checksumAfter)
                        .param("reason", Database.cut(reason))
                        .update()
                == 1;
        if (done) {
            events.record(update.store(), reason);
        }
        return done;
    }

    /** Ends an update as failed; nothing of it runs until {@code upkeep retry}. */
    public boolean fail(DataUpdate update, String reason) {
        boolean failed = database.sql("update-fail")
                        .param("id", update.id())
                        .param("reason", Database.cut(reason))
                        .update()
                == 1;
        if (failed) {
            events.failure(update.store(), "Data update of " + update.plugin() + " failed: " + reason);
        }
        return failed;
    }

    /** Says why an open update does not go on right now; null when it does. */
    public void waiting(String id, @Nullable String reason) {
        database.sql("update-waiting")
                .param("id", id)
                .param("reason", Database.cut(reason))
                .update();
    }

    private boolean change(String statement, DataUpdate update, String text) {
        boolean changed = database.sql(statement).param("id", update.id()).update() == 1;
        if (changed) {
            events.record(update.store(), "Data update of " + update.plugin() + " " + text + ".");
        }
        return changed;
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
