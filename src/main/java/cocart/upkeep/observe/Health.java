package cocart.upkeep.observe;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.apache.camel.health.HealthCheck;
import org.apache.camel.health.HealthCheckHelper;
import org.apache.camel.health.HealthCheckResultBuilder;

/**
 * Health by Camel's health checks and ours, as probes ask for it. Alive: the process runs. Ready: this instance can
 * work, so Camel and its routes are started and the state database answers. What is wrong with single stores makes no
 * instance unready; it is a detail here, a notice and a metric.
 */
public final class Health {

    /**
     * What a probe is told.
     *
     * @param code HTTP status: 200 if all is UP, else 503
     * @param json {@code {"status": "UP", "checks": [{"name": ..., "status": ..., "data": {...}}]}}
     */
    public record Answer(int code, String json) {}

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int MOST_NAMES = 20;

    private final List<HealthCheck> checks;
    private final Supplier<CamelContext> camel;

    /**
     * @param camel what the probes ask about
     * @param trouble why the state database cannot be used any more, a clause; empty if it is not known
     */
    public Health(Supplier<CamelContext> camel, Observed observed, BackupDisk disk, Supplier<String> trouble) {
        this.camel = camel;
        checks = List.of(
                new Check("state-database", true, result -> {
                    String known = trouble.get();
                    upIf(
                            result,
                            known.isEmpty() && observed.isThere(PATIENCE),
                            known.isEmpty() ? "the state database (upkeep.database.url) did not answer" : known);
                }),
                new Check("stores", false, result -> stores(observed, result)),
                new Check("snapshots", false, result -> snapshots(observed, result)),
                new Check("queue", false, result -> queue(observed, result)),
                new Check("backup-disk", false, result -> disk(disk, result)));
    }

    /** Our own checks, for Camel's registry. */
    public List<HealthCheck> checks() {
        return checks;
    }

    /** Everything, also what makes no instance unready. */
    public Answer all() {
        return answer(HealthCheckHelper.invoke(camel.get(), "full"));
    }

    /** Is this instance to be given work? */
    public Answer ready() {
        return answer(HealthCheckHelper.invokeReadiness(camel.get(), "full"));
    }

    /** Is this process to be left running? A state database that is away is no reason to end it. */
    public Answer live() {
        return answer(HealthCheckHelper.invokeLiveness(camel.get(), "full"));
    }

    private static Answer answer(Collection<HealthCheck.Result> results) {
        boolean up = results.stream().allMatch(result -> result.getState() == HealthCheck.State.UP);
        ObjectNode root = JSON.createObjectNode().put("status", up ? "UP" : "DOWN");
        ArrayNode list = root.putArray("checks");
        for (HealthCheck.Result result : results) {
            HealthCheck check = result.getCheck();
            boolean ours = Check.GROUP.equals(check.getGroup());
            // of routes and other checks only trouble is told, and of their details only what cannot hold a secret
            if (ours
                    || result.getState() != HealthCheck.State.UP
                    || check.getId().equals("context")) {
                ObjectNode node = list.addObject()
                        .put("name", check.getId())
                        .put("status", result.getState().name());
                ObjectNode data = node.putObject("data");
                if (ours) {
                    result.getMessage().ifPresent(message -> data.put("message", message));
                    result.getDetails().forEach((name, value) -> {
                        if (!HealthCheckHelper.isReservedKey(name)) {
                            data.putPOJO(name, value);
                        }
                    });
                }
            }
        }
        return new Answer(up ? 200 : 503, root.toString());
    }

    /** DOWN only if no store could be looked at: then it is this side that is cut off. */
    private static void stores(Observed observed, HealthCheckResultBuilder result) {
        observed.figures(PATIENCE)
                .ifPresentOrElse(
                        figures -> {
                            List<String> down = names(figures, store -> Boolean.FALSE.equals(store.isUp()));
                            result.detail("stores", figures.stores().size());
                            named(result, "down", down);
                            upIf(
                                    result,
                                    down.isEmpty()
                                            || down.size() < figures.stores().size(),
                                    "no store can be reached");
                        },
                        () -> unknown(result));
    }

    private static void snapshots(Observed observed, HealthCheckResultBuilder result) {
        observed.figures(PATIENCE)
                .ifPresentOrElse(
                        figures -> {
                            List<String> late = names(figures, Figures.Store::isOverdue);
                            named(result, "overdue", late);
                            figures.stores().stream()
                                    .filter(store -> store.snapshot() != null)
                                    .map(store -> store.snapshot().age())
                                    .max(Duration::compareTo)
                                    .ifPresent(age -> result.detail("oldestSeconds", age.toSeconds()));
                            upIf(
                                    result,
                                    late.isEmpty()
                                            || late.size() < figures.stores().size(),
                                    "no store has a snapshot that is as new as upkeep.backup.cron asks for");
                        },
                        () -> unknown(result));
    }

    private static void queue(Observed observed, HealthCheckResultBuilder result) {
        observed.figures(PATIENCE)
                .ifPresentOrElse(
                        figures -> {
                            named(result, "stepsLeftBehind", figures.stuck().steps());
                            named(result, "updatesUntaken", figures.stuck().updates());
                            upIf(
                                    result,
                                    figures.stuck().isNone(),
                                    "approved work lies there and no instance takes it; see the logs, or start upkeep"
                                            + " run again");
                        },
                        () -> unknown(result));
    }

    private static void disk(BackupDisk disk, HealthCheckResultBuilder result) {
        long free = disk.free();
        result.detail("freeBytes", free);
        result.detail("reserveBytes", disk.reserve());
        upIf(
                result,
                free > disk.reserve(),
                free < 0
                        ? "the disk of upkeep.backup.directory cannot be looked at"
                        : "less is free in upkeep.backup.directory than upkeep.backup.reserve keeps free: no backup is"
                                + " made; make room there");
    }

    private static void upIf(HealthCheckResultBuilder result, boolean up, String otherwise) {
        if (up) {
            result.up();
        } else {
            result.message(otherwise).down();
        }
    }

    /** The state database is away, which its own check says. */
    private static void unknown(HealthCheckResultBuilder result) {
        result.message("not known while the state database does not answer").down();
    }

    private static List<String> names(Figures figures, Predicate<Figures.Store> wanted) {
        return figures.stores().stream().filter(wanted).map(Figures.Store::id).toList();
    }

    /** How many there are, and the first of them. */
    private static void named(HealthCheckResultBuilder result, String what, List<String> stores) {
        result.detail(what, stores.size());
        if (!stores.isEmpty()) {
            result.detail(what + "Stores", List.copyOf(stores.subList(0, Math.min(MOST_NAMES, stores.size()))));
        }
    }
}
