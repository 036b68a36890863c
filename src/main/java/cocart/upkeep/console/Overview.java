package cocart.upkeep.console;

import cocart.upkeep.store.Beside;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** All stores at a glance, for a terminal: a line each, those that need a human first, and below what they need. */
public final class Overview {

    private static final List<String> HEADINGS =
            List.of("STORE", "COCART", "FILES", "SCHEMA", "DATA UPDATE", "LAST SNAPSHOT");
    private static final int FIRST_STATE = 2;

    private Overview() {}

    /**
     * @param all what {@code status --json} says
     * @param now by which the age of snapshots is told
     */
    public static void print(PrintWriter out, ObjectNode all, Paint paint, Instant now) {
        List<ObjectNode> stores = new ArrayList<>();
        all.get("stores").forEach(store -> stores.add((ObjectNode) store));
        stores.sort(Comparator.comparingInt(store -> -Tables.exitCode(store)));
        List<List<String>> rows =
                stores.stream().map(store -> cells(store, now)).toList();
        int[] widths = new int[HEADINGS.size()];
        for (int i = 0; i < widths.length; i++) {
            int column = i;
            widths[i] = rows.stream()
                    .mapToInt(row -> row.get(column).length())
                    .reduce(HEADINGS.get(i).length(), Math::max);
        }
        out.println(paint.strong(line(HEADINGS, widths, Paint.PLAIN)));
        rows.forEach(row -> out.println(line(row, widths, paint)));
        List<ObjectNode> needing =
                stores.stream().filter(store -> Tables.exitCode(store) > 0).toList();
        for (ObjectNode store : needing) {
            JsonNode text = store.get("notice").isNull()
                    ? store.get("error")
                    : store.get("notice").get("text");
            out.println();
            String id = store.get("id").asText();
            out.println(paint.strong(id) + ": "
                    + (text.isNull() ? "see upkeep status " + id : Beside.id(id, text.asText())));
        }
    }

    private static List<String> cells(ObjectNode store, Instant now) {
        JsonNode plugin = store.get("plugins").path(0);
        boolean unknown = Status.isUnknown(plugin);
        return List.of(
                store.get("id").asText(),
                unknown ? "?" : plugin.path("version").asText("none").replace("null", "none"),
                unknown ? "not looked at yet" : plugin.path("state").asText("unknown"),
                plugin.path("schema").asText("unknown"),
                store.get("dataUpdate").get("state").asText(),
                snapshot(store.get("lastSnapshot"), now));
    }

    private static String snapshot(JsonNode snapshot, Instant now) {
        if (snapshot.isNull()) {
            return "none";
        }
        return age(Duration.between(Instant.parse(snapshot.get("sealedAt").asText()), now)) + " ago"
                + (snapshot.get("verifiedAt").isNull() ? "" : ", verified");
    }

    /** The greatest unit of a time that is not zero, as an operator thinks of it. */
    static String age(Duration age) {
        if (age.toMinutes() < 1) {
            return Math.max(0, age.toSeconds()) + " s";
        }
        if (age.toHours() < 1) {
            return age.toMinutes() + " min";
        }
        return age.toDays() < 1 ? age.toHours() + " h" : age.toDays() + " d";
    }

    private static String line(List<String> cells, int[] widths, Paint paint) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String cell = i == widths.length - 1 ? cells.get(i) : String.format("%-" + widths[i] + "s", cells.get(i));
            line.append(i == 0 ? "" : "  ").append(i < FIRST_STATE ? cell : paint.state(cell));
        }
        return line.toString().stripTrailing();
    }
}
