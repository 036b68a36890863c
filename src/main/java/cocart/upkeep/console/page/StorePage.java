package cocart.upkeep.console.page;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that the page of one store shows.
 *
 * @param line what the list of stores shows of it
 * @param created when the data update was opened, or null
 * @param finished when it ended, or null
 * @param snapshots the newest of them, or all
 * @param allSnapshots how many there are
 * @param snapshotsError why the snapshots cannot be listed, or null
 * @param activity what a running job has done so far, in words, or null
 * @param moreEvents true if there are older ones
 */
public record StorePage(
        StoreLine line,
        List<NoticeView> notices,
        @Nullable Moment created,
        @Nullable Moment finished,
        List<StepView> steps,
        List<JobView> jobs,
        @Nullable Activity activity,
        List<SnapshotView> snapshots,
        int allSnapshots,
        Chart chart,
        @Nullable String snapshotsError,
        List<SightingView> sightings,
        List<LogLine> events,
        int shownEvents,
        boolean moreEvents) {

    /**
     * A job at work.
     *
     * @param files and {@code bytes} that are done, in words
     * @param done bytes that are done
     * @param about bytes that the last snapshot had; 0 if there is none, then nobody knows
     */
    public record Activity(String job, Moment started, String files, String bytes, long done, long about) {}

    /** Why the data update is in its state, where nothing else on the page says so already; else null. */
    public @Nullable String reason() {
        String reason = line.update().reason();
        if (reason == null || line.update().state().equals("complete")) {
            return null;
        }
        String named = PluginView.named(reason);
        boolean said = steps.stream().anyMatch(step -> step.error() != null && reason.contains(step.error()))
                || notices.stream().anyMatch(notice -> notice.text().contains(named));
        return said ? null : named;
    }

    /** Steps that are complete. */
    public long stepsDone() {
        return steps.stream()
                .filter(step -> step.status().text().equals("complete"))
                .count();
    }

    /** True while something goes on that is worth looking at every other second. */
    public boolean isLively() {
        return line.update().isUnderWay() || activity != null || line.running() != null;
    }
}
