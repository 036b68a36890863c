package cocart.upkeep.console.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class PluginViewTest {

    @Test
    void whatNobodyHasLookedAtIsNotCalledUnsettled() throws Exception {
        assertThat(view("unsettled", "Not looked at yet.").state()).isEqualTo(new Mark("off", "not looked at yet"));
        assertThat(view("unsettled", "Not looked at yet.").reason()).isNull();
        assertThat(view("unsettled", "its files still change").state()).isEqualTo(new Mark("wait", "unsettled"));
        assertThat(view("unsettled", "its files still change").reason()).isEqualTo("its files still change");
    }

    private static PluginView view(String state, String reason) throws Exception {
        return PluginView.of(new ObjectMapper()
                .readTree("{\"slug\": \"x\", \"state\": \"" + state + "\", \"schema\": \"unknown\", \"reason\": \""
                        + reason + "\"}"));
    }
}
