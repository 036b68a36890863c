package cocart.upkeep.store;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/** What log lines say of where they come from (store, job, route), kept where work goes on in other threads. */
public final class LogContext {

    private LogContext() {}

    /** The same work, whose lines say what those of the thread that calls this say. */
    public static Runnable carry(Runnable work) {
        Map<String, String> context = MDC.getCopyOfContextMap();
        if (context == null || context.isEmpty()) {
            return work;
        }
        return () -> {
            Map<String, String> before = MDC.getCopyOfContextMap();
            MDC.setContextMap(context);
            try {
                work.run();
            } finally {
                MDC.setContextMap(before == null ? Map.of() : before);
            }
        };
    }

    /** Lines are about this store until what is returned is closed; then they are about what they were before. */
    public static Scope of(String store) {
        String before = MDC.get("store");
        MDC.put("store", store);
        return () -> put("store", before);
    }

    private static void put(String key, @Nullable String value) {
        if (value == null) {
            MDC.remove(key);
        } else {
            MDC.put(key, value);
        }
    }

    /** Ends without an exception. */
    @FunctionalInterface
    public interface Scope extends AutoCloseable {

        @Override
        void close();
    }
}
