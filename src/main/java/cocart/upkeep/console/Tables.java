package cocart.upkeep.console;

import cocart.upkeep.backup.KnownSnapshots.Known;
import cocart.upkeep.backup.ProgressText;
import cocart.upkeep.backup.Retention;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.plan.DryRun;
import cocart.upkeep.plan.Rehearsed;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.PlainText;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The same as the JSON, for people. */
public final class Tables {

    private static final Duration SILENCE = Duration.ofSeconds(90);

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
    public static void store(PrintWriter out, ObjectNode store, Paint paint) {
        out.println(paint.strong(store.get("id").asText()));
        for (JsonNode plugin : store.get("plugins")) {
            String schema = plugin.get("schema").asText();
            out.println("  plugin       " + plugin.get("slug").asText()
                    + (plugin.get("version").isNull()
                            ? ""
                            : " " + plugin.get("version").asText()) + ", "
                    + (Status.isUnknown(plugin)
                            ? "not looked at yet"
                            : paint.state(plugin.get("state").asText()))
                    + "; schema " + paint.state(schema)
                    // while the schema is not known, neither is this
                    + (schema.equals("unknown") ? "" : ", database version " + text(plugin.get("databaseVersion")))
                    + (plugin.get("reason").isNull() || Status.isUnknown(plugin)
                            ? ""
                            : ". " + plugin.get("reason").asText()));
        }
        JsonNode update = store.get("dataUpdate");
        out.println("  data update  " + paint.state(update.get("state").asText())
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
                    + paint.state(step.get("status").asText()) + rows(step)
                    + (step.get("error").isNull()
                            ? ""
                            : " (" + step.get("error").asText() + ")"));
            if (step.path("note").isTextual()) {
                out.println("               " + step.get("note").asText());
            }
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
            if (isSilent(job)) {
                out.println("  not heard of " + job.get("name").asText() + " since "
                        + job.get("at").asText() + "; if no run is alive, start one: it takes up what is unfinished");
            }
            out.println("  running      " + job.get("name").asText() + " since "
                    + job.get("startedAt").asText() + ": "
                    + ProgressText.files(
                            job.get("files").asLong(), job.get("aboutFiles").asLong())
                    + ", "
                    + ProgressText.bytes(
                            job.get("bytes").asLong(), job.get("aboutBytes").asLong()));
        }
        notices(out, "  notice       ", store, paint);
        store.path("dismissed").forEach(text -> out.println("  dismissed    " + text.asText()));
        if (!store.get("error").isNull()
                && store.get("notices").findValuesAsText("text").stream()
                        .noneMatch(store.get("error").asText()::equals)) {
            out.println("  error        " + store.get("error").asText());
        }
    }

    /** A line for each notice of a store, or of the bundle itself. */
    public static void notices(PrintWriter out, String heading, ObjectNode of, Paint paint) {
        of.get("notices").forEach(notice -> {
            String text = notice.get("text").asText();
            out.println(heading + (notice.get("kind").asText().equals("attention") ? paint.strong(text) : text));
        });
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

    /** What a rehearsal did, a line for each part, and what came of it. */
    public static void rehearsal(PrintWriter out, Rehearsed rehearsed) {
        if (rehearsed.snapshot() == null) {
            return;
        }
        int width = Math.max(
                "step".length(),
                rehearsed.parts().stream()
                        .mapToInt(part -> part.name().length())
                        .max()
                        .orElse(0));
        String line = "%-" + width + "s  %-8s  %9s  %9s";
        out.println(String.format(Locale.ROOT, line, "step", "status", "seconds", "rows"));
        for (Rehearsed.Part part : rehearsed.parts()) {
            out.println(String.format(
                            Locale.ROOT,
                            line,
                            part.name(),
                            part.status(),
                            String.format(Locale.ROOT, "%.3f", part.took().toMillis() / 1000.0),
                            part.rows() == null ? "" : part.rows())
                    .stripTrailing());
        }
        String copy = " on a copy of snapshot " + rehearsed.snapshot();
        if (rehearsed.due().isEmpty() && rehearsed.reason() == null) {
            out.println("No data update is due" + copy + ".");
        }
        for (Rehearsed.Due due : rehearsed.due()) {
            out.println((rehearsed.isProven(due) ? "Proven" : "NOT proven") + copy + ": the data update of "
                    + due.plan().plugin() + " to " + due.plan().version() + ".");
        }
    }

    /**
     * What a plan would do in a store; one line where that is nothing.
     *
     * @param needed false if it is not known whether the installed code needs the plan
     */
    public static void dryRun(PrintWriter out, UpdatePlan plan, DryRun run, boolean needed, Paint paint) {
        out.println("        " + plan.plugin() + " " + plan.version() + ": "
                + (!run.due()
                        ? "nothing to do, all proofs hold"
                        : needed
                                ? "a data update would run these steps"
                                : "these steps, should the code need them; no file of it names a version yet"));
        if (!run.due() && run.wrong().isEmpty()) {
            return;
        }
        for (DryRun.Step step : run.steps()) {
            out.println("          step   " + step.name() + ": " + PlainText.of(step.status())
                    + (step.rows() == null ? "" : ", about " + step.rows() + (step.rows() == 1 ? " row" : " rows")));
            if (!step.status().equals("done already")) {
                step.sql().lines().forEach(line -> out.println("                   " + line));
            }
        }
        for (DryRun.Proof proof : run.proofs()) {
            out.println("          proof  " + proof.name() + ": "
                    + (proof.holds()
                            ? "holds"
                            : "does not hold, expected " + proof.expected() + ", found "
                                    + (proof.found() == null ? "nothing" : PlainText.of(proof.found()))));
        }
        for (DryRun.Right right : run.rights()) {
            out.println("          right  " + right.name() + ": " + (right.there() ? "there" : paint.state("MISSING")));
        }
    }

    /** True if whoever runs a job has said nothing for longer than any lease by default. */
    private static boolean isSilent(JsonNode job) {
        return job.path("at").isTextual()
                && Instant.parse(job.get("at").asText()).plus(SILENCE).isBefore(Instant.now());
    }

    /** How far a long step is; nothing for one that runs as a whole. */
    private static String rows(JsonNode step) {
        if (!step.path("rowsTotal").isNumber() || step.get("status").asText().equals("complete")) {
            return "";
        }
        long total = step.get("rowsTotal").asLong();
        long done = step.get("rowsDone").asLong();
        return ", " + done + " of about " + total + " rows (" + (total == 0 ? 100 : 100 * done / total) + " %)"
                + (step.path("secondsLeft").isNumber()
                        ? ", about " + step.get("secondsLeft").asText() + " s left"
                        : "");
    }

    private static String text(JsonNode value) {
        return value.isNull() ? "none" : value.asText();
    }
}
