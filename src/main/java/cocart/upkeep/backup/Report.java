package cocart.upkeep.backup;

import java.util.List;

/**
 * What a verification found.
 *
 * @param results by snapshot: those that were asked for, and others that share damaged content with them
 * @param contents number of distinct contents that the snapshots name
 * @param hashed number of files read to hash them; files that share an inode count once
 * @param bytes sum of their sizes
 */
public record Report(List<Result> results, long contents, long hashed, long bytes) {

    /**
     * One snapshot.
     *
     * @param full every content was hashed
     * @param files files that it should have
     * @param findings what is not as it should be, or was not before it was repaired
     */
    public record Result(String store, String id, boolean full, long files, List<Finding> findings) {

        /** True if nothing of the snapshot's own is wrong, or not any more; something foreign may lie in it. */
        public boolean isWhole() {
            return findings.stream().allMatch(finding -> finding.isRepaired() || finding.isForeign());
        }

        /** What lies in it and is not its own: a human must look what that is. */
        public List<Finding> foreign() {
            return findings.stream().filter(Finding::isForeign).toList();
        }
    }

    /** True if nothing is wrong with any snapshot's own content, or not any more. */
    public boolean isWhole() {
        return results.stream().allMatch(Result::isWhole);
    }

    /** True if nothing lies in any snapshot that is not its own. */
    public boolean isClean() {
        return results.stream().allMatch(result -> result.foreign().isEmpty());
    }

    /** All findings. */
    public List<Finding> findings() {
        return results.stream().flatMap(result -> result.findings().stream()).toList();
    }
}
