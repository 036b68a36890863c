package cocart.upkeep.backup;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Ends a process whose output stops coming, because reading from it knows no time limit. */
final class Silence {

    private final Process process;
    private final int minutes;
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "client-watch");
        thread.setDaemon(true);
        return thread;
    });
    private volatile long last = System.nanoTime();
    private volatile boolean tooLong;

    /** @param minutes the longest silence */
    Silence(Process process, int minutes) {
        this.process = process;
        this.minutes = minutes;
        watch.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
    }

    /** Something came. */
    void broken() {
        last = System.nanoTime();
    }

    boolean wasTooLong() {
        return tooLong;
    }

    void end() {
        watch.shutdownNow();
    }

    private void look() {
        if (System.nanoTime() - last > TimeUnit.MINUTES.toNanos(minutes)) {
            tooLong = true;
            process.destroyForcibly();
        }
    }
}
