package cocart.upkeep.backup;

import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.FileEntry.Type;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Removes from a store what a snapshot does not have. Only what can be put back is removed: a file of which another
 * snapshot holds what is there now, hashed again before. Never: what backups leave out, what is at or below something that the snapshot
 * lacks, links, and anything that is no file.
 */
final class RestoreDeletion {

    private final RestorePlan plan;
    private final Present present;
    private final Skips skips;
    private final StoreFiles target;
    private final RestoreView view;
    private final boolean dryRun;
    private final Map<String, Integer> children = new HashMap<>();
    private final Set<String> links = new HashSet<>();
    private long deleted;
    private long failed;

    /** @param skips patterns that are not backed up now */
    RestoreDeletion(
            RestorePlan plan, Present present, Skips skips, StoreFiles target, RestoreView view, boolean dryRun) {
        this.plan = plan;
        this.present = present;
        this.skips = skips;
        this.target = target;
        this.view = view;
        this.dryRun = dryRun;
        plan.links.forEach(link -> links.add(link.path()));
    }

    /** Files that were left because what holds them is not whole. */
    long failed() {
        return failed;
    }

    /**
     * Removes it.
     *
     * @param held what can be put back; null in a dry run before which nothing was backed up
     * @param touched told of each folder that something was removed from
     * @return number of files that were removed
     */
    long run(@Nullable RestoreHeld held, Consumer<String> touched) {
        List<String> superfluous = new ArrayList<>();
        present.entries.forEach((path, entry) -> {
            children.merge(Present.parent(path), 1, Integer::sum);
            if (!isWanted(path)) {
                superfluous.add(path);
            }
        });
        // what is inside before what it is in
        superfluous.sort(Comparator.reverseOrder());
        for (String path : superfluous) {
            FileEntry entry = present.entries.get(path);
            if (entry.type() == Type.FOLDER) {
                if (children.getOrDefault(path, 0) == 0 && !present.holdMore.contains(path)) {
                    remove(path, touched);
                }
            } else if (entry.type() != Type.FILE) {
                view.note("kept", path, "it is a link, or no file");
            } else if (held != null && !held.has(path, entry)) {
                view.note("kept", path, "no snapshot has it as it is now");
            } else {
                String fault = held == null ? null : held.fault(path);
                if (fault != null) {
                    failed++;
                    view.note("kept", path, fault);
                } else if (remove(path, touched)) {
                    deleted++;
                }
            }
        }
        return deleted;
    }

    private boolean isWanted(String path) {
        if (plan.files.containsKey(path)
                || plan.folders.containsKey(path)
                || Present.isSkipped(skips, path)
                || links.contains(path)) {
            return true;
        }
        for (String at = path; !at.isEmpty(); at = Present.parent(at)) {
            if (plan.lost.contains(at) || at.indexOf('/') > 0 && Present.isSkipped(skips, at)) {
                return true;
            }
        }
        return false;
    }

    private boolean remove(String path, Consumer<String> touched) {
        if (dryRun) {
            view.note("delete", path, "");
        } else {
            try {
                target.delete(path);
            } catch (StoreException e) {
                if (!e.isPermanent()) {
                    throw e;
                }
                view.note("kept", path, String.valueOf(e.getMessage()));
                return false;
            }
        }
        touched.accept(Present.parent(path));
        children.merge(Present.parent(path), -1, Integer::sum);
        return true;
    }
}
