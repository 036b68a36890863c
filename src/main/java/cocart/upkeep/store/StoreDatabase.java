package cocart.upkeep.store;

import java.sql.Connection;

/** A store's database, open for this run. All faults of connecting are {@link StoreException}s. */
public interface StoreDatabase extends AutoCloseable {

    /** The store's id. */
    String store();

    /** Where it is; {@code address().table("options")} gives a full table name. */
    DatabaseAddress address();

    /** A connection of the caller's own (auto-commit, utf8mb4, READ COMMITTED); the caller closes it. */
    Connection connect();

    @Override
    void close();
}
