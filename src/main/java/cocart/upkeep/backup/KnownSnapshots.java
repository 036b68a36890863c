package cocart.upkeep.backup;

import cocart.upkeep.state.Database;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sealed snapshots on disk, each with what is known of it beyond that. */
public final class KnownSnapshots {

    private final Snapshots snapshots;
    private final SnapshotRows rows;

    public KnownSnapshots(Database database, Snapshots snapshots) {
        this.snapshots = snapshots;
        this.rows = new SnapshotRows(database);
    }

    /**
     * One snapshot.
     *
     * @param verifiedAt when its content was last seen to be whole, or null
     * @param damage what a verification found wrong with it and could not repair, or null
     * @param beforeRestore it is of what a restore was about to replace
     * @param offSiteAt when a copy was sent off-site, or null
     * @param suspicion what is odd about it in comparison with the one before, or null
     */
    public record Known(
            Snapshot snapshot,
            @Nullable Instant verifiedAt,
            @Nullable String damage,
            boolean beforeRestore,
            @Nullable Instant offSiteAt,
            @Nullable String suspicion) {}

    /**
     * By store, newest first.
     *
     * @param store a store's id; null for all that have snapshots
     */
    public List<Known> list(@Nullable String store) {
        Map<String, Map<String, SnapshotRows.Row>> known = new HashMap<>();
        return (store == null ? snapshots.list() : snapshots.list(store))
                .stream()
                        .map(snapshot -> known(
                                snapshot,
                                known.computeIfAbsent(snapshot.store(), rows::of)
                                        .get(snapshot.id())))
                        .toList();
    }

    private static Known known(Snapshot snapshot, SnapshotRows.@Nullable Row row) {
        return row == null
                ? new Known(snapshot, null, null, false, null, null)
                : new Known(
                        snapshot,
                        row.verifiedAt(),
                        row.damage(),
                        row.beforeRestore(),
                        row.offSiteAt(),
                        row.suspicion());
    }
}
