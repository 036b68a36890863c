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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What {@code upkeep status} shows, as the JSON that other programs read. */
public final class Status {

    /** Reason of a plugin that is unsettled because nobody has looked yet. */
    public static final String NOT_LOOKED_AT = "Not looked at yet.";

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
        return of(stores.all());
    }

    /** The same for some of the stores; a few statements, however many there are. */
    public ObjectNode of(Collection<StoreSettings> chosen) {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode list = root.putArray("stores");
        if (!chosen.isEmpty()) {
            Seen seen = seen(chosen.stream().map(StoreSettings::id).toList());
            chosen.forEach(store -> list.add(of(store, seen)));
        }
        notices(root.putArray("notices"), notices.open(Notices.BUNDLE));
        return root;
    }

    /** One store; every field is always there, null where there is nothing to say. */
    public ObjectNode of(StoreSettings store) {
        return of(store, seen(List.of(store.id())));
    }

    /** What is known of several stores, by store; steps by data update. */
    private record Seen(
            Map<String, Map<String, PluginState>> plugins,
            Map<String, DataUpdate> updates,
            Map<String, List<ObjectNode>> steps,
            Map<String, ObjectNode> snapshots,
            Map<String, Jobs.Running> jobs,
            Map<String, List<Notice>> notices,
            Map<String, List<String>> dismissed,
            Map<String, String> errors) {}

    private Seen seen(List<String> ids) {
        Map<String, DataUpdate> current = updates.current(ids);
        return new Seen(
                plugins.of(ids),
                current,
                steps(current.values().stream().map(DataUpdate::id).toList()),
                snapshots(ids),
                jobs.running(ids),
                notices.open(ids),
                notices.dismissed(ids),
                notices.undismissed(jobs.errors(ids)));
    }

    private static ObjectNode of(StoreSettings store, Seen seen) {
        ObjectNode node = JSON.createObjectNode();
        node.put("id", store.id());
        ArrayNode list = node.putArray("plugins");
        for (String slug : store.plugins()) {
            plugin(
                    list.addObject(),
                    slug,
                    seen.plugins.getOrDefault(store.id(), Map.of()).get(slug));
        }
        DataUpdate update = seen.updates.get(store.id());
        dataUpdate(
                update,
                update == null ? List.of() : seen.steps.getOrDefault(update.id(), List.of()),
                node.putObject("dataUpdate"));
        ObjectNode snapshot = seen.snapshots.get(store.id());
        node.set("lastSnapshot", snapshot);
        job(seen.jobs.get(store.id()), snapshot, node);
        List<Notice> open = seen.notices.getOrDefault(store.id(), List.of());
        if (open.isEmpty()) {
            node.putNull("notice");
        } else {
            node.putObject("notice")
                    .put("kind", open.get(0).kind())
                    .put("text", open.get(0).text());
        }
        notices(node.putArray("notices"), open);
        ArrayNode dismissed = node.putArray("dismissed");
        seen.dismissed.getOrDefault(store.id(), List.of()).forEach(dismissed::add);
        node.put("error", seen.errors.get(store.id()));
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

    /** True if a plugin, as {@code status --json} has it, was never looked at. */
    public static boolean isUnknown(JsonNode plugin) {
        return plugin.path("reason").asText().equals(NOT_LOOKED_AT);
    }

    private static void plugin(ObjectNode node, String slug, @Nullable PluginState seen) {
        node.put("slug", slug);
        node.put("state", seen == null ? "unsettled" : seen.state());
        node.put("version", seen == null ? null : seen.version());
        node.put("databaseVersion", seen == null ? null : seen.databaseVersion());
        node.put("schema", seen == null ? "unknown" : seen.schema());
        node.put("rolledBackFrom", seen == null ? null : seen.rolledBackFrom());
        node.put("reason", seen == null ? NOT_LOOKED_AT : seen.reason());
    }

    private static void dataUpdate(@Nullable DataUpdate update, List<ObjectNode> steps, ObjectNode node) {
        if (update == null) {
            node.put("state", "none")
                    .putNull("plugin")
                    .putNull("from")
                    .putNull("to")
                    .putNull("reason");
            node.putArray("steps");
            node.putNull("exposedSince");
            node.putNull("exposureSeconds");
            return;
        }
        node.put("state", update.state()).put("plugin", update.plugin());
        node.put("from", update.fromVersion()).put("to", update.toVersion()).put("reason", update.reason());
        node.putArray("steps").addAll(steps);
        node.put("exposedSince", update.exposedSince().toString());
        node.put("exposureSeconds", update.exposureSeconds());
        node.put("cartsBefore", update.cartsBefore()).put("cartsAfter", update.cartsAfter());
        node.put("snapshot", update.snapshotId());
    }

    private Map<String, List<ObjectNode>> steps(List<String> ids) {
        Map<String, List<ObjectNode>> found = new HashMap<>();
        if (ids.isEmpty()) {
            return found;
        }
        database.sql("steps-of-updates").param("updates", ids).query(row -> {
            found.computeIfAbsent(row.getString("data_update_id"), id -> new ArrayList<>())
                    .add(JSON.createObjectNode()
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
                                            : null));
        });
        return found;
    }

    /** The run that is going on, by whichever process; the totals are those of the last snapshot, null before the first. */
    private static void job(Jobs.@Nullable Running run, @Nullable ObjectNode last, ObjectNode node) {
        if (run == null) {
            node.putNull("job");
            return;
        }
        node.putObject("job")
                .put("name", run.job())
                .put("startedAt", run.startedAt().toString())
                .put("files", run.files())
                .put("bytes", run.bytes())
                .put("aboutFiles", last == null ? null : last.get("files").asLong())
                .put("aboutBytes", last == null ? null : last.get("bytes").asLong())
                .put("at", run.at().toString());
    }

    private Map<String, ObjectNode> snapshots(List<String> ids) {
        Map<String, ObjectNode> found = new HashMap<>();
        database.sql("snapshots-last").param("stores", ids).query(row -> {
            found.put(
                    row.getString("store"),
                    JSON.createObjectNode()
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
                            .put("verifiedAt", Objects.toString(Database.instant(row, "verified_at"), null)));
        });
        return found;
    }
}
