package cocart.upkeep.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What Linux says in {@code /proc/PID/stat} of the processor time of a process.
 *
 * @param ownSeconds of the process itself
 * @param childrenSeconds of its children that have ended and were waited for, with theirs
 */
record ProcStat(double ownSeconds, double childrenSeconds) {

    private static final double TICKS_PER_SECOND = 100; // USER_HZ, the same on all that Java runs on

    /** Empty if there is no such process, or no {@code /proc}. */
    static Optional<ProcStat> of(long pid) {
        String stat;
        try {
            stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        } catch (IOException e) {
            return Optional.empty();
        }
        // the name, in brackets, may hold anything; the field behind it is the third
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Optional.of(new ProcStat(
                (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND,
                (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS_PER_SECOND));
    }

    /** Processor time that all of this machine has used since it started; empty if there is no {@code /proc}. */
    static Optional<Double> machineSeconds() {
        String[] fields;
        try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
            fields = lines.findFirst().orElse("").split(" +");
        } catch (IOException e) {
            return Optional.empty();
        }
        double ticks = 0;
        for (int i = 1; i < Math.min(fields.length, 9); i++) {
            if (i != 4 && i != 5) { // idle, and idle until a disk answers
                ticks += Long.parseLong(fields[i]);
            }
        }
        return Optional.of(ticks / TICKS_PER_SECOND);
    }

    double withChildrenSeconds() {
        return ownSeconds + childrenSeconds;
    }
}
