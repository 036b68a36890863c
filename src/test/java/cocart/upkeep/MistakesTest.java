package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** The mistakes that users make: one sentence that says what, where and what to do, and the right exit code. */
class MistakesTest extends OutdatedShop {

    MistakesTest() {
        super("automatic", 5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "upkeep.detect.setle = 1s | unknown property upkeep.detect.setle; did you mean upkeep.detect.settle?",
                "upkeep.store.acme.data-upate = manual | did you mean upkeep.store.acme.data-update?",
                "upkeep.store.amce.url = https://x | did you mean upkeep.store.acme.url?",
                "upkep.detect.settle = 1s | unknown property upkep.detect.settle; did you mean upkeep.detect.settle?",
                "upkeep.stores.acme.url = https://x | did you mean upkeep.store.acme.url?",
                "upkeep.store.acme.database.user = x | did you mean upkeep.store.acme.database.username?",
                "upkeep.store.amce.urll = https://x | did you mean upkeep.store.acme.url?",
                "upkeep.store.acme.console.port = 1 | is no option of one store; for all stores it is upkeep.console.port",
                "upkeep.database.prefix = wp_ | for one store it is upkeep.store.acme.database.prefix",
                "upkeep.colour = red | unknown property upkeep.colour; remove it",
                "upkeep.store.acme.colour.of.the.shop = red | unknown property upkeep.store.acme.colour.of.the.shop; remove it",
                "upkeep.store.other.url = https://x | upkeep.stores does not name other; add it there",
                "upkeep.data-update = maybe | upkeep.data-update must be manual or automatic, not 'maybe'",
                "upkeep.detect.settle = soon | upkeep.detect.settle must be a duration such as 30s",
                "upkeep.detect.settle = abc | upkeep.detect.settle must be a duration such as 30s",
                "upkeep.lease = 5 | upkeep.lease must be a duration such as 30s",
                "upkeep.store.acme.url = javascript:alert(1) | upkeep.store.acme.url must be the shop's address",
                "upkeep.console.read-token = never | upkeep.console.read-token must be elsewhere or always",
                "upkeep.backup.cron = daily | upkeep.backup.cron is no Quartz cron expression",
                "upkeep.backup.cron = daily | 'DAI'); it has seconds minutes hours day-of-month month day-of-week: for example 0 0 3 * * ?",
                "upkeep.backup.cron = 30 4 * * * | has 5 fields, as Unix cron has; Quartz has the seconds in front",
                "upkeep.backup.cron = 30 4 * * * | for the day that does not count: write 0 30 4 * * ?",
                "upkeep.backup.cron = 0 4 * * 1-5,0 | write 0 0 4 ? * MON-FRI,SUN",
                "upkeep.backup.cron = 0 4 1 * 1 | for example 0 0 3 * * ?, every day at 3:00",
                "upkeep.backup.cron = * * * * * * | needs a ? for the day that does not count, day-of-month (the fourth field)",
                "upkeep.backup.cron = 0 0 4 * * * | write 0 0 4 * * ?",
                "upkeep.backup.cron = 0 0 4 * * MON | write 0 0 4 ? * MON",
                "upkeep.backup.cron = 0 0 4 ? * ? | write 0 0 4 * * ?",
                "upkeep.zone = Mars/Olympus | upkeep.zone must be a time zone",
                "upkeep.migrate.attempts = none | upkeep.migrate.attempts must be a whole number of at least 1",
                "upkeep.stores = acme,acme | upkeep.stores names the store acme twice",
                "upkeep.stores = a/../b | an id is letters, digits",
                "upkeep.stores = | upkeep.stores names no store",
                "upkeep.plugins = ../x | upkeep.plugins must name plugin folders",
                "upkeep.store.acme.database.prefix = wp_; DROP | must be letters, digits and underscores",
                "upkeep.store.acme.files = http://x@y/z | must start with sftp:, ftps:, ftp: or file:",
                "upkeep.store.acme.files = ftp:deploy@shop.example | must name a host and the WordPress root",
                "upkeep.store.acme.files = ftps:deploy@h/w?trustStore=x | unknown option trustStore)",
                "upkeep.store.acme.files = ftps:deploy@h/w?ftpClient.trustStore.file=none.p12 | check ftpClient.trustStore.file",
                "upkeep.store.acme.files = ftps:deploy@h/w?securityProtocol=SSLv9 | is no usable ftps: endpoint",
                "upkeep.store.acme.files = sftp:deploy@shop.example | must name a host and the WordPress root",
                "upkeep.store.acme.files = sftp:deploy@h/w?privateKeyFil=x | unknown option privateKeyFil)",
                "upkeep.store.acme.files = sftp:deploy@h/w?privateKeyFile=config/none | config/none does not exist",
                "upkeep.backup.skip = ../x | is not a path below wp-content",
                "upkeep.database.password = {{env:NO_SUCH_VARIABLE}} | refers to {{env:NO_SUCH_VARIABLE}}, which has no value",
                "upkeep.database.password = {{file:config/none}} | refers to {{file:config/none}}, a file that cannot be read"
            })
    void aWrongSettingEndsTheStartWithFileLineAndRemedy(String line, String expected) throws Exception {
        shop.settings(line.strip());
        Path file = shop.home.resolve("config/application.properties");
        int number = Files.readAllLines(file).indexOf(line.strip()) + 1;
        Shop.Said said = shop.upkeep("once");
        assertThat(said.code()).as(said.err()).isEqualTo(2);
        assertThat(said.err())
                .contains(expected.strip())
                .contains(file + ", line " + number + ": ")
                .hasLineCount(1);
        assertThat(said.out()).isEmpty();
    }

