package cocart.upkeep;

import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.quartz.CronExpression;

/** What is wrong with a cron expression, for people who know those of Unix, with one that is right. */
final class CronText {

    private static final String EXAMPLE = "0 0 3 * * ?";
    private static final List<String> DAYS = List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN");
    private static final Pattern DAY = Pattern.compile("[0-7](?![0-9])");
    private static final int DAY_OF_MONTH = 3;
    private static final int DAY_OF_WEEK = 5;

    private CronText() {}

    /** Half a sentence to follow the property's name; null if nothing is wrong. */
    static @Nullable String wrong(String value) {
        String reason = reason(value);
        if (reason == null) {
            return null;
        }
        List<String> fields = List.of(value.strip().split("\\s+"));
        String begin = "is no Quartz cron expression: '" + value + "' ";
        if (fields.size() == 5) {
            return begin
                    + "has 5 fields, as Unix cron has; Quartz has the seconds in front of them, and a ? for the day"
                    + " that does not count: " + example(fromUnix(fields));
        }
        if (fields.size() > DAY_OF_WEEK
                && fields.get(DAY_OF_MONTH).equals("?")
                        == fields.get(DAY_OF_WEEK).equals("?")) {
            return begin + "needs a ? for the day that does not count, day-of-month (the fourth field) or day-of-week"
                    + " (the sixth), and not for both: " + example(withOneDay(fields));
        }
        return begin + "(" + reason + "); it has seconds minutes hours day-of-month month day-of-week: "
                + example(null);
    }

    private static @Nullable String reason(String value) {
        try {
            new CronExpression(value);
            return null;
        } catch (ParseException e) {
            return String.valueOf(e.getMessage()).replaceAll(" \\([a-z.]+[.][A-Za-z]+Exception:.*", "");
        }
    }

    /** The meant one if that is sure, else any that is right. */
    private static String example(@Nullable String meant) {
        return meant != null && reason(meant) == null
                ? "write " + meant
                : "for example " + EXAMPLE + ", every day at 3:00";
    }

    private static @Nullable String fromUnix(List<String> fields) {
        String month = fields.get(2);
        String week = fields.get(4);
        if (week.contains("/") || (!month.equals("*") && !week.equals("*"))) {
            return null; // in Unix either of the two days counts, which Quartz cannot say
        }
        boolean byWeek = !week.equals("*");
        String days =
                DAY.matcher(week).replaceAll(day -> Matcher.quoteReplacement(DAYS.get(Integer.parseInt(day.group()))));
        return "0 " + fields.get(0) + " " + fields.get(1) + " " + (byWeek ? "?" : month) + " " + fields.get(3) + " "
                + (byWeek ? days : "?");
    }

    private static String withOneDay(List<String> fields) {
        List<String> right = new ArrayList<>(fields);
        if (fields.get(DAY_OF_MONTH).equals("?")) {
            right.set(DAY_OF_MONTH, "*");
        } else {
            right.set(fields.get(DAY_OF_WEEK).equals("*") ? DAY_OF_WEEK : DAY_OF_MONTH, "?");
        }
        if (!fields.get(DAY_OF_MONTH).matches("[*?]")
                && !fields.get(DAY_OF_WEEK).matches("[*?]")) {
            return ""; // which day counts is for a human to say
        }
        return String.join(" ", right);
    }
}
