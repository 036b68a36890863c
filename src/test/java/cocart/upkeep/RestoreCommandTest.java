package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.faults.SmallDisk;
import cocart.upkeep.store.TemporaryName;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code upkeep restore} on a real SFTP server and a real MariaDB. */
class RestoreCommandTest {

    private static final String NO_DUMP = "upkeep.backup.dump-program = no-such-dump";
    private static final String LATER = "CREATE TABLE later (id INT PRIMARY KEY)";

    @TempDir
    Path folder;

    @Test
    void filesAndDatabaseComeBackAndCanBeUndone() throws Exception {
        try (Shop shop = shop()) {
            List<String> carts = shop.database.carts();
            Map<String, String> tree = tree(shop.root);
            String id = backUp(shop);
            damage(shop);
            Map<String, String> damaged = tree(shop.root);

            Shop.Said asked = shop.upkeep("restore", "acme", "latest", "--in-place");
            assertThat(asked.code()).as(asked.out() + asked.err()).isEqualTo(2);
            assertThat(asked.err()).contains("add --yes");
            Shop.Said dry = shop.upkeep("restore", "acme", id, "--in-place", "--dry-run");
            assertThat(dry.code()).as(dry.out() + dry.err()).isZero();
            assertThat(dry.out())
                    .contains("write   wp-content/uploads/2026/11/köttbullar.txt: 14 bytes")
                    .contains("load    database.sql.gz:", "would restore " + id);
            JsonNode planned = new ObjectMapper()
                    .readTree(shop.upkeep("restore", "acme", id, "--in-place", "--dry-run", "--json")
                            .out());
            assertThat(planned.get("dryRun").asBoolean()).isTrue();
            assertThat(planned.get("entries"))
                    .anyMatch(entry -> entry.get("outcome").asText().equals("write")
                            && entry.get("path").asText().equals("wp-content/uploads/2026/11/köttbullar.txt")
                            && entry.get("detail").asText().equals("14 bytes"));
            assertThat(shop.database.carts()).hasSize(29);
            assertThat(tree(shop.root)).isEqualTo(damaged);

            Shop.Said said = shop.upkeep("restore", "acme", id.substring(0, 15), "--in-place", "--yes");
            assertThat(said.code()).as(said.out() + said.err()).isZero();
            assertThat(shop.database.carts()).isEqualTo(carts);
            assertThat(shop.database.columns()).hasSize(4);
            assertThat(rows(shop.connection, "SHOW TABLES"))
                    .as("not in the dump")
                    .contains("later");
            assertThat(shop.root.resolve("wp-content/uploads/new.txt")).hasContent("uploaded since");
            Map<String, String> after = tree(shop.root);
            after.remove("wp-content/uploads/new.txt");
            assertThat(after).isEqualTo(tree);

            List<String> snapshots = snapshots(shop);
            assertThat(snapshots).hasSize(2).contains(id);
            String before = snapshots.get(0);
            assertThat(said.out()).contains("what was there before is " + before);
            assertThat(shop.upkeep("snapshots", "acme").out().lines())
                    .hasSize(4)
                    .anyMatch(line -> line.matches("acme +" + before + " .* [kM]B +before a restore"))
                    .anyMatch(line -> line.matches("acme +" + id + " .* [kM]B"));
            assertThat(new ObjectMapper()
                            .readTree(shop.upkeep("snapshots", "--json").out())
                            .at("/snapshots")
                            .findValues("beforeRestore"))
                    .hasToString("[true, false]");
            Shop.Said undone = shop.upkeep("restore", "acme", before, "--in-place", "--no-backup", "--yes", "--json");
            assertThat(undone.code()).as(undone.out() + undone.err()).isZero();
            JsonNode done = new ObjectMapper().readTree(undone.out());
            assertThat(done.get("store").asText()).isEqualTo("acme");
            assertThat(done.get("snapshot").asText()).isEqualTo(before);
            assertThat(done.get("files").asInt()).isPositive();
            assertThat(done.get("failed").asInt()).isZero();
            assertThat(done.get("database").asBoolean()).isTrue();
            assertThat(done.get("before").isNull()).isTrue();
            assertThat(shop.database.carts()).hasSize(29);
            assertThat(tree(shop.root)).containsAllEntriesOf(damaged);
            assertThat(snapshots(shop)).hasSize(2);
        }
    }

