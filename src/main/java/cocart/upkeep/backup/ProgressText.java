package cocart.upkeep.backup;

import java.time.Duration;
import java.util.Locale;

/** Figures of progress in words. */
public final class ProgressText {

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

    /** For example {@code 120 of about 4,000 files}; the total is left out where it is 0. */
    public static String files(long files, long about) {
        return number(files) + (about > 0 ? " of about " + number(about) : "") + " files";
    }

    /** For example {@code 12.3 MB of about 120.0 MB}; the total is left out where it is 0. */
    public static String bytes(long bytes, long about) {
        return megabytes(bytes) + (about > 0 ? " of about " + megabytes(about) : "");
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
