package cocart.upkeep.plan;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A rehearsal as far as it has come: what is rehearsed, and how long each part took. Used by one thread at a time. */
public final class Rehearsed {

    /**
     * A data update that is due.
     *
     * @param code version of the code that needs it, or null if the plugin has not been seen yet
     */
    public record Due(UpdatePlan plan, @Nullable String code) {}

    /**
     * One part.
     *
     * @param name of a step, or what else was done
     * @param status in a word or two
     * @param rows that it was about, or null
     */
    public record Part(
            String name,
            String status,
            Duration took,
            @Nullable Long rows) {}

    private final String store;
    private final @Nullable String snapshot;
    private final List<Due> due = new ArrayList<>();
    private final List<Due> proven = new ArrayList<>();
    private final List<Part> parts = new ArrayList<>();
    private @Nullable String reason;

    /** @param snapshot id of the snapshot whose database it takes place on; null if none could be loaded */
    public Rehearsed(String store, @Nullable String snapshot) {
        this.store = store;
        this.snapshot = snapshot;
    }

    public String store() {
        return store;
    }

    public @Nullable String snapshot() {
        return snapshot;
    }

    /** The data updates that are rehearsed, in order; empty if none is due. */
    public List<Due> due() {
        return List.copyOf(due);
    }

    public List<Part> parts() {
        return List.copyOf(parts);
    }

    /** Why it failed, a sentence without its full stop; null if it did not. */
    public @Nullable String reason() {
        return reason;
    }

    public void add(Due update) {
        due.add(update);
    }

    public void add(String name, String status, long nanos, @Nullable Long rows) {
        parts.add(new Part(name, status, Duration.ofNanos(nanos), rows));
    }

    /** An update came to its end: proven, with the carts as they were. */
    public void proven(Due update) {
        proven.add(update);
    }

    public boolean isProven(Due update) {
        return proven.contains(update);
    }

    public void fail(String why) {
        reason = why;
    }
}
