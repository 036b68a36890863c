package cocart.upkeep;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/** A database server other than the embedded one, on a free port of 127.0.0.1; it stops with the JVM. */
public final class LocalServer {

    private static @Nullable LocalServer mysql;
    private static @Nullable LocalServer mariadb;

    private final String plugin;
    private final Path programs;
    private final int port;

    /**
     * @param plugin how users log in, as CREATE USER has it: the embedded client has no other than MariaDB's own
     * @param programs folder of its client programs
     */
    private LocalServer(Path folder, String plugin, Path programs, List<String> command) throws IOException {
        this.plugin = plugin;
        this.programs = programs;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        List<String> start = new ArrayList<>(command);
        start.addAll(List.of(
                "--datadir=" + folder.resolve("data"),
                "--socket=" + folder.resolve("socket"),
                "--pid-file=" + folder.resolve("pid"),
                "--bind-address=127.0.0.1",
                "--port=" + port));
        Process server = new ProcessBuilder(start)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("server.log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.destroyForcibly().onExit().join();
            FileSystemUtils.deleteRecursively(folder.toFile());
        }));
        Awaitility.await(folder.resolve("server.log").toString())
                .atMost(Duration.ofMinutes(1))
                .ignoreExceptionsInstanceOf(SQLException.class)
                .until(() -> {
                    administrator().close();
                    return true;
                });
    }

    /** MySQL 8, from Maven's artifact; the test is skipped where there is none for this machine. */
    public static synchronized LocalServer mysql() throws Exception {
        if (mysql == null) {
            Path folder = Files.createTempDirectory("upkeep-mysql");
            String archive = "/mysql-" + System.getProperty("os.name").replace(' ', '_') + "-"
                    + System.getProperty("os.arch") + ".tar.gz";
            try (InputStream in = LocalServer.class.getResourceAsStream(archive)) {
                assumeTrue(in != null, "SKIPPED: there is no MySQL 8 for this kind of machine");
                Files.copy(in, folder.resolve("mysql.tar.gz"));
            }
            run(folder, "tar", "xzf", "mysql.tar.gz");
            List<String> command = List.of(
                    folder.resolve("bin/mysqld").toString(),
                    "--no-defaults",
                    "--user=" + System.getProperty("user.name"),
                    "--lc_messages_dir=" + folder.resolve("share"),
                    ownTemporary(folder),
                    "--innodb-flush-method=nosync",
                    "--innodb-doublewrite=0",
                    "--innodb-log-file-size=4M");
            List<String> initialize = new ArrayList<>(command);
            initialize.addAll(List.of("--initialize-insecure", "--datadir=" + folder.resolve("data")));
            run(folder, initialize.toArray(String[]::new));
            List<String> start = new ArrayList<>(command);
            start.addAll(List.of("--skip-mysqlx", "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0"));
            mysql = new LocalServer(folder, "WITH mysql_native_password BY", folder.resolve("bin"), start);
        }
        return mysql;
    }

    /**
     * The MariaDB of this machine, or the one that is unpacked below -Dcocart.test.mariadb=DIR, without encryption; the
     * test is skipped where there is none.
     */
    public static synchronized LocalServer mariadb() throws Exception {
        if (mariadb == null) {
            Path base = Path.of(System.getProperty("cocart.test.mariadb", "/usr"));
            Path server = base.resolve("sbin/mariadbd");
            Path install = base.resolve("bin/mariadb-install-db");
            assumeTrue(
                    Files.isExecutable(server) && Files.isExecutable(install),
                    "SKIPPED: no MariaDB server is installed in " + base);
            Path folder = Files.createTempDirectory("upkeep-mariadb-installed");
            List<String> options = List.of(
                    "--no-defaults",
                    "--basedir=" + base,
                    "--user=" + System.getProperty("user.name"),
                    ownTemporary(folder),
                    "--innodb-flush-method=nosync");
            List<String> initialize = new ArrayList<>(List.of(install.toString()));
            initialize.addAll(options);
            initialize.addAll(List.of(
                    "--skip-test-db",
                    "--auth-root-authentication-method=normal",
                    "--datadir=" + folder.resolve("data")));
            run(folder, initialize.toArray(String[]::new));
            List<String> start = new ArrayList<>(List.of(server.toString()));
            start.addAll(options);
            mariadb = new LocalServer(folder, "BY", base.resolve("bin"), start);
        }
        return mariadb;
    }

    /** A server that starts removes what others' statements have in a temporary folder that they share. */
    private static String ownTemporary(Path folder) throws IOException {
        return "--tmpdir=" + Files.createDirectories(folder.resolve("tmp"));
    }

    private static void run(Path folder, String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("install.log").toFile())
                .start();
        if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
            throw new IllegalStateException(
                    String.join(" ", command) + ": " + Files.readString(folder.resolve("install.log")));
        }
    }

    public int port() {
        return port;
    }

    /** A program of this server, for example {@code mariadb-dump}. */
    public Path program(String name) {
        return programs.resolve(name);
    }

    /** A connection that may do everything. */
    public Connection administrator() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:mariadb://127.0.0.1:" + port + "/?user=root&allowPublicKeyRetrieval=true");
    }

    /** Makes an empty database and a user who owns it; one that is there is dropped. */
    public void create(String database, String user, String password) throws SQLException {
        try (Connection connection = administrator();
                Statement statement = connection.createStatement()) {
            statement.execute("DROP DATABASE IF EXISTS `" + database + "`");
            statement.execute("CREATE DATABASE `" + database + "` CHARACTER SET utf8mb4");
            for (String host : new String[] {"localhost", "127.0.0.1"}) {
                String name = "'" + user + "'@'" + host + "'";
                statement.execute(
                        "CREATE USER IF NOT EXISTS " + name + " IDENTIFIED " + plugin + " '" + password + "'");
                statement.execute("GRANT ALL ON `" + database + "`.* TO " + name);
            }
        }
    }
}
