package cocart.upkeep.console;

import cocart.upkeep.backup.KnownSnapshots;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What {@code /api/v1} answers, as JSON. Parameters are the URL's query string as it was sent, or null. */
public final class Api {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST = 1000;

    /** What {@code state} may be: the states of a data update, and those that need a human. */
    private static final List<String> STATES = List.of(
            "none",
            "awaiting-approval",
            "pending",
            "in-progress",
            "complete",
            "failed",
            "canceled",
            "blocked",
            "attention");

    /** The id of an event. */
    private static final Pattern EVENT = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private final Stores stores;
    private final Status status;
    private final KnownSnapshots snapshots;
    private final Chronicle chronicle;
    private final Decisions decisions;
    private final Jobs jobs;

    public Api(
            Stores stores,
            Status status,
            KnownSnapshots snapshots,
            Chronicle chronicle,
            Decisions decisions,
            Jobs jobs) {
        this.stores = stores;
        this.status = status;
        this.snapshots = snapshots;
        this.chronicle = chronicle;
        this.decisions = decisions;
        this.jobs = jobs;
    }

    /** The same as {@code upkeep status --json}. */
    public String status(@Nullable String query) {
        Query.of(query).only();
        return status.all().toString();
    }

    /**
     * Some of the stores, in the order of {@code upkeep.stores}.
     *
     * @param query {@code search} (a part of the id), {@code state} (of the data update, or {@code attention} for all
     *     that need a human), {@code limit}, {@code offset}
     */
    public String stores(@Nullable String query) {
        Query asked = Query.of(query).only("search", "state", "limit", "offset");
        int limit = asked.number("limit", 100, 1, MOST);
        int offset = asked.number("offset", 0, 0, Integer.MAX_VALUE);
        String search = asked.text("search").toLowerCase(Locale.ROOT);
        String state = asked.text("state");
        if (!state.isEmpty() && !STATES.contains(state)) {
            throw new ConsoleException(400, "The parameter state must be one of " + String.join(", ", STATES) + ".");
        }
        List<StoreSettings> found = stores.all().stream()
                .filter(store -> store.id().toLowerCase(Locale.ROOT).contains(search))
                .toList();
        ObjectNode root = JSON.createObjectNode();
        if (state.isEmpty()) {
            // only those of the page are looked up
            List<StoreSettings> page = found.stream().skip(offset).limit(limit).toList();
            root.setAll(status.of(page));
            return root.put("total", found.size()).toString();
        }
        ArrayNode list = root.putArray("stores");
        int total = 0;
        for (var store : status.of(found).get("stores")) {
            if (isIn(state, (ObjectNode) store)) {
                if (total >= offset && list.size() < limit) {
                    list.add(store);
                }
                total++;
            }
        }
        return root.put("total", total).toString();
    }

    private static boolean isIn(String state, ObjectNode store) {
        return state.equals("attention")
                ? Tables.exitCode(store) > 0
                : store.at("/dataUpdate/state").asText().equals(state);
    }

    /** One store. */
    public String store(String id, @Nullable String query) {
        Query.of(query).only();
        return status.of(get(id)).toString();
    }

    /** A store's sealed snapshots, newest first, as {@code upkeep snapshots --json} lists them. */
    public String snapshots(String id, @Nullable String query) {
        Query.of(query).only();
        return Snapshots.json(snapshots.list(get(id).id())).toString();
    }

    /**
     * A store's history, newest first.
     *
     * @param query {@code limit}; {@code before}, the id of the last event of the page before
     */
    public String events(String id, @Nullable String query) {
        Query asked = Query.of(query).only("limit", "before");
        String before = asked.text("before");
        if (!before.isEmpty() && !EVENT.matcher(before).matches()) {
            throw new ConsoleException(400, "The parameter before must be the id of an event.");
        }
        return chronicle
                .events(get(id).id(), asked.number("limit", 100, 1, MOST), before)
                .toString();
    }

    /**
     * What was seen of a store's plugins, newest first.
     *
     * @param query {@code limit}
     */
    public String sightings(String id, @Nullable String query) {
        Query asked = Query.of(query).only("limit");
        return chronicle
                .sightings(get(id).id(), asked.number("limit", 100, 1, MOST))
                .toString();
    }

    /** As {@code upkeep approve}. */
    public String approve(String id, @Nullable String query) {
        boolean byWordPress = Query.of(query).only("byWordpress").isTrue("byWordpress");
        return done(id, decisions.approve(get(id).id(), byWordPress));
    }

    /** As {@code upkeep retry}. */
    public String retry(String id, @Nullable String query) {
        boolean replan = Query.of(query).only("replan").isTrue("replan");
        return done(id, decisions.retry(get(id).id(), replan));
    }

    /** As {@code upkeep cancel}. */
    public String cancel(String id, @Nullable String query) {
        Query.of(query).only();
        return done(id, decisions.cancel(get(id).id()));
    }

    /**
     * As {@code upkeep dismiss}.
     *
     * @param query {@code notice}, the id of one; else all that are shown
     */
    public String dismiss(String id, @Nullable String query) {
        String notice = Query.of(query).only("notice").text("notice");
        return done(id, decisions.dismiss(get(id).id(), notice));
    }

    /**
     * Says that a job has been started for a store.
     *
     * @param job name of its claims
     * @throws ConsoleException if a run of it is alive, so that another would do nothing
     */
    public String started(String id, String job, @Nullable String query) {
        Query.of(query).only();
        String store = get(id).id();
        if (jobs.isRunning(store, job)) {
            throw new ConsoleException(409, "job " + job + " of store " + store + " is running already");
        }
        return JSON.createObjectNode().put("store", store).put("started", job).toString();
    }

    private static String done(String store, Decisions.Outcome outcome) {
        if (!outcome.done()) {
            throw new ConsoleException(409, outcome.text());
        }
        return JSON.createObjectNode()
                .put("store", store)
                .put("done", outcome.text())
                .toString();
    }

    /** What is said of an unknown store does not repeat what was asked for. */
    private StoreSettings get(String id) {
        return stores.all().stream()
                .filter(store -> store.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new ConsoleException(404, "There is no store of this name in upkeep.stores."));
    }
}