    @Test
    void theDatabaseAloneAndElsewhere() throws Exception {
        try (Shop shop = shop();
                Connection root = Shop.mariadb().administrator()) {
            backUp(shop);
            Shop.mariadb().create("elsewhere", "somebody", "their p&ss+%");
            List<String> checksums = List.of("wp_cocart_carts", "wp_options");
            String url = Shop.mariadb().url("elsewhere") + "?user=somebody&password={{file:config/their}}";
            Files.writeString(shop.home.resolve("config/their"), "their p&ss+%\n");
            Shop.Said said = shop.upkeep("restore", "acme", "latest", "--database-url", url, "--yes");
            assertThat(said.code()).as(said.out() + said.err()).isZero();
            assertThat(said.out() + said.err()).doesNotContain("their");
            for (String table : checksums) {
                assertThat(rows(root, "CHECKSUM TABLE elsewhere." + table)
                                .get(0)
                                .replace("elsewhere", "shop"))
                        .isEqualTo(rows(root, "CHECKSUM TABLE shop." + table).get(0));
            }
            assertThat(snapshots(shop)).as("nothing of the store is changed").hasSize(1);

            Map<String, String> tree = tree(shop.root);
            damage(shop);
            Map<String, String> damaged = tree(shop.root);
            assertThat(damaged).isNotEqualTo(tree);
            assertThat(shop.upkeep("restore", "acme", "latest", "--in-place", "--database-only", "--yes")
                            .code())
                    .isZero();
            assertThat(rows(root, "CHECKSUM TABLE shop.wp_cocart_carts").get(0))
                    .isEqualTo(rows(root, "CHECKSUM TABLE elsewhere.wp_cocart_carts")
                            .get(0)
                            .replace("elsewhere", "shop"));
            assertThat(tree(shop.root)).as("files are left").isEqualTo(damaged);
            String before = rows(root, "CHECKSUM TABLE shop.wp_cocart_carts").get(0);
            shop.database.execute("DELETE FROM wp_cocart_carts WHERE cart_id = 8");
            for (String host : List.of("127.0.0.1", "localhost", "127.0.0.2")) {
                Shop.Said own = shop.upkeep(
                        "restore",
                        "acme",
                        "latest",
                        "--yes",
                        "--database-url",
                        Shop.mariadb().url("shop").replace("127.0.0.1", host));
                assertThat(own.code())
                        .as(host + own.out() + own.err())
                        .isEqualTo(own.err().contains("cannot be used") ? 1 : 2);
                assertThat(own.err()).containsAnyOf("the store's own database: leave it out", "127.0.0.2:");
            }
            assertThat(rows(root, "CHECKSUM TABLE shop.wp_cocart_carts").get(0)).isNotEqualTo(before);
        }
    }

    @Test
    void whatTheSnapshotLacksLeavesNothingHalfRestoredAndWhatCannotBePutBackDeletesNothing() throws Exception {
        try (Shop shop = shop()) {
            Path uploads = shop.root.resolve("wp-content/uploads");
            Files.writeString(uploads.resolve("back\\slash.txt"), "cannot be backed up");
            assertThat(shop.upkeep("backup", "acme").code()).as("partial").isEqualTo(1);
            String id = snapshots(shop).get(0);
            Files.writeString(uploads.resolve("new.txt"), "uploaded since");
            Files.move(uploads.resolve("2026"), uploads.resolve("2026x"));
            Files.createSymbolicLink(uploads.resolve("2026"), Path.of("/etc"));
            String[] restore = {"restore", "acme", id, "--in-place", "--files-only", "--delete", "--yes"};

            Shop.Said blocked = shop.upkeep(restore);
            assertThat(blocked.code()).isEqualTo(1);
            assertThat(blocked.out() + blocked.err()).contains("nothing is deleted, because ");
            assertThat(uploads.resolve("new.txt")).exists();
            assertThat(uploads.resolve("2026x")).isNotEmptyDirectory();
            assertThat(shop.upkeep("status").out()).contains("half restored");

            Files.delete(uploads.resolve("2026"));
            Shop.Said said = shop.upkeep(restore);
            assertThat(said.code()).as("it is said that the snapshot lacks one").isEqualTo(1);
            assertThat(uploads.resolve("new.txt")).doesNotExist();
            assertThat(uploads.resolve("2026/11/köttbullar.txt")).exists();
            assertThat(shop.upkeep("status").out()).doesNotContain("half restored");
        }
    }

