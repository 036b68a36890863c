package cocart.upkeep.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The right to open the file, which one process after the other has. The operating system takes it from a process that
 * ends, and who waits in vain goes on without it: it saves time, and what H2 itself locks is what counts.
 */
record H2Turn(@Nullable FileChannel file) implements AutoCloseable {

    private static final long TURN_NANOS = TimeUnit.SECONDS.toNanos(6);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    static H2Turn of(@Nullable Path turns) {
        if (turns == null || !Files.isDirectory(turns.getParent())) {
            return new H2Turn(null);
        }
        try {
            FileChannel file = FileChannel.open(turns, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            for (long begun = System.nanoTime();
                    !isTaken(file)
                            && System.nanoTime() - begun < TURN_NANOS
                            && !Thread.currentThread().isInterrupted(); ) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            return new H2Turn(file);
        } catch (IOException e) {
            return new H2Turn(null);
        }
    }

    private static boolean isTaken(FileChannel file) {
        try {
            return file.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // another pool of this process
        } catch (IOException e) {
            return true; // a file system without locks
        }
    }

    @Override
    public void close() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                // nothing was written
            }
        }
    }
}
