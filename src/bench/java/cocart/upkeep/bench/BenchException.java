package cocart.upkeep.bench;

/** The benchmark cannot be run; the message is one sentence that says why and what to do. */
final class BenchException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    BenchException(String message) {
        super(message);
    }
}
