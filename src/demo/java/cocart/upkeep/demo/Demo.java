package cocart.upkeep.demo;

import cocart.upkeep.Bundle;
import cocart.upkeep.Settings;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.Updates;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Plays the life of a data update on real servers: a person copies a new CoCart into a store by hand, and the bundle,
 * with its ordinary routes and settings, notices, backs up, migrates, proves and completes.
 */
public final class Demo {

    private static final PrintStream OUT = System.out;
    private static final String SLUG = "cart-rest-api-for-woocommerce";
    private static final int CARTS = 300;
    private static final long PATIENCE_MILLIS = 120_000;

    private Demo() {}

    public static void main(String[] args) {
        int code;
        try {
            code = play(Path.of("").toAbsolutePath());
        } catch (Exception e) {
            say("The demo failed: " + e.getMessage());
            code = 1;
        }
        System.exit(code);
    }

    private static int play(Path home) throws Exception {
        Path work = home.resolve("target/demo");
        remove(work);
        Path shop = Files.createDirectories(work.resolve("shop"));
        String password = UUID.randomUUID().toString();
        say("Starting a store: MariaDB with " + CARTS + " carts, and an SFTP server with WordPress and CoCart 2.9.3.");
        try (EmbeddedMariaDb mariadb = new EmbeddedMariaDb(work.resolve("mariadb"));
                EmbeddedSftp sftp = new EmbeddedSftp(
                        shop,
                        work.resolve("host-key"),
                        Integer.getInteger("upkeep.demo.sftp.port", 0),
                        password,
                        List.of())) {
            mariadb.create("shop", "shop", password);
            sftp.trustIn(work.resolve("known_hosts"));
            ShopFiles files = new ShopFiles(shop);
            files.wordPress(mariadb.port(), "shop", "shop", password);
            files.plugin("2.9.3");
            System.setProperty("upkeep.demo.sftp.port", String.valueOf(sftp.port()));
            System.setProperty("upkeep.demo.password", password);
            if (Boolean.getBoolean("upkeep.demo.exit")) {
                System.setProperty("upkeep.console.enabled", "false"); // nobody is there to look
            }
            System.setProperty(
                    "upkeep.demo.dump-program", mariadb.program("mariadb-dump").toString());
            try (Connection connection = DriverManager.getConnection(mariadb.url("shop"), "shop", password);
                    Bundle bundle = new Bundle(Settings.load(home, "demo"), true)) {
                ShopDatabase database = new ShopDatabase(connection, "wp_");
                database.create("2.9.3", CARTS);
                List<String> columns = database.columns();
                List<String> carts = database.carts();
                say("Starting the bundle. What it does is logged below; a person's deeds are lines like this.");
                bundle.start();
                bundle.consoleAddress().ifPresent(address -> say("See it at " + address));
                await(() -> bundle.isSettled("demo", SLUG, "2.9.3"), "CoCart 2.9.3 to settle");
                say("A person copies CoCart 4.3.6 over it by hand: the first half ...");
                files.firstHalf("4.3.6");
                Thread.sleep(3000);
                say("... and, after a pause, the rest.");
                files.secondHalf();
                Updates updates = bundle.updates();
                await(
                        () -> updates.current("demo")
                                .filter(update -> !update.isOpen())
                                .isPresent(),
                        "the data update to end");
                return report(updates.current("demo"), database, columns, carts, work, bundle);
            }
        }
    }

    private static int report(
            Optional<DataUpdate> ended,
            ShopDatabase database,
            List<String> columns,
            List<String> carts,
            Path work,
            Bundle bundle)
            throws Exception {
        DataUpdate update = ended.orElseThrow();
        Path snapshot = work.resolve("backups/snapshots/demo").resolve(String.valueOf(update.snapshotId()));
        List<String> cartsNow = database.carts();
        boolean detected = bundle.isSettled("demo", SLUG, "4.3.6");
        boolean backedUp = Files.isRegularFile(snapshot.resolve("database.sql.gz"))
                && Files.isDirectory(snapshot.resolve("wp-content/plugins/" + SLUG));
        boolean migrated = database.columns().size() == 7 && cartsNow.equals(carts);
        boolean complete = update.state().equals("complete") && "3.0.0".equals(database.option("cocart_db_version"));
        say("1 detect    " + word(detected) + "  CoCart 4.3.6, copied in by hand, was seen when it had settled");
        say("2 back up   " + word(backedUp) + "  " + snapshot);
        say("3 migrate   " + word(migrated) + "  wp_cocart_carts before: " + names(columns));
        say("                              after:  " + names(database.columns()));
        say("                      carts before: " + carts.size() + ", after: " + cartsNow.size()
                + (cartsNow.equals(carts) ? ", each one the same" : ", NOT THE SAME"));
        say("4 complete  " + word(complete) + "  cocart_db_version is " + database.option("cocart_db_version")
                + "; new carts were exposed for " + update.exposureSeconds() + " s");
        if (!Boolean.getBoolean("upkeep.demo.exit")) {
            say("The bundle keeps looking after the store; stop it with Ctrl+C.");
            bundle.consoleAddress()
                    .ifPresent(address -> say("See it at " + address + "; the token for its buttons is in "
                            + bundle.settings().home().resolve("data/token")));
            Thread.currentThread().join();
        }
        return detected && backedUp && migrated && complete ? 0 : 1;
    }

    private static String word(boolean good) {
        return good ? "ok    " : "FAILED";
    }

    private static String names(List<String> columns) {
        return String.join(
                ", ", columns.stream().map(column -> column.split(" ")[0]).toList());
    }

    private static void await(BooleanSupplier condition, String what) throws InterruptedException {
        long end = System.currentTimeMillis() + PATIENCE_MILLIS;
        while (!condition.getAsBoolean()) {
            if (System.currentTimeMillis() > end) {
                throw new IllegalStateException("waited in vain for " + what);
            }
            Thread.sleep(100);
        }
    }

    private static void say(String line) {
        OUT.println(line);
        OUT.flush();
    }

    private static void remove(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
