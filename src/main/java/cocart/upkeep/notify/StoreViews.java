package cocart.upkeep.notify;

import cocart.upkeep.state.Database;
import cocart.upkeep.store.StoreSettings;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.springframework.jdbc.core.RowCallbackHandler;

/** Reads the state of many stores with a few statements. */
final class StoreViews {

    private final Database database;

    StoreViews(Database database) {
        this.database = database;
    }

    /** The stores' state as it is now, in the same order; what concerns plugins that are not looked after is left out. */
    Collection<StoreView> of(Collection<StoreSettings> stores) {
        Instant now = database.now().toInstant(ZoneOffset.UTC);
        Map<String, StoreView> views = new LinkedHashMap<>();
        stores.forEach(store -> views.put(store.id(), new StoreView(store, now)));
        List<String> ids = List.copyOf(views.keySet());
        read("notices-updates", ids, row -> {
            StoreView view = view(views, row);
            if (view.store.plugins().contains(row.getString("plugin"))) {
                view.updates.add(update(row));
            }
        });
        read("notices-jobs", ids, row -> view(views, row).errors.put(row.getString("job"), row.getString("error")));
        read("notices-snapshots", ids, row -> view(views, row).snapshots.add(snapshot(row)));
        read("notices-plugins", ids, row -> {
            StoreView view = view(views, row);
            if (view.store.plugins().contains(row.getString("plugin"))) {
                view.plugins.add(plugin(row));
            }
        });
        List<String> neverBackedUp = views.values().stream()
                .filter(view -> view.snapshots.isEmpty())
                .map(StoreView::id)
                .toList();
        if (!neverBackedUp.isEmpty()) {
            read("known-since", neverBackedUp, row -> view(views, row).knownSince = Database.instant(row, "since"));
        }
        return views.values();
    }

    private void read(String statement, List<String> stores, RowCallbackHandler reader) {
        database.sql(statement).param("stores", stores).query(reader);
    }

    private static StoreView view(Map<String, StoreView> views, ResultSet row) throws SQLException {
        return Objects.requireNonNull(views.get(row.getString("store")));
    }

    private static StoreView.Update update(ResultSet row) throws SQLException {
        return new StoreView.Update(
                row.getString("id"),
                row.getString("plugin"),
                row.getString("to_version"),
                row.getString("code_version"),
                row.getString("state"),
                row.getString("open_key") != null,
                row.getString("reason"),
                Database.instant(row, "exposed_since"),
                Database.instant(row, "finished_at"),
                row.getString("note"),
                row.getString("cache_note"),
                row.getObject("asked_at") != null,
                row.getLong("failed_steps") > 0);
    }

    private static StoreView.Snapshot snapshot(ResultSet row) throws SQLException {
        return new StoreView.Snapshot(
                row.getString("id"),
                row.getLong("failed"),
                row.getString("damage"),
                row.getString("suspicion"),
                Objects.requireNonNull(Database.instant(row, "sealed_at")),
                row.getInt("is_newest") == 1,
                row.getInt("is_judged") == 1);
    }

    private static StoreView.Plugin plugin(ResultSet row) throws SQLException {
        return new StoreView.Plugin(
                row.getString("plugin"),
                row.getString("state"),
                row.getString("version"),
                row.getString("rolled_back_from"),
                row.getString("schema_state"),
                row.getString("reason"),
                Objects.requireNonNull(Database.instant(row, "first_seen_at")),
                Objects.requireNonNull(Database.instant(row, "last_seen_at")));
    }
}
