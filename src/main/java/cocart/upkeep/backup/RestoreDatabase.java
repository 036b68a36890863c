package cocart.upkeep.backup;

import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Loads a snapshot's dump, which was seen to be whole, into a database. */
final class RestoreDatabase {

    private final DatabaseLoad load;

    RestoreDatabase(DatabaseLoad load) {
        this.load = load;
    }

    /**
     * Makes sure that there is a dump with the content that was recorded.
     *
     * @throws StoreException (permanent) if not
     */
    static Manifest.Line check(Snapshot snapshot, Manifest.@Nullable Line dump) {
        String where = "Snapshot " + snapshot.id() + " of store " + snapshot.store() + ": ";
        if (dump == null || !dump.isStored()) {
            throw new StoreException(where + "it has no dump of the database; restore with --files-only.", null, true);
        }
        try {
            CheckedContent.check(snapshot.path(), dump);
        } catch (IOException e) {
            throw new StoreException(
                    where + SnapshotWriter.DUMP + " is not restored, " + e.getMessage()
                            + "; nothing was changed. Take another snapshot, or restore with --files-only.",
                    e);
        }
        return dump;
    }

    /** @throws StoreException (permanent) if no program that loads dumps is installed */
    void checkProgram(String store) {
        load.checkProgram(store);
    }

    /**
     * Loads it. Tables that the dump has are replaced one after the other, as no engine can take that back; others stay.
     *
     * @param remedy what to do if it fails half-way, a sentence
     */
    void load(Snapshot snapshot, Manifest.Line dump, DatabaseAddress address, RestoreView view, String remedy) {
        try {
            load.load(
                    snapshot.path().resolve(SnapshotWriter.DUMP),
                    snapshot.store(),
                    address,
                    bytes -> view.at("database", 0, 1, bytes, dump.size()));
        } catch (StoreException e) {
            if (e.isPermanent()) {
                throw e; // nothing was loaded
            }
            throw new StoreException(e.getMessage() + ". " + remedy, e);
        }
    }
}
