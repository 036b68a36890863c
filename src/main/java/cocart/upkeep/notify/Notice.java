package cocart.upkeep.notify;

import java.time.Instant;

/**
 * Something that a person should know, as long as its cause lasts and nobody has dismissed it.
 *
 * @param id the same for as long as the row is kept, also when it is cleared and raised again
 * @param store id of the store, or {@link Notices#BUNDLE} for what concerns all of them
 * @param kind {@code update-required}, {@code updating}, {@code update-complete} or {@code attention}
 * @param cause the stable word of its cause, such as {@code backup-failed}; see {@link Cause}
 * @param text one or a few sentences in one line
 * @param raisedAt when its cause was first seen this time
 * @param changedAt when it last began to say something else; figures in the text do not count
 * @param urgent true if it is told at once, also in quiet hours
 */
public record Notice(
        String id,
        String store,
        String kind,
        String cause,
        String text,
        Instant raisedAt,
        Instant changedAt,
        boolean urgent) {}
