package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code upkeep run} as processes of their own, with commands beside them. */
class RunTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

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

    private static void awaitStatus(Shop shop, String update, String plugin) {
        await(update + ", " + plugin)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> {
                    JsonNode store = EndToEndTest.status(shop);
                    assertThat(store.at("/dataUpdate/state").asText())
                            .as(store.toPrettyString())
                            .isEqualTo(update);
                    assertThat(store.at("/plugins/0/state").asText()).isEqualTo(plugin);
                });
    }
}
