package cocart.upkeep.console;

import cocart.upkeep.backup.KnownSnapshots.Known;
import cocart.upkeep.backup.Snapshot;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Objects;

/** Snapshots as JSON. */
public final class Snapshots {

    private static final ObjectMapper JSON = new ObjectMapper();

    private Snapshots() {}

    /** {@code {"snapshots": […]}}, in the order given. */
    public static ObjectNode json(List<Known> snapshots) {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode list = root.putArray("snapshots");
        snapshots.forEach(known -> list.add(json(known)));
        return root;
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
