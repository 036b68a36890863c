package cocart.upkeep.state;

import cocart.upkeep.store.LogContext;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The history of a store: one row for each change of state, and the same line in the log. Inside of a transaction the row
 * is a part of it, and the line is logged when it is committed. What a command itself says at its end is not said in its
 * log as well, nor what the log has just said.
 */
public final class Events {

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    /** Milliseconds, and 16 bits that count. */
    private static final AtomicLong LAST = new AtomicLong();

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

    /** Records and logs sentences about a store, one row each. */
    public void record(String store, String... texts) {
        record(store, List.of(texts));
    }

    /** Records and logs sentences about a store, one row each. */
    public void record(String store, List<String> texts) {
        add(store, texts, Level.INFO);
    }

    /** Records one sentence about what went wrong with a store, and logs it as a warning. */
    public void failure(String store, String text) {
        add(store, List.of(text), Level.WARN);
    }

    /** The same for what ends a run, which some commands say themselves. */
    public void outcome(String store, String text) {
        insert(store, List.of(text));
        outcomeAgain(store, text);
    }

    /** Logs what ended a run just as it ended the one before, so that the history has it already. */
    void outcomeAgain(String store, String text) {
        outcomes.put(store, text);
        log(store, List.of(text), outcomesAreSaid ? Level.DEBUG : Level.WARN);
    }

    /** Records a sentence that is logged elsewhere. */
    public void silently(String store, String text) {
        insert(store, List.of(text));
    }

    /** True if the log has already said what a sentence says: it is about what has just ended a run of this process. */
    public boolean hasSaid(String store, String text) {
        String outcome = outcomes.get(store);
        return outcome != null && (outcome.contains(text) || text.contains(outcome));
    }

    private void add(String store, List<String> texts, Level level) {
        insert(store, texts);
        log(store, texts, level);
    }

    private void insert(String store, List<String> texts) {
        database.batch(
                "event-add",
                texts.stream()
                        .map(text -> Map.of(
                                "id",
                                newId(),
                                "store",
                                store,
                                "instance",
                                instance.id(),
                                "text",
                                Objects.requireNonNull(Database.cut(text))))
                        .toList());
    }

    /**
     * Logs sentences whose rows a statement has written by itself.
     *
     * @param store empty if they are about none
     */
    public void recorded(String store, String... texts) {
        log(store, List.of(texts), Level.INFO);
    }

    /**
     * A fresh id; a process's later ones are greater, so that what was told within a millisecond is in order, and new rows
     * come to lie side by side in the index.
     */
    public static String newId() {
        long now = System.currentTimeMillis() << 16;
        return new UUID(
                        LAST.updateAndGet(last -> Math.max(last + 1, now)),
                        ThreadLocalRandom.current().nextLong())
                .toString();
    }

    private static void log(String store, List<String> texts, Level level) {
        if (LOG.isEnabledForLevel(level)) {
            Database.afterCommit(() -> {
                if (store.isEmpty()) {
                    texts.forEach(text -> LOG.atLevel(level).log("{}", text));
                    return;
                }
                try (LogContext.Scope ignored = LogContext.of(store)) {
                    texts.forEach(text -> LOG.atLevel(level).log("{}", text));
                }
            });
        }
    }
}
