package cocart.upkeep.console;

import cocart.upkeep.notify.Notice;
import cocart.upkeep.notify.Notices;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.PluginStates;
import cocart.upkeep.state.PluginStates.PluginState;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What {@code upkeep status} shows, as the JSON that other programs read. */
public final class Status {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Database database;
    private final Stores stores;
    private final PluginStates plugins;
    private final Updates updates;
    private final Jobs jobs;
    private final Notices notices;

    public Status(Database database, Stores stores, PluginStates plugins, Updates updates, Jobs jobs, Notices notices) {
        this.database = database;
        this.stores = stores;
        this.plugins = plugins;
        this.updates = updates;
        this.jobs = jobs;
        this.notices = notices;
    }

    /** {@code {"stores": […], "notices": […]}}, in the order of {@code upkeep.stores}; notices of the bundle itself. */
    public ObjectNode all() {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode list = root.putArray("stores");
        stores.all().forEach(store -> list.add(of(store)));
        notices(root.putArray("notices"), notices.open(Notices.BUNDLE));
        return root;
    }

    /** One store; every field is always there, null where there is nothing to say. */
    public ObjectNode of(StoreSettings store) {
        ObjectNode node = JSON.createObjectNode();
        node.put("id", store.id());
        ArrayNode list = node.putArray("plugins");
        for (String slug : store.plugins()) {
            Optional<PluginState> seen = plugins.of(store.id(), slug);
            ObjectNode plugin = list.addObject().put("slug", slug);
            plugin.put("state", seen.map(PluginState::state).orElse("unsettled"));
            plugin.put("version", seen.map(PluginState::version).orElse(null));
            plugin.put("databaseVersion", seen.map(PluginState::databaseVersion).orElse(null));
            plugin.put("schema", seen.map(PluginState::schema).orElse("unknown"));
            plugin.put("rolledBackFrom", seen.map(PluginState::rolledBackFrom).orElse(null));
            plugin.put(
                    "reason", seen.isEmpty() ? "Not looked at yet." : seen.get().reason());
        }
        dataUpdate(store.id(), node.putObject("dataUpdate"));
        snapshot(store.id(), node);
        job(store.id(), node);
        List<Notice> open = notices.open(store.id());
        if (open.isEmpty()) {
            node.putNull("notice");
        } else {
            node.putObject("notice")
                    .put("kind", open.get(0).kind())
                    .put("text", open.get(0).text());
        }
        notices(node.putArray("notices"), open);
        node.put("error", jobs.error(store.id()).orElse(null));
        return node;
    }

    private static void notices(ArrayNode list, List<Notice> notices) {
        for (Notice notice : notices) {
            list.addObject()
                    .put("id", notice.id())
                    .put("kind", notice.kind())
                    .put("cause", notice.cause())
                    .put("text", notice.text())
                    .put("urgent", notice.urgent())
                    .put("raisedAt", notice.raisedAt().toString())
                    .put("changedAt", notice.changedAt().toString());
        }
    }

    private void dataUpdate(String store, ObjectNode node) {
        Optional<DataUpdate> latest = updates.current(store);
        if (latest.isEmpty()) {
            node.put("state", "none")
                    .putNull("plugin")
                    .putNull("from")
                    .putNull("to")
                    .putNull("reason");
            node.putArray("steps");
            node.putNull("exposureSeconds");
            return;
        }
        DataUpdate update = latest.get();
        node.put("state", update.state()).put("plugin", update.plugin());
        node.put("from", update.fromVersion()).put("to", update.toVersion()).put("reason", update.reason());
        node.putArray("steps").addAll(steps(update.id()));
        node.put("exposedSince", update.exposedSince().toString());
        node.put("exposureSeconds", update.exposureSeconds());
        node.put("cartsBefore", update.cartsBefore()).put("cartsAfter", update.cartsAfter());
        node.put("snapshot", update.snapshotId());
    }

    private List<ObjectNode> steps(String update) {
        return database.sql("steps-of")
                .param("update", update)
                .query((row, n) -> JSON.createObjectNode()
                        .put("name", row.getString("name"))
                        .put("status", row.getString("status"))
                        .put("attempts", row.getInt("attempts"))
                        .put("error", row.getString("error"))
                        .put("note", row.getString("note"))
                        .put("rowsDone", row.getObject("rows_done", Long.class))
                        .put("rowsTotal", row.getObject("rows_total", Long.class))
                        .put(
                                "secondsLeft",
                                row.getString("status").equals("in-progress")
                                        ? row.getObject("seconds_left", Long.class)
                                        : null))
                .list();
    }

    /** The run that is going on, by whichever process; the totals are those of the last snapshot, null before the first. */
    private void job(String store, ObjectNode node) {
        Optional<Jobs.Running> running = jobs.running(store);
        if (running.isEmpty()) {
            node.putNull("job");
            return;
        }
        JsonNode last = node.get("lastSnapshot");
        Jobs.Running run = running.get();
        node.putObject("job")
                .put("name", run.job())
                .put("startedAt", run.startedAt().toString())
                .put("files", run.files())
                .put("bytes", run.bytes())
                .put("aboutFiles", last.isNull() ? null : last.get("files").asLong())
                .put("aboutBytes", last.isNull() ? null : last.get("bytes").asLong())
                .put("at", run.at().toString());
    }

    private void snapshot(String store, ObjectNode node) {
        Optional<ObjectNode> last = database.sql("snapshot-last")
                .param("store", store)
                .query((row, n) -> JSON.createObjectNode()
                        .put("id", row.getString("id"))
                        .put(
                                "sealedAt",
                                row.getObject("sealed_at", LocalDateTime.class)
                                        .toInstant(ZoneOffset.UTC)
                                        .toString())
                        .put("files", row.getLong("files"))
                        .put("bytes", row.getLong("bytes"))
                        .put("newBytes", row.getLong("new_bytes"))
                        .put("failed", row.getLong("failed"))
                        .put("dumpLacks", row.getString("dump_lacks"))
                        .put("offSiteAt", Objects.toString(Database.instant(row, "off_site_at"), null))
                        .put("verifiedAt", Objects.toString(Database.instant(row, "verified_at"), null)))
                .optional();
        if (last.isPresent()) {
            node.set("lastSnapshot", last.get());
        } else {
            node.putNull("lastSnapshot");
        }
    }
}
