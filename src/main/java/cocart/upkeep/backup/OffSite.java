package cocart.upkeep.backup;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which snapshots have no copy off-site, and the stream of each. Newest first: when the house burns down, that is the
 * one that is missed. A snapshot that cannot be copied because it is damaged does not keep the others from it.
 */
public final class OffSite {

    private static final String JOB = "off-site";
    private static final String NO_CREDENTIALS = "Unable to load credentials";

    /** Most characters of the other side's reason that are shown. */
    private static final int MOST_WORDS = 300;

    private final Database database;
    private final SnapshotRows rows;
    private final Snapshots snapshots;
    private final Recipients recipients;
    private final Jobs jobs;
    private final Events events;
    private final boolean enabled;

    /** @param enabled whether the routes that copy exist */
    public OffSite(
            Database database, Snapshots snapshots, Recipients recipients, Jobs jobs, Events events, boolean enabled) {
        this.enabled = enabled;
        this.database = database;
        this.rows = new SnapshotRows(database);
        this.snapshots = snapshots;
        this.recipients = recipients;
        this.jobs = jobs;
        this.events = events;
    }

    /** Ids of the stores for which a copy is missing and it is time to try. */
    public List<String> due() {
        List<String> due = jobs.due(JOB);
        if (due.isEmpty()) {
            return due;
        }
        Set<String> missing = new HashSet<>(
                database.sql("off-site-missing").query(String.class).list());
        return due.stream().filter(missing::contains).toList();
    }

    /** True if copies are switched on and one of the store is missing: who is there need not wait for the time to try. */
    public boolean isWanted(String store) {
        return enabled
                && database.sql("off-site-missing").query(String.class).list().contains(store);
    }

    /** A run begins: the disk is looked at, and what could not be copied is tried again. */
    public void begin(String store) {
        rows.reconcile(store, snapshots.list(store));
        database.sql("off-site-again").param("store", store).update();
    }

    /** The newest snapshot of a store that has no copy and did not fail in this run; null if none is left. */
    public @Nullable Snapshot next(String store) {
        Map<String, SnapshotRows.Row> known = rows.of(store);
        return snapshots.list(store).stream()
                .filter(snapshot -> {
                    SnapshotRows.Row row = known.get(snapshot.id());
                    return row != null && row.offSiteAt() == null && row.offSiteError() == null;
                })
                .findFirst()
                .orElse(null);
    }

    /** {@code STORE-ID.tar.zst}, with {@code .age} at its end if it is encrypted. */
    public String name(Snapshot snapshot) {
        return snapshot.store() + "-" + snapshot.id() + ".tar.zst" + (recipients.isEmpty() ? "" : ".age");
    }

    /** The copy as a stream, made while it is read; a read fails if the snapshot is damaged or the claim was lost. */
    public InputStream open(Snapshot snapshot) {
        try {
            return new ArchiveStream(snapshot, recipients, () -> {
                if (!jobs.isMine(snapshot.store(), JOB)) {
                    throw new StoreException(
                            "The off-site copy of " + snapshot.store() + "/" + snapshot.id()
                                    + " took too long without a heartbeat, and another run has begun it anew.",
                            null);
                }
            });
        } catch (IOException e) {
            throw new StoreException(
                    "Snapshot " + snapshot.store() + "/" + snapshot.id() + " cannot be read (" + Faults.words(e)
                            + "); run: upkeep verify " + snapshot.store(),
                    e,
                    true);
        }
    }

    /** The whole copy is there under its name. */
    public void sent(Snapshot snapshot) {
        database.sql("off-site-sent")
                .param("store", snapshot.store())
                .param("id", snapshot.id())
                .update();
        events.record(snapshot.store(), "Snapshot " + snapshot.id() + " copied off-site as " + name(snapshot) + ".");
    }

    /**
     * A copy failed. If that is the snapshot's own fault, the others go on without it.
     *
     * @throws StoreException if it is the other side's, so that this run ends
     */
    public void failed(Snapshot snapshot, Exception error) {
        if (Files.notExists(snapshot.path())) {
            rows.remove(snapshot.store(), snapshot.id()); // retention was faster
            return;
        }
        StoreException own = StoreException.in(error);
        if (own != null && own.isPermanent()) {
            database.sql("off-site-failed")
                    .param("store", snapshot.store())
                    .param("id", snapshot.id())
                    .param("error", Database.cut(own.getMessage()))
                    .update();
            return;
        }
        if (own != null) {
            throw own;
        }
        throw new StoreException(
                "Store " + snapshot.store() + ": the off-site copy " + name(snapshot) + " could not be sent ("
                        + reason(error) + "); it is tried again. Where it goes is set in routes/off-site.camel.yaml.",
                error);
    }

    /** Ends a claimed run: well, or with what kept a snapshot from being copied. */
    public void end(String store) {
        String error = rows.of(store).values().stream()
                .map(SnapshotRows.Row::offSiteError)
                .filter(Objects::nonNull)
                .sorted()
                .findFirst()
                .orElse(null);
        if (jobs.finish(store, JOB, error)) {
            events.outcome(store, "Job off-site failed: " + error);
        }
    }

    private static String reason(Throwable error) {
        String reason = "";
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && !cause.getMessage().isBlank()) {
                reason = cause.getMessage();
            }
        }
        if (reason.startsWith(NO_CREDENTIALS)) { // AWS's client then says so of each of its ways to find some
            return "there are no AWS credentials here; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the"
                    + " environment of run";
        }
        return PlainText.brief(reason, MOST_WORDS)
                + (reason.contains("HostKey") ? ": compare that server's key and put it into config/known_hosts" : "");
    }
}
