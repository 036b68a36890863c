package cocart.upkeep;

import cocart.upkeep.console.Reports;
import cocart.upkeep.console.Tables;
import cocart.upkeep.plan.Rehearsed;
import cocart.upkeep.store.StoreException;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Rehearses a store's data update. */
@Command(
        name = "rehearse",
        description =
                "Run the data update that a store needs on a copy of its newest snapshot's database, on the scratch server"
                        + " (upkeep.scratch.url), and prove it there; the store is not touched.",
        mixinStandardHelpOptions = true)
final class RehearseCommand extends Commands.Base {

    @Parameters(
            paramLabel = "STORE",
            completionCandidates = StoreIds.class,
            description = "Id of the store, as in upkeep.stores.")
    String store;

    @Option(names = "--json", description = "As JSON, for programs.")
    boolean json;

    @Override
    public Integer call() throws Exception {
        try (Bundle bundle = upkeep.open(false)) {
            store(bundle, store);
            bundle.scratch.check();
            if (bundle.snapshots.newest(store).isEmpty()) {
                throw new StoreException(
                        "store " + store + ": there is no snapshot to rehearse on; run upkeep backup " + store, null);
            }
            CamelContext camel = bundle.start();
            Commands.stopAtOnce(bundle);
            Object said;
            try (ProducerTemplate template = camel.createProducerTemplate()) {
                said = template.requestBodyAndHeader("direct:rehearse", null, "store", store);
            }
            if (!(said instanceof Rehearsed rehearsed)) {
                err().println("upkeep: store " + store
                        + ": another run is at a rehearsal, or one that was killed less than "
                        + bundle.settings().value("lease") + " ago; ask again later");
                return Upkeep.NEEDS_A_HUMAN;
            }
            if (json) {
                out().println(Reports.rehearsal(rehearsed));
            } else {
                Tables.rehearsal(out(), rehearsed);
            }
            out().flush();
            if (rehearsed.reason() != null) {
                err().println("upkeep: the rehearsal failed, and the store was not touched: " + rehearsed.reason());
            }
            return rehearsed.reason() == null ? Upkeep.FINE : Upkeep.NEEDS_A_HUMAN;
        }
    }
}
