package cocart.upkeep.backup;

import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreException;
import java.nio.file.Path;
import java.util.List;

/** Dumps in a JVM of its own, so that its memory and its disk can be made small: PROGRAM PORT NAME USER PASSWORD FILE. */
final class DumpMain {

    private DumpMain() {}

    public static void main(String[] args) {
        try {
            JdbcStoreDatabase database = new JdbcStoreDatabase(
                    "acme",
                    new DatabaseAddress(
                            "127.0.0.1", Integer.parseInt(args[1]), null, args[2], args[3], args[4], "wp_", null));
            System.out.println(new DatabaseDump(List.of(args[0])).dump(database, Path.of(args[5]), n -> {}));
        } catch (StoreException e) {
            System.out.println(e.getMessage());
            System.exit(1);
        }
    }
}
