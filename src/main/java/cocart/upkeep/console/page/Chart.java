package cocart.upkeep.console.page;

import cocart.upkeep.backup.KnownSnapshots.Known;
import cocart.upkeep.backup.ProgressText;
import cocart.upkeep.backup.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;

/**
 * Snapshots over time as three rows of bars, one bar a snapshot, oldest left. The figures are in the table of snapshots
 * too.
 *
 * @param width of the drawing; a bar is 8 wide with a gap of 2
 * @param from day of the oldest one; its time where all are of one day
 * @param to day of the newest one; its time where all are of one day
 * @param day that all are of; empty if they are of several
 */
public record Chart(List<Row> rows, int width, int count, String from, String to, String day) {

    /** Of the drawing; a bar of this height is the highest value. */
    public static final int HEIGHT = 40;

    private static final int MOST = 60;
    private static final int LEAST = 24;
    private static final int SLOT = 10;
    private static final int FAR = 3;
    private static final int BAR = 8;

    /**
     * One figure of all snapshots.
     *
     * @param newest the newest value in words
     * @param highest the highest value in words
     * @param lowest the lowest value in words
     * @param scale what a bar of full height means, in words
     */
    public record Row(String label, String newest, String highest, String lowest, String scale, List<Bar> bars) {}

    /**
     * One value.
     *
     * @param isBroken true if the value goes beyond the scale
     * @param title the snapshot and the value
     */
    public record Bar(int x, int width, String y, String height, boolean isBroken, String title) {}

    /** @param newestFirst sealed snapshots; at most the 60 newest are drawn */
    static Chart of(List<Known> newestFirst) {
        List<Snapshot> snapshots = new ArrayList<>(
                newestFirst.stream().limit(MOST).map(Known::snapshot).toList());
        Collections.reverse(snapshots);
        int slots = Math.max(LEAST, snapshots.size());
        List<Instant> sealed = snapshots.stream().map(Snapshot::sealedAt).toList();
        boolean isOneDay = sealed.stream().map(Moment::day).distinct().count() == 1;
        Function<Instant, String> words = isOneDay ? Moment::time : Moment::day;
        return new Chart(
                snapshots.isEmpty()
                        ? List.of()
                        : List.of(
                                row("Size", snapshots, slots, Snapshot::bytes, ProgressText::size),
                                row("New bytes", snapshots, slots, Snapshot::newBytes, ProgressText::size),
                                row(
                                        "Duration",
                                        snapshots,
                                        slots,
                                        Chart::millis,
                                        millis -> Moment.took(Duration.ofMillis(millis)))),
                slots * SLOT,
                snapshots.size(),
                sealed.isEmpty() ? "" : words.apply(sealed.get(0)),
                sealed.isEmpty() ? "" : words.apply(sealed.get(sealed.size() - 1)),
                isOneDay ? Moment.day(sealed.get(0)) : "");
    }

    /** True if a value goes beyond its scale. */
    public boolean isBroken() {
        return rows.stream().anyMatch(row -> row.bars().stream().anyMatch(Bar::isBroken));
    }

    /** The highest value, but for a single one far above the others: the first snapshot is all new. */
    private static long scale(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        long highest = sorted[sorted.length - 1];
        long next = sorted.length < 3 ? highest : sorted[sorted.length - 2];
        return next > 0 && highest / FAR >= next ? next : highest;
    }

    private static long millis(Snapshot snapshot) {
        Duration took = SnapshotView.took(snapshot);
        return took == null ? 0 : took.toMillis();
    }

    private static Row row(
            String label,
            List<Snapshot> snapshots,
            int slots,
            ToLongFunction<Snapshot> value,
            LongFunction<String> words) {
        long highest = snapshots.stream().mapToLong(value).max().orElse(0);
        long scale = scale(snapshots.stream().mapToLong(value).toArray());
        long lowest = snapshots.stream().mapToLong(value).min().orElse(0);
        List<Bar> bars = new ArrayList<>();
        int slot = slots - snapshots.size();
        for (Snapshot snapshot : snapshots) {
            long figure = value.applyAsLong(snapshot);
            double height =
                    scale == 0 ? 0 : Math.min(HEIGHT, Math.max(figure > 0 ? 1 : 0, (double) HEIGHT * figure / scale));
            bars.add(new Bar(
                    slot++ * SLOT + (SLOT - BAR) / 2,
                    BAR,
                    figure(HEIGHT - height),
                    figure(height),
                    figure > scale,
                    snapshot.id() + ": " + words.apply(figure)));
        }
        return new Row(
                label,
                words.apply(value.applyAsLong(snapshots.get(snapshots.size() - 1))),
                words.apply(highest),
                words.apply(lowest),
                words.apply(scale),
                List.copyOf(bars));
    }

    private static String figure(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
