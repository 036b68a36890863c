package cocart.upkeep.store;

import java.util.Collection;

/** The stores that the settings name, and the doors to them. */
public interface Stores {

    /** All stores in the order of {@code upkeep.stores}. */
    Collection<StoreSettings> all();

    /** @throws StoreException if no store has this id */
    StoreSettings get(String id);

    /** Opens a store's files; the caller closes them. */
    StoreFiles files(String id);

    /** Opens a store's database, asking {@code wp-config.php} for what the settings leave out; the caller closes it. */
    StoreDatabase database(String id);
}
