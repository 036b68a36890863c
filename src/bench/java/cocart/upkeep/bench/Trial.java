package cocart.upkeep.bench;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * One measured run.
 *
 * @param setting where and how far
 * @param tool name of the contender
 * @param first into an empty folder; else once more over what the first left
 * @param repetition from 1
 * @param measured how it ran
 * @param serverCpuSeconds processor time of sshd; null if not known here
 * @param syncSeconds how long it then took until all that was written had reached the disk
 * @param othersCpuSeconds processor time that neither the tool nor sshd nor the proxy used meanwhile; null if not known
 * @param fault why the result does not count, or null; a run that was stopped has none
 */
record Trial(
        Setting setting,
        String tool,
        boolean first,
        int repetition,
        Measured measured,
        @Nullable Double serverCpuSeconds,
        double syncSeconds,
        @Nullable Double othersCpuSeconds,
        @Nullable String fault) {

    /**
     * What a row of runs has in common.
     *
     * @param target folder that is written to
     * @param fileSystem its type
     * @param roundTripMillis 0: the server itself, without the proxy
     * @param scale of the tree
     * @param files in the tree
     * @param folders in the tree
     * @param bytes in the tree
     */
    record Setting(
            Path target, String fileSystem, int roundTripMillis, double scale, int files, int folders, long bytes) {}

    /** True if it was ended by the time limit, so that it would have taken longer. */
    boolean isStopped() {
        return measured.exit() == null;
    }

    /** True if its time means something. */
    boolean counts() {
        return fault == null;
    }
}
