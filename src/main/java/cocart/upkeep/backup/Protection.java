package cocart.upkeep.backup;

import cocart.upkeep.state.DataUpdate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Snapshots that stay whatever the rules say, and why. */
final class Protection {

    private final Map<String, SnapshotRows.Row> rows;
    private final Map<String, List<String>> reasons = new HashMap<>();

    Protection(Map<String, SnapshotRows.Row> rows) {
        this.rows = rows;
    }

    /** Reasons by snapshot id; a snapshot without one is not protected. */
    Map<String, List<String>> reasons() {
        return reasons;
    }

    private void add(Snapshot snapshot, String reason) {
        reasons.computeIfAbsent(snapshot.id(), id -> new ArrayList<>()).add(reason);
    }

    private boolean isWhole(Snapshot snapshot) {
        return snapshot.failed() == 0 && !SnapshotRows.isDamaged(rows, snapshot);
    }

    /**
     * The newest, and the newest verified one; while none is verified, the newest whole one. One that is known to be
     * damaged is neither.
     *
     * @param sealed newest first
     */
    void newest(List<Snapshot> sealed) {
        if (sealed.isEmpty()) {
            return;
        }
        add(sealed.get(0), "newest");
        Optional<Snapshot> verified = sealed.stream()
                .filter(snapshot -> {
                    SnapshotRows.Row row = rows.get(snapshot.id());
                    return row != null && row.verifiedAt() != null && row.damage() == null;
                })
                .findFirst();
        if (verified.isPresent()) {
            add(verified.get(), "newest verified");
        } else {
            sealed.stream().filter(this::isWhole).findFirst().ifPresent(whole -> add(whole, "newest whole"));
        }
    }

    /**
     * What a data update that is not complete may have to go back to: the snapshot that it names, the newest whole one
     * from before it began (while none is whole, the newest that a backup left whole), and all since.
     *
     * @param sealed newest first
     * @param settled a later update of the plugin is complete: then only the snapshot that it names stays
     */
    void update(List<Snapshot> sealed, DataUpdate update, boolean settled) {
        String name = "data update to " + update.toVersion() + " is " + update.state();
        Instant began = update.exposedSince().isBefore(update.createdAt()) ? update.exposedSince() : update.createdAt();
        boolean before = false;
        Snapshot damaged = null;
        for (Snapshot snapshot : sealed) {
            if (snapshot.id().equals(update.snapshotId())) {
                add(snapshot, name);
            } else if (!settled && !Snapshots.time(snapshot).isBefore(began)) {
                add(snapshot, "since " + name);
            } else if (!settled && !before && isWhole(snapshot)) {
                before = true;
                add(snapshot, "before " + name);
            } else if (!settled && damaged == null && snapshot.failed() == 0) {
                damaged = snapshot;
            }
        }
        if (!before && damaged != null) {
            add(damaged, "before " + name);
        }
    }

    /** One that seems to be made later than now: the clock was ahead, or is behind, and nobody can tell which. */
    void future(Snapshot snapshot) {
        add(snapshot, "in the future");
    }
}
