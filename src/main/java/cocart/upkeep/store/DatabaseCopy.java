package cocart.upkeep.store;

import java.time.Duration;

/** A snapshot's database, loaded where it can do no harm to the store; it is gone when this is closed. */
public interface DatabaseCopy extends AutoCloseable {

    /** Id of the snapshot. */
    String snapshot();

    /** The copy, as if it were the store's own. */
    StoreDatabase database();

    /** How long loading took. */
    Duration took();

    @Override
    void close();
}
