package cocart.upkeep.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The arithmetic of the benchmark. */
class FiguresTest {

    private static final Trial.Setting SETTING = new Trial.Setting(Path.of("out"), "tmpfs", 20, 1, 1, 1, 1);

    private final List<Trial> trials = new ArrayList<>();

    @BeforeEach
    void oursGetsSlowerWithEachRepetition() {
        for (int repetition = 1; repetition <= 3; repetition++) {
            add("upkeep", repetition, repetition, null);
        }
    }

    @Test
    void ratiosArePairedWithinARepetition() {
        add("lftp", 1, 10, null);
        add("lftp", 2, 10, null);
        add("lftp", 3, 9, null);

        assertThat(new Figures(trials).seconds("lftp")).contains(new Figures.Figure(10, false));
        assertThat(new Figures(trials).timesOurs(List.of("lftp"))).contains(new Figures.Figure(5, false));
    }

    @Test
    void theFasterOfTwoIsChosenInEachRepetition() {
        add("lftp", 1, 10, null);
        add("lftp", 2, 40, null);
        add("rclone", 1, 30, null);
        add("rclone", 2, 20, null);

        assertThat(new Figures(trials).timesOurs(List.of("lftp", "rclone"))).contains(new Figures.Figure(10, false));
    }

    @Test
    void aRunThatWasStoppedIsALowerBound() {
        trials.add(new Trial(SETTING, "sftp", true, 1, new Measured(600, null, null, null), null, 0, null, null));

        assertThat(new Figures(trials).seconds("sftp")).contains(new Figures.Figure(600, true));
        assertThat(new Figures(trials).timesOurs(List.of("sftp"))).contains(new Figures.Figure(600, true));
    }

    @Test
    void aRunThatFailedDoesNotCount() {
        add("lftp", 1, 1, "not complete");

        assertThat(new Figures(trials).seconds("lftp")).isEmpty();
        assertThat(new Figures(trials).timesOurs(List.of("lftp"))).isEmpty();
    }

    private void add(String tool, int repetition, double seconds, String fault) {
        trials.add(
                new Trial(SETTING, tool, true, repetition, new Measured(seconds, 0, null, null), null, 0, null, fault));
    }
}
