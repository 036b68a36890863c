package cocart.upkeep.backup;

import org.jspecify.annotations.Nullable;

/**
 * What a restore did, or in a dry run would do.
 *
 * @param snapshot the one that was restored
 * @param before the snapshot that was made of what was there before, or null
 * @param files files that were written
 * @param bytes sum of their sizes
 * @param unchanged files that were there already as they are in the snapshot
 * @param deleted files that were removed
 * @param database true if the database was loaded or written
 * @param failed entries of the snapshot that could not be restored; 0 if all is well
 * @param missing those of them that the snapshot itself lacks, so that another try would bring no more
 */
public record Restored(
        Snapshot snapshot,
        @Nullable Snapshot before,
        long files,
        long bytes,
        long unchanged,
        long deleted,
        boolean database,
        long failed,
        long missing) {}
