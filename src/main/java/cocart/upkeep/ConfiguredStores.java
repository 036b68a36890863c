package cocart.upkeep;

import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.DatabaseAddresses;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreFilesFactory;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.util.Collection;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;

/** The stores of the settings. */
final class ConfiguredStores implements Stores {

    private static final int LARGEST_WP_CONFIG = 1 << 20;

    private final Settings settings;
    private final Supplier<CamelContext> camel;

    ConfiguredStores(Settings settings, Supplier<CamelContext> camel) {
        this.settings = settings;
        this.camel = camel;
    }

    @Override
    public Collection<StoreSettings> all() {
        return settings.stores().values();
    }

    @Override
    public StoreSettings get(String id) {
        return get(settings, id);
    }

    /** @throws StoreException if no store has this id */
    static StoreSettings get(Settings settings, String id) {
        StoreSettings store = settings.stores().get(id);
        if (store == null) {
            throw new StoreException(
                    "There is no store " + id + "; upkeep.stores names "
                            + String.join(", ", settings.stores().keySet()),
                    null,
                    true);
        }
        return store;
    }

    @Override
    public StoreFiles files(String id) {
        return new StoreFilesFactory(camel.get(), settings.home()).open(get(id));
    }

    @Override
    public StoreDatabase database(String id) {
        StoreSettings store = get(id);
        DatabaseAddress address = DatabaseAddresses.resolve(store, () -> {
            try (StoreFiles files = files(id)) {
                return files.read("wp-config.php", LARGEST_WP_CONFIG);
            }
        });
        return store.database().tunnel()
                ? new StoreFilesFactory(camel.get(), settings.home()).database(store, address)
                : new JdbcStoreDatabase(id, address);
    }
}
