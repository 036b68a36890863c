package cocart.upkeep;

import cocart.upkeep.backup.KnownSnapshots.Known;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.console.Snapshots;
import cocart.upkeep.console.Tables;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about snapshots. */
final class BackupCommands {

    private static final ObjectMapper JSON = new ObjectMapper();

    private BackupCommands() {}

    @Command(name = "backup", description = "Back a store up now.", mixinStandardHelpOptions = true)
    static final class Backup extends Commands.Base {

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
                bundle.events.outcomesAreSaid();
                CamelContext camel = bundle.start();
                Commands.stopAtOnce(bundle);
                Commands.showProgress(bundle);
                try (ProducerTemplate template = camel.createProducerTemplate()) {
                    Object result = template.requestBodyAndHeader("direct:back-up", null, "store", store);
                    if (result instanceof Snapshot snapshot) {
                        out().println(json ? json(bundle, snapshot) : text(snapshot));
                        bundle.jobs.error(store, "prune").ifPresent(error -> err().println("upkeep: " + error));
                        return snapshot.failed() == 0 ? Upkeep.FINE : Upkeep.NEEDS_A_HUMAN;
                    }
                }
                Instant until = bundle.jobs.claimedByOthers(store).get("back-up");
                err().println("upkeep: "
                        + (until != null
                                ? "store " + store + " is being backed up by another run; if that one was killed, its"
                                        + " claim ends at " + until.truncatedTo(ChronoUnit.SECONDS)
                                        + "; ask again then"
                                : bundle.jobs.error(store, "back-up").orElse("store " + store + " was not backed up")));
                return Upkeep.NEEDS_A_HUMAN;
            }
        }
    }

    private static String text(Snapshot snapshot) {
        return snapshot.path() + "  " + snapshot.files() + " files, " + snapshot.bytes() + " bytes, "
                + snapshot.newBytes() + " new"
                + (snapshot.failed() == 0 ? "" : "; " + snapshot.failed() + " could not be read: see manifest.jsonl");
    }

    /** As {@code snapshots --json} lists it. */
    private static String json(Bundle bundle, Snapshot snapshot) throws JsonProcessingException {
        return JSON.writeValueAsString(Snapshots.json(bundle.known.list(snapshot.store()).stream()
                        .filter(known -> known.snapshot().id().equals(snapshot.id()))
                        .toList())
                .at("/snapshots/0"));
    }

    @Command(name = "snapshots", description = "List sealed snapshots, newest first.", mixinStandardHelpOptions = true)
    static final class SnapshotsCommand extends Commands.Base {

        @Parameters(
                paramLabel = "STORE",
                completionCandidates = StoreIds.class,
                arity = "0..1",
                description = "Id of a store; default: all.")
        @Nullable
        String store;

        @Option(names = "--json", description = "As JSON, for programs.")
        boolean json;

        @Override
        public Integer call() throws Exception {
            try (Bundle bundle = upkeep.open(false)) {
                List<Known> found = bundle.known.list(
                        store == null ? null : store(bundle, store).id());
                if (json) {
                    out().println(JSON.writeValueAsString(Snapshots.json(found)));
                } else {
                    Tables.snapshots(out(), found);
                }
                out().flush();
                return Upkeep.FINE;
            }
        }
    }
}
