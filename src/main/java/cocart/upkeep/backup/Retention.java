package cocart.upkeep.backup;

import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Removes old snapshots of a store as {@code upkeep.backup.keep} says. Only sealed snapshots of that store are ever
 * removed, never the newest, and none at all while the newest is suspicious. The caller holds the store's claim of job
 * {@code prune}; while a job reads the store's snapshots nothing is removed.
 */
public final class Retention {

    /** Jobs that read snapshots from begin to end. A backup does not mind: what it links it has; off-site looks again. */
    private static final List<String> READERS = List.of("restore", "verify", "drill", "rehearse");

    private final SnapshotRows rows;
    private final Database database;
    private final Stores stores;
    private final Snapshots snapshots;
    private final Updates updates;
    private final Jobs jobs;
    private final Events events;
    private final Clock clock;

    public Retention(
            Database database,
            Stores stores,
            Snapshots snapshots,
            Updates updates,
            Jobs jobs,
            Events events,
            Clock clock) {
        this.database = database;
        this.rows = new SnapshotRows(database);
        this.stores = stores;
        this.snapshots = snapshots;
        this.updates = updates;
        this.jobs = jobs;
        this.events = events;
        this.clock = clock;
    }

    /**
     * What becomes of one snapshot.
     *
     * @param reasons why it stays; empty if it goes
     */
    public record Decision(Snapshot snapshot, List<String> reasons) {

        public boolean stays() {
            return !reasons.isEmpty();
        }
    }

    /**
     * What becomes of a store's snapshots.
     *
     * @param decisions newest first
     * @param suspended one sentence that says why nothing is removed, or null
     * @param suspicious true if that is because the newest snapshot is suspicious, which a human can accept
     * @param freed bytes that are freed, or -1 if the disk cannot tell
     */
    public record Outcome(
            String store,
            List<Decision> decisions,
            @Nullable String suspended,
            boolean suspicious,
            long freed) {}

    /** What {@link #run} would do now. Changes nothing. */
    public Outcome plan(String store) {
        List<Snapshot> sealed = newestFirst(store);
        Map<String, SnapshotRows.Row> known = rows.of(store);
        Outcome outcome = decide(store, sealed, known, Suspicions.judge(sealed, known));
        List<Path> going = Stream.concat(
                        snapshots.removing(store).stream(),
                        outcome.decisions().stream()
                                .filter(decision -> !decision.stays())
                                .map(decision -> decision.snapshot().path()))
                .toList();
        try {
            return new Outcome(
                    store, outcome.decisions(), outcome.suspended(), outcome.suspicious(), Removal.freed(going));
        } catch (IOException e) {
            throw failed(store, e);
        }
    }

    /**
     * Judges what is new and removes what no rule keeps.
     *
     * @throws StoreException if a snapshot cannot be judged or removed; what is left then is taken up by the next run
     */
    public Outcome run(String store) {
        List<Snapshot> sealed = newestFirst(store);
        rows.reconcile(store, sealed);
        Map<String, SnapshotRows.Row> known = rows.of(store);
        List<Suspicions.Verdict> verdicts = Suspicions.judge(sealed, known);
        verdicts.forEach(verdict -> record(store, verdict));
        Outcome outcome = decide(store, sealed, known, verdicts);
        long freed = 0;
        int removed = 0;
        try {
            for (Path left : snapshots.removing(store)) {
                freed = sum(freed, Removal.clear(left));
            }
            // Oldest first, so that what a kill leaves is still a series.
            for (int i = outcome.decisions().size() - 1; i >= 0; i--) {
                Decision decision = outcome.decisions().get(i);
                if (!decision.stays()) {
                    Path hidden = Removal.hide(decision.snapshot().path());
                    rows.remove(store, decision.snapshot().id());
                    freed = sum(freed, Removal.clear(hidden));
                    removed++;
                }
            }
        } catch (IOException e) {
            throw failed(store, e);
        }
        if (removed > 0) {
            events.record(
                    store,
                    removed + (removed == 1 ? " old snapshot" : " old snapshots") + " removed, "
                            + (outcome.decisions().size() - removed) + " stay"
                            + (freed < 0 ? "." : "; " + freed + " bytes freed."));
        }
        return new Outcome(store, outcome.decisions(), outcome.suspended(), outcome.suspicious(), freed);
    }

    /**
     * A human says that a store's newest snapshot is as it should be. False if nothing was suspicious.
     *
     * <p>The older ones are judged no more, so that what they lacked is no matter either.
     */
    public boolean accept(String store) {
        List<Snapshot> sealed = newestFirst(store);
        rows.reconcile(store, sealed);
        List<Suspicions.Verdict> verdicts = Suspicions.judge(sealed, rows.of(store));
        if (verdicts.isEmpty() || verdicts.get(verdicts.size() - 1).suspicion() == null) {
            return false;
        }
        Snapshot newest = sealed.get(0);
        trust(newest);
        events.record(store, "Snapshot " + newest.id() + " was accepted by a human.");
        return true;
    }

