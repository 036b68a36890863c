package cocart.upkeep;

import cocart.upkeep.store.Faults;
import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
    private final Set<String> consumed = new HashSet<>();
    private final Map<Node, String> sent = new LinkedHashMap<>();

    private RouteFiles(Map<String, Object> beans) {
        this.beans = beans;
    }

    /**
     * Checks what Camel would find out only when a message comes by.
     *
     * @param beans the program's own, by name; others are left to Camel
     * @throws SettingsException if a file is no YAML, a {@code direct:} that is sent to has no route, or a bean has no
     *     such method
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
        RouteFiles routes = new RouteFiles(beans);
        files.forEach(file -> read(file).ifPresent(node -> routes.visit(node, "")));
        routes.sent.forEach((node, name) -> {
            if (!routes.consumed.contains(name)) {
                throw wrong(node, "no route begins with direct:" + name);
            }
        });
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

    private void visit(Node node, String parent) {
        if (node instanceof SequenceNode list) {
            list.getValue().forEach(item -> visit(item, parent));
        } else if (node instanceof MappingNode mapping) {
            Map<String, Node> fields = new LinkedHashMap<>();
            for (NodeTuple field : mapping.getValue()) {
                fields.put(text(field.getKeyNode()), field.getValueNode());
            }
            endpoint(fields, parent.equals("from"));
            method(fields);
            fields.forEach((name, value) -> {
                if (text(value).startsWith("direct:")
                        && List.of("to", "wireTap").contains(name)) {
                    sent.put(value, text(value).substring("direct:".length()));
                }
                visit(value, name);
            });
        }
    }

    /** {@code uri: direct:NAME}, or {@code uri: direct} with the name as a parameter, as visual editors write it. */
    private void endpoint(Map<String, Node> fields, boolean from) {
        Node uri = fields.get("uri");
        String name = uri == null ? "" : text(uri);
        if (name.equals("direct") && fields.get("parameters") instanceof MappingNode parameters) {
            for (NodeTuple parameter : parameters.getValue()) {
                if (text(parameter.getKeyNode()).equals("name")) {
                    name = "direct:" + text(parameter.getValueNode());
                }
            }
        }
        if (uri != null && name.startsWith("direct:")) {
            String target = name.substring("direct:".length()).replaceFirst("\\?.*", "");
            if (from) {
                consumed.add(target);
            } else {
                sent.put(uri, target);
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

    private static SettingsException wrong(Node node, String what) {
        return new SettingsException(
                node.getStartMark().map(Mark::getName).orElse("") + place(node.getStartMark()) + ": " + what);
    }

    private static String place(Optional<Mark> mark) {
        return mark.map(m -> ", line " + (m.getLine() + 1) + ", column " + (m.getColumn() + 1))
                .orElse("");
    }

    /** Where and why a start failed: the file and line of the route that Camel names, and the innermost message. */
    static String reason(Path folder, Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            String route = cause instanceof FailedToCreateRouteException create
                    ? create.getRouteId()
                    : cause instanceof FailedToStartRouteException start ? start.getRouteId() : null;
            if (route != null) {
                return place(folder, route) + "route " + route + " cannot be used: " + reason(error);
            }
        }
        return folder + ": the routes cannot be used: " + reason(error);
    }

    /** {@code routes/detect.camel.yaml, line 4: }, where a route's id stands; empty if it stands nowhere. */
    private static String place(Path folder, String route) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                List<String> lines = Files.readAllLines(file);
                for (int i = 0; i < lines.size(); i++) {
                    if (lines.get(i).strip().matches("id:\\s*[\"']?" + Pattern.quote(route) + "[\"']?")) {
                        return file + ", line " + (i + 1) + ": ";
                    }
                }
            }
        } catch (IOException e) {
            return "";
        }
        return "";
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
