package cocart.upkeep.state;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.event.Level;

/**
 * The history of a store: one row for each change of state, and the same line in the log. What a command itself says at
 * its end is not said in its log as well, nor what the log has just said.
 */
public final class Events {

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    private final Database database;
    private final Instance instance;
    private final Map<String, String> outcomes = new ConcurrentHashMap<>();
    private volatile boolean outcomesAreSaid;

    public Events(Database database, Instance instance) {
        this.database = database;
        this.instance = instance;
    }

    /** A command is at work that says itself what comes of it, so the log need not. */
    public void outcomesAreSaid() {
        outcomesAreSaid = true;
    }

    /** Records and logs one sentence about a store. */
    public void record(String store, String text) {
        add(store, text);
        log(store, Level.INFO, text);
    }

    /** Records one sentence about what went wrong with a store, and logs it as a warning. */
    public void failure(String store, String text) {
        add(store, text);
        log(store, Level.WARN, text);
    }

    /** The same for what ends a run, which some commands say themselves. */
    public void outcome(String store, String text) {
        add(store, text);
        outcomes.put(store, text);
        log(store, outcomesAreSaid ? Level.DEBUG : Level.WARN, text);
    }

    /** A notice that is new; when it is about what has just ended a run, the log has it already. */
    public void notice(String store, String kind, String text) {
        String event = "Notice (" + kind + "): " + text;
        add(store, event);
        String outcome = outcomes.get(store);
        boolean said = outcome != null && (outcome.contains(text) || text.contains(outcome));
        log(store, said ? Level.DEBUG : Level.INFO, event);
    }

    private static void log(String store, Level level, String text) {
        try (MDC.MDCCloseable ignored = MDC.putCloseable("store", store)) {
            LOG.atLevel(level).log("{}", text);
        }
    }

    private void add(String store, String text) {
        database.sql("event-add")
                .param("id", UUID.randomUUID().toString())
                .param("store", store)
                .param("instance", instance.id())
                .param("text", Database.cut(text))
                .update();
    }
}
