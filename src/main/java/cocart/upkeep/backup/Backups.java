package cocart.upkeep.backup;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** Backs a store up and tells the state database; what lies on disk is the truth. */
public final class Backups {

    private final Database database;
    private final Stores stores;
    private final BackUp backUp;
    private final DatabaseDump dump;
    private final Events events;

    public Backups(Database database, Stores stores, BackUp backUp, DatabaseDump dump, Events events) {
        this.database = database;
        this.stores = stores;
        this.backUp = backUp;
        this.dump = dump;
        this.events = events;
    }

    /** Brings a store into a sealed snapshot. The caller makes sure that only one run does this for a store. */
    public Snapshot run(String store) {
        StoreSettings settings = stores.get(store);
        Snapshot snapshot;
        try (StoreDatabase database = stores.database(store);
                StoreFiles files = stores.files(store)) {
            snapshot = backUp.run(settings, files, target -> dump.dump(database, target, bytes -> {}).bytes());
        }
        database.sql("snapshot-add")
                .param("store", store)
                .param("id", snapshot.id())
                .param("files", snapshot.files())
                .param("bytes", snapshot.bytes())
                .param("newBytes", snapshot.newBytes())
                .param("failed", snapshot.failed())
                .param("sealed", LocalDateTime.ofInstant(snapshot.sealedAt(), ZoneOffset.UTC))
                .update();
        events.record(
                store,
                "Snapshot " + snapshot.id() + " sealed: " + snapshot.files() + " files, " + snapshot.bytes()
                        + " bytes ("
                        + snapshot.newBytes() + " new)"
                        + (snapshot.failed() == 0
                                ? ""
                                : ", " + snapshot.failed() + " could not be read: see its manifest")
                        + ".");
        return snapshot;
    }
}
