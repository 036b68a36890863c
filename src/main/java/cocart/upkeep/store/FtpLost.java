package cocart.upkeep.store;

/** The connection is gone, or the server silent: the same may work on a new one. The message is a clause. */
final class FtpLost extends Exception {

    FtpLost(String message, Throwable cause) {
        super(message, cause);
    }
}
