package cocart.upkeep.store;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Gives a connection up when nothing has come back for too long: a server that stops taking what it is sent would block
 * the sender for ever, as sending knows no time limit.
 */
final class SftpWatch implements AutoCloseable {

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "sftp-watch");
        thread.setDaemon(true);
        return thread;
    });
    private volatile long last = System.nanoTime();

    /** @param idleMillis longest silence */
    SftpWatch(SftpConnection connection, int idleMillis) {
        long period = Math.max(1, Math.min(1000, idleMillis / 4));
        timer.scheduleWithFixedDelay(
                () -> {
                    // later than the receiver, whose sentence says more
                    if (System.nanoTime() - last > TimeUnit.MILLISECONDS.toNanos(idleMillis + 2 * period)) {
                        connection.close();
                    }
                },
                period,
                period,
                TimeUnit.MILLISECONDS);
    }

    /** The server answered, or nothing is asked of it. */
    void alive() {
        last = System.nanoTime();
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