    @Test
    void aHomeThatIsNoneIsSaid() {
        Shop.Said said = Shop.say("--home", folder.resolve("nowhere").toString(), "status");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains("application.properties does not exist", "--home DIR");
    }

    @Test
    void aStoreThatIsNotInTheSettingsIsSaid() {
        for (String command : List.of("once", "approve", "retry", "cancel", "dismiss", "backup", "snapshots")) {
            Shop.Said said = shop.upkeep(command, "amce");
            assertThat(said.code()).as(command).isEqualTo(2);
            assertThat(said.err()).as(command).contains("no store amce", "upkeep.stores names acme");
        }
        Shop.Said misspelt = shop.upkeep("aprove", "acme");
        assertThat(misspelt.code()).isEqualTo(2);
        assertThat(misspelt.err())
                .startsWith("upkeep: there is no command aprove\n")
                .contains("approve")
                .hasLineCount(3)
                .endsWith("Try: upkeep --help\n");
        for (String command : List.of("approve", "backup", "restore", "trust")) {
            Shop.Said said = shop.upkeep(command);
            assertThat(said.code()).as(command).isEqualTo(2);
            assertThat(said.err().lines())
                    .containsExactly(
                            "upkeep: Missing required parameter"
                                    + (command.equals("restore") ? "s: 'STORE', 'SNAPSHOT'" : ": 'STORE'"),
                            "Try: upkeep " + command + " --help");
        }
        assertThat(shop.upkeep("status", "--jsn").err().lines())
                .startsWith("upkeep: Unknown option: '--jsn'")
                .endsWith("Try: upkeep status --help");
    }

    @Test
    void aKeyThatOthersMayReadEndsTheStart() throws Exception {
        Path key = shop.home.resolve("config/id_ed25519");
        Files.writeString(key, "-----BEGIN OPENSSH PRIVATE KEY-----\n");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        shop.settings("upkeep.store.acme.files = sftp:deploy@h/w?privateKeyFile=config/id_ed25519");
        Shop.Said said = shop.upkeep("once");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains("may be read by others", "chmod 600");
    }

    @Test
    void brokenYamlInARouteIsSaidWithFileLineAndColumn() throws Exception {
        Path route = shop.home.resolve("routes/detect.camel.yaml");
        Files.writeString(route, Files.readString(route).replace("    id: look", "    id: [look"));
        assertMistake(route + ", line ", "column ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "uri: direct:plan | uri: direct:plna | column 24: no route begins with direct:plna; did you mean direct:plan?",
                "uri: direct:plan | uri: derect:plan | derect",
                "method: plugins( | methd: plugins( | methd",
                "method: plugins( | method: plugin( | the bean detector has no method plugin; it has due, dueStores, look",
                "ref: detector | ref: detektor | detektor",
                "        - setHeader: | setHaeder: | setHaeder"
            })
    void aWrongStepInARouteIsSaidWithTheFile(String right, String wrong, String expected) throws Exception {
        Path route = shop.home.resolve("routes/detect.camel.yaml");
        String text = Files.readString(route);
        String indent = right.strip().startsWith("-") ? "        - " : "      ";
        assertThat(text).contains(right.strip());
        Files.writeString(
                route,
                right.strip().startsWith("-")
                        ? text.replaceFirst(right.strip(), "- " + wrong.strip())
                        : text.replace(right.strip(), wrong.strip()));
        assertMistake("detect.camel.yaml", expected.strip());
    }

