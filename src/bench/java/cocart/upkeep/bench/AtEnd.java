package cocart.upkeep.bench;

/** Something to do if the benchmark is ended (Ctrl-C) before this is closed. */
final class AtEnd implements AutoCloseable {

    private final Thread hook;

    /** @throws BenchException if the end has begun already, so that nothing more is started */
    AtEnd(Runnable work) {
        hook = new Thread(work);
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException e) {
            throw new BenchException("ended");
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the end has begun, and the work with it
        }
    }
}
