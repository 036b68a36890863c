package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.store.StoreException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules mean what they mean in restic: its documented examples, and one for each corner of its policy. */
class KeepTest {

    private static final String SUNDAYS = "2019-09-01T11:00 2019-09-08T11:00 2019-09-15T11:00 2019-09-22T11:00"
            + " 2019-09-29T11:00 2019-10-06T11:00 2019-10-13T11:00 2019-10-20T11:00 2019-10-27T11:00 2019-11-03T11:00"
            + " 2019-11-10T11:00 2019-11-17T11:00";
    private static final String MAY =
            "2023-05-01T08:00 2023-05-02T08:00 2023-05-02T11:00 2023-05-04T09:00 2023-05-05T10:00";

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "restic's twelve Sundays | daily=4 | SUNDAYS | 2019-10-27T11:00 2019-11-03T11:00 2019-11-10T11:00 2019-11-17T11:00",
                "the same, weeks        | weekly=2 | SUNDAYS | 2019-11-10T11:00 2019-11-17T11:00",
                "months, newest of each | monthly=2 | SUNDAYS | 2019-10-27T11:00 2019-11-17T11:00",
                "room left: the oldest  | monthly=9 | SUNDAYS | 2019-09-01T11:00 2019-09-29T11:00 2019-10-27T11:00 2019-11-17T11:00",
                "all months and oldest  | monthly=unlimited | SUNDAYS | 2019-09-01T11:00 2019-09-29T11:00 2019-10-27T11:00 2019-11-17T11:00",
                "a year                 | yearly=1 | SUNDAYS | 2019-11-17T11:00",
                "restic's forum, May    | daily=4 | MAY | 2023-05-01T08:00 2023-05-02T11:00 2023-05-04T09:00 2023-05-05T10:00",
                "last counts all        | last=2 | MAY | 2023-05-04T09:00 2023-05-05T10:00",
                "within, of the newest  | within=3d | MAY | 2023-05-02T11:00 2023-05-04T09:00 2023-05-05T10:00",
                "at its edge: not       | within=2d23h | MAY | 2023-05-04T09:00 2023-05-05T10:00",
                "months, not minutes    | within=1m | SUNDAYS | 2019-10-20T11:00 2019-10-27T11:00 2019-11-03T11:00 2019-11-10T11:00 2019-11-17T11:00",
                "what one rule keeps    | last=1,weekly=2 | MAY | 2023-05-01T08:00 2023-05-05T10:00",
                "hours by the clock     | hourly=2 | 2023-05-01T08:01 2023-05-01T08:59 2023-05-01T09:00 | 2023-05-01T08:59 2023-05-01T09:00",
                "weeks begin on Monday  | weekly=2 | 2023-05-06T10:00 2023-05-07T10:00 2023-05-08T10:00 | 2023-05-07T10:00 2023-05-08T10:00",
                "week 1 over New Year   | weekly=1 | 2024-12-29T10:00 2024-12-30T10:00 2025-01-02T10:00 | 2025-01-02T10:00",
            })
    void rulesMeanWhatTheyMeanInRestic(String what, String rules, String times, String kept) {
        String all = times.strip().replace("SUNDAYS", SUNDAYS).replace("MAY", MAY);
        assertThat(kept(rules.strip(), instants(all), ZoneOffset.UTC))
                .containsExactlyElementsOf(instants(kept.strip()));
    }

    @Test
    void aSnapshotADayForAHundredYears() {
        List<Instant> days = IntStream.range(0, 36525)
                .mapToObj(day -> LocalDate.of(1926, 1, 1)
                        .plusDays(day)
                        .atTime(LocalTime.NOON)
                        .toInstant(ZoneOffset.UTC))
                .toList();
        List<List<String>> reasons = Keep.parse("daily=7,weekly=5,monthly=12,yearly=75")
                .reasons(days.stream().sorted(Comparator.reverseOrder()).toList(), position -> false, ZoneOffset.UTC);
        assertThat(reasons.stream().filter(r -> r.contains("daily"))).hasSize(7);
        assertThat(reasons.stream().filter(r -> r.contains("weekly"))).hasSize(5);
        assertThat(reasons.stream().filter(r -> r.contains("weekly") && !r.contains("daily")))
                .hasSizeBetween(3, 4);
        assertThat(reasons.stream().filter(r -> r.contains("monthly"))).hasSize(12);
        assertThat(reasons.stream().filter(r -> r.contains("yearly"))).hasSize(75);
    }

    @Test
    void daysAreThoseOfTheStoresZone() {
        Instant evening = Instant.parse("2026-11-24T22:30:00Z");
        Instant night = Instant.parse("2026-11-24T23:30:00Z");
        Instant noon = Instant.parse("2026-11-25T12:00:00Z");
        List<Instant> all = List.of(evening, night, noon);
        assertThat(kept("daily=2", all, ZoneOffset.UTC)).containsExactly(night, noon);
        assertThat(kept("daily=2", all, ZoneId.of("Europe/Berlin"))).containsExactly(evening, noon);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dayly=3            | unknown rule 'dayly'",
                "daily              | has daily=;",
                "daily=0            | has daily=0; it must be a whole number of at least 1",
                "daily=-1           | has daily=-1",
                "last=3,last=4      | names the rule last twice",
                "within=2d,within=1d| names the rule within twice",
                "within=30s         | has within=30s; it must be a duration such as 12h",
                "within=0d          | has within=0d",
                "within=            | has within=;",
                "last=99999999999   | has last=99999999999",
                "Last=3             | unknown rule 'Last'"
            })
    void mistakesAreSaid(String rules, String said) {
        assertThatThrownBy(() -> Keep.parse(rules.strip()))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining(said.strip());
    }

    @ParameterizedTest(name = "{0} without {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "daily=2 | 4 | 0 1",
                "daily=2 | 2 | 0 1",
                "daily=2 | 0 1 | 0 1 2 4",
                "daily=3 | 2 | 0 1 3",
                "daily=9 | 2 | 0 1 3 4",
                "daily=9 | 4 | 0 1 2 3 4",
                "yearly=1 | 0 1 2 | 3",
                "last=1 | 0 | 0 1",
                "last=2 | 0 1 2 3 4 | 0 1 2 3 4",
                "within=2d | 0 | 0 1 2"
            })
    void aDamagedSnapshotStandsForItsDayOnlyWhileNoneOfThatDayIsWholeAndCountsForNoRule(
            String rules, String damaged, String kept) {
        List<String> hurt = List.of(damaged.strip().split(" "));
        // 0: the 5th, 1: the 4th, 2 and 3: the 2nd, 4: the 1st
        List<Instant> newestFirst =
                instants(MAY).stream().sorted(Comparator.reverseOrder()).toList();
        List<List<String>> reasons = Keep.parse(rules.strip())
                .reasons(newestFirst, position -> hurt.contains(String.valueOf(position)), ZoneOffset.UTC);
        assertThat(IntStream.range(0, 5).filter(i -> !reasons.get(i).isEmpty()).mapToObj(String::valueOf))
                .containsExactly(kept.strip().split(" "));
    }

    @Test
    void theDefaultIsValidAndNothingMeansAll() {
        assertThat(Keep.parse("last=3,within=2d,daily=14,weekly=8,monthly=12"))
                .hasToString("last=3,daily=14,weekly=8,monthly=12,within=2d");
        assertThat(Keep.parse("").isEmpty()).isTrue();
        assertThat(Keep.parse(" last = 3 , daily=2 ").isEmpty()).isFalse();
    }

    private static List<Instant> kept(String rules, List<Instant> oldestFirst, ZoneId zone) {
        List<Instant> newestFirst =
                oldestFirst.stream().sorted(Comparator.reverseOrder()).toList();
        List<List<String>> reasons = Keep.parse(rules).reasons(newestFirst, position -> false, zone);
        List<Instant> kept = new ArrayList<>();
        for (int i = newestFirst.size() - 1; i >= 0; i--) {
            if (!reasons.get(i).isEmpty()) {
                kept.add(newestFirst.get(i));
            }
        }
        return kept;
    }

    private static List<Instant> instants(String times) {
        return Stream.of(times.split("\\s+"))
                .map(time -> LocalDateTime.parse(time).toInstant(ZoneOffset.UTC))
                .toList();
    }
}
