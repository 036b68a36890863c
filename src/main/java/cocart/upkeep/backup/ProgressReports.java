package cocart.upkeep.backup;

import cocart.upkeep.state.Jobs;
import cocart.upkeep.store.StoreException;
import java.util.concurrent.TimeUnit;

/**
 * Tells how far long runs are: to people on a {@link ProgressView}, and to the state database, where {@code upkeep
 * status} finds it. Safe for use by several threads.
 */
public final class ProgressReports {

    /** How often the state database is told. */
    private static final long STATE_EVERY = TimeUnit.SECONDS.toNanos(2);

    private final Jobs jobs;
    private volatile ProgressView view = new ProgressLog();

    public ProgressReports(Jobs jobs) {
        this.jobs = jobs;
    }

    /** Shows the runs that begin from now on in another way than by lines in the log. */
    public void show(ProgressView other) {
        view = other;
    }

    /**
     * A run begins; close what is returned when it ends.
     *
     * @param job as in {@link Jobs}, for example {@code back-up}; the caller has claimed it, if it is one
     * @param what for people, for example {@code Backing up}
     * @param aboutFiles how many files it will probably be; 0 if nobody knows
     * @param aboutBytes how many bytes it will probably be; 0 if nobody knows
     */
    public Report begin(String job, String what, String store, long aboutFiles, long aboutBytes) {
        Report report = new Report(job, store, view.begin(what, store), aboutFiles, aboutBytes);
        jobs.progress(store, job, 0, 0);
        return report;
    }

    /** One run. Used by one thread at a time. */
    public final class Report implements Progress, AutoCloseable {

        private final String job;
        private final String store;
        private final ProgressView.Run run;
        private final long aboutFiles;
        private final long aboutBytes;
        private long foundFiles;
        private long foundBytes;
        private long told = System.nanoTime();

        private Report(String job, String store, ProgressView.Run run, long aboutFiles, long aboutBytes) {
            this.job = job;
            this.store = store;
            this.run = run;
            this.aboutFiles = aboutFiles;
            this.aboutBytes = aboutBytes;
            show(0, 0);
        }

        @Override
        public void found(long files, long bytes) {
            foundFiles = files;
            foundBytes = bytes;
        }

        /** Without a guess nothing is said of a total: what was found so far is little more than what is done. */
        private void show(long files, long bytes) {
            run.at(
                    files,
                    bytes,
                    aboutFiles == 0 ? 0 : Math.max(aboutFiles, foundFiles),
                    aboutBytes == 0 ? 0 : Math.max(aboutBytes, foundBytes));
        }

        /** @throws StoreException if another run has taken the job over, as it does when this one's lease ran out */
        @Override
        public void at(long files, long bytes) {
            show(files, bytes);
            long now = System.nanoTime();
            if (now - told >= STATE_EVERY) {
                told = now;
                if (!jobs.progress(store, job, files, bytes)) {
                    throw new StoreException(
                            "store " + store + ": another run has taken this " + job + " over, because this one had"
                                    + " not been heard of for longer than upkeep.lease; this one stops",
                            null);
                }
            }
        }

        @Override
        public void close() {
            run.close();
        }
    }
}
