package cocart.upkeep.backup;

import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.FileNames;
import cocart.upkeep.store.StoreException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What is to be restored, and where to.
 *
 * @param store the store's id
 * @param snapshot an id, the beginning of one, or {@code latest}
 * @param to a new or empty folder on this machine; null: into the store itself
 * @param path one file or folder below wp-content, as {@link #checkedPath} makes it; null: all
 * @param files restore files
 * @param database restore the database
 * @param elsewhere load the database there; null: into the store's own, or a file in {@code to}
 * @param delete remove files of the store that the snapshot does not have
 * @param all write also files that seem to be unchanged
 * @param dryRun only say what would be done
 * @param backup make a snapshot of what is there first
 */
public record RestoreRequest(
        String store,
        String snapshot,
        @Nullable Path to,
        @Nullable String path,
        boolean files,
        boolean database,
        @Nullable DatabaseAddress elsewhere,
        boolean delete,
        boolean all,
        boolean dryRun,
        boolean backup) {

    /** The same, with the database loaded elsewhere. */
    public RestoreRequest into(DatabaseAddress address) {
        return new RestoreRequest(store, snapshot, to, path, files, database, address, delete, all, dryRun, backup);
    }

    /** True if it changes the store itself. */
    public boolean isInPlace() {
        return (files && to == null) || (database && to == null && elsewhere == null);
    }

    /**
     * A path below wp-content in its one form, {@code plugins/x}; also for {@code wp-content/plugins/x/}.
     *
     * @throws StoreException (permanent) if it is none
     */
    public static String checkedPath(String path) {
        String plain = path.replaceFirst("^(\\./)?wp-content/", "").replaceFirst("/+$", "");
        for (String part : plain.split("/", -1)) {
            if (!FileNames.isPlain(part)) {
                throw new StoreException(
                        "\"" + path
                                + "\" is not a path below wp-content; write it like plugins/x or uploads/2026/a.jpg",
                        null,
                        true);
            }
        }
        return plain;
    }
}
