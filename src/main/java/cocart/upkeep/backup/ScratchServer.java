package cocart.upkeep.backup;

import cocart.upkeep.store.DatabaseAddress;
import java.sql.Connection;
import java.util.List;

/** A database server where dumps are tried out. Its faults are {@link cocart.upkeep.store.StoreException}s. */
interface ScratchServer extends AutoCloseable {

    /** A connection that may make and drop databases; the caller closes it. */
    Connection connect();

    /**
     * One of its databases as a user reaches it who may do everything in scratch databases.
     *
     * @param prefix table prefix in it
     */
    DatabaseAddress address(String database, String prefix);

    /** True if it was started for this alone, so that it can be nobody else's. */
    boolean isEmbedded();

    /** Client programs that come with it. */
    List<String> clientPrograms();

    @Override
    void close();
}
