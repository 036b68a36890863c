package cocart.upkeep.backup;

import cocart.upkeep.state.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;

/** What is known of snapshots beyond what lies on the disk: the table {@code snapshot}. The disk is right. */
final class SnapshotRows {

    private final Database database;

    SnapshotRows(Database database) {
        this.database = database;
    }

    /**
     * One snapshot's row.
     *
     * @param verifiedAt when its content was last seen to be whole, or null
     * @param trustedAt when it was found ordinary or accepted by a human, or null
     * @param damage what a verification found wrong with it and could not repair, or null
     * @param offSiteAt when a copy was sent off-site, or null
     * @param offSiteError why it could not be copied because of itself, or null
     * @param beforeRestore it is of what a restore was about to replace
     * @param suspicion what is odd about it in comparison with the one before, or null
     */
    record Row(
            String id,
            @Nullable Instant verifiedAt,
            @Nullable Instant trustedAt,
            @Nullable String damage,
            @Nullable Instant offSiteAt,
            @Nullable String offSiteError,
            boolean beforeRestore,
            @Nullable String suspicion) {}

    /** Records a sealed snapshot; it may be there already. */
    void add(Snapshot snapshot) {
        try {
            database.sql("snapshot-add")
                    .param("store", snapshot.store())
                    .param("id", snapshot.id())
                    .param("files", snapshot.files())
                    .param("bytes", snapshot.bytes())
                    .param("newBytes", snapshot.newBytes())
                    .param("failed", snapshot.failed())
                    .param("sealed", LocalDateTime.ofInstant(snapshot.sealedAt(), ZoneOffset.UTC))
                    .update();
        } catch (DuplicateKeyException e) {
            // another run has seen it on the disk first
        }
    }

    /** A snapshot is of what a restore is about to replace. */
    void beforeRestore(Snapshot snapshot) {
        database.sql("snapshot-before-restore")
                .param("store", snapshot.store())
                .param("id", snapshot.id())
                .update();
    }

    /** Ids of a store's snapshots that are of what restores have replaced. */
    Set<String> beforeRestores(String store) {
        return new HashSet<>(database.sql("snapshots-before-restore")
                .param("store", store)
                .query(String.class)
                .list());
    }

    /** Takes a snapshot's row away, once its folder is gone. */
    void remove(String store, String id) {
        database.sql("snapshot-remove").param("store", store).param("id", id).update();
    }

    /** A store's rows by snapshot id, as they are. */
    Map<String, Row> of(String store) {
        Map<String, Row> rows = new HashMap<>();
        database.sql("snapshots-known")
                .param("store", store)
                .query(SnapshotRows::map)
                .list()
                .forEach(row -> rows.put(row.id(), row));
        return rows;
    }

    /** Ids of a store's snapshots that were seen to be damaged. */
    Set<String> damaged(String store) {
        return Set.copyOf(database.sql("snapshot-damages")
                .param("store", store)
                .query((row, n) -> row.getString("id"))
                .list());
    }

    /** True if a snapshot is known to be damaged; one without a row is not. */
    static boolean isDamaged(Map<String, Row> rows, Snapshot snapshot) {
        Row row = rows.get(snapshot.id());
        return row != null && row.damage() != null;
    }

    /** Brings the rows to what lies on the disk (copied in, removed by hand, sealed just before a kill). */
    void reconcile(String store, List<Snapshot> sealed) {
        Set<String> gone = new HashSet<>(of(store).keySet());
        Set<String> missing = sealed.stream().map(Snapshot::id).collect(Collectors.toSet());
        missing.removeAll(gone);
        sealed.forEach(snapshot -> gone.remove(snapshot.id()));
        gone.forEach(id -> remove(store, id));
        sealed.stream().filter(snapshot -> missing.contains(snapshot.id())).forEach(this::add);
    }

    private static Row map(ResultSet row, int n) throws SQLException {
        return new Row(
                row.getString("id"),
                Database.instant(row, "verified_at"),
                Database.instant(row, "trusted_at"),
                row.getString("damage"),
                Database.instant(row, "off_site_at"),
                row.getString("off_site_error"),
                row.getInt("before_restore") == 1,
                row.getString("suspicion"));
    }
}
