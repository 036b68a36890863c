package cocart.upkeep.backup;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.DiskFull;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.JdbcStoreDatabase;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreFilesFactory;
import cocart.upkeep.store.Stores;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Restores snapshots: to a folder, into the store itself, or a database elsewhere. While a store is changed, its other
 * jobs wait; a run that is killed lets them go on when its lease ends, and can be run again as it was.
 */
public final class Restores {

    /** All that could change the store, back up what is half restored, or remove the snapshot. */
    private static final List<String> JOBS = List.of("back-up", "migrate", "detect", "prune");

    private static final String JOB = "restore";

    private final SnapshotRows rows;
    private final Snapshots snapshots;
    private final Stores stores;
    private final Backups backups;
    private final Jobs jobs;
    private final Events events;
    private final RestoreDatabase database;

    public Restores(
            Database database,
            Snapshots snapshots,
            Stores stores,
            Backups backups,
            Jobs jobs,
            Events events,
            DatabaseLoad load) {
        this.rows = new SnapshotRows(database);
        this.snapshots = snapshots;
        this.stores = stores;
        this.backups = backups;
        this.jobs = jobs;
        this.events = events;
        this.database = new RestoreDatabase(load);
    }

    /**
     * Restores.
     *
     * @throws StoreException if it could not be begun, or the store was lost; the message says the state
     */
    public Restored run(RestoreRequest request, RestoreView view) {
        Snapshot snapshot = pick(request.store(), request.snapshot());
        RestorePlan plan = new RestorePlan(snapshot, request.path());
        Manifest.Line dump = request.database() ? RestoreDatabase.check(snapshot, plan.dump) : null;
        checkPrograms(request, dump != null);
        if (dump != null) {
            checkOwners(request, snapshot);
        }
        if (request.dryRun() || !request.isInPlace()) {
            return restore(request, snapshot, plan, dump, null, view);
        }
        String store = request.store();
        List<String> held = hold(store);
        try {
            Snapshot before = request.backup() ? before(store, view) : null;
            if (!jobs.claim(store, JOB)) {
                throw new StoreException("store " + store + ": another restore is running; nothing was restored", null);
            }
            jobs.begun(store, JOB, unended(snapshot, before, "has not ended"));
            return ended(request, snapshot, plan, dump, before, view);
        } catch (StoreException e) {
            events.outcome(store, "Restoring snapshot " + snapshot.id() + " stopped: " + e.getMessage());
            throw e;
        } finally {
            held.forEach(job -> jobs.letGo(store, job));
        }
    }

    /** Also for a dry run, like the rest that would be known only when half of it is done. */
    private void checkOwners(RestoreRequest request, Snapshot snapshot) {
        Path dump = snapshot.path().resolve(SnapshotWriter.DUMP);
        if (request.elsewhere() != null) {
            DumpOwners.check(dump, new JdbcStoreDatabase(request.store(), request.elsewhere()));
        } else if (request.isInPlace()) {
            try (StoreDatabase store = stores.database(request.store())) {
                DumpOwners.check(dump, store);
            }
        }
    }

    /** Also for a dry run: that a program is missing would be known only when half of it is done. */
    private void checkPrograms(RestoreRequest request, boolean withDump) {
        if (withDump && (request.to() == null || request.elsewhere() != null)) {
            database.checkProgram(request.store());
        }
        if (request.isInPlace() && request.backup()) {
            backups.checkProgram(request.store());
        }
    }

    private Restored ended(
            RestoreRequest request,
            Snapshot snapshot,
            RestorePlan plan,
            Manifest.@Nullable Line dump,
            @Nullable Snapshot before,
            RestoreView view) {
        String error = unended(snapshot, before, "was stopped by a fault");
        try {
            Restored restored = restore(request, snapshot, plan, dump, before, view);
            long left = restored.failed() - restored.missing();
            error = left == 0 ? null : unended(snapshot, before, "left out " + left + " entries");
            return restored;
        } finally {
            jobs.finish(request.store(), JOB, error);
        }
    }

    /** Stays in status until a restore of the store has reached its end. */
    private static String unended(Snapshot snapshot, @Nullable Snapshot before, String how) {
        return "Store " + snapshot.store() + " is half restored: the restore of snapshot " + snapshot.id() + " " + how
                + "; run it again: upkeep restore " + snapshot.store() + " " + snapshot.id()
                + " --in-place, with the options that were given"
                + (before == null ? "" : " (what was there before is snapshot " + before.id() + ")");
    }

