package cocart.upkeep.state;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.transaction.TransactionException;

/**
 * The state database does not answer, or has no room. Nothing can be recorded then, but nothing has to be: claims run out, and what was
 * begun is taken up again, by this instance or another.
 */
public final class Away {

    static final String SENTENCE =
            "the state database (upkeep.database.url) did not answer; what was begun is taken up again";

    static final String FULL =
            "the disk of the state database (upkeep.database.url) is full; make room there, and what was begun is taken up"
                    + " again";

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    /** What was said last, and when. */
    private record Said(String sentence, long nanoTime) {}

    private static final AtomicReference<Said> SAID = new AtomicReference<>(new Said("", 0));

    private Away() {}

    /** True if this is why something failed. */
    public static boolean isCauseOf(@Nullable Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof DataAccessResourceFailureException
                    || cause instanceof TransientDataAccessException
                    || cause instanceof RecoverableDataAccessException
                    || cause instanceof TransactionException
                    || (cause instanceof DataAccessException && StateFaults.isFull(cause))) {
                return true;
            }
        }
        return false;
    }

    /** True if a connection to the database has ended or could not be made, or a transaction was ended by the database. */
    public static boolean isLost(Throwable error) {
        return StateFaults.isPassing(error);
    }

    /**
     * Does work on the state database that may be left out when it is away; that is logged, at most once a minute.
     *
     * @return false if it was left out
     */
    public static boolean tolerate(Runnable work) {
        try {
            work.run();
            return true;
        } catch (RuntimeException e) {
            if (!isCauseOf(e)) {
                throw e;
            }
            say(e);
            return false;
        }
    }

    /** Why nothing can be recorded. */
    static String sentence(Throwable error) {
        String gone = StateFaults.gone(error);
        return gone != null ? gone : StateFaults.isFull(error) ? FULL : SENTENCE;
    }

    /** Says it in the log, at most once a minute. */
    static void say(Throwable error) {
        String sentence = sentence(error);
        Said before = SAID.get();
        Said now = new Said(sentence, System.nanoTime());
        if ((!sentence.equals(before.sentence()) || now.nanoTime() - before.nanoTime() >= MINUTE)
                && SAID.compareAndSet(before, now)) {
            LOG.warn("Nothing can be recorded now: {}.", sentence);
        }
    }
}
