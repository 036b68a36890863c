package cocart.upkeep.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PluginHeaderTest {

    static Stream<Arguments> files() {
        return Stream.of(
                Arguments.of("<?php\n/**\n * Version:     4.3.6\n */", "4.3.6"),
                Arguments.of("<?php\r/*\r * version: 1.0\r */", "1.0"),
                Arguments.of("<?php // Version: 9\n", "9"),
                Arguments.of("<?php # Version: 2.0 */ code", "2.0"),
                Arguments.of("<?php /* Version: 3.0 ?>", "3.0"),
                Arguments.of("<?php\n * Version: 1.0\n * Version: 2.0\n", "1.0"),
                Arguments.of("<?php\n * DB Version: 1.0\n * Version: 2.0\n", "2.0"),
                Arguments.of("<?php\n * Version:\n", null),
                Arguments.of("<?php\n * Name: x\n", null),
                Arguments.of("", null),
                Arguments.of("<?php\n" + " ".repeat(8200) + "\n * Version: 1.0\n", null),
                Arguments.of("<?php\n@Version:4.4.0-beta.6\n", "4.4.0-beta.6"),
                Arguments.of("<?php\n * Version: " + "9".repeat(65) + "\n", null));
    }

    @ParameterizedTest
    @MethodSource("files")
    void theVersionIsReadAsWordPressReadsIt(String content, String expected) {
        assertThat(PluginHeader.version(content.getBytes(StandardCharsets.UTF_8))
                        .orElse(null))
                .isEqualTo(expected);
    }
}
