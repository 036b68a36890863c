package cocart.upkeep.backup;

import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.DatabaseCopy;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreSettings;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A snapshot's database in a scratch database, which is dropped when it is closed; if that fails, by the next one. */
final class Copy implements DatabaseCopy {

    private final ScratchServer server;
    private final ScratchDatabase scratch;
    private final Snapshot snapshot;
    private final Duration took;
    private final int tables;
    private final StoreDatabase database;

    /**
     * Loads it.
     *
     * @param server is closed with it
     * @param plans of the store's plugins; their tables tell the prefix
     * @throws StoreException if it cannot be loaded, or is not the database of a shop
     */
    Copy(StoreSettings store, Snapshot snapshot, ScratchServer server, DatabaseLoad load, List<UpdatePlan> plans) {
        this.server = server;
        this.snapshot = snapshot;
        scratch = new ScratchDatabase(server);
        try {
            Instant begun = Instant.now();
            load.load(
                    snapshot.path().resolve(SnapshotWriter.DUMP),
                    store.id(),
                    server.address(scratch.name(), "wp_"),
                    null);
            took = Duration.between(begun, Instant.now());
            Set<String> names = tables(store, snapshot);
            tables = names.size();
            String prefix = prefix(store, names, plans)
                    .orElseThrow(() -> new StoreException(
                            "store " + store.id() + ": the database in snapshot " + snapshot.id() + " has "
                                    + names.size() + " tables and among them no options table of WordPress"
                                    + plans.stream()
                                            .findFirst()
                                            .map(plan -> " with a table "
                                                    + plan.carts().table() + " beside it")
                                            .orElse("")
                                    + "; check that the backup dumps the right database",
                            null,
                            true));
            database = new JdbcStoreDatabase(store.id(), server.address(scratch.name(), prefix));
        } catch (RuntimeException e) {
            scratch.close();
            throw e;
        }
    }

    /** How many tables it has. */
    int tables() {
        return tables;
    }

    @Override
    public String snapshot() {
        return snapshot.id();
    }

    @Override
    public StoreDatabase database() {
        return database;
    }

    @Override
    public Duration took() {
        return took;
    }

    @Override
    public void close() {
        try {
            database.close();
            scratch.close();
        } finally {
            server.close();
        }
    }

    private Set<String> tables(StoreSettings store, Snapshot snapshot) {
        Set<String> tables = new HashSet<>();
        StoreDatabase loaded = new JdbcStoreDatabase(store.id(), server.address(scratch.name(), "wp_"));
        try (Connection connection = loaded.connectForLong();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SHOW TABLES")) {
            while (rows.next()) {
                tables.add(rows.getString(1));
            }
            return tables;
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + store.id() + ": the database in snapshot " + snapshot.id()
                            + " was loaded, but cannot be used: " + Faults.words(e),
                    e);
        }
    }

    /** The shortest prefix with which all tables that matter are there, be it in a blog of its network. */
    private static Optional<String> prefix(StoreSettings store, Set<String> tables, List<UpdatePlan> plans) {
        String set = store.database().prefix();
        Stream<String> candidates = set != null
                ? Stream.of(set)
                : tables.stream()
                        .filter(table -> table.endsWith("options"))
                        .map(table -> table.substring(0, table.length() - "options".length()));
        return candidates
                .filter(prefix -> prefix.matches("[A-Za-z0-9_]{1,40}"))
                .filter(prefix -> tables.contains(prefix + "options"))
                .filter(prefix -> plans.stream()
                        .allMatch(plan -> has(tables, prefix, plan.carts().table())))
                .min(Comparator.comparingInt(String::length));
    }

    private static boolean has(Set<String> tables, String prefix, String table) {
        Pattern ofBlog = Pattern.compile(Pattern.quote(prefix) + "[1-9][0-9]*_" + Pattern.quote(table));
        return tables.contains(prefix + table)
                || tables.contains(prefix + "blogs")
                        && tables.stream().anyMatch(name -> ofBlog.matcher(name).matches());
    }
}
