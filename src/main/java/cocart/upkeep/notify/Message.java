package cocart.upkeep.notify;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What is sent to a channel at once.
 *
 * @param channel {@code log}, {@code webhook}, {@code mail}, or another that a route has
 * @param digest true if it lists what is open, false if it tells what is new
 * @param at when it was put together, by the state database's clock
 * @param items the most urgent first
 */
public record Message(String channel, boolean digest, Instant at, List<Item> items) {

    /**
     * One notice in it.
     *
     * @param change {@code raised}, {@code changed}, {@code cleared}, or {@code open} in a digest
     * @param fingerprint what the channel knows of the notice once it has this message
     * @param clearedAt when its cause was found gone, or null
     */
    public record Item(
            Notice notice,
            String change,
            String fingerprint,
            @Nullable Instant clearedAt) {

        /** Since when this could have been sent. */
        Instant since() {
            return clearedAt == null ? notice.changedAt() : clearedAt;
        }

        /** The store's id, or {@code all stores}. */
        public String where() {
            return notice.store().equals(Notices.BUNDLE) ? "all stores" : notice.store();
        }
    }

    /** True if something in it does not wait. */
    public boolean urgent() {
        return items.stream().anyMatch(item -> item.notice().urgent() && item.clearedAt() == null);
    }

    /** The same for the same news, so that who gets a message twice, because we were killed in between, can tell. */
    public String id() {
        return Finding.hash((digest ? "digest " + at : "news") + "\n"
                        + items.stream()
                                .map(item -> item.notice().id() + " " + item.change() + " " + item.since())
                                .sorted()
                                .collect(Collectors.joining("\n")))
                .substring(0, 32);
    }
}
