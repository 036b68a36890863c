package cocart.upkeep;

import cocart.upkeep.backup.KnownSnapshots.Known;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.console.Tables;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
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

        @Parameters(paramLabel = "STORE", description = "Id of the store, as in upkeep.stores.")
        String store;

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
                        out().println(snapshot.path() + "  " + snapshot.files() + " files, " + snapshot.bytes()
                                + " bytes, "
                                + snapshot.newBytes() + " new"
                                + (snapshot.failed() == 0
                                        ? ""
                                        : "; " + snapshot.failed() + " could not be read: see manifest.jsonl"));
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

    @Command(name = "snapshots", description = "List sealed snapshots, newest first.", mixinStandardHelpOptions = true)
    static final class SnapshotsCommand extends Commands.Base {

        @Parameters(paramLabel = "STORE", arity = "0..1", description = "Id of a store; default: all.")
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
                    ObjectNode root = JSON.createObjectNode();
                    ArrayNode list = root.putArray("snapshots");
                    found.forEach(known -> list.add(json(known)));
                    out().println(JSON.writeValueAsString(root));
                } else {
                    Tables.snapshots(out(), found);
                }
                out().flush();
                return Upkeep.FINE;
            }
        }

        private static ObjectNode json(Known known) {
            Snapshot snapshot = known.snapshot();
            return JSON.createObjectNode()
                    .put("store", snapshot.store())
                    .put("id", snapshot.id())
                    .put("sealedAt", snapshot.sealedAt().toString())
                    .put("files", snapshot.files())
                    .put("bytes", snapshot.bytes())
                    .put("newBytes", snapshot.newBytes())
                    .put("failed", snapshot.failed())
                    .put("verifiedAt", Objects.toString(known.verifiedAt(), null))
                    .put("damage", known.damage())
                    .put("beforeRestore", known.beforeRestore())
                    .put("offSiteAt", Objects.toString(known.offSiteAt(), null))
                    .put("suspicion", known.suspicion())
                    .put("path", snapshot.path().toString());
        }
    }
}
