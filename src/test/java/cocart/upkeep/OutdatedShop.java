package cocart.upkeep;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A shop for each test of a class: CoCart's code is 4.3.6, its tables are those of 2.9.3. */
abstract class OutdatedShop {

    @TempDir
    Path folder;

    Shop shop;

    private final String mode;
    private final int carts;

    /** @param mode {@code upkeep.data-update} */
    OutdatedShop(String mode, int carts) {
        this.mode = mode;
        this.carts = carts;
    }

    @BeforeEach
    void openShop() throws Exception {
        shop = new Shop(folder, mode, "2.9.3", carts);
        shop.files.plugin("4.3.6");
    }

    @AfterEach
    void closeShop() throws Exception {
        shop.close();
    }
}
