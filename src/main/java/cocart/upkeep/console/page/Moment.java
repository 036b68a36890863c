package cocart.upkeep.console.page;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A point in time as the page says it.
 *
 * @param iso for the attribute {@code datetime}
 * @param exact to the second, in UTC
 * @param words seen from now, such as {@code 3 minutes ago} or {@code in 5 hours}
 */
public record Moment(String iso, String exact, String words) {

    private static final DateTimeFormatter EXACT = DateTimeFormatter.ofPattern(
                    "d MMM uuuu, HH:mm:ss 'UTC'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("d MMM uuuu", Locale.ENGLISH).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ENGLISH).withZone(ZoneOffset.UTC);
    private static final long MONTHS = 60;

    /** A time that has been, also when it was read just after {@code now}; null for null. */
    public static @Nullable Moment of(@Nullable Instant at, Instant now) {
        return at == null ? null : moment(at, words(at, at.isAfter(now) ? at : now));
    }

    /** A time that is to come, so what is due already is due now; null for null. */
    public static @Nullable Moment due(@Nullable Instant at, Instant now) {
        return at == null ? null : moment(at, at.isAfter(now) ? words(at, now) : "now");
    }

    private static Moment moment(Instant at, String words) {
        return new Moment(at.truncatedTo(ChronoUnit.SECONDS).toString(), EXACT.format(at), words);
    }

    /** The day alone, such as {@code 24 Nov 2026}, in UTC. */
    public static String day(Instant at) {
        return DAY.format(at);
    }

    /** The time of day alone, such as {@code 02:33:59}, in UTC. */
    static String time(Instant at) {
        return TIME.format(at);
    }

    private static String words(Instant at, Instant now) {
        boolean past = !at.isAfter(now);
        Duration away = past ? Duration.between(at, now) : Duration.between(now, at);
        if (away.toDays() >= MONTHS) {
            return DAY.format(at);
        }
        if (away.toMinutes() < 1) {
            return past ? "just now" : "in under a minute";
        }
        return past ? rough(away) + " ago" : "in " + rough(away);
    }

    /** For example {@code 5 minutes}, {@code 47 hours}, {@code 3 days}; whole units, rounded down. */
    static String rough(Duration time) {
        if (time.toMinutes() < 1) {
            return "less than a minute";
        }
        return time.toHours() < 1
                ? count(time.toMinutes(), "minute")
                : time.toHours() < 48 ? count(time.toHours(), "hour") : count(time.toDays(), "day");
    }

    /** For example {@code 0.4 s}, {@code 12 s}, {@code 3 min 20 s}, {@code 2 h 5 min}, {@code 3 d 4 h}. */
    public static String took(Duration time) {
        long seconds = Math.max(0, time.toSeconds());
        if (seconds < 10) {
            return String.format(Locale.ROOT, "%.1f s", Math.max(0, time.toMillis()) / 1000.0);
        }
        if (seconds < 60) {
            return seconds + " s";
        }
        if (seconds < 3600) {
            return seconds / 60 + " min" + (seconds % 60 == 0 ? "" : " " + seconds % 60 + " s");
        }
        if (seconds < 48 * 3600) {
            return seconds / 3600 + " h" + (seconds / 60 % 60 == 0 ? "" : " " + seconds / 60 % 60 + " min");
        }
        return seconds / 86400 + " d" + (seconds / 3600 % 24 == 0 ? "" : " " + seconds / 3600 % 24 + " h");
    }

    private static String count(long number, String unit) {
        return number + " " + unit + (number == 1 ? "" : "s");
    }
}
