package cocart.upkeep.notify;

import cocart.upkeep.store.StoreSettings;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All of a store's state that causes look at, as it was at one moment. */
final class StoreView {

    /**
     * The data update of a plugin that counts.
     *
     * @param state as in {@link cocart.upkeep.state.DataUpdate}
     * @param open true if it is not at its end, so that no other one can be opened
     * @param note what became of the plugin's own updater, or null
     * @param cacheNote what the store's object cache may still show, or null
     * @param handedOver true if WordPress makes it
     * @param stepFailed true if one of its steps is failed
     */
    record Update(
            String id,
            String plugin,
            String toVersion,
            String codeVersion,
            String state,
            boolean open,
            @Nullable String reason,
            @Nullable Instant exposedSince,
            @Nullable Instant finishedAt,
            @Nullable String note,
            @Nullable String cacheNote,
            boolean handedOver,
            boolean stepFailed) {

        /** True if it stands still, though approved, until a human does something. */
        boolean isRefused() {
            return (state.equals("pending") || state.equals("in-progress"))
                    && reason != null
                    && reason.startsWith("Refused: ");
        }

        /** Its reason after a space, or nothing. */
        String because() {
            return reason == null ? "" : " " + reason;
        }
    }

    /** A snapshot; {@code failed} files or folders are missing in it. */
    record Snapshot(
            String id,
            long failed,
            @Nullable String damage,
            @Nullable String suspicion,
            Instant sealedAt,
            boolean newest,
            boolean judged) {}

    /** A plugin as it was last seen; fields as in {@link cocart.upkeep.state.PluginStates.PluginState}. */
    record Plugin(
            String plugin,
            String state,
            @Nullable String version,
            @Nullable String rolledBackFrom,
            String schema,
            @Nullable String reason,
            Instant firstSeenAt,
            Instant lastSeenAt) {}

    final StoreSettings store;
    final Instant now;
    final List<Update> updates = new ArrayList<>();
    /** Why the last runs of jobs failed, by job. */
    final Map<String, String> errors = new LinkedHashMap<>();
    /** Fingerprints of the notices whose cause was there when it was last looked, dismissed or not, by key. */
    final Map<String, String> said = new TreeMap<>();
    /** Newest first. */
    final List<Snapshot> snapshots = new ArrayList<>();

    final List<Plugin> plugins = new ArrayList<>();
    /** Since when the store is looked after; only known where there is no snapshot. */
    @Nullable
    Instant knownSince;

    StoreView(StoreSettings store, Instant now) {
        this.store = store;
        this.now = now;
    }

    String id() {
        return store.id();
    }
}
