package cocart.upkeep.backup;

import java.time.Duration;
import java.util.Locale;

/** Figures of progress in words. */
public final class ProgressText {

    private static final String[] UNITS = {"kB", "MB", "GB", "TB"};

    private ProgressText() {}

    /** For example {@code 120 of about 4,000 files, 12.3 MB of about 120.0 MB, 1.1 MB/s, about 1:38 left}. */
    static String line(long files, long bytes, long aboutFiles, long aboutBytes, Duration elapsed) {
        StringBuilder text =
                new StringBuilder(files(files, aboutFiles)).append(", ").append(bytes(bytes, aboutBytes));
        double seconds = elapsed.toMillis() / 1000.0;
        if (seconds >= 1) {
            double rate = bytes / seconds;
            text.append(", ").append(megabytes((long) rate)).append("/s");
            if (aboutBytes > bytes && rate > 0) {
                long left = (long) ((aboutBytes - bytes) / rate);
                text.append(", about ").append(clock(left)).append(" left");
            }
        }
        return text.toString();
    }

    /**
     * For example {@code 120 of about 4,000 files}; the total is left out where it is no more than what is there, as
     * then it says nothing any more.
     */
    public static String files(long files, long about) {
        return number(files) + (about > files ? " of about " + number(about) : "") + " files";
    }

    /** For example {@code 12.3 MB of about 120.0 MB}; the total as in {@link #files}. */
    public static String bytes(long bytes, long about) {
        return megabytes(bytes) + (about > bytes ? " of about " + megabytes(about) : "");
    }

    /** A size with the unit that suits it, for example {@code 12.3 MB}. */
    public static String size(long bytes) {
        if (bytes < 1000) {
            return bytes + " bytes";
        }
        double value = bytes / 1e3;
        int unit = 0;
        while (value >= 999.95 && unit < UNITS.length - 1) {
            value /= 1e3;
            unit++;
        }
        return String.format(Locale.ROOT, "%,.1f %s", value, UNITS[unit]);
    }

    private static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%,.1f MB", bytes / 1e6);
    }

    private static String clock(long seconds) {
        return seconds >= 3600
                ? String.format(Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
                : String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
    }
}
