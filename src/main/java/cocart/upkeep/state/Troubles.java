package cocart.upkeep.state;

import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.Secrets;
import cocart.upkeep.store.StoreException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what went wrong in a route into state: a sentence that {@code status} shows until it is mended. */
public final class Troubles {

    private static final Logger LOG = LoggerFactory.getLogger(Troubles.class);

    private final Jobs jobs;
    private final Updates updates;
    private final Events events;

    /** What this process last said of a failed run, by store/job: its log begins anew, also where the history goes on. */
    private final Map<String, String> said = new ConcurrentHashMap<>();

    public Troubles(Jobs jobs, Updates updates, Events events) {
        this.jobs = jobs;
        this.updates = updates;
        this.events = events;
    }

    /** Ends a claimed run of a job with an error. */
    public void job(String store, String job, Exception error) {
        String sentence = sentence(error);
        String text = "Job " + job + " failed: " + sentence;
        Away.tolerate(() -> {
            boolean isNew = jobs.finish(store, job, sentence);
            boolean isSaid = text.equals(said.put(store + "/" + job, text));
            if (isNew) {
                events.outcome(store, text);
            } else if (!isSaid) {
                events.outcomeAgain(store, text);
            }
        });
    }

    /** Ends a claimed run of a job inside of which something else failed, which is told elsewhere. */
    public void ended(String store, String job) {
        Away.tolerate(() -> jobs.finish(store, job, null));
    }

    /** What is about no store failed; it is tried again soon. */
    public void tick(Exception error) {
        if (Away.isCauseOf(error)) {
            Away.say(error);
        } else {
            LOG.warn("What is due cannot be found out now: {}", sentence(error));
        }
    }

    /** An update could not be completed: failed if a human has to mend something, else tried again later. */
    public void completion(DataUpdate update, Exception error) {
        StoreException known = StoreException.in(error);
        Away.tolerate(() -> {
            if (known != null && known.isPermanent()) {
                updates.fail(update, sentence(error));
            } else {
                updates.waiting(update.id(), sentence(error) + " It is tried again.");
            }
        });
    }

    /** An error in one sentence; what nobody foresaw also goes to the log with its place. */
    public static String sentence(@Nullable Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof StoreException || cause instanceof StateException) {
                return String.valueOf(cause.getMessage());
            }
        }
        if (Away.isCauseOf(error)) {
            return Away.sentence(error);
        }
        LOG.error("Unforeseen error; please report it", error);
        Throwable root = error;
        while (root != null && root.getCause() != null) {
            root = root.getCause();
        }
        return "unforeseen error, see the log of " + Instant.now().truncatedTo(ChronoUnit.SECONDS) + ": "
                + PlainText.of(Secrets.mask(String.valueOf(root)));
    }
}
