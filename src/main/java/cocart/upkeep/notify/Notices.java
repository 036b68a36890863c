package cocart.upkeep.notify;

import cocart.upkeep.state.Away;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Notices say what a store needs. They are worked out anew from the state each time, so they come and go with their
 * causes; a person can dismiss one, and it stays away until it says something else. Channels are told by
 * {@link Outbox}, which compares what is with what each was told last.
 */
public final class Notices {

    /** In place of a store's id, for what concerns the whole bundle. */
    public static final String BUNDLE = "";

    /** So many stores are looked at with one set of statements. */
    private static final int AT_ONCE = 500;

    /** A row of table notice. */
    private record Row(
            String id,
            String store,
            String key,
            String kind,
            String fingerprint,
            String text,
            boolean urgent,
            int changes,
            boolean cleared) {}

    private final Database database;
    private final Stores stores;
    private final Events events;
    private final StoreViews views;
    private final List<Function<StoreView, Stream<Finding>>> causes;
    private final BundleCauses bundleCauses;

    /**
     * @param settings when what only time brings is to be said
     * @param bundleCauses what is wrong with the bundle itself
     */
    Notices(Database database, Stores stores, Events events, NoticeSettings settings, BundleCauses bundleCauses) {
        this.database = database;
        this.stores = stores;
        this.events = events;
        this.bundleCauses = bundleCauses;
        views = new StoreViews(database);
        causes = List.of(
                new UpdateCauses(settings.exposure()),
                new JobCauses(),
                new SnapshotCauses(settings.backupAge()),
                new PluginCauses());
    }

    /** Brings a store's notices to what its state asks for; later, if the state database is away. */
    public void refresh(String store) {
        Away.tolerate(() -> bringUpToDate(List.of(stores.get(store))));
    }

    /** The same for all stores and for the bundle itself, with a few statements for hundreds of stores. */
    public void refreshAll() {
        Away.tolerate(() -> {
            List<StoreSettings> all = List.copyOf(stores.all());
            for (int from = 0; from < all.size(); from += AT_ONCE) {
                bringUpToDate(all.subList(from, Math.min(all.size(), from + AT_ONCE)));
            }
            Map<String, Row> rows = standing(List.of(BUNDLE)).getOrDefault(BUNDLE, Map.of());
            Row disk = rows.get(Finding.key(Cause.DISK_NEARLY_FULL, ""));
            write(changes(BUNDLE, rows, bundleCauses.find(disk != null && !disk.cleared())));
        });
    }

    private void bringUpToDate(Collection<StoreSettings> some) {
        // before the state: what others write meanwhile is newer than what is read here, and is left as it is
        Map<String, Map<String, Row>> standing =
                standing(some.stream().map(StoreSettings::id).toList());
        List<Runnable> changes = new ArrayList<>();
        for (StoreView view : views.of(some)) {
            Map<String, Row> rows = standing.getOrDefault(view.id(), Map.of());
            rows.values().stream()
                    .filter(row -> !row.cleared())
                    .forEach(row -> view.said.put(row.key(), row.fingerprint()));
            List<Finding> found =
                    causes.stream().flatMap(cause -> cause.apply(view)).toList();
            changes.addAll(changes(view.id(), rows, found));
        }
        write(changes);
    }

    /** At once, as each commit waits for the disk; one by one if another instance has just raised one of them. */
    private void write(List<Runnable> changes) {
        if (changes.isEmpty()) {
            return;
        }
        try {
            database.inTransaction(() -> {
                changes.forEach(Runnable::run);
                return true;
            });
        } catch (DuplicateKeyException e) {
            for (Runnable change : changes) {
                try {
                    database.inTransaction(() -> {
                        change.run();
                        return true;
                    });
                } catch (DuplicateKeyException raised) {
                    // it is said
                }
            }
        }
    }

    private Map<String, Map<String, Row>> standing(List<String> ids) {
        Map<String, Map<String, Row>> standing = new HashMap<>();
        database.sql("notices-standing").param("stores", ids).query(row -> {
            Row found = new Row(
                    row.getString("id"),
                    row.getString("store"),
                    row.getString("cause") + "/" + row.getString("subject"),
                    row.getString("kind"),
                    row.getString("fingerprint"),
                    row.getString("text"),
                    row.getInt("urgent") == 1,
                    row.getInt("changes"),
                    row.getObject("cleared_at") != null);
            standing.computeIfAbsent(found.store(), id -> new LinkedHashMap<>()).put(found.key(), found);
        });
        return standing;
    }

    /** What is to be written so that a store's rows say what was found. */
    private List<Runnable> changes(String store, Map<String, Row> rows, List<Finding> found) {
        Map<String, Finding> wanted = new LinkedHashMap<>();
        found.forEach(finding -> wanted.putIfAbsent(finding.key(), finding));
        List<Runnable> changes = new ArrayList<>();
        rows.values().stream()
                .filter(row -> !row.cleared() && !wanted.containsKey(row.key()))
                .forEach(row -> changes.add(() -> database.sql("notice-clear")
                        .param("id", row.id())
                        .param("changes", row.changes())
                        .update()));
        wanted.forEach((key, finding) -> {
            Runnable change = toWrite(store, rows.get(key), finding);
            if (change != null) {
                changes.add(change);
            }
        });
        return changes;
    }

