package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log of a whole data update and of a store whose password is wrong, as JSON and at the finest level. */
class JsonLogTest {

    @TempDir
    Path folder;

    @Test
    void everyLineIsAnEventThatSaysWhereItComesFromAndNoneHasASecret() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5)) {
            shop.files.plugin("4.3.6");
            shop.settings(
                    "upkeep.data-update = automatic",
                    "upkeep.log.format = json",
                    "upkeep.stores = acme,other",
                    "upkeep.store.other.files = sftp:deploy@127.0.0.1:" + shop.sftp.port() + "/?password=RAW(wr0ng-pw)",
                    "upkeep.store.other.database.url = jdbc:mariadb://127.0.0.1:"
                            + Shop.mariadb().port() + "/shop",
                    "upkeep.store.other.database.password = wr0ng-too");
            Path log = folder.resolve("log.json");
            Process once = shop.start(log, "-DUPKEEP_LOG_LEVEL=TRACE", "once");
            assertThat(once.waitFor()).isEqualTo(1);
            String json = Shop.PASSWORD.replace("\\", "\\\\").replace("\"", "\\\"");
            assertThat(Files.readString(log)).doesNotContain("s3cret!", "wr0ng", Shop.PASSWORD, json);
            List<JsonNode> events = new ArrayList<>();
            for (String line : Files.readAllLines(log)) {
                if (line.startsWith("{")) {
                    events.add(new ObjectMapper().readTree(line));
                } else if (!events.isEmpty()) {
                    // what once answers; before the first event the settings, which say how, are still being read
                    assertThat(line).doesNotContain(" TRACE ", " INFO ", " WARN ", "\tat ");
                }
            }
            assertThat(events)
                    .hasSizeGreaterThan(500)
                    .allMatch(event -> event.hasNonNull("timestamp")
                            && event.hasNonNull("level")
                            && event.hasNonNull("message")
                            && event.hasNonNull("instance"));
            assertThat(events)
                    .filteredOn(event -> event.get("message").asText().startsWith("Step add-cart-hash complete"))
                    .hasSize(1)
                    .allMatch(event -> event.get("store").asText().equals("acme")
                            && event.get("job").asText().equals("migrate")
                            && event.get("route").asText().equals("run-step"));
            assertThat(events)
                    .filteredOn(event -> event.get("message").asText().startsWith("Job detect failed"))
                    .isNotEmpty()
                    .allMatch(event -> event.get("store").asText().equals("other")
                            && event.get("job").asText().equals("detect"));
            assertThat(events)
                    .filteredOn(event -> event.get("logger").asText().startsWith("cocart.upkeep.")
                            || event.get("logger").asText().equals("com.jcraft.jsch"))
                    .allMatch(event -> event.has("store"));
        }
    }
}
