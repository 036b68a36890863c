package cocart.upkeep.state;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.transaction.TransactionException;

/**
 * The state database does not answer. Nothing can be recorded then, but nothing has to be: claims run out, and what was
 * begun is taken up again, by this instance or another.
 */
public final class Away {

    static final String SENTENCE =
            "the state database (upkeep.database.url) did not answer; what was begun is taken up again";

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);
    private static final AtomicLong SAID = new AtomicLong(System.nanoTime() - MINUTE);

    private Away() {}

    /** True if this is why something failed. */
    public static boolean isCauseOf(@Nullable Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof DataAccessResourceFailureException
                    || cause instanceof TransientDataAccessException
                    || cause instanceof RecoverableDataAccessException
                    || cause instanceof TransactionException) {
                return true;
            }
        }
        return false;
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
            say();
            return false;
        }
    }

    /** Logs that it is away, at most once a minute. */
    static void say() {
        long said = SAID.get();
        long now = System.nanoTime();
        if (now - said >= MINUTE && SAID.compareAndSet(said, now)) {
            LOG.warn("Nothing can be recorded now: {}.", SENTENCE);
        }
    }
}
