package cocart.upkeep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** Which routes call which, and whether what they call is there: routes by {@code direct:} or {@code seda:}, and error handling. */
final class RouteCalls {

    /** What shipped files begin that others call, by name; where it is missing, that file is to blame and no caller. */
    static final Map<String, String> SHIPPED = shipped(Map.ofEntries(
            Map.entry("back-up", "direct:back-up direct:prune"),
            Map.entry("complete", "direct:complete"),
            Map.entry(
                    "console",
                    "direct:page direct:json direct:answer direct:health-answer seda:asked-back-up seda:asked-detect"
                            + " seda:asked-verify routeConfigurationId:console-errors"),
            Map.entry("detect", "direct:detect direct:look"),
            Map.entry("drill", "direct:drill"),
            Map.entry("errors", "routeConfigurationId:step-errors routeConfigurationId:completion-errors"),
            Map.entry("flush-cache", "direct:flush-cache"),
            Map.entry(
                    "migrate",
                    "direct:plan direct:migrate direct:run-steps direct:run-step direct:by-wordpress seda:migrate"),
            Map.entry("notify", "direct:notify direct:notify-log direct:notify-webhook direct:notify-mail"),
            Map.entry("off-site", "direct:off-site direct:off-site-send"),
            Map.entry("rehearse", "direct:rehearse direct:rehearse-on-copy"),
            Map.entry("schedule", "direct:once"),
            Map.entry("tidy", "direct:tidy")));

    /** What commands call. */
    static final Set<String> ASKED =
            Set.of("direct:back-up", "direct:drill", "direct:notify", "direct:once", "direct:prune", "direct:rehearse");

    private record Call(String name, Node node, String route) {}

    private final Path folder;
    private final Map<String, Node> begun = new LinkedHashMap<>();
    private final List<Call> calls = new ArrayList<>();

    RouteCalls(Path folder) {
        this.folder = folder;
    }

    private static Map<String, String> shipped(Map<String, String> byFile) {
        Map<String, String> all = new TreeMap<>();
        byFile.forEach(
                (file, names) -> Stream.of(names.split(" ")).forEach(name -> all.put(name, file + ".camel.yaml")));
        return Map.copyOf(all);
    }

    /** What shipped names begin with, of a URI that names one; null for others and for what is only known when it runs. */
    static @Nullable String name(String uri) {
        boolean isCall = uri.startsWith("direct:") || uri.startsWith("seda:");
        return isCall && !uri.contains("${") && !uri.contains("{{") ? uri.replaceFirst("\\?.*", "") : null;
    }

    void begins(String name, Node node) {
        begun.putIfAbsent(name, node);
    }

    /** @param route id of the route that calls */
    void calls(String name, Node node, String route) {
        calls.add(new Call(name, node, route));
    }

    /** All names that a route begins with. */
    Set<String> begun() {
        return begun.keySet();
    }

    /** @throws SettingsException if something that is called is not there; it names the file to mend */
    void check() {
        for (Call call : calls) {
            if (!begun.containsKey(call.name())) {
                throw missing(call.name(), call);
            }
        }
        for (String name : ASKED) {
            if (!begun.containsKey(name)) {
                throw missing(name, null);
            }
        }
    }

    private SettingsException missing(String name, @Nullable Call caller) {
        String file = SHIPPED.get(name);
        if (file == null && caller != null) {
            return RouteFiles.wrong(
                    caller.node(),
                    nothing(name)
                            + NearestOption.of(name, begun.keySet())
                                    .map(near -> "; did you mean " + near + "?")
                                    .orElse("; add one, or take this call out"));
        }
        Path path = folder.resolve(String.valueOf(file));
        if (Files.notExists(path)) {
            return new SettingsException(path + " is missing: " + needs(name, caller) + ". Put the file back"
                    + renamed(path).map(other -> "; it may be " + other).orElse(" from this version's archive"));
        }
        Map<String, Node> here = begun.entrySet().stream()
                .filter(entry -> !SHIPPED.containsKey(entry.getKey())
                        && RouteFiles.file(entry.getValue()).equals(path.toString()))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        Optional<String> meant = NearestOption.of(name, here.keySet());
        if (meant.isPresent()) {
            return RouteFiles.wrong(
                    here.get(meant.get()),
                    nothing(name) + ", but one with " + meant.get() + ", which is surely meant; "
                            + needs(name, caller));
        }
        return new SettingsException(
                path + ": " + nothing(name) + "; " + needs(name, caller) + ". Put that route back into this file");
    }

    private static String nothing(String name) {
        return name.startsWith("routeConfigurationId:")
                ? "no routeConfiguration has the id " + name.substring(name.indexOf(':') + 1)
                : "no route begins with " + name;
    }

    /** Who needs it, and where that stands. */
    private String needs(String name, @Nullable Call caller) {
        String what = name.replaceFirst("routeConfigurationId:", "the routeConfiguration ");
        if (caller == null) {
            return "commands of upkeep call " + what;
        }
        long others = calls.stream()
                        .filter(call -> call.name().equals(name))
                        .map(Call::route)
                        .distinct()
                        .count()
                - 1;
        return "route " + caller.route() + " ("
                + Path.of(RouteFiles.file(caller.node())).getFileName() + ", line "
                + (caller.node().getStartMark().map(Mark::getLine).orElse(-1) + 1)
                + ") needs " + what
                + (others > 0 ? ", and so " + (others == 1 ? "does another route" : "do " + others + " others") : "");
    }

    /** A file that was there under that name before. */
    private Optional<Path> renamed(Path missing) {
        String stem = stem(missing);
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> unknown = files.filter(
                            file -> !SHIPPED.containsValue(file.getFileName().toString()))
                    .sorted()
                    .toList();
            return unknown.stream()
                    .filter(file -> stem(file).equals(stem)
                            || NearestOption.of(stem(file), Set.of(stem)).isPresent())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static String stem(Path file) {
        return file.getFileName().toString().replaceFirst("\\..*", "");
    }
}
