package cocart.upkeep.backup;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springframework.dao.DuplicateKeyException;

/** Tells the state database which snapshots were seen to be whole or damaged; what lies on disk is the truth. */
public final class Verified {

    private final Database database;
    private final Snapshots snapshots;
    private final Events events;

    public Verified(Database database, Snapshots snapshots, Events events) {
        this.database = database;
        this.snapshots = snapshots;
        this.events = events;
    }

    /**
     * Records what a verification found. A snapshot of which only a sample was hashed can prove damaged by that, but not
     * whole.
     *
     * @param chosen ids of the stores that were verified
     * @return these, and those of other stores whose snapshots share damaged content
     */
    public Set<String> record(Report report, List<String> chosen) {
        for (Report.Result result : report.results()) {
            if (!result.isWhole()) {
                damaged(result);
            } else if (result.full()) {
                state("snapshot-verified", result.store(), result.id());
            }
        }
        Set<String> stores = new LinkedHashSet<>(chosen);
        report.results().forEach(result -> stores.add(result.store()));
        for (String store : stores) {
            forgetRemoved(store);
            tell(
                    store,
                    report.results().stream()
                            .filter(result -> result.store().equals(store))
                            .toList());
        }
        return stores;
    }

    /** A snapshot was tried out and is fine; that does not make up for damage that is known. */
    void tried(Snapshot snapshot) {
        state("snapshot-tried", snapshot.store(), snapshot.id());
    }

    /** A snapshot is damaged until a verification says otherwise. */
    void damaged(Report.Result result) {
        add(result.store(), result.id());
        database.sql("snapshot-damaged")
                .param("store", result.store())
                .param("id", result.id())
                .param("damage", Database.cut(summary(result)))
                .update();
    }

    private void state(String sql, String store, String id) {
        add(store, id);
        database.sql(sql).param("store", store).param("id", id).update();
    }

    /** One that is on the disk, but not in the database: copied in, or its backup was killed before it could tell. */
    private void add(String store, String id) {
        boolean known = database.sql("snapshot-known")
                        .param("store", store)
                        .param("id", id)
                        .query(Long.class)
                        .single()
                > 0;
        if (known) {
            return;
        }
        snapshots.list(store).stream()
                .filter(snapshot -> snapshot.id().equals(id))
                .findFirst()
                .ifPresent(snapshot -> {
                    try {
                        database.sql("snapshot-add")
                                .param("store", store)
                                .param("id", id)
                                .param("files", snapshot.files())
                                .param("bytes", snapshot.bytes())
                                .param("newBytes", snapshot.newBytes())
                                .param("failed", snapshot.failed())
                                .param("sealed", LocalDateTime.ofInstant(snapshot.sealedAt(), ZoneOffset.UTC))
                                .update();
                    } catch (DuplicateKeyException e) {
                        // its backup has just told
                    }
                });
    }

    /** Damage of a snapshot that is gone concerns nobody any more. */
    private void forgetRemoved(String store) {
        Set<String> there = new HashSet<>();
        snapshots.list(store).forEach(snapshot -> there.add(snapshot.id()));
        snapshots.broken(store).forEach(path -> there.add(path.getFileName().toString()));
        List<String> damaged = database.sql("snapshot-damages")
                .param("store", store)
                .query((row, n) -> row.getString("id"))
                .list();
        for (String id : damaged) {
            if (!there.contains(id)) {
                database.sql("snapshot-forget-damage")
                        .param("store", store)
                        .param("id", id)
                        .update();
            }
        }
    }

    private void tell(String store, List<Report.Result> results) {
        for (Report.Result result : results) {
            long repaired =
                    result.findings().stream().filter(Finding::isRepaired).count();
            if (repaired > 0) {
                events.record(
                        store,
                        "Snapshot " + result.id() + ": " + repaired + " damaged or missing entries were put back.");
            }
            if (!result.isWhole()) {
                events.outcome(store, "Snapshot " + result.id() + " is damaged: " + summary(result));
            } else if (!result.foreign().isEmpty()) {
                events.outcome(
                        store,
                        "In snapshot " + result.id() + ", whose own content is whole, lies what is not its own: "
                                + result.foreign().get(0).path()
                                + (result.foreign().size() == 1
                                        ? ""
                                        : " and " + (result.foreign().size() - 1) + " more")
                                + "; look what it is and remove it.");
            }
        }
        List<String> whole = results.stream()
                .filter(result -> result.full() && result.isWhole())
                .map(Report.Result::id)
                .toList();
        if (!whole.isEmpty()) {
            events.record(
                    store,
                    "Verified whole: " + whole.size() + (whole.size() == 1 ? " snapshot, " : " snapshots, newest ")
                            + whole.get(0) + ".");
        }
    }

    /** How much is wrong and what is wrong first, a clause. */
    static String summary(Report.Result result) {
        List<Finding> left = result.findings().stream()
                .filter(finding -> !finding.isRepaired() && !finding.isForeign())
                .toList();
        String kinds = left.stream()
                .collect(Collectors.groupingBy(Finding::kind, TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(entry -> entry.getValue() + " " + entry.getKey().word())
                .collect(Collectors.joining(", "));
        return kinds + ", first " + left.get(0).path() + " (" + left.get(0).detail() + ")";
    }
}
