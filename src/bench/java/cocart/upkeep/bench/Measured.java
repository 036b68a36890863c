package cocart.upkeep.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a program ran, with all processes that it started.
 *
 * @param seconds wall time from its start to its end
 * @param exit its exit code; null if it was stopped because it took too long
 * @param cpuSeconds processor time; null if not known here
 * @param peakBytes most memory at once, as seen every {@value #LOOK_MILLIS} ms; null if not known here
 */
record Measured(
        double seconds,
        @Nullable Integer exit,
        @Nullable Double cpuSeconds,
        @Nullable Long peakBytes) {

    private static final int LOOK_MILLIS = 200;
    private static final long SELF = ProcessHandle.current().pid();

    /**
     * Runs a program.
     *
     * @param log gets what it says
     * @param limit after this it is stopped
     */
    static Measured run(List<String> command, Path log, Duration limit) throws IOException, InterruptedException {
        double before = endedChildrenSeconds();
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        Map<Long, Double> cpu = new HashMap<>();
        long peak = 0;
        boolean ended = false;
        double seconds;
        try (AtEnd stop = new AtEnd(() -> end(process))) {
            while (!ended && System.nanoTime() - begin < limit.toNanos()) {
                ended = process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (!ended) {
                    peak = Math.max(peak, look(process, cpu));
                }
            }
            seconds = (System.nanoTime() - begin) / 1e9;
        }
        if (!ended) {
            end(process);
        }
        int exit = process.waitFor();
        // exact if all was waited for; what was seen on the way counts processes that were left behind
        double seen = cpu.values().stream().mapToDouble(Double::doubleValue).sum();
        double spent = Math.max(endedChildrenSeconds() - before, seen);
        return new Measured(seconds, ended ? exit : null, spent == 0 ? null : spent, peak == 0 ? null : peak);
    }

    private static void end(Process process) {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
    }

    private static double endedChildrenSeconds() {
        return ProcStat.of(SELF).map(ProcStat::childrenSeconds).orElse(0.0);
    }

    /** Notes the processor time of each process until now, and returns the memory of all. */
    private static long look(Process process, Map<Long, Double> cpu) {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        long memory = 0;
        for (ProcessHandle one : all) {
            one.info().totalCpuDuration().ifPresent(time -> cpu.put(one.pid(), time.toMillis() / 1e3));
            memory += peakBytes(one.pid());
        }
        return memory;
    }

    private static long peakBytes(long pid) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                    .findFirst()
                    .orElse(0);
        } catch (IOException | java.io.UncheckedIOException e) {
            return 0;
        }
    }
}
