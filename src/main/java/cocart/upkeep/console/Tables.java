package cocart.upkeep.console;

import cocart.upkeep.backup.KnownSnapshots.Known;
import cocart.upkeep.backup.ProgressText;
import cocart.upkeep.backup.Retention;
import cocart.upkeep.backup.Snapshot;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The same as the JSON, for people. */
public final class Tables {

    private Tables() {}

    /** 1 if something failed or needs a human, else 0. */
    public static int exitCode(ObjectNode store) {
        String state = store.get("dataUpdate").get("state").asText();
        boolean attention = store.get("notice").path("kind").asText().equals("attention");
        boolean waits = state.equals("awaiting-approval") || state.equals("failed") || state.equals("blocked");
        String reason = store.get("dataUpdate").path("reason").asText("");
        boolean stuck = (state.equals("pending") || state.equals("in-progress"))
                && !reason.isEmpty()
                && !reason.equals("null")
                && !reason.startsWith("Waiting");
        return attention || waits || stuck || !store.get("error").isNull() ? 1 : 0;
    }

    /** A few lines about one store. */
    public static void store(PrintWriter out, ObjectNode store) {
        out.println(store.get("id").asText());
        for (JsonNode plugin : store.get("plugins")) {
            out.println("  plugin       " + plugin.get("slug").asText() + " " + text(plugin.get("version")) + ", "
                    + plugin.get("state").asText() + "; schema "
                    + plugin.get("schema").asText() + ", database version "
                    + text(plugin.get("databaseVersion"))
                    + (plugin.get("reason").isNull()
                            ? ""
                            : ". " + plugin.get("reason").asText()));
        }
        JsonNode update = store.get("dataUpdate");
        out.println("  data update  " + update.get("state").asText()
                + (update.get("to").isNull() ? "" : ", " + text(update.get("from")) + " to " + text(update.get("to")))
                + (update.get("exposureSeconds").isNull()
                        ? ""
                        : ", new carts were exposed for at least "
                                + update.get("exposureSeconds").asText() + " s")
                + (update.path("snapshot").isTextual()
                        ? ", backed up before in snapshot "
                                + update.get("snapshot").asText()
                        : ""));
        for (JsonNode step : update.get("steps")) {
            out.println("    step       " + step.get("name").asText() + ": "
                    + step.get("status").asText()
                    + (step.get("error").isNull()
                            ? ""
                            : " (" + step.get("error").asText() + ")"));
        }
        JsonNode snapshot = store.get("lastSnapshot");
        out.println("  snapshot     "
                + (snapshot.isNull()
                        ? "none"
                        : snapshot.get("id").asText() + ", "
                                + snapshot.get("files").asText() + " files, "
                                + ProgressText.size(snapshot.get("bytes").asLong())
                                + (snapshot.get("verifiedAt").isNull()
                                        ? ""
                                        : ", verified "
                                                + snapshot.get("verifiedAt").asText())
                                + (snapshot.get("failed").asLong() == 0
                                        ? ""
                                        : ", " + snapshot.get("failed").asText()
                                                + " could not be read: see its manifest.jsonl")));
        if (snapshot.path("dumpLacks").isTextual()) {
            out.println("               of its database: "
                    + snapshot.get("dumpLacks").asText());
        }
        JsonNode job = store.get("job");
        if (!job.isNull()) {
            out.println("  running      " + job.get("name").asText() + " since "
                    + job.get("startedAt").asText() + ": "
                    + ProgressText.files(
                            job.get("files").asLong(), job.get("aboutFiles").asLong())
                    + ", "
                    + ProgressText.bytes(
                            job.get("bytes").asLong(), job.get("aboutBytes").asLong()));
        }
        if (!store.get("notice").isNull()) {
            out.println("  notice       " + store.get("notice").get("text").asText());
        }
        if (!store.get("error").isNull()
                && !store.get("error").equals(store.get("notice").path("text"))) {
            out.println("  error        " + store.get("error").asText());
        }
    }

    /** A line for each snapshot below a line of headings, and where they are. */
    public static void snapshots(PrintWriter out, List<Known> snapshots) {
        if (snapshots.isEmpty()) {
            out.println("no snapshots");
            return;
        }
        int width = snapshots.stream()
                .mapToInt(known -> known.snapshot().store().length())
                .reduce("STORE".length(), Math::max);
        String row = "%-" + width + "s  %-16s  %9s  %9s  %9s  %s";
        line(out, row, "STORE", "SNAPSHOT", "FILES", "SIZE", "NEW", "MARKS");
        for (Known known : snapshots) {
            Snapshot snapshot = known.snapshot();
            line(
                    out,
                    row,
                    snapshot.store(),
                    snapshot.id(),
                    String.format(Locale.ROOT, "%,d", snapshot.files()),
                    ProgressText.size(snapshot.bytes()),
                    ProgressText.size(snapshot.newBytes()),
                    marks(known));
        }
        Path folders = snapshots.get(0).snapshot().path().getParent().getParent();
        out.println("They are the folders " + folders.resolve("STORE").resolve("SNAPSHOT"));
    }

    private static void line(PrintWriter out, String row, Object... cells) {
        out.println(String.format(Locale.ROOT, row, cells).stripTrailing());
    }

    private static String marks(Known known) {
        List<String> marks = new ArrayList<>();
        if (known.damage() != null) {
            marks.add("HURT");
        }
        if (known.snapshot().failed() > 0) {
            marks.add("partial: " + known.snapshot().failed() + " failed");
        }
        if (known.suspicion() != null) {
            marks.add("suspicious");
        }
        if (known.verifiedAt() != null) {
            marks.add("verified");
        }
        if (known.beforeRestore()) {
            marks.add("before a restore");
        }
        if (known.offSiteAt() != null) {
            marks.add("off-site");
        }
        return String.join(", ", marks);
    }

    /** A line for each snapshot with what becomes of it and why, and what that frees. */
    public static void pruned(PrintWriter out, Retention.Outcome outcome, boolean dryRun) {
        int removed = 0;
        for (Retention.Decision decision : outcome.decisions()) {
            out.println((decision.stays() ? "keep    " : dryRun ? "remove  " : "removed ")
                    + decision.snapshot().store() + "  " + decision.snapshot().id()
                    + (decision.stays() ? "  " + String.join(", ", decision.reasons()) : ""));
            removed += decision.stays() ? 0 : 1;
        }
        out.println(outcome.store() + ": " + (outcome.decisions().size() - removed) + (dryRun ? " stay, " : " kept, ")
                + removed + (dryRun ? " would go, " : " removed, ")
                + (outcome.freed() < 0 ? "the disk does not tell how many" : outcome.freed()) + " bytes"
                + (dryRun ? " would be free" : " freed"));
    }

    private static String text(JsonNode value) {
        return value.isNull() ? "none" : value.asText();
    }
}