    @Test
    void aLoadThatFailsSaysHowToPutBackWhatWasThere() throws Exception {
        try (Shop shop = shop()) {
            String id = backUp(shop);
            damage(shop);
            Path client = folder.resolve("client.sh");
            Files.writeString(
                    client, "#!/bin/sh\nhead -c 100 >/dev/null\necho 'ERROR 2013: Lost connection' >&2\nexit 1\n");
            Files.setPosixFilePermissions(client, PosixFilePermissions.fromString("rwx------"));
            shop.settings("upkeep.backup.client-program = " + client);
            Shop.Said said = shop.upkeep("restore", "acme", id, "--in-place", "--yes", "--json");
            assertThat(said.code()).as(said.out() + said.err()).isEqualTo(1);
            assertThat(new ObjectMapper().readTree(said.out()).has("files")).isFalse();
            String before = snapshots(shop).get(0);
            assertThat(before).isNotEqualTo(id);
            assertThat(said.err())
                    .contains("Lost connection", "half loaded")
                    .contains("upkeep restore acme " + before + " --in-place --database-only");
            assertThat(shop.upkeep("status"))
                    .satisfies(status -> assertThat(status.code()).isEqualTo(1))
                    .satisfies(status -> assertThat(status.out())
                            .contains("half restored", "upkeep restore acme " + id + " --in-place", before));

            shop.settings("upkeep.backup.client-program = " + Shop.mariadb().program("mariadb"));
            assertThat(shop.upkeep("restore", "acme", before, "--in-place", "--database-only", "--yes")
                            .code())
                    .isZero();
            assertThat(shop.database.carts()).hasSize(29);
            assertThat(shop.upkeep("status").out()).doesNotContain("half restored");

            // "latest" is not what the restores above have kept of what they replaced
            Shop.Said again = shop.upkeep("restore", "acme", "latest", "--in-place", "--yes");
            assertThat(again.code()).as(again.out() + again.err()).isZero();
            assertThat(again.out()).contains("restored " + id + " of acme");
        }
    }

    @Test
    void aSnapshotIsRestoredByHandAsTheReadmeSays() throws Exception {
        try (Shop shop = shop();
                Connection root = Shop.mariadb().administrator()) {
            String id = backUp(shop);
            Map<String, String> byUs = new TreeMap<>();
            Path to = folder.resolve("by us");
            Shop.Said said = shop.upkeep("restore", "acme", id, "--to", to.toString());
            assertThat(said.code()).as(said.out() + said.err()).isZero();
            tree(to.resolve("wp-content")).forEach((path, what) -> byUs.put(path, what.replaceAll(" \\d+ \\d+$", "")));

            Shop.mariadb().create("byhand", "hand", "hand");
            Path script = folder.resolve("by-hand.sh");
            Path made = folder.resolve("by hand");
            Files.writeString(
                    script,
                    "set -e\ncd '" + shop.home.resolve("data/backups/snapshots/acme/" + id) + "'\n"
                            + "zcat database.sql.gz | sed '1{/999999/d;}' | '"
                            + Shop.mariadb().program("mariadb") + "' --binary-mode --comments -h127.0.0.1 -P"
                            + Shop.mariadb().port() + " -uhand -phand byhand\n"
                            + "cp -a --no-preserve=links wp-content '" + made + "' && chmod -R u=rwX,go=rX '" + made
                            + "'\n");
            Process byHand = new ProcessBuilder("sh", script.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("log").toFile())
                    .start();
            assertThat(byHand.waitFor())
                    .as(Files.readString(folder.resolve("log")))
                    .isZero();
            Map<String, String> hand = new TreeMap<>();
            tree(made).forEach((path, what) -> hand.put(path, what.replaceAll(" \\d+ \\d+$", "")));
            assertThat(hand).isEqualTo(byUs);
            assertThat(rows(root, "CHECKSUM TABLE byhand.wp_cocart_carts")
                            .get(0)
                            .replace("byhand", "shop"))
                    .isEqualTo(rows(root, "CHECKSUM TABLE shop.wp_cocart_carts").get(0));
        }
    }

