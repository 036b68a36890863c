package cocart.upkeep.detect;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhpVersionTest {

    @ParameterizedTest
    @CsvSource({
        "4.4, 4.4.0, -1",
        "1.0-beta.6, 1.0-beta6, 0",
        "1.0-foo, 1.0-dev, -1",
        "1.0+build, 1.0, -1",
        "1.0-2, 1.0, 1",
        "v1.2, 1.2, -1",
        "1..0, 1.0, 0",
        "'', 1.0, -1",
        "2.9.3, 3.0.0, -1",
        "4.4.0-beta.6, 4.4.0, -1"
    })
    void versionsCompareAsTheFactsSay(String a, String b, int expected) {
        assertThat(Integer.signum(PhpVersion.compare(a, b))).isEqualTo(expected);
    }

    /** The answers in the file are PHP 8.2's own. */
    @Test
    void everyPairComparesAsPhpDoes() throws IOException {
        List<String> lines;
        try (var in = getClass().getResourceAsStream("version-compare.tsv")) {
            lines = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
        assertThat(lines).hasSizeGreaterThan(1000);
        assertThat(lines)
                .filteredOn(line -> {
                    String[] parts = line.split("\t", -1);
                    return Integer.signum(PhpVersion.compare(parts[0], parts[1])) != Integer.parseInt(parts[2]);
                })
                .isEmpty();
    }
}
