package cocart.upkeep.console;

import cocart.upkeep.backup.Finding;
import cocart.upkeep.backup.Report;
import cocart.upkeep.backup.Retention;
import cocart.upkeep.plan.Rehearsed;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What commands did, as JSON; {@link Tables} has the same for people. */
public final class Reports {

    private static final ObjectMapper JSON = new ObjectMapper();

    private Reports() {}

    /** What a verification found. */
    public static ObjectNode verified(Report report) {
        ObjectNode root = JSON.createObjectNode()
                .put("whole", report.isWhole())
                .put("contents", report.contents())
                .put("hashed", report.hashed())
                .put("bytes", report.bytes());
        ArrayNode snapshots = root.putArray("snapshots");
        for (Report.Result result : report.results()) {
            ObjectNode snapshot = snapshots
                    .addObject()
                    .put("store", result.store())
                    .put("id", result.id())
                    .put("whole", result.isWhole())
                    .put("full", result.full())
                    .put("files", result.files());
            ArrayNode findings = snapshot.putArray("findings");
            for (Finding finding : result.findings()) {
                findings.addObject()
                        .put("path", finding.path())
                        .put("kind", finding.kind().word())
                        .put("detail", finding.detail())
                        .put("repaired", finding.isRepaired())
                        .put("outcome", finding.outcome());
            }
        }
        return root;
    }

    /** What becomes, or became, of a store's snapshots; {@code freedBytes} is null where the disk does not tell. */
    public static ObjectNode pruned(Retention.Outcome outcome, boolean dryRun) {
        ObjectNode root = JSON.createObjectNode()
                .put("store", outcome.store())
                .put("dryRun", dryRun)
                .put("suspended", outcome.suspended());
        if (outcome.freed() < 0) {
            root.putNull("freedBytes");
        } else {
            root.put("freedBytes", outcome.freed());
        }
        ArrayNode snapshots = root.putArray("snapshots");
        for (Retention.Decision decision : outcome.decisions()) {
            ArrayNode reasons = snapshots
                    .addObject()
                    .put("id", decision.snapshot().id())
                    .put("stays", decision.stays())
                    .putArray("reasons");
            decision.reasons().forEach(reasons::add);
        }
        return root;
    }

    /** What a rehearsal did. */
    public static ObjectNode rehearsal(Rehearsed rehearsed) {
        ObjectNode root = JSON.createObjectNode()
                .put("store", rehearsed.store())
                .put("snapshot", rehearsed.snapshot())
                .put("reason", rehearsed.reason());
        ArrayNode updates = root.putArray("dataUpdates");
        for (Rehearsed.Due due : rehearsed.due()) {
            updates.addObject()
                    .put("plugin", due.plan().plugin())
                    .put("to", due.plan().version())
                    .put("proven", rehearsed.isProven(due));
        }
        ArrayNode parts = root.putArray("parts");
        for (Rehearsed.Part part : rehearsed.parts()) {
            parts.addObject()
                    .put("name", part.name())
                    .put("status", part.status())
                    .put("milliseconds", part.took().toMillis())
                    .put("rows", part.rows());
        }
        return root;
    }
}
