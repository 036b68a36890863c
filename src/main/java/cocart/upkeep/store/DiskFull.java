package cocart.upkeep.store;

/** A disk of this machine takes no more: whatever else is to be written there will fail too. */
public final class DiskFull extends StoreException {

    DiskFull(String message, Throwable cause) {
        super(message, cause);
    }
}
