package cocart.upkeep.console.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class NoticeViewTest {

    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

    @Test
    void aSentenceDoesNotNameTheStoreUnderWhoseNameItStands() throws Exception {
        String notices = "[{\"id\": \"n\", \"kind\": \"attention\", \"cause\": \"job-failed\","
                + " \"text\": \"store acme: nothing listens at 127.0.0.1:1\"}]";
        JsonNode list = new ObjectMapper().readTree(notices);
        assertThat(NoticeView.list(list, "acme", NOW).get(0).text()).isEqualTo("Nothing listens at 127.0.0.1:1");

        ObjectNode status = (ObjectNode) new ObjectMapper()
                .readTree("{\"id\": \"acme\", \"plugins\": [], \"dataUpdate\": {\"state\": \"none\", \"steps\": []},"
                        + " \"notice\": {\"kind\": \"attention\", \"text\": \"store acme: nothing listens\"},"
                        + " \"notices\": " + notices + ", \"error\": null}");
        assertThat(StoreLine.of(status, null, null, null, NOW).why()).isEqualTo("nothing listens");
    }
}
