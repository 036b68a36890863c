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
     * @param bytes sum of their sizes
     */
    void at(long files, long bytes);
}