    @Test
    void aFolderNeedsNeitherTheStoreNorItsSettings() throws Exception {
        try (Shop shop = shop()) {
            String id = backUp(shop);
            shop.sftp.close();
            Files.writeString(
                    shop.home.resolve("config/application.properties"),
                    "upkeep.stores = other\nupkeep.store.other.files = file:/nowhere\n");
            Path to = folder.resolve("to");
            Shop.Said said = shop.upkeep("restore", "acme", "latest", "--to", to.toString(), "--files-only");
            assertThat(said.code()).as(said.out() + said.err()).isZero();
            assertThat(to.resolve("wp-content/uploads/2026/11/köttbullar.txt")).hasContent("not a picture");
            assertThat(to.resolve("database.sql.gz")).doesNotExist();
            for (String wrong : List.of("1999", "2026x", "")) {
                Shop.Said none = shop.upkeep(
                        "restore", "acme", wrong, "--to", folder.resolve("x").toString());
                assertThat(none.code()).isEqualTo(2);
                assertThat(none.err()).contains("has no snapshot " + wrong).contains(id);
            }
            assertThat(folder.resolve("x")).doesNotExist();
            for (List<String> where :
                    List.of(List.of("--in-place", "--yes"), List.<String>of(), List.of("--to", "x"))) {
                List<String> all = new ArrayList<>(List.of("restore", "nobody", "latest"));
                all.addAll(where);
                Shop.Said said2 = shop.upkeep(all.toArray(String[]::new));
                assertThat(said2.code()).isEqualTo(2);
                assertThat(said2.err()).hasLineCount(1).contains("There is no store nobody; upkeep.stores names other");
            }
            assertThat(shop.upkeep("restore", "other", "latest").err())
                    .startsWith("upkeep: say where to: --to DIR")
                    .hasLineCount(2);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--to x --in-place",
                "--in-place --files-only --database-only",
                "--in-place --path a --database-only",
                "--to x --delete",
                "--to x --all",
                "--in-place --database-url jdbc:mariadb://h/x",
                "--database-url jdbc:mariadb://h/x --files-only",
                "--in-place --database-only --delete",
                "--database-url jdbc:mariadb://h/x?user=u&password=s3cret",
                "--database-url jdbc:mariadb://h/x?password=s3cret{{env:X}}"
            })
    void whatMakesNoSenseIsSaid(String options) {
        List<String> all = new ArrayList<>(List.of("--home", folder.toString(), "restore", "acme", "latest"));
        Stream.of(options.split(" ")).filter(option -> !option.isEmpty()).forEach(all::add);
        Shop.Said said = Shop.say(all.toArray(String[]::new));
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err())
                .hasLineCount(2)
                .startsWith("upkeep: ")
                .endsWith("Try: upkeep restore --help\n")
                .doesNotContain("Exception", "s3cret");
        assertThat(!options.contains("s3cret") || said.err().contains("{{env:NAME}}"))
                .isTrue();
    }

    @Test
    void aKilledRestoreIsTakenUpByTheNext() throws Exception {
        try (Shop shop = shop()) {
            for (int i = 0; i < 1000; i++) {
                shop.files.write("wp-content/uploads/" + i / 200 + "/" + i + ".txt", "file " + i + "\n");
            }
            String id = backUp(shop);
            Path uploads = shop.root.resolve("wp-content/uploads");
            Map<String, String> tree = tree(shop.root);
            try (Stream<Path> all = Files.walk(uploads)) {
                for (Path path : all.filter(Files::isRegularFile).toList()) {
                    Files.writeString(path, "damaged");
                }
            }
            Process child = shop.start(
                    folder.resolve("log"), "restore", "acme", id, "--in-place", "--files-only", "--no-backup", "--yes");
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> {
                        assertThat(child.isAlive())
                                .as(Files.readString(folder.resolve("log")))
                                .isTrue();
                        return Files.readString(uploads.resolve("0/10.txt")).startsWith("file");
                    });
            child.destroyForcibly();
            assertThat(child.waitFor()).isEqualTo(128 + 9);
            try (Stream<Path> all = Files.walk(uploads)) {
                for (Path path : all.filter(Files::isRegularFile).toList()) {
                    String name = path.getFileName().toString();
                    assertThat(TemporaryName.is(name) || name.equals("köttbullar.txt") || isWhole(path))
                            .as(path.toString())
                            .isTrue();
                }
            }
            // until its lease has run out
            await().atMost(Duration.ofSeconds(60))
                    .until(() ->
                            shop.upkeep("restore", "acme", id, "--in-place", "--files-only", "--no-backup", "--yes")
                                            .code()
                                    == 0);
            assertThat(tree(shop.root)).isEqualTo(tree);
        }
    }

    @Test
    void aDiskThatIsTooSmallIsSaidBeforeOrAtTheFirstFileThatDoesNotFit() throws Exception {
        try (Shop shop = shop();
                SmallDisk disk = new SmallDisk(folder.resolve("disk"), "size=1m")) {
            byte[] picture = new byte[3 << 20];
            new Random(1).nextBytes(picture);
            Files.write(shop.root.resolve("wp-content/uploads/picture.jpg"), picture);
            for (int i = 0; i < 100; i++) {
                shop.files.write("wp-content/uploads/small/" + i + ".txt", "file " + i);
            }
            String id = backUp(shop);
            Path to = folder.resolve("disk/new/restored");
            for (String dry : List.of("--yes", "--dry-run")) {
                Shop.Said said = shop.upkeep("restore", "acme", id, "--to", to.toString(), dry);
                assertThat(said.code()).as(said.out() + said.err()).isEqualTo(1);
                assertThat(said.err())
                        .hasLineCount(1)
                        .contains(to + " is on a disk with 1.0 MB free", "has 3.", "nothing was written");
                assertThat(said.out()).isEmpty();
            }
            assertThat(folder.resolve("disk")).isEmptyDirectory();

            // bytes enough, but a hundred small files take a page each
            disk.resize("size=3200k");
            Shop.Said full = shop.upkeep("restore", "acme", id, "--to", to.toString());
            assertThat(full.code()).as(full.out() + full.err()).isEqualTo(1);
            assertThat(full.out()).as("no list of all that does not fit either").isEmpty();
            assertThat(full.err())
                    .hasLineCount(1)
                    .contains("because its disk is full", "until then is in " + to, "make room");
            disk.resize("size=16m");
            assertThat(shop.upkeep(
                                    "restore",
                                    "acme",
                                    id,
                                    "--to",
                                    to.resolve("../again").toString())
                            .code())
                    .isZero();
        }
    }

    @Test
    void aProgramThatIsMissingIsSaidBeforeAnythingIsDoneAndByADryRun() throws Exception {
        try (Shop shop = shop()) {
            String id = backUp(shop);
            damage(shop);
            Map<String, String> damaged = tree(shop.root);
            shop.settings("upkeep.backup.client-program = no-such-client");
            for (String how : List.of("--dry-run", "--yes")) {
                Shop.Said said = shop.upkeep("restore", "acme", id, "--in-place", how);
                assertThat(said.code()).as(said.out() + said.err()).isEqualTo(2);
                assertThat(said.err())
                        .hasLineCount(1)
                        .contains("none of no-such-client is installed here", "upkeep.backup.client-program");
            }
            assertThat(tree(shop.root)).isEqualTo(damaged);
            assertThat(snapshots(shop)).as("no backup for nothing").containsExactly(id);
            assertThat(shop.upkeep("restore", "acme", id, "--in-place", "--dry-run", "--files-only")
                            .code())
                    .isZero();
            shop.settings("upkeep.backup.client-program = " + Shop.mariadb().program("mariadb"), NO_DUMP);
            assertThat(shop.upkeep("restore", "acme", id, "--in-place", "--dry-run")
                            .err())
                    .contains("none of no-such-dump is installed here");
            assertThat(shop.upkeep("restore", "acme", id, "--in-place", "--dry-run", "--no-backup")
                            .code())
                    .isZero();
        }
    }

    private static boolean isWhole(Path path) throws IOException {
        String text = Files.readString(path);
        return text.equals("damaged")
                || text.equals("file " + path.getFileName().toString().replace(".txt", "\n"));
    }

    private Shop shop() throws Exception {
        Shop shop = new Shop(folder, "manual", "2.9.3", 30);
        shop.files.plugin("2.9.3");
        shop.settings("upkeep.backup.client-program = " + Shop.mariadb().program("mariadb"), "upkeep.lease = 1s");
        age(shop, 2);
        return shop;
    }

    private static String backUp(Shop shop) throws Exception {
        age(shop, 2);
        Shop.Said said = shop.upkeep("backup", "acme");
        assertThat(said.code()).as(said.out() + said.err()).isZero();
        return snapshots(shop).get(0);
    }

    private static void damage(Shop shop) throws Exception {
        shop.database.execute("ALTER TABLE wp_cocart_carts ADD cart_hash varchar(200) NOT NULL DEFAULT ''");
        shop.database.execute("DELETE FROM wp_cocart_carts WHERE cart_id = 7");
        shop.database.execute(LATER);
        shop.files.write("wp-content/uploads/2026/11/köttbullar.txt", "hacked");
        shop.files.write("wp-content/uploads/new.txt", "uploaded since");
        Files.delete(shop.root.resolve("wp-content/plugins/" + Shop.SLUG + "/readme.txt"));
        age(shop, 1);
    }

    /**
     * Makes what was changed within the last minute so many hours old: what changed in the second of a backup is written
     * again by a restore.
     */
    private static void age(Shop shop, int hours) throws IOException {
        Instant now = Instant.now();
        try (Stream<Path> all = Files.walk(shop.root)) {
            for (Path path : all.toList()) {
                if (Files.getLastModifiedTime(path).toInstant().isAfter(now.minusSeconds(60))) {
                    Files.setLastModifiedTime(path, FileTime.from(now.minusSeconds(hours * 3600L)));
                }
            }
        }
    }

    /** Ids, the newest first. */
    private static List<String> snapshots(Shop shop) throws IOException {
        try (Stream<Path> all = Files.list(shop.home.resolve("data/backups/snapshots/acme"))) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted(java.util.Comparator.reverseOrder())
                    .toList();
        }
    }

    private static List<String> rows(Connection connection, String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                String row = result.getString(1);
                for (int i = 2; i <= result.getMetaData().getColumnCount(); i++) {
                    row += "|" + result.getString(i);
                }
                rows.add(row);
            }
        }
        return rows;
    }

    /** Content, mode and time of files; folders only by their mode. */
    private static Map<String, String> tree(Path root) throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.toList()) {
                tree.put(
                        root.relativize(path).toString(),
                        Files.isRegularFile(path)
                                ? Files.readString(path) + " "
                                        + Integer.toOctalString((Integer) Files.getAttribute(path, "unix:mode")) + " "
                                        + Files.getLastModifiedTime(path).toMillis() / 1000
                                : "a folder");
            }
        }
        return tree;
    }
}
