package cocart.upkeep.backup;

import cocart.upkeep.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.time.Period;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which snapshots stay, in the terms and with the meaning of restic's {@code forget --keep-*}: {@code last=3} the three
 * newest; {@code daily=14} the newest of each of the last 14 days that have one, by local time, likewise {@code hourly},
 * {@code weekly} (ISO weeks), {@code monthly}, {@code yearly}; {@code within=1y6m2d12h} all that are at most so much
 * older than the newest. What one rule keeps stays. A rule that still has room at the end keeps the oldest, too.
 */
public final class Keep {

    private static final int ALL = -1;
    private static final String RULES = "last, hourly, daily, weekly, monthly, yearly and within";
    private static final Pattern DURATION =
            Pattern.compile("(?:(\\d{1,4})y)?(?:(\\d{1,4})m)?(?:(\\d{1,5})d)?(?:(\\d{1,6})h)?");

    private enum Rule {
        LAST,
        HOURLY,
        DAILY,
        WEEKLY,
        MONTHLY,
        YEARLY;

        /** What snapshots of one bucket share. */
        Object bucket(ZonedDateTime time, int position) {
            return switch (this) {
                case LAST -> position;
                case HOURLY ->
                    time.toLocalDateTime().withMinute(0).withSecond(0).withNano(0);
                case DAILY -> time.toLocalDate();
                case WEEKLY ->
                    List.of(time.get(IsoFields.WEEK_BASED_YEAR), time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
                case MONTHLY -> List.of(time.getYear(), time.getMonthValue());
                case YEARLY -> time.getYear();
            };
        }
    }

    /** @param text as it was written */
    private record Within(Period days, Duration hours, String text) {}

    private final Map<Rule, Integer> counts;
    private final @Nullable Within within;

    private Keep(Map<Rule, Integer> counts, @Nullable Within within) {
        this.counts = counts;
        this.within = within;
    }

    /**
     * Reads {@code upkeep.backup.keep}.
     *
     * @throws StoreException if a rule is unknown, named twice, or its value is none; the message says which and begins
     *     with a verb, so that it goes after the property's name
     */
    public static Keep parse(String rules) {
        Map<Rule, Integer> counts = new EnumMap<>(Rule.class);
        Within within = null;
        for (String part : Stream.of(rules.split(",")).map(String::strip).toList()) {
            if (part.isEmpty()) {
                continue;
            }
            int equals = part.indexOf('=');
            String name = (equals < 0 ? part : part.substring(0, equals)).strip();
            String value = equals < 0 ? "" : part.substring(equals + 1).strip();
            boolean twice;
            if (name.equals("within")) {
                twice = within != null;
                within = within(value);
            } else {
                Rule rule = Stream.of(Rule.values())
                        .filter(known -> known.name().toLowerCase(Locale.ROOT).equals(name))
                        .findFirst()
                        .orElseThrow(() -> wrong("has the unknown rule '" + name + "'; the rules are " + RULES));
                twice = counts.put(rule, count(name, value)) != null;
            }
            if (twice) {
                throw wrong("names the rule " + name + " twice");
            }
        }
        return new Keep(counts, within);
    }

    private static int count(String name, String value) {
        if (value.equals("unlimited")) {
            return ALL;
        }
        if (value.matches("0*[1-9]\\d{0,8}")) {
            return Integer.parseInt(value);
        }
        throw wrong("has " + name + "=" + value + "; it must be a whole number of at least 1, or unlimited; a rule that"
                + " shall keep nothing is left out");
    }

    private static Within within(String value) {
        Matcher part = DURATION.matcher(value);
        if (!part.matches() || !value.matches(".*[1-9].*")) {
            throw wrong("has within=" + value + "; it must be a duration such as 12h, 2d or 1y6m (years, months, days,"
                    + " hours, in that order)");
        }
        return new Within(
                Period.of(number(part.group(1)), number(part.group(2)), number(part.group(3))),
                Duration.ofHours(number(part.group(4))),
                value);
    }

    private static int number(@Nullable String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    private static StoreException wrong(String what) {
        return new StoreException(what, null, true);
    }

    /** True if no rule is given: then everything stays. */
    public boolean isEmpty() {
        return counts.isEmpty() && within == null;
    }

    /**
     * Why each of these snapshots stays. A damaged one stands for its day only while no other of that day is whole, and
     * counts for no rule: so damage never pushes out what is whole.
     *
     * @param times of one store's snapshots, newest first, none in the future
     * @param damaged which of them are known to be damaged, by position
     * @return for each, in the same order, the rules that keep it; empty if none does
     */
    List<List<String>> reasons(List<Instant> times, IntPredicate damaged, ZoneId zone) {
        List<List<String>> all = new ArrayList<>();
        List<ZonedDateTime> local =
                times.stream().map(time -> time.atZone(zone)).toList();
        int newest = whole(damaged, IntStream.range(0, times.size())).orElse(0);
        int oldest = whole(damaged, IntStream.range(0, times.size()).map(i -> times.size() - 1 - i))
                .orElse(times.size() - 1);
        for (ZonedDateTime time : local) {
            all.add(new ArrayList<>());
            if (within != null && time.isAfter(since(local.get(newest), within))) {
                all.get(all.size() - 1).add("within " + within.text());
            }
        }
        counts.forEach((rule, count) -> {
            int left = count;
            for (int from = 0, to; from < local.size() && left != 0; from = to) {
                Object bucket = rule.bucket(local.get(from), from);
                to = from + 1;
                while (to < local.size() && bucket.equals(rule.bucket(local.get(to), to))) {
                    to++;
                }
                String name = rule.name().toLowerCase(Locale.ROOT);
                int first = whole(damaged, IntStream.range(from, to)).orElse(from);
                if (damaged.test(first)) {
                    all.get(first).add(name + ", damaged");
                    continue;
                }
                all.get(first).add(name);
                left -= left == ALL ? 0 : 1;
                if (oldest > first && oldest < to && left != 0) {
                    all.get(oldest).add("oldest " + name);
                    left -= left == ALL ? 0 : 1;
                }
            }
        });
        return all;
    }

    /** The first that is not damaged. */
    private static OptionalInt whole(IntPredicate damaged, IntStream positions) {
        return positions.filter(damaged.negate()).findFirst();
    }

    private static ZonedDateTime since(ZonedDateTime newest, Within within) {
        return newest.minus(within.days()).minus(within.hours());
    }

    /** The rules as they would be written. */
    @Override
    public String toString() {
        Stream<String> rules = counts.entrySet().stream()
                .map(rule -> rule.getKey().name().toLowerCase(Locale.ROOT) + "="
                        + (rule.getValue() == ALL ? "unlimited" : rule.getValue()));
        return Stream.concat(rules, within == null ? Stream.empty() : Stream.of("within=" + within.text()))
                .collect(Collectors.joining(","));
    }
}
