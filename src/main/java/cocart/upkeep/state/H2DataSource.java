package cocart.upkeep.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * Opens connections to an H2 database, but none while the disk of its file is full: H2 closes a file to which it cannot
 * write, and one that it cannot open again for want of room stays locked by this process until that ends. Processes open
 * the file one after the other: who meets another that is just opening it waits in H2 for four to five seconds, though
 * the other serves it to all after a fraction of one.
 */
final class H2DataSource extends DriverManagerDataSource {

    private static final String FILE = "jdbc:h2:file:";

    /** Bytes that must be free; to open a file after a fault H2 writes some tens of kilobytes. */
    private static final long ROOM = 512 * 1024;

    private static final long TURN_NANOS = TimeUnit.SECONDS.toNanos(6);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final @Nullable Path folder;
    private final @Nullable Path turns;
    private volatile int loginSeconds;

    /** @param url with an absolute path, if it names a file */
    H2DataSource(String url) {
        super(url);
        Path file = file(url);
        folder = file == null ? null : file.getParent();
        turns = file == null ? null : file.resolveSibling(file.getFileName() + ".turn");
    }

    private static @Nullable Path file(String url) {
        if (!url.startsWith(FILE)) {
            return null;
        }
        String file = url.substring(FILE.length()).replaceAll(";.*", "");
        return Path.of(file.replaceFirst(
                        "^~(?=/)", System.getProperty("user.home").replace("\\", "/")))
                .toAbsolutePath();
    }

    /** As long as that the pool, when it is closed, waits for a connection that is just being opened. */
    @Override
    public void setLoginTimeout(int seconds) {
        loginSeconds = seconds;
    }

    @Override
    public int getLoginTimeout() {
        return loginSeconds;
    }

    @Override
    protected Connection getConnectionFromDriver(Properties properties) throws SQLException {
        if (folder != null && Files.isDirectory(folder) && folder.toFile().getUsableSpace() < ROOM) {
            throw new SQLException("No space left on device: " + folder, StateFaults.FULL);
        }
        try (Turn turn = Turn.of(turns)) {
            return super.getConnectionFromDriver(properties);
        }
    }

    /**
     * The right to open the file, which one process after the other has. The operating system takes it from a process that
     * ends, and who waits in vain goes on without it: it saves time, and what H2 itself locks is what counts.
     */
    private record Turn(@Nullable FileChannel file) implements AutoCloseable {

        static Turn of(@Nullable Path turns) {
            if (turns == null || !Files.isDirectory(turns.getParent())) {
                return new Turn(null);
            }
            try {
                FileChannel file = FileChannel.open(turns, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                for (long begun = System.nanoTime();
                        !isTaken(file)
                                && System.nanoTime() - begun < TURN_NANOS
                                && !Thread.currentThread().isInterrupted(); ) {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
                return new Turn(file);
            } catch (IOException e) {
                return new Turn(null);
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
}
