package cocart.upkeep;

import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.demo.EmbeddedSftp;
import cocart.upkeep.demo.ShopDatabase;
import cocart.upkeep.demo.ShopFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;

/** One store on real servers and a home folder with the shipped routes and plans; one MariaDB serves all tests. */
final class Shop implements AutoCloseable {

    static final String SLUG = "cart-rest-api-for-woocommerce";
    static final int SETTLE_MILLIS = 300;
    static final String PASSWORD = "ge\"heim #'x\\";
    static final List<String> NEW_COLUMNS = List.of(
            "cart_id bigint(20) unsigned NOT NULL",
            "cart_key char(42) NOT NULL",
            "cart_value longtext NOT NULL",
            "cart_created bigint(20) unsigned NOT NULL",
            "cart_expiry bigint(20) unsigned NOT NULL",
            "cart_source varchar(200) NOT NULL",
            "cart_hash varchar(200) NOT NULL");

    final Path home;
    final Path root;
    final ShopFiles files;
    ShopDatabase database;
    Connection connection;
    final EmbeddedSftp sftp;

    /** What a command said. */
    record Said(int code, String out, String err) {}

    static EmbeddedMariaDb mariadb() throws IOException {
        return TestServers.mariadb();
    }

    Shop(Path folder, String mode, String databaseVersion, int carts) throws Exception {
        home = Files.createDirectories(folder.resolve("home"));
        root = Files.createDirectories(folder.resolve("shop"));
        copy(Path.of("routes"), home.resolve("routes"));
        lookAgainSooner(home.resolve("routes/schedule.camel.yaml"));
        copy(Path.of("config/updates"), home.resolve("config/updates"));
        mariadb().create("shop", "shop", PASSWORD);
        connection = DriverManager.getConnection(mariadb().url("shop"), "shop", PASSWORD);
        database = new ShopDatabase(connection, "wp_");
        database.create(databaseVersion, carts);
        files = new ShopFiles(root);
        files.wordPress(mariadb().port(), "shop", "shop", PASSWORD);
        sftp = new EmbeddedSftp(root, folder.resolve("host-key"), 0, "s3cret!", List.of());
        sftp.trustIn(home.resolve("config/known_hosts"));
        settings("upkeep.data-update = " + mode);
    }

    /** The pause of once between two looks is for people's machines; here nobody else needs the processor. */
    private static void lookAgainSooner(Path route) throws IOException {
        String text = Files.readString(route);
        String pause = "constant: \"1000\"";
        if (text.indexOf(pause) < 0 || text.indexOf(pause) != text.lastIndexOf(pause)) {
            throw new IllegalStateException(route + " has another pause than " + pause);
        }
        Files.writeString(route, text.replace(pause, "constant: \"200\""));
    }

    /** After a restart of the server. */
    void reconnect() throws Exception {
        connection = DriverManager.getConnection(mariadb().url("shop"), "shop", PASSWORD);
        database = new ShopDatabase(connection, "wp_");
    }

    /** Writes the settings anew, with these lines at the end. */
    void settings(String... more) throws IOException {
        Files.writeString(
                home.resolve("config/application.properties"),
                String.join(
                        "\n",
                        "upkeep.stores = acme",
                        "upkeep.store.acme.files = sftp:deploy@127.0.0.1:" + sftp.port() + "/?password=RAW(s3cret!)",
                        "upkeep.detect.settle = " + SETTLE_MILLIS + "ms",
                        "upkeep.backup.near = 0ms",
                        "upkeep.lease = 3s",
                        "upkeep.console.enabled = false",
                        "upkeep.tick.cron = * * * * * ?",
                        "upkeep.detect.cron = * * * * * ?",
                        "upkeep.migrate.attempts = 2",
                        "upkeep.migrate.back-off = 100ms",
                        "upkeep.backup.dump-program = " + mariadb().program("mariadb-dump"),
                        String.join("\n", more),
                        ""));
    }

    /** The plugin's plans. */
    Path plan() {
        return home.resolve("config/updates/" + SLUG + ".yaml");
    }

    /** Runs a command as the command line does. */
    Said upkeep(String... args) {
        String[] all = Stream.concat(Stream.of("--home", home.toString()), Stream.of(args))
                .toArray(String[]::new);
        return say(all);
    }

    /** Runs a command, wherever its home is. */
    static Said say(String... all) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Upkeep.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        int code = line.execute(all);
        return new Said(code, out.toString(), err.toString());
    }

    /** Starts a command as a process of its own; arguments that start with -D are the JVM's. */
    Process start(Path log, String... arguments) throws IOException {
        return start(log, Map.of(), arguments);
    }

    /** The same with more environment variables. */
    Process start(Path log, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(QuickStart.java());
        Stream.of(arguments).filter(argument -> argument.startsWith("-D")).forEach(command::add);
        command.addAll(List.of(Upkeep.class.getName(), "--home", home.toString()));
        Stream.of(arguments).filter(argument -> !argument.startsWith("-D")).forEach(command::add);
        ProcessBuilder process =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        process.environment().putAll(environment);
        return process.start();
    }

    /** The class path of the tests, also where Surefire hides it in a manifest. */
    static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** Copies a file, or the files of a folder, into another folder. */
    static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        if (Files.isRegularFile(from)) {
            Files.copy(from, to.resolve(from.getFileName()));
            return;
        }
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    @Override
    public void close() throws Exception {
        connection.close();
        sftp.close();
    }
}
