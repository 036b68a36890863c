package cocart.upkeep.console;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.backup.ProgressView;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What a person sees on the terminal while runs are going on. */
class ProgressLineTest {

    private final PrintStream before = System.err;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @BeforeEach
    void terminal() {
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setErr(before);
    }

    @Test
    void theBarStaysBelowTheLogAndIsGoneAtTheEnd() {
        PrintStream terminal = System.err;
        try (ProgressView.Run run = new ProgressLine(() -> 100).begin("Backing up", "acme")) {
            run.at(120, 10_000_000, 400, 40_000_000);
            sees("acme, 120 of about 400 files");
            System.err.println("a line of the log");
            assertThat(screen()).first().isEqualTo("a line of the log");
            sees("acme, 120 of about 400 files");
            LoggerFactory.getLogger("upkeep").warn("a warning");
            System.err.print("half ");
            System.err.println("and half");
            run.at(130, 12_000_000, 400, 40_000_000);
            sees("acme, 130 of about 400 files");
            assertThat(screen()).hasSize(4);
            assertThat(screen().get(1)).contains("a warning");
            assertThat(screen().get(2)).isEqualTo("half and half");
            assertThat(screen().get(3)).startsWith("Backing up").contains("12/40 MB");
            assertThat(screen().get(3).length()).isLessThan(100);
        }
        System.err.println("the end");
        assertThat(screen()).hasSize(4).last().isEqualTo("the end");
        assertThat(System.err).isSameAs(terminal);
    }

    @Test
    void severalStoresShareTheBar() {
        ProgressLine line = new ProgressLine(() -> 90);
        ProgressView.Run one = line.begin("Backing up", "one");
        ProgressView.Run two = line.begin("Backing up", "two");
        one.at(10, 100_000, 100, 1_000_000);
        two.at(20, 200_000, 200, 3_000_000);
        sees("2 stores, 30 of about 300 files");
        one.close();
        sees("two, 20 of about 200 files");
        ProgressView.Run first = line.begin("Backing up", "first");
        first.at(5, 7_000_000, 0, 0);
        sees("2 stores, 25 files");
        first.close();
        two.close();
        assertThat(screen()).containsOnly("");
    }

    @Test
    void moreThanTheLastTimeIsNoFaultAndNothingIsAtItsEndBeforeItIsOver() {
        try (ProgressView.Run run = new ProgressLine(() -> 90).begin("Backing up", "acme")) {
            run.at(3, 9_000_000, 1, 1_000_000);
            sees("99%");
            sees("9/9 MB");
            run.at(3, 9_000_000, 4, 90_000_000);
            sees("10%");
            run.at(4, 90_000_000, 4, Long.MAX_VALUE);
            sees("  0%");
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).doesNotContain("100%");
    }

    private void sees(String text) {
        Awaitility.await(text).atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            List<String> lines = screen(); // once: it grows meanwhile
            assertThat(lines.get(lines.size() - 1)).contains(text);
        });
    }

    /** The lines as a terminal shows them. */
    private List<String> screen() {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        int column = 0;
        String text = printed.toString(StandardCharsets.UTF_8);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                lines.add(line.toString());
                line.setLength(0);
                column = 0;
            } else if (c == '\r') {
                column = 0;
            } else if (text.startsWith("\u001B[K", i)) {
                line.setLength(column);
                i += 2;
            } else {
                assertThat(c)
                        .as("a control character that this terminal does not know")
                        .isGreaterThanOrEqualTo(' ');
                if (column < line.length()) {
                    line.setCharAt(column, c);
                } else {
                    line.append(c);
                }
                column++;
            }
        }
        if (!line.isEmpty() || lines.isEmpty()) {
            lines.add(line.toString());
        }
        return lines;
    }
}