    /**
     * The snapshot that a person means: an id, its beginning, or {@code latest}, which is never one that a restore made
     * of what it was about to replace.
     *
     * @throws StoreException if there is none or several
     */
    public Snapshot pick(String store, String wanted) {
        if (wanted.equals("latest")) {
            Set<String> replaced = rows.beforeRestores(store);
            Optional<Snapshot> latest = snapshots.list(store).stream()
                    .filter(snapshot -> !replaced.contains(snapshot.id()))
                    .findFirst();
            if (latest.isPresent()) {
                return latest.get();
            }
        }
        return snapshots.pick(store, wanted);
    }

    private List<String> hold(String store) {
        List<String> held = new ArrayList<>();
        for (String job : JOBS) {
            if (jobs.hold(store, job)) {
                held.add(job);
            } else {
                held.forEach(other -> jobs.letGo(store, other));
                throw new StoreException(
                        "store " + store + ": its job " + job + " is running now, or a run of it was killed a moment"
                                + " ago; nothing was restored, try again when it is over",
                        null);
            }
        }
        return held;
    }

    private Snapshot before(String store, RestoreView view) {
        Snapshot before;
        try {
            before = backups.run(store);
        } catch (StoreException e) {
            throw new StoreException(
                    e.getMessage() + "; so what is there now could not be backed up and nothing was restored (to do"
                            + " without that, add --no-backup)",
                    e,
                    e.isPermanent());
        }
        rows.beforeRestore(before);
        if (before.failed() > 0) {
            view.note(
                    "warning",
                    "",
                    before.failed() + " entries of what is there now could not be read and are not in snapshot "
                            + before.id());
        }
        return before;
    }

    private Restored restore(
            RestoreRequest request,
            Snapshot snapshot,
            RestorePlan plan,
            Manifest.@Nullable Line dump,
            @Nullable Snapshot before,
            RestoreView view) {
        RestoreFiles files = null;
        long deleted = 0;
        long kept = 0;
        boolean changes = !request.dryRun();
        String what = "snapshot " + snapshot.id() + " " + described(request);
        if (changes) {
            events.record(request.store(), "Restoring " + what + ".");
        }
        if (request.to() != null) {
            files = toFolder(request, snapshot, plan, dump, view);
        } else if (request.files()) {
            try (StoreFiles target = stores.files(request.store())) {
                Present present = new Present(target, plan.root(), new Skips(plan.skip));
                RestoreHeld held = before == null ? null : new RestoreHeld(before);
                files = new RestoreFiles(plan, snapshot.path(), target, present, held, view, request.dryRun());
                files.run(request.all());
                long left = files.failed() - files.missing();
                if (request.delete() && left > 0) {
                    view.note(
                            "warning",
                            "",
                            "nothing is deleted, because " + left
                                    + " entries could not be put back; mend that, then run" + " it again");
                } else if (request.delete()) {
                    Skips skips = new Skips(stores.get(request.store()).backup().skip());
                    RestoreDeletion deletion =
                            new RestoreDeletion(plan, present, skips, target, view, request.dryRun());
                    deleted = deletion.run(held != null ? held : held(request), files::touch);
                    kept = deletion.failed();
                }
                files.finishFolders();
                links(plan, present, view);
            }
        }
        if (dump != null && (request.to() == null || request.elsewhere() != null)) {
            load(request, snapshot, dump, before, view);
        }
        Restored restored = new Restored(
                snapshot,
                before,
                files == null ? 0 : files.files(),
                files == null ? 0 : files.bytes(),
                files == null ? 0 : files.unchanged(),
                deleted,
                dump != null,
                files == null ? 0 : files.failed() + kept,
                files == null ? 0 : files.missing());
        if (changes) {
            tell(request.store(), what, restored);
        }
        return restored;
    }

    private void tell(String store, String what, Restored restored) {
        String text = "Restored " + what + ": " + restored.files() + " files written (" + restored.bytes() + " bytes), "
                + restored.unchanged() + " as they were, " + restored.deleted() + " deleted"
                + (restored.database() ? ", and the database" : "")
                + (restored.before() == null
                        ? ""
                        : "; what was there before is snapshot "
                                + restored.before().id());
        if (restored.failed() == 0) {
            events.record(store, text + ".");
        } else {
            events.outcome(store, text + "; " + restored.failed() + " entries could not be restored.");
        }
    }

