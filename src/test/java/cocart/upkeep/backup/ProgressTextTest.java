package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Figures of progress are said with what they are about, and without what nobody knows. */
class ProgressTextTest {

    @Test
    void aTotalThatWasGuessedTooLowIsSaidNoMore() {
        assertThat(ProgressText.files(240, 232)).isEqualTo("240 files");
        assertThat(ProgressText.files(240, 240)).isEqualTo("240 files");
        assertThat(ProgressText.bytes(2_500_000, 1_000_000)).isEqualTo("2.5 MB");
    }

    @Test
    void aSizeHasTheUnitThatSuitsIt() {
        assertThat(ProgressText.size(0)).isEqualTo("0 bytes");
        assertThat(ProgressText.size(999)).isEqualTo("999 bytes");
        assertThat(ProgressText.size(1000)).isEqualTo("1.0 kB");
        assertThat(ProgressText.size(999_949)).isEqualTo("999.9 kB");
        assertThat(ProgressText.size(999_950)).isEqualTo("1.0 MB");
        assertThat(ProgressText.size(12_345_678)).isEqualTo("12.3 MB");
        assertThat(ProgressText.size(5_000_000_000_000_000L)).isEqualTo("5,000.0 TB");
    }

    @Test
    void theTotalIsAGuessAndSaidSo() {
        assertThat(ProgressText.line(1200, 30_000_000, 4000, 120_000_000, Duration.ofSeconds(30)))
                .isEqualTo("1,200 of about 4,000 files, 30.0 MB of about 120.0 MB, 1.0 MB/s, about 1:30 left");
        assertThat(ProgressText.line(1, 1_000_000, 2, 8_000_000_000L, Duration.ofSeconds(1)))
                .endsWith(", about 2:13:19 left");
    }

    @Test
    void whatNobodyKnowsIsLeftOut() {
        assertThat(ProgressText.line(7, 500_000, 0, 0, Duration.ofMillis(900))).isEqualTo("7 files, 0.5 MB");
        assertThat(ProgressText.line(0, 0, 10, 1000, Duration.ofSeconds(60)))
                .isEqualTo("0 of about 10 files, 0.0 MB of about 0.0 MB, 0.0 MB/s");
        assertThat(ProgressText.line(12, 9_000_000, 10, 8_000_000, Duration.ofSeconds(9)))
                .as("more than the last time")
                .isEqualTo("12 files, 9.0 MB, 1.0 MB/s");
    }
}