    @Test
    void aRouteFileThatIsMissingIsSaidWithTheRouteThatNeedsIt() throws Exception {
        Path routes = shop.home.resolve("routes");
        Files.delete(routes.resolve("rehearse.camel.yaml"));
        assertMistake(
                routes.resolve("rehearse.camel.yaml") + " is missing: route migrate (migrate.camel.yaml, line ",
                ") needs direct:rehearse. Put the file back from this version's archive");
        Shop.copy(Path.of("routes/rehearse.camel.yaml"), routes);
        Files.move(routes.resolve("back-up.camel.yaml"), routes.resolve("back-up.camel.yml"));
        assertMistake(
                routes.resolve("back-up.camel.yaml") + " is missing: route ",
                ") needs direct:back-up, and so do ",
                "it may be " + routes.resolve("back-up.camel.yml"));
        Files.move(routes.resolve("back-up.camel.yml"), routes.resolve("back-up.camel.yaml"));
        Files.delete(routes.resolve("schedule.camel.yaml"));
        assertMistake(routes.resolve("schedule.camel.yaml") + " is missing: commands of upkeep call direct:once");
        Shop.copy(Path.of("routes/schedule.camel.yaml"), routes);
        Files.delete(routes.resolve("errors.camel.yaml"));
        assertMistake(
                routes.resolve("errors.camel.yaml") + " is missing: route complete (complete.camel.yaml, line ",
                "needs the routeConfiguration completion-errors");
    }

    @Test
    void aMistypedBeginningOfARouteIsSaidWhereItStands() throws Exception {
        Path route = shop.home.resolve("routes/back-up.camel.yaml");
        String text = Files.readString(route);
        Files.writeString(route, text.replace("uri: direct:back-up", "uri: direct:back-pu"));
        assertMistake(
                route + ", line 6, column 12: no route begins with direct:back-up, but one with direct:back-pu",
                "route asked-back-up (console.camel.yaml, line ");
        Files.writeString(route, text.substring(0, text.indexOf("- route:\n    id: prune")));
        assertMistake(route + ": no route begins with direct:prune; route back-up (back-up.camel.yaml, line ");
    }

    @Test
    void whatTheShippedFilesBeginIsWhatTheyAreBlamedFor() throws Exception {
        try (var files = Files.list(Path.of("routes"))) {
            assertThat(RouteFiles.read(Path.of("routes"), files.toList(), Map.of())
                            .begun())
                    .containsExactlyInAnyOrderElementsOf(RouteCalls.SHIPPED.keySet());
        }
        assertThat(RouteCalls.SHIPPED.keySet()).containsAll(RouteCalls.ASKED);
    }

