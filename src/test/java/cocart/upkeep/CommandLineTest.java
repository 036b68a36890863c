package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.Shop.Said;
import cocart.upkeep.console.Overview;
import cocart.upkeep.console.Paint;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands print, for people and for programs; no server is needed for that. */
class CommandLineTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Path home;

    @BeforeEach
    void twoStores() throws Exception {
        home = folder.resolve("home");
        Shop.copy(Path.of("routes"), home.resolve("routes"));
        Shop.copy(Path.of("config/updates"), home.resolve("config/updates"));
        List<String> lines = new ArrayList<>(
                List.of("upkeep.stores = acme,blue", "upkeep.console.enabled = false", "upkeep.detect.settle = 0s"));
        for (String id : List.of("acme", "blue")) {
            Path plugin =
                    Files.createDirectories(folder.resolve(id + "/wp-content/plugins/cart-rest-api-for-woocommerce"));
            Files.writeString(
                    plugin.resolve("cart-rest-api-for-woocommerce.php"),
                    "<?php\n/*\n * Plugin Name: CoCart\n * Version: 4.3.6\n */\n");
            lines.add("upkeep.store." + id + ".files = file:" + folder.resolve(id));
            lines.add("upkeep.store." + id + ".database.url = jdbc:mariadb://127.0.0.1:9/shop");
            lines.add("upkeep.store." + id + ".database.username = shop");
            lines.add("upkeep.store." + id + ".database.password = s3cret!");
            lines.add("upkeep.store." + id + ".database.prefix = wp_");
        }
        Files.write(home.resolve("config/application.properties"), lines);
    }

    private Said say(String command, String... more) {
        List<String> all = new ArrayList<>(List.of("--home", home.toString(), command));
        all.addAll(List.of(more));
        return Shop.say(all.toArray(String[]::new));
    }

    @Test
    void statusIsOfTheStoresThatAreNamed() throws Exception {
        Said both = say("status", "--json");
        assertThat(JSON.readTree(both.out()).get("stores")).hasSize(2);
        JsonNode one = JSON.readTree(say("status", "blue", "--json").out());
        assertThat(one.get("stores")).hasSize(1);
        assertThat(one.at("/stores/0/id").asText()).isEqualTo("blue");
        assertThat(say("status", "blue").out())
                .startsWith("blue\n")
                .doesNotContain("acme", "\u001b")
                .contains("cart-rest-api-for-woocommerce, not looked at yet; schema unknown\n")
                .doesNotContain("unsettled");
        Said wrong = say("status", "green");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("green").hasLineCount(1);
        assertThat(say("status", "--watch", "0").code()).isEqualTo(2);
    }

    @Test
    void whatTheArchiveOfClassesIsMadeFromUsesABackupAndLeavesNothing() throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        Process practice = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Djava.io.tmpdir=" + temporary,
                        "-Dupkeep.home=" + Path.of("").toAbsolutePath(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        ClassArchive.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(practice.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(practice.waitFor()).as(said).isZero();
        assertThat(said)
                .contains(
                        "far: files: nothing listens at 127.0.0.1:1",
                        "upkeep: store near: the database at 127.0.0.1:1",
                        ": all whole");
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void whatATerminalWouldObeyIsWrittenOut() {
        for (String hostile : List.of("st\u001b[2Jatus", "st\u202eatus", "st\u0085atus")) {
            Said said = say(hostile);
            assertThat(said.code()).isEqualTo(2);
            assertThat(said.err())
                    .contains("there is no command st\\u" + String.format("%04x", (int) hostile.charAt(2)))
                    .doesNotContain(hostile.substring(2, 3));
        }
    }

    @Test
    void watchingSaysWhatHasChangedUntilItIsStopped() throws Exception {
        Path log = folder.resolve("watch.log");
        Process watch = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "cocart.upkeep.Upkeep",
                        "--home",
                        home.toString(),
                        "status",
                        "--json",
                        "--watch",
                        "1")
                .redirectOutput(log.toFile())
                .redirectError(folder.resolve("watch.err").toFile())
                .start();
        try {
            org.awaitility.Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> Files.readAllLines(log).size() == 1);
            say("once", "acme"); // fails, and says so
            org.awaitility.Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> Files.readString(log)
                    .contains("127.0.0.1:9"));
            List<String> said = Files.readAllLines(log);
            assertThat(JSON.readTree(said.get(0)).at("/stores/0/error").isNull())
                    .isTrue();
            assertThat(JSON.readTree(said.get(said.size() - 1))
                            .at("/stores/0/error")
                            .asText())
                    .contains("127.0.0.1:9");
            assertThat(watch.isAlive()).isTrue();
        } finally {
            watch.destroy();
            assertThat(watch.waitFor(100, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(watch.exitValue()).as("SIGTERM").isEqualTo(128 + 15);
        assertThat(Files.readString(folder.resolve("watch.err"))).doesNotContain("\tat ", "stopped");
    }

    @Test
    void programsGetJson() throws Exception {
        JsonNode checks = JSON.readTree(say("check", "--json").out()).get("checks");
        assertThat(checks).isNotEmpty();
        JsonNode failed = null;
        for (JsonNode check : checks) {
            if (check.get("outcome").asText().equals("failed")
                    && check.get("check").asText().equals("database")) {
                failed = check;
            }
        }
        assertThat(failed).isNotNull();
        assertThat(failed.get("store").asText()).isIn("acme", "blue");
        assertThat(failed.get("reason").asText()).contains("127.0.0.1:9").doesNotContain("s3cret");

        assertThat(JSON.readTree(say("once", "acme", "--json").out())
                        .at("/stores/0/id")
                        .asText())
                .isEqualTo("acme");
        assertThat(JSON.readTree(say("prune", "acme", "--dry-run", "--json").out())
                        .get("snapshots"))
                .isEmpty();
        assertThat(JSON.readTree(say("verify", "--json").out()).get("whole").asBoolean())
                .isTrue();
    }

    @Test
    void theShellCompletesCommandsAndOptions() throws Exception {
        Path script = folder.resolve("completion.bash");
        Files.writeString(script, Shop.say("generate-completion").out());
        Process bash = new ProcessBuilder(
                        "bash",
                        "-c",
                        "source '" + script + "' && COMP_WORDS=(upkeep sta) COMP_CWORD=1"
                                + " && _complete_upkeep && printf '%s\\n' \"${COMPREPLY[@]}\"")
                .redirectErrorStream(true)
                .start();
        assertThat(new String(bash.getInputStream().readAllBytes()).lines()).contains("status");
        assertThat(Files.readString(script)).contains("--watch", "--json", "approve");
    }

    @Test
    void anOverviewHasThoseFirstThatNeedAHuman() throws Exception {
        ObjectNode all = (ObjectNode) JSON.readTree("""
                {"stores": [
                  {"id": "fine", "plugins": [{"version": "4.3.6", "state": "settled", "schema": "current"}],
                   "dataUpdate": {"state": "complete"}, "notice": null, "notices": [], "error": null,
                   "lastSnapshot": {"sealedAt": "2026-11-24T01:00:00Z", "verifiedAt": "2026-11-24T02:00:00Z"}},
                  {"id": "waiting", "plugins": [{"version": null, "state": "unsettled", "schema": "unknown"}],
                   "dataUpdate": {"state": "awaiting-approval"}, "error": null, "lastSnapshot": null,
                   "notice": {"kind": "update-required", "text": "Run: upkeep approve waiting"}, "notices": []},
                  {"id": "new", "plugins": [{"version": null, "state": "unsettled", "schema": "unknown",
                    "reason": "Not looked at yet."}], "dataUpdate": {"state": "none"}, "notice": null, "notices": [],
                   "error": null, "lastSnapshot": null}],
                 "notices": []}""");
        StringWriter text = new StringWriter();
        Overview.print(new PrintWriter(text, true), all, Paint.PLAIN, Instant.parse("2026-11-24T13:30:00Z"));
        assertThat(text.toString().lines())
                .containsExactly(
                        "STORE    COCART  FILES              SCHEMA   DATA UPDATE        LAST SNAPSHOT",
                        "waiting  none    unsettled          unknown  awaiting-approval  none",
                        "fine     4.3.6   settled            current  complete           12 h ago, verified",
                        "new      ?       not looked at yet  unknown  none               none",
                        "",
                        "waiting: Run: upkeep approve waiting");
    }
}
