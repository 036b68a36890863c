package cocart.upkeep.console;

import cocart.upkeep.state.Database;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Objects;

/** What has happened to a store and was seen of it, as JSON, newest first. */
public final class Chronicle {

    /** Greater than every id of an event, whatever the database's collation: they are hexadecimal. */
    private static final String LAST = "g";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Database database;

    public Chronicle(Database database) {
        this.database = database;
    }

    /**
     * {@code {"events": [{"id", "at", "text"}]}}.
     *
     * @param limit from 1 to 1000
     * @param before id of an event: only those before it; empty for the newest
     */
    public ObjectNode events(String store, int limit, String before) {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode list = root.putArray("events");
        database.sql("events-of")
                .param("store", store)
                .param("before", before.isEmpty() ? LAST : before)
                .query(row -> {
                    if (list.size() == limit) {
                        return;
                    }
                    list.addObject()
                            .put("id", row.getString("id"))
                            .put("at", Objects.toString(Database.instant(row, "at"), null))
                            .put("text", row.getString("text"));
                });
        return root;
    }

    /**
     * {@code {"sightings": [{"plugin", "state", "version", …}]}}.
     *
     * @param limit from 1 to 1000
     */
    public ObjectNode sightings(String store, int limit) {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode list = root.putArray("sightings");
        database.sql("sightings-of").param("store", store).query(row -> {
            if (list.size() == limit) {
                return;
            }
            list.addObject()
                    .put("plugin", row.getString("plugin"))
                    .put("state", row.getString("state"))
                    .put("version", row.getString("version"))
                    .put("rolledBackFrom", row.getString("rolled_back_from"))
                    .put("databaseVersion", row.getString("database_version"))
                    .put("schema", row.getString("schema_state"))
                    .put("reason", row.getString("reason"))
                    .put("firstSeenAt", Objects.toString(Database.instant(row, "first_seen_at"), null))
                    .put("lastSeenAt", Objects.toString(Database.instant(row, "last_seen_at"), null))
                    .put("settledAt", Objects.toString(Database.instant(row, "settled_at"), null));
        });
        return root;
    }
}