    @Test
    void checkFindsWhatABackupOrAnUpdateWouldMissLater() throws Exception {
        shop.settings("upkeep.backup.directory = config/application.properties/backups");
        assertThat(shop.upkeep("check").out()).contains("failed  backup directory: ", "cannot be written");
        shop.settings();
        assertThat(shop.upkeep("check").code()).isZero();
        try (Connection root = Shop.mariadb().administrator();
                var statement = root.createStatement()) {
            for (String host : List.of("127.0.0.1", "localhost", "%")) {
                statement.execute("REVOKE ALTER ON shop.* FROM 'shop'@'" + host + "'");
            }
        }
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out()).contains("may not ALTER tables", "GRANT ALTER");
    }

    @Test
    void brokenPlansAreSaidWithFileLineAndColumn() throws Exception {
        Path plan = shop.plan();
        String text = Files.readString(plan);
        Files.writeString(plan, text.replace("    mark: cocart_db_version", "    mark: [cocart_db_version"));
        assertMistake(plan + ", line ", "column ");
        Files.writeString(plan, text.replace("expect: 1", "expct: 1"));
        assertMistake(plan + ", line ", "unknown field 'expct'", "expect");
        Files.writeString(plan, text.replace("version: 3.0.0", "versions: 3.0.0"));
        assertMistake(plan + ", line ", "unknown field 'versions'");
        Files.writeString(plan, text.replace("table: cocart_carts", "table: cocart_carts; DROP TABLE x"));
        assertMistake(plan + ", line ", "table must match");
    }

    @Test
    void aServerThatIsAwayIsANoticeAndClearsItselfWhenItIsBack() throws Exception {
        String files = "upkeep.store.acme.files = sftp:deploy@127.0.0.1:" + freePort() + "/?password=RAW(s3cret!)";
        shop.settings("upkeep.data-update = automatic", files);
        Shop.Said away = shop.upkeep("once");
        assertThat(away.code()).isEqualTo(1);
        JsonNode store = EndToEndTest.status(shop);
        assertThat(store.get("error").asText()).contains("store acme: nothing listens at 127.0.0.1:");
        assertThat(store.at("/notice/kind").asText()).isEqualTo("attention");

        shop.settings("upkeep.data-update = automatic");
        Shop.Said back = shop.upkeep("once");
        assertThat(back.code()).as(back.out() + back.err()).isZero();
        assertThat(EndToEndTest.status(shop).get("error").isNull()).isTrue();
        assertThat(EndToEndTest.status(shop).at("/dataUpdate/state").asText()).isEqualTo("complete");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/?password=RAW(wr0ng) | does not let the user deploy in",
                "/none?password=RAW(s3cret!) | there is no folder /none",
                "/wp-content/plugins?password=RAW(s3cret!) | there is no wp-content in this folder"
            })
    void whatIsWrongOnTheServerIsSaidByOnceCheckAndStatus(String rest, String expected) throws Exception {
        shop.settings("upkeep.store.acme.files = sftp:deploy@127.0.0.1:" + shop.sftp.port() + rest.strip());
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).isEqualTo(1);
        assertThat(once.out()).contains(expected.strip());
        Shop.Said check = shop.upkeep("check");
        assertThat(check.code()).isEqualTo(1);
        assertThat(check.out()).contains("failed  acme: files: ");
        Shop.Said status = shop.upkeep("status");
        assertThat(status.out()).contains(expected.strip());
        assertThat(once.out() + once.err() + check.out() + check.err() + status.out())
                .doesNotContain("wr0ng", "s3cret!", "Exception", "\tat ");
    }

    @Test
    void anUnknownHostKeyIsSaidWithItsFingerprint() throws Exception {
        Files.delete(shop.home.resolve("config/known_hosts"));
        assertThat(shop.upkeep("once").out()).contains("is unknown (the server shows ", "SHA256:", "upkeep trust acme");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "DB_PASSWORD', 'wrong' | does not let the user shop in with this password; check upkeep.store.acme.database.*,"
                        + " or DB_* in wp-config.php; if this account demands TLS, write sslMode=verify-full in upkeep.store.acme.database.url",
                "DB_NAME', 'none' | there is no database none",
                "DB_HOST', '127.0.0.1:1' | the database at 127.0.0.1:1 cannot be reached",
                "DB_HOST', 'localhost:/no/such.sock' | /no/such.sock cannot be reached",
                "DB_NAME', getenv('X') | is computed by PHP, which is not run here; set upkeep.store.acme.database.url"
            })
    void aDatabaseThatCannotBeEnteredIsSaid(String define, String expected) throws Exception {
        Path config = shop.root.resolve("wp-config.php");
        String name = define.substring(0, define.indexOf('\''));
        Files.writeString(
                config,
                Files.readString(config)
                        .replaceAll(
                                "'" + name + "', '.*' \\);",
                                "'" + define.strip().replace("$", "\\$") + " );"));
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).isEqualTo(1);
        assertThat(once.out()).contains(expected.strip()).doesNotContain("Exception");
        assertThat(shop.upkeep("check").out()).contains("failed  acme: database: ");
        assertThat(shop.database.columns()).hasSize(4);
    }

    @Test
    void withoutADumpProgramNothingIsChanged() throws Exception {
        shop.settings("upkeep.data-update = automatic", "upkeep.backup.dump-program = no-such-dump,neither-this");
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).isEqualTo(1);
        assertThat(once.out())
                .contains("none of no-such-dump, neither-this is installed here", "upkeep.backup.dump-program");
        assertThat(shop.database.columns()).hasSize(4);
        assertThat(shop.upkeep("check").out()).contains("failed  dump program");
    }

    @Test
    void whatACommandSaysItselfIsNotInItsLogAsWell() throws Exception {
        shop.settings("upkeep.backup.dump-program = no-such-dump", "upkeep.backup.client-program = no-such-client");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger logger = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        logger.addAppender(log);
        try {
            Shop.Said said = shop.upkeep("backup", "acme");
            assertThat(said.code()).isEqualTo(1);
            assertThat(said.err()).hasLineCount(1).startsWith("upkeep: store acme: none of no-such-dump is installed");
            assertThat(log.list)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .noneMatch(line -> line.contains("no-such-dump"));

            Shop.Said once = shop.upkeep("once");
            assertThat(once.out()).containsOnlyOnce("no-such-dump");
            assertThat(once.err()).isEmpty();
            assertThat(log.list)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .noneMatch(line -> line.contains("Notice (attention)") && line.contains("no-such-dump"));
        } finally {
            logger.detachAppender(log);
        }
    }

    /** One command by sudo, and nothing that the owner starts could use its files any more. */
    @Test
    void whoIsNotTheOwnerOfWhatIsRecordedIsSentAwayBeforeAnythingIsWritten() throws Exception {
        Path data = shop.home.resolve("data");
        if (!System.getProperty("user.name").equals("root")) {
            Files.createSymbolicLink(data, Path.of("/etc"));
            assertThat(shop.upkeep("status").err()).contains("/etc belongs to root, but this is run by ");
            return;
        }
        Files.setAttribute(Files.createDirectories(data), "unix:uid", 65534);
        Shop.Said said = shop.upkeep("once", "acme");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err())
                .contains(data + " belongs to nobody, but this is run by root: run every command as the user ");
        assertThat(data).isEmptyDirectory();
        Files.delete(data);
        Files.setAttribute(shop.home, "unix:uid", 65534);
        assertThat(shop.upkeep("status").err()).contains(shop.home + " belongs to nobody, but this is run by root");
        assertThat(data).doesNotExist();
        Files.setAttribute(shop.home, "unix:uid", 0);
        Files.createDirectories(data);
        Path file = Files.createFile(data.resolve("upkeep.mv.db"));
        Files.setAttribute(file, "unix:uid", 65534);
        assertThat(shop.upkeep("status").err())
                .contains(file + " belongs to nobody, who once ran a command here: chown -R root " + data);
    }

    @Test
    void aStateDatabaseThatAnotherProcessHoldsIsSaid() throws Exception {
        shop.settings("upkeep.database.url = jdbc:h2:file:./data/upkeep");
        Path file = Files.createDirectories(shop.home.resolve("data")).resolve("upkeep");
        Process holder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        Shop.classPath(),
                        Holder.class.getName(),
                        "jdbc:h2:file:" + file)
                .redirectErrorStream(true)
                .start();
        try {
            assertThat(holder.inputReader().readLine()).isEqualTo("open");
            Shop.Said said = shop.upkeep("status");
            assertThat(said.code()).isEqualTo(2);
            assertThat(said.err()).contains("is in use by another process", "AUTO_SERVER=TRUE");
        } finally {
            holder.destroyForcibly().waitFor();
        }
    }

    /** Keeps a database open until it is killed. */
    static final class Holder {

        public static void main(String[] args) throws Exception {
            try (Connection connection = DriverManager.getConnection(args[0], "sa", "")) {
                System.out.println("open");
                Thread.sleep(60_000);
            }
        }
    }

    @Test
    void aStateDatabaseOfANewerProgramIsSaidAndLeftAlone() throws Exception {
        shop.upkeep("status");
        try (Connection connection =
                        DriverManager.getConnection("jdbc:h2:file:" + shop.home.resolve("data/upkeep"), "sa", "");
                var statement = connection.createStatement()) {
            statement.execute(
                    "INSERT INTO \"flyway_schema_history\" SELECT 99, '99', 'future', \"type\", 'V99__future.sql',"
                            + " 1, \"installed_by\", \"installed_on\", 1, \"success\" FROM \"flyway_schema_history\""
                            + " WHERE \"version\" = '1'");
        }
        Shop.Said said = shop.upkeep("status");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains("was made by a newer or changed version of this program");
    }

    @Test
    void aDiskThatTakesNoMoreEndsTheBackupWithASentenceAndNothingIsSealed() throws Exception {
        shop.files.write("wp-content/uploads/large.bin", "x".repeat(5 << 20));
        // the system itself refuses to write files over 2 MB, as a full disk would
        List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -f 4096; exec \"$@\"", "sh"));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-cp",
                Shop.classPath(),
                Upkeep.class.getName(),
                "--home",
                shop.home.toString(),
                "once"));
        Path log = folder.resolve("full.log");
        Process child = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(child.waitFor()).as(Files.readString(log)).isEqualTo(1);
        assertThat(Files.readString(log))
                .contains("The backup of store acme stopped", "File too large", "upkeep.backup.directory")
                .doesNotContain("\tat ");
        assertThat(shop.database.columns()).hasSize(4);
        assertThat(shop.upkeep("snapshots").out()).contains("no snapshots");
        Shop.Said freed = shop.upkeep("once");
        assertThat(freed.code()).as(freed.out()).isZero();
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
    }

    private void assertMistake(String... expected) {
        for (String command : List.of("once", "check")) {
            Shop.Said said = shop.upkeep(command);
            assertThat(said.code()).as(said.out() + said.err()).isEqualTo(2);
            assertThat(said.err()).contains(expected).doesNotContain("\tat ");
            assertThat(said.err().lines().filter(line -> line.startsWith("upkeep: ")))
                    .hasSize(1);
        }
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
