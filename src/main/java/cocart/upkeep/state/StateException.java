package cocart.upkeep.state;

import cocart.upkeep.store.Secrets;
import org.jspecify.annotations.Nullable;

/** The state database cannot be used; the message is one sentence with the remedy. */
public class StateException extends RuntimeException {

    public StateException(String message, @Nullable Throwable cause) {
        super(Secrets.mask(message), cause);
    }
}
