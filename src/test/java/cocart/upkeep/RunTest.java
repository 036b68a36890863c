package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code upkeep run} as processes of their own, with commands beside them. */
class RunTest {

    private static final Duration PATIENCE = Duration.ofSeconds(100);

    @TempDir
    Path folder;

    @Test
    void aStateFileThatIsTakenAwayUnderARunIsSaidAndNothingMoreIsRecorded() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5)) {
            shop.settings("upkeep.data-update = automatic", "upkeep.console.enabled = true", "upkeep.console.port = 0");
            shop.files.plugin("2.9.3");
            Path log = folder.resolve("run.log");
            Path file = shop.home.resolve("data/upkeep.mv.db");
            Process run = shop.start(log, "run");
            try {
                awaitStatus(shop, "none", "settled");
                Files.delete(file);
                shop.files.plugin("4.3.6");
                String gone = "the file of the state database, " + file + ", was deleted or replaced while run used it;"
                        + " stop run, put the file back if you have it";
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(Files.readString(log))
                        .contains("Nothing can be recorded now: " + gone));
                String page = Files.readString(log).replaceAll("(?s).*(http://127.0.0.1:[0-9]+/).*", "$1");
                HttpResponse<String> ready = HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(URI.create(page + "observe/health/ready"))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                assertThat(ready.statusCode()).isEqualTo(503);
                assertThat(ready.body()).contains(gone);
                for (String command : List.of("status", "approve")) {
                    Shop.Said said = command.equals("status") ? shop.upkeep("status") : shop.upkeep("approve", "acme");
                    assertThat(said.code()).isNotZero();
                    assertThat(said.err()).contains(gone).hasLineCount(1);
                }
                assertThat(file).as("nothing begins anew beside it").doesNotExist();
                assertThat(shop.database.columns())
                        .as("nothing is begun that cannot be recorded")
                        .hasSize(4);
                assertThat(run.isAlive()).isTrue();
                assertThat(Files.readString(log)).doesNotContain("\tat ", "Unforeseen");
            } finally {
                stop(run);
            }
            Process next = shop.start(folder.resolve("next.log"), "run");
            try {
                awaitStatus(shop, "complete", "settled");
            } finally {
                stop(next);
            }
        }
    }

    @Test
    void commandsWorkBesideARunningOne() throws Exception {
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 50)) {
            shop.files.plugin("2.9.3");
            Process run = shop.start(folder.resolve("run.log"), "run");
            try {
                awaitStatus(shop, "none", "settled");
                shop.files.plugin("4.3.6");
                awaitStatus(shop, "awaiting-approval", "settled");
                assertThat(shop.database.columns()).hasSize(4);
                assertThat(shop.upkeep("approve", "acme").code()).isZero();
                awaitStatus(shop, "complete", "settled");
                assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
                await().atMost(PATIENCE).until(() -> EndToEndTest.status(shop)
                        .at("/notice/kind")
                        .asText()
                        .equals("update-complete"));
                assertThat(shop.upkeep("dismiss", "acme").code()).isZero();
                assertThat(EndToEndTest.status(shop).get("notice").isNull()).isTrue();
                assertThat(shop.upkeep("backup", "acme").code()).isZero();
                assertThat(shop.upkeep("snapshots", "acme").out().lines()).hasSizeGreaterThanOrEqualTo(4);
            } finally {
                run.destroy();
                assertThat(run.waitFor()).isZero();
            }
            assertThat(Files.readString(folder.resolve("run.log")))
                    .doesNotContain("s3cret!", Shop.PASSWORD, "Exception", "WARN", "\tat ");
        }
    }

    @Test
    void whoWatchesSeesOneRunEndAndTheNextGoOn() throws Exception {
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 5)) {
            shop.settings("upkeep.console.enabled = true", "upkeep.console.port = 0");
            shop.files.plugin("2.9.3");
            Path seen = folder.resolve("seen.log");
            Process first = shop.start(folder.resolve("first.log"), "run");
            Process watch = null;
            Process next = null;
            try {
                awaitStatus(shop, "none", "settled");
                watch = shop.start(seen, "status", "--json", "--watch=1");
                await().atMost(PATIENCE).until(() -> Files.readString(seen).contains("{\"stores\":"));
                stop(first);
                shop.files.plugin("4.3.6");
                next = shop.start(folder.resolve("next.log"), "run");
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(Files.readString(seen))
                        .contains("\"state\":\"awaiting-approval\""));
                assertThat(watch.isAlive()).isTrue();
                assertThat(Files.readString(seen)).doesNotContain("upkeep: ", "\tat ");
            } finally {
                stop(first);
                if (watch != null) {
                    stop(watch);
                }
                if (next != null) {
                    stop(next);
                }
            }
        }
    }

    @Test
    void twoAtOnceShareTheWorkAndDoNothingTwice() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 500)) {
            shop.settings(
                    "upkeep.data-update = automatic", "upkeep.detect.settle = 1s"); // the halves are apart by half
            shop.files.plugin("2.9.3");
            List<String> carts = shop.database.carts();
            Process one = shop.start(folder.resolve("one.log"), "run");
            Process two = shop.start(folder.resolve("two.log"), "run");
            try {
                awaitStatus(shop, "none", "settled");
                shop.files.firstHalf("4.3.6");
                Thread.sleep(500);
                shop.files.secondHalf();
                awaitStatus(shop, "complete", "settled");
                JsonNode store = EndToEndTest.status(shop);
                assertThat(store.at("/dataUpdate/steps"))
                        .hasSize(3)
                        .allMatch(step -> step.get("attempts").asInt() == 1);
                assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
                assertThat(shop.database.carts()).isEqualTo(carts);
                assertThat(one.isAlive() && two.isAlive())
                        .as(Files.readString(folder.resolve("one.log")) + Files.readString(folder.resolve("two.log")))
                        .isTrue();
            } finally {
                one.destroy();
                two.destroy();
                one.waitFor();
                two.waitFor();
            }
            List<String> log = Stream.of("one.log", "two.log")
                    .flatMap(name -> {
                        try {
                            return Files.readAllLines(folder.resolve(name)).stream();
                        } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    })
                    .toList();
            assertThat(log.stream().filter(line -> line.contains("Step add-cart-hash complete")))
                    .hasSize(1);
            assertThat(log.stream().filter(line -> line.contains("sealed"))).hasSize(2);
            assertThat(log).noneMatch(line -> line.contains("ERROR") || line.contains("Exception"));
        }
    }

    @Test
    void noSecretIsLoggedAtAnyLevel() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5)) {
            shop.files.plugin("4.3.6");
            Path log = folder.resolve("trace.log");
            Process once = shop.start(log, "-DUPKEEP_LOG_LEVEL=TRACE", "once");
            assertThat(once.waitFor()).isZero();
            assertThat(Files.readString(log)).contains(" TRACE ", "complete").doesNotContain("s3cret!", Shop.PASSWORD);
        }
    }

    private static void stop(Process run) throws Exception {
        run.destroy();
        if (!run.waitFor(100, TimeUnit.SECONDS)) {
            run.destroyForcibly().waitFor();
        }
    }

    private static void awaitStatus(Shop shop, String update, String plugin) {
        await(update + ", " + plugin)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofSeconds(1))
                .untilAsserted(() -> {
                    JsonNode store = EndToEndTest.status(shop);
                    assertThat(store.at("/dataUpdate/state").asText())
                            .as(store.toPrettyString())
                            .isEqualTo(update);
                    assertThat(store.at("/plugins/0/state").asText()).isEqualTo(plugin);
                });
    }
}
