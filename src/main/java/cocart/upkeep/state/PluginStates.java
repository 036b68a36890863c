package cocart.upkeep.state;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What was last seen of the stores' plugins. */
public final class PluginStates {

    /**
     * A plugin as it was last seen.
     *
     * @param state {@code settled}, {@code unsettled} or {@code absent}
     * @param version from the main file's header, or null
     * @param rolledBackFrom a later version that was settled before, or null
     * @param databaseVersion the store's option, or null
     * @param schema {@code current}, {@code outdated} or {@code unknown}
     * @param reason why it is not settled, or null when it only has to stay as it is for a while
     */
    public record PluginState(
            String plugin,
            String state,
            @Nullable String version,
            @Nullable String rolledBackFrom,
            @Nullable String databaseVersion,
            String schema,
            @Nullable String reason,
            Instant firstSeenAt,
            Instant lastSeenAt) {}

    private final Database database;

    public PluginStates(Database database) {
        this.database = database;
    }

    /** What was last seen of a plugin; empty before the first look. */
    public Optional<PluginState> of(String store, String plugin) {
        return database.sql("plugin-state")
                .param("store", store)
                .param("plugin", plugin)
                .query((row, n) -> map(row))
                .optional();
    }

    /** What was last seen of the plugins of several stores, by store and plugin. */
    public Map<String, Map<String, PluginState>> of(Collection<String> stores) {
        Map<String, Map<String, PluginState>> found = new HashMap<>();
        database.sql("plugin-states").param("stores", stores).query(row -> {
            PluginState seen = map(row);
            found.computeIfAbsent(row.getString("store"), store -> new HashMap<>())
                    .put(seen.plugin(), seen);
        });
        return found;
    }

    private static PluginState map(ResultSet row) throws SQLException {
        return new PluginState(
                row.getString("plugin"),
                row.getString("state"),
                row.getString("version"),
                row.getString("rolled_back_from"),
                row.getString("database_version"),
                row.getString("schema_state"),
                row.getString("reason"),
                Database.instant(row, "first_seen_at"),
                Database.instant(row, "last_seen_at"));
    }

    /** Records what the store's database was found to be, at the newest sighting of a plugin. */
    public void schema(String store, String plugin, String schema, @Nullable String databaseVersion) {
        database.sql("plugin-state")
                .param("store", store)
                .param("plugin", plugin)
                .query((row, n) -> row.getString("id"))
                .optional()
                .ifPresent(id -> database.sql("sighting-schema")
                        .param("id", id)
                        .param("schema", schema)
                        .param("version", databaseVersion)
                        .update());
    }

    /** What was last seen of each of the plugins. */
    public List<PluginState> of(String store, List<String> plugins) {
        return plugins.stream().flatMap(plugin -> of(store, plugin).stream()).toList();
    }
}
