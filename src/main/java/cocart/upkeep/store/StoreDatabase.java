package cocart.upkeep.store;

import java.sql.Connection;

/** A store's database, open for this run. All faults of connecting are {@link StoreException}s. */
public interface StoreDatabase extends AutoCloseable {

    /** The store's id. */
    String store();

    /** Where it is; {@code address().table("options")} gives a full table name. */
    DatabaseAddress address();

    /**
     * A connection of the caller's own (auto-commit, utf8mb4, READ COMMITTED); the caller closes it. A database that is
     * silent for a minute is given up, unless the settings' URL sets {@code socketTimeout}.
     */
    Connection connect();

    /** The same for statements that may take long: silence is put up with for six hours. */
    Connection connectForLong();

    @Override
    void close();
}
