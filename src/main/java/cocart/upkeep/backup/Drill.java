package cocart.upkeep.backup;

import cocart.upkeep.plan.Carts;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.ProofResult;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.Events;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Restore drill: loads a store's newest snapshot into a scratch database and looks at what is in it. The store itself
 * is not asked, because the drill is for the day when it is not there.
 */
public final class Drill {

    /** Part of a snapshot's distinct contents that is hashed besides the dump. */
    private static final double PART = 0.1;

    private final Stores stores;
    private final Snapshots snapshots;
    private final Verify verify;
    private final Verified verified;
    private final Scratch scratch;
    private final List<String> clientPrograms;
    private final Plans plans;
    private final Proofs proofs;
    private final Events events;

    /** @param clientPrograms {@code upkeep.backup.client-program} */
    public Drill(
            Stores stores,
            Snapshots snapshots,
            Verify verify,
            Verified verified,
            Scratch scratch,
            List<String> clientPrograms,
            Plans plans,
            Proofs proofs,
            Events events) {
        this.stores = stores;
        this.snapshots = snapshots;
        this.verify = verify;
        this.verified = verified;
        this.scratch = scratch;
        this.clientPrograms = List.copyOf(clientPrograms);
        this.plans = plans;
        this.proofs = proofs;
        this.events = events;
    }

    /** True if a store has a snapshot to try out. */
    public boolean isPossible(String store) {
        return snapshots.newest(store).isPresent();
    }

    /**
     * Tries out a store's newest snapshot. That its schema is outdated is said and no fault: it was so in the store.
     *
     * @return what was found, one sentence
     * @throws StoreException if the snapshot cannot be restored, or there is no server to try it on
     */
    public String run(String store) {
        scratch.check();
        StoreSettings settings = stores.get(store);
        Snapshot snapshot = snapshots
                .newest(store)
                .orElseThrow(
                        () -> new StoreException("store " + store + ": there is no snapshot to try out yet", null));
        String files = sample(snapshot);
        Instant begun = Instant.now();
        String found;
        try (ScratchServer server = scratch.open();
                ScratchDatabase database = new ScratchDatabase(server)) {
            List<String> programs = new ArrayList<>(clientPrograms);
            programs.addAll(server.clientPrograms());
            new DatabaseLoad(programs, true)
                    .load(
                            snapshot.path().resolve(SnapshotWriter.DUMP),
                            store,
                            server.address(database.name(), "wp_"),
                            null);
            String loaded =
                    "loaded in " + Duration.between(begun, Instant.now()).toSeconds() + " s";
            found = loaded + look(settings, snapshot, server, database.name());
        }
        verified.tried(snapshot);
        String sentence =
                "Restore drill of snapshot " + snapshot.id() + ": its database was " + found + "; " + files + ".";
        events.record(store, sentence);
        return sentence;
    }

    /** Compares the snapshot's files with its manifest and hashes a part of them, and the dump. */
    private String sample(Snapshot snapshot) {
        Report report = verify.look(
                snapshot, new Sample(PART, ThreadLocalRandom.current().nextInt()));
        if (report.results().isEmpty()) {
            throw new StoreException(
                    "store " + snapshot.store() + ": snapshot " + snapshot.id()
                            + " was removed while it was tried out; the next drill takes another",
                    null);
        }
        Report.Result result = report.results().get(0);
        if (!result.isWhole()) {
            verified.damaged(result);
            throw new StoreException(
                    "store " + snapshot.store() + ": snapshot " + snapshot.id() + " is damaged: "
                            + Verified.summary(result) + ". Run: upkeep verify " + snapshot.store(),
                    null,
                    true);
        }
        return report.hashed() + " of " + report.contents() + " contents hashed, all as they were backed up";
    }

    private String look(StoreSettings store, Snapshot snapshot, ScratchServer server, String name) {
        List<UpdatePlan> known = store.plugins().stream()
                .flatMap(plugin -> plans.of(plugin).stream())
                .toList();
        StoreDatabase first = new JdbcStoreDatabase(store.id(), server.address(name, "wp_"));
        try (Connection connection = first.connectForLong()) {
            Set<String> tables = tables(connection);
            String prefix = prefix(store, tables, known)
                    .orElseThrow(() -> new StoreException(
                            "store " + store.id() + ": the database in snapshot " + snapshot.id() + " has "
                                    + tables.size() + " tables and among them no options table of WordPress"
                                    + known.stream()
                                            .findFirst()
                                            .map(plan -> " with a table "
                                                    + plan.carts().table() + " beside it")
                                            .orElse("")
                                    + "; check that the backup dumps the right database",
                            null,
                            true));
            DatabaseAddress address = server.address(name, prefix);
            StoreDatabase database = new JdbcStoreDatabase(store.id(), address);
            StringBuilder text = new StringBuilder(", " + tables.size() + " tables");
            for (UpdatePlan plan : known) {
                ProofResult proven = proofs.check(plan, database);
                Carts.Measure carts = Carts.measure(connection, plan, database);
                text.append("; the schema of ")
                        .append(plan.plugin())
                        .append(" is ")
                        .append(proven.schema())
                        .append(" for ")
                        .append(plan.version())
                        .append(", ")
                        .append(carts.count())
                        .append(carts.count() == 1 ? " cart (checksum " : " carts (checksum ")
                        .append(carts.checksum())
                        .append(')');
            }
            return text.toString();
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + store.id() + ": the database in snapshot " + snapshot.id()
                            + " was loaded, but cannot be used: " + e.getMessage(),
                    e);
        }
    }

    private static Set<String> tables(Connection connection) throws SQLException {
        Set<String> tables = new HashSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SHOW TABLES")) {
            while (rows.next()) {
                tables.add(rows.getString(1));
            }
        }
        return tables;
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
