package cocart.upkeep.store;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.camel.impl.DefaultCamelContext;

/** Opens stores for tests as the bundle does. */
final class SftpServers {

    private SftpServers() {}

    static StoreSettings store(String files) {
        return store(files, new StoreSettings.DatabaseSettings(null, null, null, null, false));
    }

    static StoreSettings store(String files, StoreSettings.DatabaseSettings database) {
        return new StoreSettings(
                "acme",
                files,
                null,
                List.of("cart-rest-api-for-woocommerce"),
                database,
                false,
                Duration.ZERO,
                "0 * * * * ?",
                "UTC",
                new StoreSettings.Backup("0 0 3 * * ?", "", List.of(), "", 2, Duration.ZERO, 128, 16L << 20));
    }

    /** @param home where {@code config/known_hosts} lies */
    static StoreFiles open(Path home, String files) {
        return new StoreFilesFactory(new DefaultCamelContext(), home).open(store(files));
    }
}
