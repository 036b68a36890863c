package cocart.upkeep;

import cocart.upkeep.console.Overview;
import cocart.upkeep.console.Paint;
import cocart.upkeep.console.RunningConsole;
import cocart.upkeep.console.Tables;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** Shows what is known of stores: of the running console where there is one, else of the state database. */
@Command(
        name = "status",
        description = "Show what is known of stores.",
        footer = {
            "",
            "Exit code 1 if something needs a human. What somebody has dismissed does not, until it says something else;"
                    + " it is shown as dismissed while its cause is there."
        },
        mixinStandardHelpOptions = true)
final class StatusCommand extends Commands.Base {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");
    private static final String HOME_AND_CLEAR = "\u001b[H\u001b[2J\u001b[3J";

    @Parameters(
            paramLabel = "STORE",
            arity = "0..*",
            completionCandidates = StoreIds.class,
            description = "Ids of stores; default: all. On a terminal several are shown as a table.")
    List<String> stores = new ArrayList<>();

    @Option(names = "--json", description = "As JSON, for programs; with --watch a line for each change.")
    boolean json;

    @Option(
            names = "--watch",
            paramLabel = "SECONDS",
            arity = "0..1",
            fallbackValue = "2",
            description = "Look again every 2 (or so many) seconds until stopped with Ctrl-C.")
    @Nullable
    Integer watch;

    @Override
    public Integer call() throws Exception {
        if (watch != null && watch < 1) {
            throw new ParameterException(spec.commandLine(), "--watch needs at least 1 second");
        }
        Settings settings = upkeep.settings();
        Set<String> chosen = new HashSet<>();
        stores.forEach(id -> chosen.add(ConfiguredStores.get(settings, id).id()));
        try (Source source = new Source(settings)) {
            return show(chosen, source.status(), source::status);
        }
    }

    /** Where the state is read: of the run that is alive at the time, however often one ends and begins, else here. */
    private static final class Source implements AutoCloseable {

        private final Settings settings;
        private Optional<RunningConsole> console = Optional.empty();
        private @Nullable Bundle bundle;

        Source(Settings settings) {
            this.settings = settings;
        }

        ObjectNode status() {
            Optional<ObjectNode> said = console.flatMap(RunningConsole::status);
            if (said.isEmpty()) {
                console = RunningConsole.of(settings.home());
                said = console.flatMap(RunningConsole::status);
            }
            if (said.isPresent()) {
                close(); // nothing of ours is in its way
                return said.get();
            }
            if (bundle == null) {
                bundle = Commands.instead(settings, console);
            }
            return bundle.status.all();
        }

        @Override
        public void close() {
            if (bundle != null) {
                bundle.close();
                bundle = null;
            }
        }
    }

    private int show(Set<String> chosen, ObjectNode first, Supplier<ObjectNode> again) throws Exception {
        Paint paint = Paint.forStdout();
        String shown = text(only(chosen, first), paint);
        int code = code(only(chosen, first));
        if (watch == null) {
            out().print(shown);
            out().flush();
            return code;
        }
        boolean redraws = paint.isOn() && !json;
        Signals.on(number -> {
            if (redraws) {
                out().println(); // the shell's prompt below what is shown
                out().flush();
            }
            Runtime.getRuntime().halt(128 + number); // nothing was begun that could be left unfinished
        });
        for (String last = ""; ; shown = text(only(chosen, again.get()), paint)) {
            if (redraws) {
                out().print(HOME_AND_CLEAR + shown + System.lineSeparator() + "Every " + watch + " s; it is "
                        + CLOCK.format(Instant.now().atZone(ZoneId.systemDefault())) + ". Ctrl-C ends.");
            } else if (!shown.equals(last)) {
                out().print(shown);
            }
            out().flush();
            last = shown;
            Thread.sleep(watch * 1000L);
        }
    }

    private String text(ObjectNode all, Paint paint) throws Exception {
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        if (json) {
            out.println(JSON.writeValueAsString(all));
        } else if (paint.isOn() && all.get("stores").size() > 1) {
            Overview.print(out, all, paint, Instant.now());
        } else {
            for (JsonNode store : all.get("stores")) {
                Tables.store(out, (ObjectNode) store, paint);
            }
        }
        if (!json) {
            Tables.notices(out, "notice         ", all, paint);
        }
        return text.toString();
    }

    private static int code(ObjectNode all) {
        int code = all.get("notices").isEmpty() ? Upkeep.FINE : Upkeep.NEEDS_A_HUMAN;
        for (JsonNode store : all.get("stores")) {
            code = Math.max(code, Tables.exitCode((ObjectNode) store));
        }
        return code;
    }

    private static ObjectNode only(Set<String> chosen, ObjectNode all) {
        if (chosen.isEmpty()) {
            return all;
        }
        ObjectNode some = all.deepCopy();
        ArrayNode kept = some.putArray("stores");
        all.get("stores").forEach(store -> {
            if (chosen.contains(store.get("id").asText())) {
                kept.add(store);
            }
        });
        return some;
    }
}
