package cocart.upkeep.console.page;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.backup.KnownSnapshots.Known;
import cocart.upkeep.backup.Snapshot;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ChartTest {

    @Test
    void itSaysDaysOrWhereAllAreOfOneDayTimes() {
        Chart days = of("2026-11-28T00:00:01Z", "2026-11-27T23:59:59Z");
        assertThat(List.of(days.from(), days.to(), days.day())).containsExactly("27 Nov 2026", "28 Nov 2026", "");
        Chart times = of("2026-11-28T19:36:15Z", "2026-11-28T19:36:02Z", "2026-11-28T00:00:00Z");
        assertThat(List.of(times.from(), times.to(), times.day()))
                .containsExactly("00:00:00", "19:36:15", "28 Nov 2026");
        assertThat(of().day()).isEmpty();
    }

    private static Chart of(String... newestFirst) {
        return Chart.of(Stream.of(newestFirst)
                .map(at -> new Snapshot(
                        "acme", "20261128T000000Z", Instant.parse(at), 1, 1, 1, 0, Path.of("acme/20261128T000000Z")))
                .map(snapshot -> new Known(snapshot, null, null, false, null, null))
                .toList());
    }
}
