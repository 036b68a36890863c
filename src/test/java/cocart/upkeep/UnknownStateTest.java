package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a newer version, or somebody by hand, has written to the state database is said, and can be ended. */
class UnknownStateTest extends OutdatedShop {

    UnknownStateTest() {
        super("manual", 20);
    }

    @BeforeEach
    void anUpdateThatAwaitsApproval() throws Exception {
        assertThat(shop.upkeep("once").code()).isEqualTo(1);
        assertThat(update().get("state").asText()).isEqualTo("awaiting-approval");
    }

    @Test
    void ofADataUpdate() throws Exception {
        write("UPDATE data_update SET state = 'paused'");
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).isEqualTo(1);
        assertThat(notice())
                .isEqualTo(
                        "The data update of " + Shop.SLUG + " to 3.0.0 does not go on: its state 'paused' in the state"
                                + " database is none that this version of upkeep knows. Run the newer version that wrote it, or"
                                + " run: upkeep cancel acme, then: upkeep retry acme");
        assertThat(shop.upkeep("cancel", "acme").code()).isZero();
        assertThat(shop.upkeep("retry", "acme").code()).isZero();
        assertCompletes();
    }

    @Test
    void ofAStep() throws Exception {
        write("UPDATE data_update_step SET status = 'paused' WHERE position = 1");
        assertThat(shop.upkeep("approve", "acme").code()).isZero();
        Shop.Said once = shop.upkeep("once"); // does not wait for ever
        assertThat(once.code()).isEqualTo(1);
        assertThat(notice())
                .contains(
                        " does not go on. Refused: the state 'paused' of step add-cart-source in the state database is"
                                + " none that this version of upkeep knows. Run the newer version that wrote it, or run: upkeep"
                                + " retry acme --replan");
        assertThat(shop.upkeep("retry", "acme", "--replan").code()).isZero();
        assertCompletes();
    }

    @Test
    void ofASightingIsReplacedByTheNextLook() throws Exception {
        write("UPDATE plugin_sighting SET state = 'doubtful'");
        shop.upkeep("once");
        assertThat(EndToEndTest.status(shop).at("/plugins/0/state").asText()).isEqualTo("settled");
        assertThat(EndToEndTest.status(shop).get("error").isNull()).isTrue();
    }

    private void assertCompletes() throws Exception {
        Shop.Said once = shop.upkeep("once");
        assertThat(once.code()).as(once.out() + once.err()).isZero();
        assertThat(update().get("state").asText()).isEqualTo("complete");
    }

    private JsonNode update() throws Exception {
        return EndToEndTest.status(shop).get("dataUpdate");
    }

    private String notice() throws Exception {
        return EndToEndTest.status(shop).at("/notice/text").asText();
    }

    private void write(String sql) throws Exception {
        try (Connection state = DriverManager.getConnection(
                        "jdbc:h2:file:" + shop.home.resolve("data/upkeep") + ";AUTO_SERVER=TRUE", "sa", "");
                Statement statement = state.createStatement()) {
            assertThat(statement.executeUpdate(sql)).isPositive();
        }
    }
}
