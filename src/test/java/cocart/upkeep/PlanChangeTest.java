package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A plan that changes before, during and after a data update. */
class PlanChangeTest extends OutdatedShop {

    private static final String MORE =
            "      - name: more\n        description: One more.\n" + "        unless: SELECT 0\n        sql: DO 1\n";

    private Path plan;
    private String shipped;

    PlanChangeTest() {
        super("manual", 20);
    }

    @BeforeEach
    void open() throws Exception {
        plan = shop.plan();
        shipped = Files.readString(plan);
    }

    @Test
    void beforeTheFirstStepTheNewPlanIsTaken() throws Exception {
        shop.upkeep("once");
        assertThat(update().get("steps")).hasSize(3);
        Files.writeString(plan, "# only a comment\n" + shipped);
        shop.upkeep("once");
        assertThat(events("goes by the plan")).isZero();
        Files.writeString(plan, shipped.replace("    proofs:\n", MORE + "    proofs:\n"));
        assertThat(shop.upkeep("once").code()).isEqualTo(1);
        assertThat(update().get("state").asText()).isEqualTo("awaiting-approval");
        assertThat(update().get("steps")).hasSize(4);
        assertThat(events("goes by the plan")).isEqualTo(1);
        shop.upkeep("approve", "acme");
        Files.writeString(plan, shipped);
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).as(once.out() + once.err()).isZero();
        assertThat(update().get("steps")).as("changed again after the approval").hasSize(3);
        assertThat(update().get("state").asText()).isEqualTo("complete");
    }

    @Test
    void underWayItIsRefusedUntilItIsTakenByHandAndWhatIsTheSameStaysComplete() throws Exception {
        shop.settings("upkeep.data-update = automatic");
        String broken = shipped.replace("ADD COLUMN cart_source", "ADDD COLUMN cart_source");
        Files.writeString(plan, broken);
        shop.upkeep("once");
        assertThat(update().get("state").asText()).isEqualTo("failed");
        assertThat(steps()).isEqualTo("add-cart-created complete 1, add-cart-source failed 1, add-cart-hash pending 0");

        Files.writeString(plan, shipped.replace("    proofs:\n", MORE + "    proofs:\n"));
        Shop.Said retry = shop.upkeep("retry", "acme");
        assertThat(retry.code()).isEqualTo(1);
        assertThat(retry.err())
                .contains("is not the one by which this data update began", "upkeep retry acme --replan")
                .hasLineCount(1);
        assertThat(update().get("state").asText()).isEqualTo("failed");

        Shop.Said replan = shop.upkeep("retry", "acme", "--replan");
        assertThat(replan.code()).as(replan.err()).isZero();
        assertThat(replan.out()).contains("state: pending");
        assertThat(steps())
                .isEqualTo("add-cart-created complete 1, add-cart-source pending 0, add-cart-hash pending 0,"
                        + " more pending 0");
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).as(once.out() + once.err()).isZero();
        assertThat(steps())
                .isEqualTo("add-cart-created complete 1, add-cart-source complete 1, add-cart-hash complete 1,"
                        + " more complete 1");
        assertThat(update().get("state").asText()).isEqualTo("complete");
        assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
        assertThat(shop.upkeep("retry", "acme", "--replan").code())
                .as("nothing to replan")
                .isEqualTo(1);
    }

    @Test
    @Tag("soak")
    void anUpdateInProgressStandsStillWhileItsPlanIsAnother() throws Exception {
        shop.settings("upkeep.data-update = automatic", "upkeep.migrate.back-off = 1ms", "upkeep.migrate.attempts = 9");
        String interrupted = shipped.replace(
                "      - name: add-cart-hash",
                "      - name: interrupted\n        description: Does not end well.\n        unless: SELECT 0\n"
                        + "        sql: KILL QUERY CONNECTION_ID()\n      - name: add-cart-hash");
        Files.writeString(plan, interrupted);
        try (Bundle bundle = new Bundle(Settings.load(shop.home, null), false)) {
            ProducerTemplate template = bundle.start().createProducerTemplate();
            template.requestBodyAndHeader("direct:detect", null, "store", "acme");
            Thread.sleep(1100); // upkeep.detect.settle
            template.requestBodyAndHeader("direct:detect", null, "store", "acme");
            template.requestBodyAndHeader("direct:migrate", null, "store", "acme");
        }
        assertThat(update().get("state").asText()).isEqualTo("in-progress");
        assertThat(steps()).contains("add-cart-source complete 1, interrupted pending ");
        int attempts = update().at("/steps/2/attempts").asInt();

        Files.writeString(plan, shipped);
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).isEqualTo(1);
        assertThat(update().get("reason").asText()).startsWith("Refused: the plan of " + Shop.SLUG + " 3.0.0");
        assertThat(EndToEndTest.status(shop).at("/notice/kind").asText()).isEqualTo("attention");
        assertThat(EndToEndTest.status(shop).at("/notice/text").asText()).contains("--replan");
        assertThat(update().at("/steps/2/attempts").asInt()).isEqualTo(attempts);
        assertThat(shop.database.columns()).hasSize(6);

        Files.writeString(plan, interrupted);
        try (Bundle bundle = new Bundle(Settings.load(shop.home, null), false)) {
            bundle.start().createProducerTemplate().requestBodyAndHeader("direct:migrate", null, "store", "acme");
        }
        assertThat(update().at("/steps/2/attempts").asInt())
                .as("goes on by the old one")
                .isGreaterThan(attempts);

        Files.writeString(plan, shipped);
        assertThat(shop.upkeep("retry", "acme", "--replan").code()).isZero();
        once = shop.upkeep("once");
        assertThat(once.code()).as(once.out() + once.err()).isZero();
        assertThat(steps()).contains("add-cart-created complete 1, add-cart-source complete 1, add-cart-hash complete");
        assertThat(update().get("state").asText()).isEqualTo("complete");
        assertThat(update().get("cartsBefore").asInt()).isEqualTo(20);
    }

    private JsonNode update() throws Exception {
        return EndToEndTest.status(shop).get("dataUpdate");
    }

    private String steps() throws Exception {
        StringBuilder text = new StringBuilder();
        for (JsonNode step : update().get("steps")) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(step.get("name").asText())
                    .append(' ')
                    .append(step.get("status").asText())
                    .append(' ')
                    .append(step.get("attempts").asText());
        }
        return text.toString();
    }

    private long events(String part) throws Exception {
        return RehearseTest.events(shop, part);
    }
}
