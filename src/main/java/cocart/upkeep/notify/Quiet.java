package cocart.upkeep.notify;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Hours of each day in which only urgent news is sent.
 *
 * @param from first minute, or null if there are none
 * @param until first minute after them; before {@code from} where they go over midnight
 */
public record Quiet(@Nullable LocalTime from, @Nullable LocalTime until, ZoneId zone) {

    private static final Pattern HOURS = Pattern.compile("([0-9]{2}:[0-9]{2})\\s*-\\s*([0-9]{2}:[0-9]{2})");

    /**
     * Reads {@code 22:00-07:00}.
     *
     * @param text empty for never
     * @throws IllegalArgumentException if it is not of that form
     */
    public static Quiet parse(String text, ZoneId zone) {
        if (text.isBlank()) {
            return new Quiet(null, null, zone);
        }
        Matcher hours = HOURS.matcher(text.strip());
        try {
            if (hours.matches()) {
                return new Quiet(LocalTime.parse(hours.group(1)), LocalTime.parse(hours.group(2)), zone);
            }
        } catch (DateTimeException e) {
            // said below
        }
        throw new IllegalArgumentException(text);
    }

    /** True in these hours. */
    boolean isAt(Instant instant) {
        if (from == null || until == null) {
            return false;
        }
        LocalTime time = instant.atZone(zone).toLocalTime();
        return from.isAfter(until)
                ? !time.isBefore(from) || time.isBefore(until)
                : !time.isBefore(from) && time.isBefore(until);
    }
}
