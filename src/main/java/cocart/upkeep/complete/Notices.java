package cocart.upkeep.complete;

import cocart.upkeep.state.Away;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.PluginStates;
import cocart.upkeep.state.PluginStates.PluginState;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.Stores;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;

/**
 * Notices say what a store needs. They are worked out anew from the state each time, so they come and go with their
 * causes; a person can dismiss one, and it stays away until it says something else.
 */
public final class Notices {

    /** @param kind {@code update-required}, {@code updating}, {@code update-complete} or {@code attention} */
    public record Notice(String kind, String text) {}

    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final Database database;
    private final Stores stores;
    private final Updates updates;
    private final PluginStates plugins;
    private final Jobs jobs;
    private final Events events;
    private final OwnUpdaters ownUpdaters;

    public Notices(
            Database database,
            Stores stores,
            Updates updates,
            PluginStates plugins,
            Jobs jobs,
            Events events,
            OwnUpdaters ownUpdaters) {
        this.ownUpdaters = ownUpdaters;
        this.database = database;
        this.stores = stores;
        this.updates = updates;
        this.plugins = plugins;
        this.jobs = jobs;
        this.events = events;
    }

    /** Brings a store's notices to what its state asks for; later, if the state database is away. */
    public void refresh(String store) {
        Away.tolerate(() -> bringUpToDate(store));
    }

    private void bringUpToDate(String store) {
        Map<String, String> wanted = wanted(store);
        Map<String, String> present = new LinkedHashMap<>();
        database.sql("notices").param("store", store).query(row -> {
            present.put(row.getString("kind"), row.getString("text"));
        });
        for (String kind : present.keySet()) {
            if (!wanted.containsKey(kind)) {
                database.sql("notice-clear")
                        .param("store", store)
                        .param("kind", kind)
                        .update();
            }
        }
        wanted.forEach((kind, text) -> {
            String known = present.get(kind);
            if (!text.equals(known)) {
                try {
                    database.sql(known == null ? "notice-add" : "notice-change")
                            .param("store", store)
                            .param("kind", kind)
                            .param("text", text)
                            .update();
                } catch (DuplicateKeyException e) {
                    // another instance says so just now
                    return;
                }
                events.notice(store, kind, text);
            }
        });
    }

    /** The notice to show for a store: the most urgent that nobody has dismissed. */
    public Optional<Notice> current(String store) {
        return Optional.ofNullable(current(List.of(store)).get(store));
    }

    /** The same for several stores, by store. */
    public Map<String, Notice> current(Collection<String> stores) {
        Map<String, Notice> shown = new HashMap<>();
        database.sql("notices-open-of").param("stores", stores).query(row -> {
            Notice notice = new Notice(row.getString("kind"), row.getString("text"));
            Notice before = shown.putIfAbsent(row.getString("store"), notice);
            if (before != null && notice.kind().equals("attention")) {
                shown.put(row.getString("store"), notice);
            }
        });
        return shown;
    }

    /** Dismisses what is shown for a store; false if nothing was. */
    public boolean dismiss(String store) {
        return database.sql("notice-dismiss").param("store", store).update() > 0;
    }

    private Map<String, String> wanted(String store) {
        Map<String, String> wanted = new LinkedHashMap<>();
        Optional<DataUpdate> update = updates.current(store);
        String attention = attention(store, update);
        if (attention != null) {
            wanted.put("attention", attention.length() > 2000 ? attention.substring(0, 2000) : attention);
        }
        update.ifPresent(data -> {
            switch (data.state()) {
                case "awaiting-approval" ->
                    wanted.put(
                            "update-required",
                            "CoCart database update required: the tables of " + data.plugin()
                                    + " are not what its code "
                                    + data.codeVersion()
                                    + " needs, and new carts are lost until then. Run: upkeep approve "
                                    + store + waiting(data));
                case "pending", "in-progress" -> {
                    if (!isRefused(data)) {
                        wanted.put(
                                "updating",
                                "The database of " + data.plugin() + " is being updated to " + data.toVersion() + "."
                                        + waiting(data));
                    }
                }
                case "complete" -> wanted.put("update-complete", complete(store, data));
                default -> {}
            }
        });
        return wanted;
    }

