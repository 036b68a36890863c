package cocart.upkeep.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Colours on a terminal. */
class PaintTest {

    private static final String FORCE = "picocli.ansi";

    @BeforeEach
    void force() {
        System.setProperty(FORCE, "true");
    }

    @AfterEach
    void restore() {
        System.clearProperty(FORCE);
    }

    /** 21, which ends bold for some, means "underlined twice" to xterm and many others, and would not end. */
    @Test
    void whatIsPaintedEndsWithAllOff() {
        assertThat(Paint.forStdout().strong("acme")).isEqualTo("\u001b[1macme\u001b[0m");
        assertThat(Paint.forStdout().state("failed")).isEqualTo("\u001b[31mfailed\u001b[0m");
    }
}
