package cocart.upkeep.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tells what was measured: tables in Markdown for people, JSON for programs. */
final class Report {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> PARALLEL = List.of("lftp", "rclone");
    private static final double QUIET = 0.1;

    private final Map<String, String> about;
    private final List<String> tools;

    /**
     * @param about what was run, and where; in the order in which it is told
     * @param tools names, in the order in which they are told
     */
    Report(Map<String, String> about, List<String> tools) {
        this.about = about;
        this.tools = tools;
    }

    void print(PrintStream out, List<Trial> trials) {
        out.println();
        about.forEach((name, value) -> out.println("- " + name + ": " + value));
        for (Map.Entry<Trial.Setting, List<Trial>> group : bySetting(trials).entrySet()) {
            table(out, group.getKey(), group.getValue());
        }
        trials.stream()
                .filter(trial -> !trial.counts())
                .forEach(trial -> out.printf(
                        "FAILED: %s, %s, %d ms, %s run: %s%n",
                        trial.tool(),
                        trial.setting().target(),
                        trial.setting().roundTripMillis(),
                        trial.first() ? "first" : "second",
                        trial.fault()));
    }

    private void table(PrintStream out, Trial.Setting setting, List<Trial> trials) {
        out.printf(
                Locale.ROOT,
                "%n### To %s (%s), round trip %d ms%s: %,d files in %,d folders, %,d MB%n%n",
                setting.target(),
                setting.fileSystem(),
                setting.roundTripMillis(),
                setting.roundTripMillis() == 0 ? " (no proxy)" : "",
                setting.files(),
                setting.folders(),
                setting.bytes() / 1_000_000);
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("run", "tool", "seconds", "x ours", "client CPU s", "sshd CPU s", "peak MB", "then sync s"));
        for (boolean first : new boolean[] {true, false}) {
            Figures figures = figures(trials, first);
            for (String tool : tools) {
                Optional<Figures.Figure> seconds = figures.seconds(tool);
                seconds.ifPresent(figure -> rows.add(List.of(
                        first ? "first" : "unchanged second",
                        tool,
                        text(Optional.of(figure), "%.2f"),
                        text(figures.timesOurs(List.of(tool)), "%.2f"),
                        text(figures.median(tool, trial -> trial.measured().cpuSeconds()), "%.2f"),
                        text(figures.median(tool, Trial::serverCpuSeconds), "%.2f"),
                        text(
                                figures.median(
                                        tool,
                                        trial -> megabytes(trial.measured().peakBytes())),
                                "%.0f"),
                        text(figures.median(tool, Trial::syncSeconds), "%.2f"))));
            }
        }
        markdown(out, rows);
        out.println();
        for (boolean first : new boolean[] {true, false}) {
            Figures figures = figures(trials, first);
            figures.timesOurs(PARALLEL)
                    .ifPresent(figure -> out.printf(
                            "%s run: the faster of lftp and rclone takes %s times as long as ours, the fastest of all"
                                    + " %s times.%n",
                            first ? "First" : "Unchanged second",
                            text(Optional.of(figure), "%.2f"),
                            text(figures.timesOurs(others()), "%.2f")));
        }
        tools.stream()
                .filter(tool -> trials.stream().noneMatch(trial -> trial.tool().equals(tool)))
                .forEach(tool -> out.println(tool
                        + " was not run here: it is missing, or --limit ended it at this or a shorter round trip."));
        double busy = trials.stream()
                .mapToDouble(trial -> trial.othersCpuSeconds() == null ? 0 : trial.othersCpuSeconds())
                .sum();
        double all =
                trials.stream().mapToDouble(trial -> trial.measured().seconds()).sum()
                        * Runtime.getRuntime().availableProcessors();
        if (busy > all * QUIET) {
            out.printf(
                    Locale.ROOT,
                    "CAUTION: other work took %.0f %% of this machine's processor time meanwhile; measure again when it"
                            + " is quiet.%n",
                    100 * busy / all);
        }
    }

    private List<String> others() {
        return tools.stream().filter(tool -> !tool.equals(Ours.NAME)).toList();
    }

    private static @Nullable Double megabytes(@Nullable Long bytes) {
        return bytes == null ? null : bytes / 1e6;
    }

    private static Figures figures(List<Trial> trials, boolean first) {
        return new Figures(
                trials.stream().filter(trial -> trial.first() == first).toList());
    }

    private static Map<Trial.Setting, List<Trial>> bySetting(List<Trial> trials) {
        return trials.stream().collect(Collectors.groupingBy(Trial::setting, LinkedHashMap::new, Collectors.toList()));
    }

    private static String text(Optional<Figures.Figure> figure, String format) {
        return figure.map(f -> (f.atLeast() ? "> " : "") + String.format(Locale.ROOT, format, f.value()))
                .orElse("-");
    }

    private static String text(OptionalDouble value, String format) {
        return value.isPresent() ? String.format(Locale.ROOT, format, value.getAsDouble()) : "not known";
    }

    private static void markdown(PrintStream out, List<List<String>> rows) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        rows.forEach(row -> {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        for (int r = 0; r < rows.size(); r++) {
            StringBuilder line = new StringBuilder("|");
            StringBuilder rule = new StringBuilder("|");
            for (int i = 0; i < columns; i++) {
                String pad = " ".repeat(widths[i] - rows.get(r).get(i).length());
                String cell = rows.get(r).get(i);
                line.append(i < 2 ? " " + cell + pad + " |" : " " + pad + cell + " |");
                rule.append(i < 2 ? "-".repeat(widths[i] + 2) + "|" : "-".repeat(widths[i] + 1) + ":|");
            }
            out.println(line);
            if (r == 0) {
                out.println(rule);
            }
        }
    }

    /** Writes everything, also each single run. */
    void write(Path file, List<Trial> trials) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        about.forEach(root.putObject("about")::put);
        ArrayNode groups = root.putArray("results");
        bySetting(trials).forEach((setting, all) -> {
            for (boolean first : new boolean[] {true, false}) {
                Figures figures = figures(all, first);
                for (String tool : tools) {
                    List<Trial> own = all.stream()
                            .filter(trial ->
                                    trial.first() == first && trial.tool().equals(tool))
                            .toList();
                    if (!own.isEmpty()) {
                        result(groups.addObject(), setting, first, tool, figures, own);
                    }
                }
            }
        });
        ArrayNode ratios = root.putArray("ratios");
        bySetting(trials).forEach((setting, all) -> {
            for (boolean first : new boolean[] {true, false}) {
                Figures figures = figures(all, first);
                figures.timesOurs(others()).ifPresent(fastest -> {
                    ObjectNode node =
                            describe(ratios.addObject(), setting, first).put("fastestTimesOurs", fastest.value());
                    figures.timesOurs(PARALLEL)
                            .ifPresent(faster -> node.put("fasterOfLftpAndRcloneTimesOurs", faster.value()));
                });
            }
        });
        Files.createDirectories(file.toAbsolutePath().getParent());
        JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), root);
    }

    private static void result(
            ObjectNode node, Trial.Setting setting, boolean first, String tool, Figures figures, List<Trial> own) {
        describe(node, setting, first).put("tool", tool);
        figures.seconds(tool)
                .ifPresent(figure -> node.put("medianSeconds", figure.value()).put("stoppedByLimit", figure.atLeast()));
        figures.timesOurs(List.of(tool)).ifPresent(figure -> node.put("timesOurs", figure.value()));
        ArrayNode runs = node.putArray("runs");
        for (Trial trial : own) {
            runs.addObject()
                    .put("repetition", trial.repetition())
                    .put("seconds", trial.measured().seconds())
                    .put("stoppedByLimit", trial.isStopped())
                    .put("clientCpuSeconds", trial.measured().cpuSeconds())
                    .put("serverCpuSeconds", trial.serverCpuSeconds())
                    .put("clientPeakBytes", trial.measured().peakBytes())
                    .put("syncSeconds", trial.syncSeconds())
                    .put("othersCpuSeconds", trial.othersCpuSeconds())
                    .put("fault", trial.fault());
        }
    }

    private static ObjectNode describe(ObjectNode node, Trial.Setting setting, boolean first) {
        return node.put("target", setting.target().toString())
                .put("fileSystem", setting.fileSystem())
                .put("roundTripMillis", setting.roundTripMillis())
                .put("proxy", setting.roundTripMillis() > 0)
                .put("scale", setting.scale())
                .put("files", setting.files())
                .put("folders", setting.folders())
                .put("bytes", setting.bytes())
                .put("run", first ? "first" : "second");
    }
}
