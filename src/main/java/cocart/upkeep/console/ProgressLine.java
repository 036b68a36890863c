package cocart.upkeep.console;

import cocart.upkeep.backup.ProgressText;
import cocart.upkeep.backup.ProgressView;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * One bar at the bottom of the terminal for all that is running. While it is there, everything else that is printed to
 * stderr goes through {@link LineKeeper}, so that lines of the log appear above it.
 */
public final class ProgressLine implements ProgressView {

    private static final int MEGABYTE = 1_000_000;
    private static final int REDRAW_MILLIS = 500;

    /** A petabyte: no more is believed of what a server says of its files, as the bar's clock could not bear it. */
    private static final long MOST = 1_000_000_000_000_000L;

    private final IntSupplier width;
    private final Set<Shown> runs = new LinkedHashSet<>();
    private @Nullable ProgressBar bar;
    private @Nullable LineKeeper keeper;

    public ProgressLine() {
        this(Terminal::width);
    }

    /** @param width of the terminal in characters */
    ProgressLine(IntSupplier width) {
        this.width = width;
    }

    @Override
    public synchronized Run begin(String what, String store) {
        if (bar == null) {
            keeper = new LineKeeper(System.err);
            System.setErr(keeper);
            bar = new ProgressBarBuilder()
                    .setTaskName(what)
                    .setInitialMax(-1)
                    .setUnit(" MB", MEGABYTE)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(REDRAW_MILLIS)
                    .continuousUpdate()
                    .showSpeed(new DecimalFormat("0.0", DecimalFormatSymbols.getInstance(Locale.ROOT)))
                    .setConsumer(new Consumer(keeper, width))
                    .build();
        }
        Shown run = new Shown(store);
        runs.add(run);
        draw();
        return run;
    }

    private synchronized void at(Shown run, long files, long bytes, long aboutFiles, long aboutBytes) {
        run.files = files;
        run.bytes = bytes;
        run.aboutFiles = aboutFiles;
        run.aboutBytes = Math.min(aboutBytes, MOST);
        draw();
    }

    private synchronized void end(Shown run) {
        runs.remove(run);
        if (runs.isEmpty() && bar != null && keeper != null) {
            bar.close();
            bar = null;
            System.setErr(keeper.end());
            keeper = null;
        } else {
            draw();
        }
    }

    private void draw() {
        if (bar == null || runs.isEmpty()) {
            return;
        }
        long files = 0;
        long bytes = 0;
        long aboutFiles = 0;
        long aboutBytes = 0;
        boolean known = true;
        for (Shown run : runs) {
            files += run.files;
            bytes += run.bytes;
            aboutFiles += Math.max(run.files, run.aboutFiles);
            aboutBytes += Math.max(run.bytes, run.aboutBytes);
            known &= run.aboutBytes > 0;
        }
        bar.maxHint(known ? Math.max(aboutBytes, bytes + 1) : -1); // not 100% before the end, when the bar goes
        bar.stepTo(bytes);
        String whose = runs.size() == 1 ? runs.iterator().next().store : runs.size() + " stores";
        bar.setExtraMessage(" " + whose + ", " + ProgressText.files(files, known ? aboutFiles : 0));
    }

    private final class Shown implements Run {

        private final String store;
        private long files;
        private long bytes;
        private long aboutFiles;
        private long aboutBytes;

        Shown(String store) {
            this.store = store;
        }

        @Override
        public void at(long files, long bytes, long aboutFiles, long aboutBytes) {
            ProgressLine.this.at(this, files, bytes, aboutFiles, aboutBytes);
        }

        @Override
        public void close() {
            end(this);
        }
    }

    private record Consumer(LineKeeper keeper, IntSupplier width) implements ProgressBarConsumer {

        @Override
        public int getMaxRenderedLength() {
            return width.getAsInt() - 1; // in the last column some terminals begin a new line
        }

        @Override
        public void accept(String line) {
            keeper.draw(line);
        }

        @Override
        public void close() {
            keeper.clear();
        }
    }
}
