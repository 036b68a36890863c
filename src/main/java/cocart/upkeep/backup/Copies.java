package cocart.upkeep.backup;

import cocart.upkeep.plan.Plans;
import cocart.upkeep.store.DatabaseCopy;
import cocart.upkeep.store.SameDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads snapshots' databases into scratch databases, for restore drills and rehearsals. */
public final class Copies {

    private static final Logger LOG = LoggerFactory.getLogger(Copies.class);

    private final Stores stores;
    private final Snapshots snapshots;
    private final Scratch scratch;
    private final List<String> clientPrograms;
    private final Plans plans;

    /** @param clientPrograms {@code upkeep.backup.client-program} */
    public Copies(Stores stores, Snapshots snapshots, Scratch scratch, List<String> clientPrograms, Plans plans) {
        this.stores = stores;
        this.snapshots = snapshots;
        this.scratch = scratch;
        this.clientPrograms = List.copyOf(clientPrograms);
        this.plans = plans;
    }

    /**
     * Loads the database of a store's newest snapshot; the caller closes it.
     *
     * @throws StoreException if there is no snapshot, no server to load it into, or it cannot be loaded
     */
    public DatabaseCopy open(String store) {
        scratch.check();
        Snapshot snapshot = snapshots
                .newest(store)
                .orElseThrow(() -> new StoreException(
                        "store " + store + ": there is no snapshot yet; run upkeep backup " + store, null));
        return open(stores.get(store), snapshot);
    }

    /** Drops a copy; null is none. */
    public void close(@Nullable DatabaseCopy copy) {
        if (copy != null) {
            copy.close();
        }
    }

    Copy open(StoreSettings store, Snapshot snapshot) {
        ScratchServer server = scratch.open();
        try {
            refuseOwn(store, server);
            List<String> programs = new ArrayList<>(clientPrograms);
            programs.addAll(server.clientPrograms());
            return new Copy(store, snapshot, server, new DatabaseLoad(programs, true), plans.of(store.plugins()));
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /** A dump may be hostile. Whether the shop's own server is elsewhere cannot be asked while it is away. */
    private void refuseOwn(StoreSettings store, ScratchServer server) {
        if (server.isEmbedded()) {
            return;
        }
        boolean own;
        try (Connection there = server.connect();
                StoreDatabase database = stores.database(store.id());
                Connection here = database.connect()) {
            own = SameDatabase.isOnOneServer(here, there);
        } catch (StoreException | SQLException e) {
            LOG.debug("Whether the scratch server is that of store {} cannot be asked", store.id(), e);
            return;
        }
        if (own) {
            throw new StoreException(
                    "store " + store.id()
                            + ": upkeep.scratch.url leads to the server of the shop's own database, where no"
                            + " dump is tried out; set it to another server",
                    null,
                    true);
        }
    }
}
