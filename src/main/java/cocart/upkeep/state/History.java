package cocart.upkeep.state;

import java.time.Duration;
import java.time.LocalDateTime;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What is finished is kept for a time. Then a data update becomes one event that says what it did, and old events and
 * sightings are removed. The newest update and the newest settled sighting of a plugin stay for ever.
 */
public final class History {

    private final Database database;
    private final Updates updates;
    private final Events events;
    private final Duration keep;

    /** @param keep how long after their end rows stay */
    public History(Database database, Updates updates, Events events, Duration keep) {
        this.database = database;
        this.updates = updates;
        this.events = events;
        this.keep = keep;
    }

    /** Tidies up after a store; what is broken off goes on the next time. */
    public void tidy(String store) {
        LocalDateTime before = database.now().minus(keep);
        remove("history-events", store, before);
        remove("history-sightings", store, before);
        if (database.sql("history-notices")
                        .param("store", store)
                        .param("before", before)
                        .update()
                > 0) {
            database.sql("history-told").update();
        }
        for (List<DataUpdate> old = updates.old(store, before); !old.isEmpty(); old = updates.old(store, before)) {
            old.forEach(this::archive);
        }
    }

    private void remove(String statement, String store, LocalDateTime before) {
        while (database.sql(statement)
                        .param("store", store)
                        .param("before", before)
                        .update()
                > 0) {
            // in parts, so that no transaction is long
        }
    }

    private void archive(DataUpdate update) {
        database.inTransaction(() -> {
            String steps = database
                    .sql("steps-of")
                    .param("update", update.id())
                    .query((row, n) -> row.getString("name") + " " + row.getString("status"))
                    .list()
                    .stream()
                    .collect(Collectors.joining(", "));
            if (database.sql("history-update").param("id", update.id()).update() == 1) {
                database.sql("history-steps").param("id", update.id()).update();
                events.record(update.store(), line(update, steps));
            }
            return null;
        });
    }

    private static String line(DataUpdate update, String steps) {
        return "Archived: data update of " + update.plugin()
                + (update.fromVersion() == null ? "" : " from database version " + update.fromVersion())
                + " to " + update.toVersion() + " (code " + update.codeVersion() + "), " + update.state()
                + ", begun " + update.createdAt() + ", ended " + update.finishedAt()
                + (update.exposureSeconds() == null ? "" : ", exposure " + update.exposureSeconds() + " s")
                + (update.cartsBefore() == null
                        ? ""
                        : ", carts before " + update.cartsBefore() + " and after "
                                + (update.cartsAfter() == null ? "unknown" : update.cartsAfter()))
                + (update.snapshotId() == null ? "" : ", snapshot " + update.snapshotId())
                + (steps.isEmpty() ? "" : ", steps: " + steps)
                + (update.reason() == null ? "." : ". " + update.reason());
    }
}
