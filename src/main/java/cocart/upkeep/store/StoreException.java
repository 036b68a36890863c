package cocart.upkeep.store;

import org.jspecify.annotations.Nullable;

/**
 * Something about a store that an operator can understand and mend. The message is one sentence that says what, where
 * (store, file, property) and what to do; it never holds a secret nor, whatever a store has put into it, characters
 * that a terminal would obey.
 */
public class StoreException extends RuntimeException {

    private final boolean permanent;

    /** A fault that may pass by itself: a server that is away, a dropped connection. */
    public StoreException(String message, @Nullable Throwable cause) {
        this(message, cause, false);
    }

    /** @param permanent true if trying again without a change by a human is useless (wrong key, wrong setting) */
    public StoreException(String message, @Nullable Throwable cause, boolean permanent) {
        super(PlainText.of(Secrets.mask(message)), cause);
        this.permanent = permanent;
    }

    /** True if trying again without a change by a human is useless. */
    public boolean isPermanent() {
        return permanent;
    }

    /** The first of these in a chain of causes, because Camel wraps what beans throw; null if there is none. */
    public static @Nullable StoreException in(@Nullable Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof StoreException found) {
                return found;
            }
        }
        return null;
    }
}