    private @Nullable Runnable toWrite(String store, @Nullable Row row, Finding wanted) {
        if (row == null) {
            return () -> say(
                    store,
                    wanted,
                    with(database.sql("notice-add"), wanted)
                            .param("id", Events.newId())
                            .param("store", store)
                            .param("cause", wanted.cause().word())
                            .param("subject", wanted.subject()));
        }
        if (row.cleared()) {
            return () -> say(store, wanted, change("notice-raise", row, wanted));
        }
        if (row.fingerprint().isEmpty()) {
            // of an older version of this program, which did not know what makes it another notice
            return () -> change("notice-reword", row, wanted).update();
        }
        if (!row.fingerprint().equals(wanted.fingerprint())) {
            return () -> say(store, wanted, change("notice-change", row, wanted));
        }
        if (!row.text().equals(wanted.text()) || row.urgent() != wanted.urgent()) {
            return () -> change("notice-reword", row, wanted).update();
        }
        return null;
    }

    private JdbcClient.StatementSpec change(String statement, Row row, Finding wanted) {
        return with(database.sql(statement), wanted).param("id", row.id()).param("changes", row.changes());
    }

    private static JdbcClient.StatementSpec with(JdbcClient.StatementSpec statement, Finding wanted) {
        return statement
                .param("kind", wanted.cause().kind())
                .param("fingerprint", wanted.fingerprint())
                .param("text", wanted.text())
                .param("urgent", wanted.urgent() ? 1 : 0);
    }

    /** Changes a notice, and the history with it. */
    private void say(String store, Finding wanted, JdbcClient.StatementSpec statement) {
        if (statement.update() == 1) {
            events.silently(store, "Notice (" + wanted.cause().word() + "): " + wanted.text());
        }
    }

    /** What is to be shown for a store, the most urgent first: all that nobody has dismissed. */
    public List<Notice> open(String store) {
        return open(List.of(store)).getOrDefault(store, List.of());
    }

    /** The same for many stores at once; those that have none are left out. */
    public Map<String, List<Notice>> open(Collection<String> ids) {
        Map<String, List<Notice>> open = new HashMap<>();
        List<String> all = List.copyOf(ids);
        for (int from = 0; from < all.size(); from += AT_ONCE) {
            database
                    .sql("notices-open")
                    .param("stores", all.subList(from, Math.min(all.size(), from + AT_ONCE)))
                    .query((row, n) -> new Notice(
                            row.getString("id"),
                            row.getString("store"),
                            row.getString("kind"),
                            row.getString("cause"),
                            row.getString("text"),
                            Objects.requireNonNull(Database.instant(row, "raised_at")),
                            Objects.requireNonNull(Database.instant(row, "changed_at")),
                            row.getInt("urgent") == 1))
                    .list()
                    .stream()
                    .sorted(Cause.URGENCY)
                    .collect(Collectors.groupingBy(Notice::store, Collectors.toCollection(ArrayList::new)))
                    .forEach(open::put);
        }
        return open;
    }

    /**
     * What is to be said of errors.
     *
     * @param errors of several stores, by store, those that count most first
     * @return for each store the first that nobody has dismissed; nothing where all were
     */
    public Map<String, String> undismissed(Map<String, List<String>> errors) {
        Map<String, Set<String>> dismissed = new HashMap<>();
        dismissed(List.copyOf(errors.keySet()))
                .forEach((store, texts) -> dismissed.put(
                        store, texts.stream().map(Finding::withoutFigures).collect(Collectors.toSet())));
        Map<String, String> left = new HashMap<>();
        errors.forEach((store, all) -> all.stream()
                .filter(error ->
                        !dismissed.getOrDefault(store, Set.of()).contains(Finding.withoutFigures(Finding.line(error))))
                .findFirst()
                .ifPresent(error -> left.put(store, error)));
        return left;
    }

    /** What somebody has dismissed although its cause is still there, by store. */
    public Map<String, List<String>> dismissed(List<String> ids) {
        Map<String, List<String>> found = new HashMap<>();
        for (int from = 0; from < ids.size(); from += AT_ONCE) {
            database.sql("notices-dismissed")
                    .param("stores", ids.subList(from, Math.min(ids.size(), from + AT_ONCE)))
                    .query(row -> {
                        found.computeIfAbsent(row.getString("store"), id -> new ArrayList<>())
                                .add(row.getString("text"));
                    });
        }
        return found;
    }

    /** The notice to show for a store: the most urgent that nobody has dismissed. */
    public Optional<Notice> current(String store) {
        return open(store).stream().findFirst();
    }

    /** Dismisses all that is shown for a store; false if nothing was. */
    public boolean dismiss(String store) {
        return dismiss(database.sql("notice-dismiss-all").param("store", store), user());
    }

    /** Dismisses one notice of a store; false if it is not shown (any more). */
    public boolean dismiss(String store, String id) {
        return dismiss(store, id, user());
    }

    /** @param by who dismisses it, for people */
    public boolean dismiss(String store, String id, String by) {
        return dismiss(database.sql("notice-dismiss").param("store", store).param("id", id), by);
    }

    private static boolean dismiss(JdbcClient.StatementSpec statement, String by) {
        return statement
                        .param("by", by.length() > 128 ? by.substring(0, 128) : by)
                        .update()
                > 0;
    }

    private static String user() {
        return System.getProperty("user.name", "");
    }
}
