package cocart.upkeep;

import java.util.List;
import java.util.function.IntConsumer;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * What happens on Ctrl-C, SIGTERM and a closed terminal. Not a shutdown hook: H2 has one of its own, which closes the
 * state database while work in flight still needs it, and hooks run in no order.
 */
final class Signals {

    private Signals() {}

    /** Runs an action with the signal's number at the first signal; a second one ends the process as it always does. */
    static void on(IntConsumer action) {
        for (String name : List.of("INT", "TERM", "HUP")) {
            try {
                Signal.handle(new Signal(name), signal -> {
                    Signal.handle(signal, SignalHandler.SIG_DFL);
                    action.accept(signal.getNumber());
                });
            } catch (IllegalArgumentException e) {
                // this system has no such signal, or the JVM keeps it to itself (-Xrs): then it just ends
            }
        }
    }
}
