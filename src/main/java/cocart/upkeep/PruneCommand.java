package cocart.upkeep;

import cocart.upkeep.backup.Retention.Outcome;
import cocart.upkeep.console.Reports;
import cocart.upkeep.console.Tables;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreSettings;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

@Command(
        name = "prune",
        description = "Remove old snapshots as upkeep.backup.keep says; runs after each backup by itself.",
        mixinStandardHelpOptions = true)
final class PruneCommand extends Commands.Base {

    @Parameters(
            paramLabel = "STORE",
            completionCandidates = StoreIds.class,
            arity = "0..1",
            description = "Id of a store; default: all.")
    @Nullable
    String store;

    @Option(names = "--dry-run", description = "Only say which would stay, by which rule, and which would go.")
    boolean dryRun;

    @Option(
            names = "--accept",
            description = "Say that the newest snapshot of STORE is as it should be, although it is very different from"
                    + " the one before; then go on.")
    boolean accept;

    @Option(names = "--json", description = "As JSON, for programs, a line for each store.")
    boolean json;

    @Override
    public Integer call() throws Exception {
        if (accept && (store == null || dryRun)) {
            throw new ParameterException(
                    spec.commandLine(), "--accept needs a STORE, and changes what --dry-run must not change");
        }
        try (Bundle bundle = upkeep.open(false)) {
            bundle.events.outcomesAreSaid();
            List<StoreSettings> chosen =
                    store == null ? List.copyOf(bundle.stores.all()) : List.of(store(bundle, store));
            int code = dryRun ? plan(bundle, chosen) : run(bundle, chosen);
            out().flush();
            return code;
        }
    }

    private int plan(Bundle bundle, List<StoreSettings> chosen) {
        int code = Upkeep.FINE;
        for (StoreSettings one : chosen) {
            try {
                code = Math.max(code, say(bundle.retention.plan(one.id())));
            } catch (StoreException e) {
                err().println("upkeep: " + e.getMessage());
                code = Upkeep.NEEDS_A_HUMAN;
            }
        }
        return code;
    }

    private int run(Bundle bundle, List<StoreSettings> chosen) throws Exception {
        CamelContext camel = bundle.start();
        Commands.stopAtOnce(bundle);
        if (accept && store != null && !bundle.retention.accept(store)) {
            err().println("upkeep: store " + store + ": there was nothing to accept");
        }
        int code = Upkeep.FINE;
        try (ProducerTemplate template = camel.createProducerTemplate()) {
            for (StoreSettings one : chosen) {
                Object result = template.requestBodyAndHeader("direct:prune", null, "store", one.id());
                if (result instanceof Outcome outcome) {
                    code = Math.max(code, say(outcome));
                } else {
                    err().println("upkeep: "
                            + bundle.jobs
                                    .error(one.id(), "prune")
                                    .orElse("store " + one.id() + " is being pruned by another run; ask again later"));
                    code = Upkeep.NEEDS_A_HUMAN;
                }
            }
        }
        return code;
    }

    private int say(Outcome outcome) {
        if (json) {
            out().println(Reports.pruned(outcome, dryRun));
        } else {
            Tables.pruned(out(), outcome, dryRun);
        }
        if (outcome.suspended() == null) {
            return Upkeep.FINE;
        }
        err().println("upkeep: " + outcome.suspended());
        return Upkeep.NEEDS_A_HUMAN;
    }
}
