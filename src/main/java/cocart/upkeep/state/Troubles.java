package cocart.upkeep.state;

import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.StoreException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what went wrong in a route into state: a sentence that {@code status} shows until it is mended. */
public final class Troubles {

    private static final Logger LOG = LoggerFactory.getLogger(Troubles.class);

    private final Jobs jobs;
    private final Updates updates;
    private final Events events;

    public Troubles(Jobs jobs, Updates updates, Events events) {
        this.jobs = jobs;
        this.updates = updates;
        this.events = events;
    }

    /**
     * Ends a claimed run of a job with an error.
     *
     * @param store null if a tick failed before it came to one, as when the state database is away; the next one asks
     *     again
     */
    public void job(@Nullable String store, @Nullable String job, Exception error) {
        if (store == null || job == null) {
            if (Away.isCauseOf(error)) {
                Away.say();
            } else {
                LOG.warn("{}", sentence(error));
            }
            return;
        }
        String sentence = sentence(error);
        Away.tolerate(() -> {
            if (jobs.finish(store, job, sentence)) {
                events.outcome(store, "Job " + job + " failed: " + sentence);
            }
        });
    }

    /** An update could not be completed: failed if a human has to mend something, else tried again later. */
    public void completion(DataUpdate update, Exception error) {
        StoreException known = StoreException.in(error);
        if (known != null && known.isPermanent()) {
            updates.fail(update, sentence(error));
        } else {
            updates.waiting(update.id(), sentence(error) + " It is tried again.");
        }
    }

    /** An error in one sentence; what nobody foresaw also goes to the log with its place. */
    public static String sentence(@Nullable Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof StoreException || cause instanceof StateException) {
                return String.valueOf(cause.getMessage());
            }
        }
        if (Away.isCauseOf(error)) {
            return Away.SENTENCE;
        }
        LOG.error("Unforeseen error; please report it", error);
        Throwable root = error;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        return "unforeseen error, see the log of " + Instant.now().truncatedTo(ChronoUnit.SECONDS) + ": "
                + PlainText.of(String.valueOf(root));
    }
}
