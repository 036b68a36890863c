package cocart.upkeep.console.page;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A step of a data update, as Scheduled Actions shows an action.
 *
 * @param attempts times that it was begun
 * @param error what went wrong the last time and what to do, or null
 * @param note how the server did it, or null
 * @param started when it was last begun, or null
 * @param took how long that took, or null while it is not at its end
 * @param due when it is tried again, or null if it need not wait
 * @param rowsDone rows of a long step that are done, or null for one that runs as a whole
 * @param rowsTotal rows there are in all, as last counted, or null
 * @param left time left in words, or null
 * @param log what the history says about it, oldest first
 */
public record StepView(
        String name,
        Mark status,
        int attempts,
        @Nullable String error,
        @Nullable String note,
        @Nullable Moment started,
        @Nullable String took,
        @Nullable Moment due,
        @Nullable Long rowsDone,
        @Nullable Long rowsTotal,
        @Nullable String left,
        List<LogLine> log) {

    /** True if it can say how far it is. */
    public boolean hasRows() {
        return rowsTotal != null && rowsDone != null && !status.text().equals("complete");
    }

    /** Rows that are done, at most all. */
    public long done() {
        return rowsDone == null ? 0 : Math.min(rowsDone, total());
    }

    /** Rows there are, at least 1, so that a bar has a length. */
    public long total() {
        return rowsTotal == null ? 1 : Math.max(1, rowsTotal);
    }

    /** For example {@code 12,300 of about 50,000 rows (24 %)}. */
    public String rows() {
        return String.format(
                Locale.ROOT,
                "%,d of about %,d rows (%d %%)",
                rowsDone == null ? 0 : rowsDone,
                rowsTotal == null ? 0 : rowsTotal,
                rowsTotal == null || rowsTotal == 0 ? 100 : 100 * done() / total());
    }
}