    private String complete(String store, DataUpdate data) {
        OwnUpdaters.Known known = ownUpdaters.of(data.id());
        String text = "CoCart database update complete: "
                + (known.isHandedOver()
                        ? data.reason()
                        : data.plugin() + " " + data.codeVersion() + " has database version " + data.toVersion()
                                + ", proven in the schema.")
                + (known.note() == null ? "" : " " + known.note())
                + (known.cacheNote() == null ? "" : " " + known.cacheNote())
                + " Run: upkeep dismiss " + store;
        return Objects.requireNonNull(Database.cut(text));
    }

    private @Nullable String attention(String store, Optional<DataUpdate> update) {
        if (update.isPresent() && update.get().state().equals("failed")) {
            return "The data update of " + update.get().plugin() + " failed: "
                    + update.get().reason()
                    + (String.valueOf(update.get().reason()).endsWith(".") ? "" : ".")
                    + " When that is mended, run: upkeep retry " + store;
        }
        if (update.isPresent() && isRefused(update.get())) {
            return "The data update of " + update.get().plugin() + " does not go on." + waiting(update.get());
        }
        Optional<String> error = jobs.error(store);
        if (error.isPresent()) {
            return error.get();
        }
        Optional<String> damaged = damaged(store);
        if (damaged.isPresent()) {
            return damaged.get();
        }
        Optional<String> partial = database.sql("snapshot-last")
                .param("store", store)
                .query((row, n) -> row.getLong("failed") == 0
                        ? ""
                        : "Snapshot " + row.getString("id") + " lacks " + row.getLong("failed")
                                + " files or folders that could not be read; its manifest.jsonl names them. Let the user"
                                + " of upkeep.store." + store + ".files read them, or leave them out with"
                                + " upkeep.backup.skip.")
                .optional()
                .filter(text -> !text.isEmpty());
        if (partial.isPresent()) {
            return partial.get();
        }
        Optional<String> suspicion = database.sql("snapshot-suspicion")
                .param("store", store)
                .query((row, n) -> Objects.toString(row.getString("suspicion"), ""))
                .optional()
                .filter(text -> !text.isEmpty());
        if (suspicion.isPresent()) {
            return "Store " + store + " may be damaged: " + suspicion.get()
                    + ". No old snapshot is removed until one is like that again. If it is as it should be, run: upkeep"
                    + " prune " + store + " --accept";
        }
        for (PluginState plugin : plugins.of(store, stores.get(store).plugins())) {
            if (plugin.rolledBackFrom() != null) {
                return plugin.plugin() + " was rolled back from " + plugin.rolledBackFrom() + " to " + plugin.version()
                        + "; a lower version is never migrated without approval.";
            }
            if (plugin.state().equals("absent")) {
                return plugin.plugin() + " is not in wp-content/plugins; a visit to the plugins page deactivates it."
                        + " Put its folder back, or take it out of upkeep.store." + store + ".plugins.";
            }
            if (plugin.state().equals("unsettled")
                    && plugin.reason() != null
                    && Duration.between(plugin.firstSeenAt(), plugin.lastSeenAt())
                                    .compareTo(PATIENCE)
                            > 0) {
                return plugin.plugin() + " has been unsettled for more than 10 minutes: " + plugin.reason();
            }
        }
        return update.filter(data -> data.state().equals("blocked"))
                .map(DataUpdate::reason)
                .orElse(null);
    }

    /** What the last verification found wrong with a store's snapshots. */
    private Optional<String> damaged(String store) {
        List<String> damages = database.sql("snapshot-damages")
                .param("store", store)
                .query((row, n) -> "Snapshot " + row.getString("id") + " is damaged: " + row.getString("damage"))
                .list();
        return damages.stream()
                .findFirst()
                .map(first -> first
                        + (damages.size() == 1 ? ". " : ", and " + (damages.size() - 1) + " more are. ")
                        + "Run: upkeep verify " + store
                        + " (it says what can be done), or remove the snapshot's folder and"
                        + " verify again.");
    }

    /** True if an approved update stands still until a human does something. */
    private static boolean isRefused(DataUpdate update) {
        return update.isApproved() && String.valueOf(update.reason()).startsWith("Refused: ");
    }

    private static String waiting(DataUpdate update) {
        return update.reason() == null ? "" : " " + update.reason();
    }
}