    /** Where to and what of it, for people: never a JDBC URL, which may hold a password. */
    private static String described(RestoreRequest request) {
        String parts = request.path() != null
                ? RestorePlan.CONTENT + "/" + request.path()
                : !request.files() ? "the database" : !request.database() ? "files" : "files and database";
        String where = request.to() != null ? "to " + request.to() : request.isInPlace() ? "in place" : "";
        DatabaseAddress elsewhere = request.elsewhere();
        if (elsewhere != null) {
            where += (where.isEmpty() ? "" : ", ") + "into the database " + elsewhere.name();
        }
        return where + " (" + parts + ")";
    }

    private @Nullable RestoreHeld held(RestoreRequest request) {
        return request.backup()
                ? null // a dry run: all of it would be backed up first
                : new RestoreHeld(snapshots.newest(request.store()).orElseThrow());
    }

    private static void links(RestorePlan plan, Present present, RestoreView view) {
        for (RestorePlan.Entry link : plan.links) {
            FileEntry there = present.entries.get(link.path());
            if (there == null || there.type() != FileEntry.Type.LINK) {
                view.note(
                        "skipped",
                        link.line().path(),
                        "a link to " + RestoreLinks.shown(link.line())
                                + ", which is not there now: make it by hand if it is needed");
            }
        }
    }

    private @Nullable RestoreFiles toFolder(
            RestoreRequest request,
            Snapshot snapshot,
            RestorePlan plan,
            Manifest.@Nullable Line dump,
            RestoreView view) {
        Path folder = java.util.Objects.requireNonNull(request.to());
        RestoreFolder.checkRoom(
                folder,
                (request.files() ? plan.bytes() : 0) + (dump != null && request.elsewhere() == null ? dump.size() : 0));
        RestoreFolder.prepare(folder, request.dryRun(), view);
        try {
            return toFolder(folder, request, snapshot, plan, dump, view);
        } catch (DiskFull e) {
            throw new StoreException(
                    e.getMessage() + "; what was restored until then is in " + folder
                            + ": remove it, make room, and restore again",
                    e);
        }
    }

    private static @Nullable RestoreFiles toFolder(
            Path folder,
            RestoreRequest request,
            Snapshot snapshot,
            RestorePlan plan,
            Manifest.@Nullable Line dump,
            RestoreView view) {
        try (StoreFiles target = StoreFilesFactory.local(request.store(), folder)) {
            RestoreFiles files = null;
            if (request.files()) {
                files = new RestoreFiles(plan, snapshot.path(), target, new Present(), null, view, request.dryRun());
                files.run(true);
                if (!request.dryRun()) {
                    new RestoreLinks(folder, view).make(plan.links);
                }
                files.finishFolders();
                RestorePlan.Folder content = plan.content;
                if (content != null && !request.dryRun()) {
                    target.finishFolder(content.path(), content.mtime(), content.mode());
                }
            }
            if (dump != null && request.elsewhere() == null) {
                if (request.dryRun()) {
                    view.note("write", SnapshotWriter.DUMP, dump.size() + " bytes");
                } else {
                    try (InputStream content = CheckedContent.open(snapshot.path(), dump, n -> {})) {
                        target.write(SnapshotWriter.DUMP, content, dump.mtime(), 0600);
                    } catch (IOException e) {
                        throw new StoreException(
                                "Snapshot " + snapshot.id() + ": " + SnapshotWriter.DUMP + " is not restored, "
                                        + Faults.words(e),
                                e);
                    }
                }
            }
            return files;
        }
    }

    private void load(
            RestoreRequest request,
            Snapshot snapshot,
            Manifest.Line dump,
            @Nullable Snapshot before,
            RestoreView view) {
        DatabaseAddress elsewhere = request.elsewhere();
        if (elsewhere != null) {
            load(request, snapshot, dump, elsewhere, view, "Run the same command again when that is mended.");
            return;
        }
        try (StoreDatabase store = stores.database(request.store())) {
            load(
                    request,
                    snapshot,
                    dump,
                    store.address(),
                    view,
                    before == null
                            ? "Run the same command again when that is mended; what was there before was not backed up."
                            : "Run the same command again when that is mended, or put back what was there before:"
                                    + " upkeep restore " + request.store() + " " + before.id()
                                    + " --in-place --database-only");
        }
    }

    private void load(
            RestoreRequest request,
            Snapshot snapshot,
            Manifest.Line dump,
            DatabaseAddress address,
            RestoreView view,
            String remedy) {
        if (request.dryRun()) {
            view.note("load", SnapshotWriter.DUMP, dump.size() + " bytes into the database " + address.name());
        } else {
            database.load(snapshot, dump, address, view, remedy);
        }
    }
}
