package cocart.upkeep.console;

/** Something that the console refuses or cannot do; the message is one sentence for whoever asked. */
public final class ConsoleException extends RuntimeException {

    private final int status;

    /** @param status of HTTP; 500 if it has nothing to do with a request */
    public ConsoleException(int status, String sentence) {
        super(sentence);
        this.status = status;
    }

    public int status() {
        return status;
    }
}
