package cocart.upkeep.backup;

/**
 * Told how far a backup is, at most once a second and once before it is sealed. What it throws stops the backup
 * before anything is sealed; so a caller that lost its lease can stop here.
 */
@FunctionalInterface
public interface Progress {

    /** Tells nobody. */
    Progress NONE = (files, bytes) -> {};

    /**
     * @param files files in the snapshot so far, linked ones included
     * @param bytes sum of their sizes, and what has come of files that are not whole yet
     */
    void at(long files, long bytes);

    /**
     * How much it will be at least; told before {@link #at}, and may become less when files cannot be read.
     *
     * @param files files that were found so far
     * @param bytes sum of their sizes, as the store says
     */
    default void found(long files, long bytes) {}
}
