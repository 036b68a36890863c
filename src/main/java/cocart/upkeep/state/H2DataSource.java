package cocart.upkeep.state;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/**
 * Opens connections to an H2 database, but none while the disk of its file is full: H2 closes a file to which it cannot
 * write, and one that it cannot open again for want of room stays locked by this process until that ends.
 */
final class H2DataSource extends DriverManagerDataSource {

    private static final String FILE = "jdbc:h2:file:";

    /** Bytes that must be free; to open a file after a fault H2 writes some tens of kilobytes. */
    private static final long ROOM = 512 * 1024;

    private final @Nullable Path folder;
    private volatile int loginSeconds;

    /** @param url with an absolute path, if it names a file */
    H2DataSource(String url) {
        super(url);
        folder = folder(url);
    }

    private static @Nullable Path folder(String url) {
        if (!url.startsWith(FILE)) {
            return null;
        }
        String file = url.substring(FILE.length()).replaceAll(";.*", "");
        return Path.of(file.replaceFirst(
                        "^~(?=/)", System.getProperty("user.home").replace("\\", "/")))
                .toAbsolutePath()
                .getParent();
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
        return super.getConnectionFromDriver(properties);
    }
}