    private void record(String store, Suspicions.Verdict verdict) {
        if (verdict.suspicion() == null) {
            trust(verdict.snapshot());
        } else {
            database.sql("snapshot-suspect")
                    .param("store", store)
                    .param("id", verdict.snapshot().id())
                    .param("suspicion", Database.cut(verdict.suspicion()))
                    .update();
        }
    }

    private void trust(Snapshot snapshot) {
        database.sql("snapshot-trust")
                .param("store", snapshot.store())
                .param("id", snapshot.id())
                .update();
    }

    private List<Snapshot> newestFirst(String store) {
        return snapshots.list(store).stream()
                .sorted(Comparator.comparing(Snapshot::id).reversed())
                .toList();
    }

    private Outcome decide(
            String store,
            List<Snapshot> sealed,
            Map<String, SnapshotRows.Row> known,
            List<Suspicions.Verdict> verdicts) {
        String suspicion =
                verdicts.isEmpty() ? null : verdicts.get(verdicts.size() - 1).suspicion();
        if (suspicion != null) {
            return suspended(
                    store,
                    sealed,
                    suspicion + ". No old snapshot is removed until one is like that again, or you run: upkeep prune "
                            + store + " --accept",
                    true);
        }
        String reader = READERS.stream()
                .filter(job -> jobs.isRunning(store, job))
                .findFirst()
                .orElse(null);
        if (reader != null) {
            return suspended(
                    store, sealed, "Job " + reader + " reads the snapshots of store " + store + " right now.", false);
        }
        StoreSettings settings = stores.get(store);
        Keep keep = Keep.parse(settings.backup().keep());
        if (keep.isEmpty()) {
            return suspended(store, sealed, null, false);
        }
        return new Outcome(
                store,
                decide(sealed, known, protectedOnes(store, sealed, known), keep, ZoneId.of(settings.zone())),
                null,
                false,
                0);
    }

    private static Outcome suspended(String store, List<Snapshot> sealed, @Nullable String why, boolean suspicious) {
        List<String> reason =
                List.of(why == null ? "no rule in upkeep.backup.keep" : suspicious ? "suspicion" : "in use");
        return new Outcome(
                store,
                sealed.stream().map(snapshot -> new Decision(snapshot, reason)).toList(),
                why,
                suspicious,
                0);
    }

    private List<Decision> decide(
            List<Snapshot> sealed,
            Map<String, SnapshotRows.Row> known,
            Map<String, List<String>> protectedOnes,
            Keep keep,
            ZoneId zone) {
        Instant now = clock.instant();
        List<Snapshot> past = sealed.stream()
                .filter(snapshot -> !Snapshots.time(snapshot).isAfter(now))
                .sorted(Comparator.comparing(Snapshots::time)
                        .thenComparing(Snapshot::id)
                        .reversed())
                .toList();
        List<List<String>> kept = keep.reasons(
                past.stream().map(Snapshots::time).toList(),
                position -> SnapshotRows.isDamaged(known, past.get(position)),
                zone);
        List<Decision> decisions = new ArrayList<>();
        for (Snapshot snapshot : sealed) {
            int position = past.indexOf(snapshot);
            List<String> reasons = new ArrayList<>(position < 0 ? List.of() : kept.get(position));
            reasons.addAll(protectedOnes.getOrDefault(snapshot.id(), List.of()));
            decisions.add(new Decision(snapshot, List.copyOf(reasons)));
        }
        return decisions;
    }

    private Map<String, List<String>> protectedOnes(
            String store, List<Snapshot> sealed, Map<String, SnapshotRows.Row> known) {
        Protection protection = new Protection(known);
        protection.newest(sealed);
        for (DataUpdate update : updates.unfinished(store)) {
            boolean settled = updates.latest(store, update.plugin())
                    .filter(latest -> latest.state().equals("complete"))
                    .isPresent();
            protection.update(sealed, update, settled);
        }
        Instant now = clock.instant();
        sealed.stream()
                .filter(snapshot -> Snapshots.time(snapshot).isAfter(now))
                .forEach(protection::future);
        return protection.reasons();
    }

    private static long sum(long freed, long more) {
        return freed < 0 || more < 0 ? Removal.UNKNOWN : freed + more;
    }

    private StoreException failed(String store, IOException e) {
        return new StoreException(
                "Store " + store + ": old snapshots could not be removed (" + Faults.words(e) + "): mend "
                        + snapshots.folder(store) + "; the next backup, or upkeep prune " + store + ", goes on.",
                e);
    }
}
