package cocart.upkeep;

import cocart.upkeep.store.Faults;
import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.CamelContext;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.FailedToStartRouteException;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** Says what is wrong with a route file in one sentence, with file, line and column. */
final class RouteFiles {

    private final Map<String, Object> beans;
    private final RouteCalls calls;

    private RouteFiles(Path folder, Map<String, Object> beans) {
        this.beans = beans;
        calls = new RouteCalls(folder);
    }

    /**
     * Checks what Camel would find out only when a message comes by.
     *
     * @param beans the program's own, by name; others are left to Camel
     * @throws SettingsException if a file is no YAML, what a route calls is not there, or a bean has no such method
     */
    static void check(Path folder, Map<String, Object> beans) {
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.filter(file -> file.toString().endsWith(".camel.yaml"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new SettingsException(folder + " cannot be read: " + Faults.words(e));
        }
        if (files.isEmpty()) {
            throw new SettingsException(folder + " holds no *.camel.yaml file");
        }
        read(folder, files, beans).check();
    }

    /** Which routes of some files call which. */
    static RouteCalls read(Path folder, List<Path> files, Map<String, Object> beans) {
        RouteFiles routes = new RouteFiles(folder, beans);
        files.forEach(file -> read(file).ifPresent(node -> routes.visit(node, "", "")));
        return routes.calls;
    }

    private static Optional<Node> read(Path file) {
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            return new Compose(LoadSettings.builder().setLabel(file.toString()).build()).composeReader(reader);
        } catch (MarkedYamlEngineException e) {
            throw new SettingsException(file + place(e.getProblemMark()) + ": no valid YAML: " + e.getProblem());
        } catch (IOException e) {
            throw new SettingsException(file + " cannot be read: " + Faults.words(e));
        }
    }

    /** @param route id of the route that this is in */
    private void visit(Node node, String parent, String route) {
        if (node instanceof SequenceNode list) {
            list.getValue().forEach(item -> visit(item, parent, route));
        } else if (node instanceof MappingNode mapping) {
            Map<String, Node> fields = fields(mapping);
            String id = parent.equals("route") && fields.containsKey("id") ? text(fields.get("id")) : route;
            if (parent.equals("routeConfiguration") && fields.containsKey("id")) {
                calls.begins("routeConfigurationId:" + text(fields.get("id")), fields.get("id"));
            }
            endpoint(fields, parent.equals("from"), id);
            method(fields);
            fields.forEach((name, value) -> {
                String called = RouteCalls.name(text(value));
                if (called != null && List.of("to", "wireTap").contains(name)) {
                    calls.calls(called, value, id);
                }
                if (name.equals("routeConfigurationId") && !text(value).contains("*")) {
                    calls.calls("routeConfigurationId:" + text(value), value, id);
                }
                visit(value, name, id);
            });
        }
    }

    private static Map<String, Node> fields(MappingNode mapping) {
        Map<String, Node> fields = new LinkedHashMap<>();
        for (NodeTuple field : mapping.getValue()) {
            fields.put(text(field.getKeyNode()), field.getValueNode());
        }
        return fields;
    }

    /** {@code uri: direct:NAME}, or {@code uri: direct} with the name as a parameter, as visual editors write it. */
    private void endpoint(Map<String, Node> fields, boolean from, String route) {
        Node uri = fields.get("uri");
        String text = uri == null ? "" : text(uri);
        if (List.of("direct", "seda").contains(text) && fields.get("parameters") instanceof MappingNode parameters) {
            Node name = fields(parameters).get("name");
            text = name == null ? text : text + ":" + text(name);
        }
        String name = RouteCalls.name(text);
        if (uri != null && name != null) {
            if (from) {
                calls.begins(name, uri);
            } else {
                calls.calls(name, uri, route);
            }
        }
    }

    private void method(Map<String, Node> fields) {
        Object bean = fields.containsKey("ref") ? beans.get(text(fields.get("ref"))) : null;
        Node method = fields.get("method");
        if (bean == null || method == null) {
            return;
        }
        String name = text(method).replaceFirst("\\(.*", "").strip();
        List<String> known = Stream.of(bean.getClass().getMethods())
                .filter(m -> m.getDeclaringClass() != Object.class)
                .map(Method::getName)
                .distinct()
                .sorted()
                .toList();
        if (!known.contains(name)) {
            throw wrong(
                    method,
                    "the bean " + text(fields.get("ref")) + " has no method " + name + "; it has "
                            + String.join(", ", known));
        }
    }

    private static String text(Node node) {
        return node instanceof ScalarNode scalar ? scalar.getValue() : "";
    }

    static SettingsException wrong(Node node, String what) {
        return new SettingsException(file(node) + place(node.getStartMark()) + ": " + what);
    }

    /** The file in which it stands. */
    static String file(Node node) {
        return node.getStartMark().map(Mark::getName).orElse("");
    }

    private static String place(Optional<Mark> mark) {
        return mark.map(m -> ", line " + (m.getLine() + 1) + ", column " + (m.getColumn() + 1))
                .orElse("");
    }

    /**
     * Where and why a start failed: the file and line of the route that Camel names, and the innermost message; or those of
     * the option that an endpoint cannot have, which may stand in the settings.
     */
    static String reason(Path folder, Throwable error, Settings settings, CamelContext camel) {
        String route = null;
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            route = cause instanceof FailedToCreateRouteException create
                    ? create.getRouteId()
                    : cause instanceof FailedToStartRouteException start ? start.getRouteId() : route;
        }
        Optional<EndpointMistake> mistake = EndpointMistake.in(error);
        if (route == null) {
            return folder + ": the routes cannot be used: "
                    + mistake.map(option -> option.words(camel)).orElseGet(() -> reason(error));
        }
        String id = route;
        return mistake.map(option -> place(folder, id, option.line())
                                .or(() -> settings.withOption(option.component(), option.inUri())
                                        .map(name -> settings.where(name) + name + ": "))
                                .orElseGet(() -> place(folder, id) + "route " + id + ": ")
                        + option.words(camel))
                .orElseGet(() -> place(folder, id) + "route " + id + " cannot be used: " + reason(error));
    }

    /** {@code routes/detect.camel.yaml, line 4: }, where a route's id stands; empty if it stands nowhere. */
    private static String place(Path folder, String route) {
        return place(folder, route, Pattern.compile(".*")).orElse("");
    }

    /** The first line of a route, from its id on, that matches; empty if none does. */
    private static Optional<String> place(Path folder, String route, Pattern wanted) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                boolean inside = false;
                List<String> lines = Files.readAllLines(file);
                for (int i = 0; i < lines.size(); i++) {
                    String line = lines.get(i);
                    inside |= line.strip().matches("id:\\s*[\"']?" + Pattern.quote(route) + "[\"']?");
                    if (inside && line.matches("- route:.*")) {
                        return Optional.empty();
                    }
                    if (inside && wanted.matcher(line).matches()) {
                        return Optional.of(file + ", line " + (i + 1) + ": ");
                    }
                }
            }
        } catch (IOException e) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    /** The innermost message of a failed start that says something. */
    static String reason(Throwable error) {
        String reason = "";
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && !cause.getMessage().isBlank()) {
                reason = cause.getMessage();
            }
        }
        return reason.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .reduce((a, b) -> a + " " + b)
                .orElse("");
    }
}
