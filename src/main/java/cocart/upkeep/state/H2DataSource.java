package cocart.upkeep.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * Opens connections to an H2 database, but none while the disk of its file is full: H2 closes a file to which it cannot
 * write, and one that it cannot open again for want of room stays locked by this process until that ends. And none when
 * the file that was opened first is not the one in place any more: what is written into a deleted file is lost, and
 * another process may work with the new one meanwhile. Processes open the file one after the other: who meets another that is
 * just opening it waits in H2 for four to five seconds, though the other serves it to all after a fraction of one.
 */
final class H2DataSource extends DriverManagerDataSource {

    private static final String FILE = "jdbc:h2:file:";

    /** Bytes that must be free; to open a file after a fault H2 writes some tens of kilobytes. */
    private static final long ROOM = 512 * 1024;

    private final @Nullable Path folder;
    private final @Nullable Path file;
    private final @Nullable Path turns;
    private volatile int loginSeconds;
    private volatile boolean opened;

    /** Which file was opened first, by its file system; null if that does not tell. */
    private volatile @Nullable Object key;

    /** @param url with an absolute path, if it names a file */
    H2DataSource(String url) {
        super(url);
        file = file(url);
        folder = file == null ? null : file.getParent();
        turns = file == null
                ? null
                : file.resolveSibling(file.getFileName().toString().replaceFirst("\\.mv\\.db$", ".turn"));
    }

    private static @Nullable Path file(String url) {
        if (!url.startsWith(FILE)) {
            return null;
        }
        String file = url.substring(FILE.length()).replaceAll(";.*", "");
        return Path.of(file.replaceFirst(
                                "^~(?=/)", System.getProperty("user.home").replace("\\", "/"))
                        + ".mv.db")
                .toAbsolutePath();
    }

    /** False if the file that was opened first was deleted, or another is in its place. */
    boolean isInPlace() {
        return !opened || file == null || (Files.exists(file) && Objects.equals(key, key(file)));
    }

    private static @Nullable Object key(Path file) {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** @throws FileGoneException if {@link #isInPlace} is false */
    void requireInPlace() throws SQLException {
        if (!isInPlace()) {
            throw new FileGoneException(String.valueOf(file));
        }
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
        requireInPlace();
        Connection connection = open(properties);
        // where there is no such folder, the URL names its file in a way that is not known here
        if (file != null && !opened && Files.isDirectory(file.getParent())) {
            if (Files.notExists(file)) {
                // the process that serves it has not noticed yet
                connection.close();
                throw new FileGoneException(file.toString());
            }
            key = key(file);
            opened = true;
        }
        return connection;
    }

    private Connection open(Properties properties) throws SQLException {
        try (H2Turn turn = H2Turn.of(turns)) {
            return super.getConnectionFromDriver(properties);
        }
    }
}
