package cocart.upkeep.observe;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the state database says of all stores at one time, by its clock.
 *
 * @param stores in the order of {@code upkeep.stores}
 * @param updates data updates, the newest of each plugin of a store, by state
 * @param steps steps of data updates that are not at their end, or failed, by status
 * @param notices open notices by kind
 * @param failed stores whose last run of a job failed, by job
 * @param running runs that are alive, by job
 */
record Figures(
        List<Store> stores,
        Map<String, Long> updates,
        Map<String, Long> steps,
        Map<String, Long> notices,
        Map<String, Long> failed,
        Map<String, Long> running,
        Stuck stuck) {

    /**
     * One store.
     *
     * @param isUp whether the last look at it went well; null before the first
     * @param sinceLook since that look ended; null before the first
     * @param exposure since files changed towards code whose data update is not complete; null if none is open
     * @param backup how long the last backup took, failed or not; null before the first, or while one runs
     * @param snapshot null before the first
     * @param isOverdue true if the newest snapshot is older than its schedule and slack allow, or there is none although the
     *     store is looked after for longer than the slack
     */
    record Store(
            String id,
            @Nullable Boolean isUp,
            @Nullable Duration sinceLook,
            @Nullable Duration exposure,
            @Nullable Duration backup,
            @Nullable Snapshot snapshot,
            boolean isOverdue,
            List<Progress> progress) {}

    /** A store's newest snapshot. @param sinceVerified null if it was never verified */
    record Snapshot(
            Duration age,
            @Nullable Duration sinceVerified,
            long files,
            long bytes,
            long newBytes,
            long unreadable,
            long count) {}

    /** A run of a job that says how far it is. */
    record Progress(String job, long files, long bytes) {}

    /**
     * What should go on and does not, with nothing said about why: then no instance works on the queue.
     *
     * @param steps steps in progress whose lease ran out long ago
     * @param updates stores with approved work that nobody takes
     */
    record Stuck(List<String> steps, List<String> updates) {

        boolean isNone() {
            return steps.isEmpty() && updates.isEmpty();
        }
    }
}
