package cocart.upkeep.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class PlainWriterTest {

    private static final String HOSTILE = "a\u001b]0;x\u0007\r\u0085\u009b2J\u202egpj.\u2028\udb40\udc01 caf\u00e9";

    @Test
    void whatATerminalObeysOrNobodySeesIsWrittenOut() {
        assertThat(printed(HOSTILE, false))
                .isEqualTo("a\\u001b]0;x\\u0007\\u000d\\u0085\\u009b2J\\u202egpj.\\u2028\\udb40\\udc01 caf\u00e9\n");
        assertThat(printed("two\nlines\tare fine", false)).isEqualTo("two\nlines\tare fine\n");
    }

    @Test
    void coloursPassOnATerminalAndNothingElse() {
        assertThat(printed("\u001b[1macme\u001b[0m \u001b[31;1mred\u001b[0m\u001b[5n" + "\u001b", true))
                .isEqualTo("\u001b[1macme\u001b[0m \u001b[31;1mred\u001b[0m\\u001b[5n\\u001b\n");
        assertThat(printed("\u001b[1macme", false)).isEqualTo("\\u001b[1macme\n");
    }

    @Test
    void jsonSaysTheSameAsBefore() throws Exception {
        ObjectMapper json = new ObjectMapper();
        String printed = printed(json.writeValueAsString(HOSTILE), false);
        assertThat(json.readValue(printed, String.class)).isEqualTo(HOSTILE);
        assertThat(printed).doesNotContain("\u202e", "\u009b");
    }

    private static String printed(String text, boolean colours) {
        StringWriter to = new StringWriter();
        PrintWriter out = PlainWriter.over(new PrintWriter(to, true), colours);
        out.println(text);
        return to.toString();
    }
}
