package cocart.upkeep.backup;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.util.ArrayList;
import java.util.List;

/** Backs a store up and tells the state database; what lies on disk is the truth. */
public final class Backups {

    private final Database database;
    private final SnapshotRows rows;
    private final Stores stores;
    private final BackUp backUp;
    private final DatabaseDump dump;
    private final Events events;
    private final ProgressReports reports;

    public Backups(
            Database database,
            Stores stores,
            BackUp backUp,
            DatabaseDump dump,
            Events events,
            ProgressReports reports) {
        this.reports = reports;
        this.rows = new SnapshotRows(database);
        this.database = database;
        this.stores = stores;
        this.backUp = backUp;
        this.dump = dump;
        this.events = events;
    }

    /** @throws cocart.upkeep.store.StoreException (permanent) if no program that dumps databases is installed */
    void checkProgram(String store) {
        dump.checkProgram(store);
    }

    /** Brings a store into a sealed snapshot. The caller makes sure that only one run does this for a store. */
    public Snapshot run(String store) {
        StoreSettings settings = stores.get(store);
        Snapshot snapshot;
        List<String> lacks = new ArrayList<>();
        long[] last = last(store);
        try (StoreDatabase database = stores.database(store);
                StoreFiles files = stores.files(store);
                ProgressReports.Report report = reports.begin("back-up", "Backing up", store, last[0], last[1])) {
            DumpTo dumping = target -> {
                DatabaseDump.Result dumped = dump.dump(database, target, bytes -> report.at(0, bytes));
                lacks.addAll(dumped.lacks());
                return dumped.bytes();
            };
            snapshot = backUp.run(settings, files, dumping, report, rows.damaged(store));
        }
        rows.add(snapshot);
        events.record(
                store,
                "Snapshot " + snapshot.id() + " sealed: " + snapshot.files() + " files, " + snapshot.bytes()
                        + " bytes ("
                        + snapshot.newBytes() + " new)"
                        + (snapshot.failed() == 0
                                ? ""
                                : ", " + snapshot.failed() + " could not be read: see its manifest")
                        + ".");
        if (!lacks.isEmpty()) {
            String text = "The database dump of snapshot " + snapshot.id() + " is whole but for this: "
                    + String.join("; ", lacks) + ".";
            database.sql("snapshot-dump-lacks")
                    .param("store", store)
                    .param("id", snapshot.id())
                    .param("lacks", Database.cut(String.join("; ", lacks)))
                    .update();
            events.failure(store, text);
        }
        return snapshot;
    }

    /** Files and bytes of the store's last snapshot, by which to guess how much the next one is; 0 if there is none. */
    private long[] last(String store) {
        return database.sql("snapshot-last")
                .param("store", store)
                .query((row, n) -> new long[] {row.getLong("files"), row.getLong("bytes")})
                .optional()
                .orElse(new long[2]);
    }
}
