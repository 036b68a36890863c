package cocart.upkeep.plan;

import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * One file of plans, read and checked.
 *
 * @param places where the parts of its plans stand, by {@link Plans#key}; it adds its own
 */
record PlanFile(Path file, Map<String, String> places) {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{[A-Za-z_]+\\}");
    private static final Pattern INTO = Pattern.compile("(?i)\\bINTO\\b");
    private static final Set<String> PREFIXED = Set.of("sql", "unless", "query", "remedy");

    void read(List<UpdatePlan> plans) {
        Node root;
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            root = new Compose(LoadSettings.builder().setLabel(file.toString()).build())
                    .composeReader(reader)
                    .orElseThrow(() -> new StoreException(file + " is empty", null, true));
        } catch (MarkedYamlEngineException e) {
            String place = e.getProblemMark()
                    .map(mark -> ", line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1))
                    .orElse("");
            throw new StoreException(file + place + ": no valid YAML: " + e.getProblem(), e, true);
        } catch (IOException e) {
            throw new StoreException(file + " cannot be read: " + e.getMessage(), e, true);
        }
        Fields fields = new Fields(root, "plugin", "updates");
        String plugin = fields.text("plugin", "[A-Za-z0-9][A-Za-z0-9._-]*");
        for (Node node : fields.list("updates")) {
            UpdatePlan plan = update(plugin, node);
            if (plans.stream()
                    .anyMatch(p -> p.plugin().equals(plugin) && p.version().equals(plan.version()))) {
                throw wrong(node, "the update " + plan.version() + " of " + plugin + " stands here twice");
            }
            plans.add(plan);
        }
    }

    private UpdatePlan update(String plugin, Node node) {
        Fields fields = new Fields(node, "version", "declared?", "mark", "carts", "updater?", "steps", "proofs");
        Fields carts = new Fields(fields.node("carts"), "table", "key", "columns");
        List<String> columns = new ArrayList<>();
        for (Node column : carts.list("columns")) {
            columns.add(text(column, "columns", "[A-Za-z0-9_]+"));
        }
        List<String> updater = new ArrayList<>();
        if (fields.has("updater")) {
            fields.list("updater").forEach(hook -> updater.add(text(hook, "updater", "[A-Za-z0-9_/-]+")));
        }
        String version = fields.text("version", "[0-9][A-Za-z0-9.+_-]*");
        Map<String, Node> marks = new HashMap<>(Map.of(
                "version", fields.node("version"),
                "key of carts", carts.node("key"),
                "columns of carts", carts.node("columns")));
        UpdatePlan.Carts cartsTable = new UpdatePlan.Carts(
                carts.text("table", "[A-Za-z0-9_]+"), carts.text("key", "[A-Za-z0-9_]+"), List.copyOf(columns));
        UpdatePlan plan = new UpdatePlan(
                plugin,
                version,
                fields.has("declared") && fields.text("declared", "true|false").equals("true"),
                fields.text("mark", "[A-Za-z0-9_]+"),
                cartsTable,
                List.copyOf(updater),
                named(fields.list("steps"), step -> step(step, cartsTable, marks), UpdatePlan.Step::name),
                named(fields.list("proofs"), proof -> proof(proof, marks), UpdatePlan.Proof::name));
        marks.forEach((field, mark) -> places.put(Plans.key(plugin, version, field), file + place(mark)));
        return plan;
    }

    private UpdatePlan.Step step(Node node, UpdatePlan.Carts carts, Map<String, Node> marks) {
        Fields fields = new Fields(node, "name", "description", "unless", "sql", "chunk?");
        UpdatePlan.Chunk chunk = null;
        if (fields.has("chunk")) {
            Fields cut = new Fields(fields.node("chunk"), "table", "key", "rows", "pause?");
            chunk = new UpdatePlan.Chunk(
                    cut.text("table", "[A-Za-z0-9_]+"),
                    cut.text("key", "[A-Za-z0-9_]+"),
                    Integer.parseInt(cut.text("rows", "[1-9][0-9]{0,7}")),
                    cut.has("pause") ? pause(cut.text("pause", "[0-9]{1,5}(ms|s)")) : null);
        }
        String sql = fields.text("sql", "(?s).+");
        if (chunk != null && !(sql.contains(":from") && sql.contains(":to"))) {
            throw wrong(fields.node("sql"), "sql of a step with chunk must use :from and :to");
        }
        forbid(fields.node("sql"), sql, carts);
        String name = fields.text("name", "[a-z0-9][a-z0-9-]*");
        marks.put("unless of step " + name, fields.node("unless"));
        marks.put("sql of step " + name, fields.node("sql"));
        return new UpdatePlan.Step(
                name, fields.text("description", "(?s).+"), fields.text("unless", "(?si)\\s*SELECT\\b.+"), sql, chunk);
    }

    /** What loses carts and cannot be rolled back, or does what cannot be seen from here. */
    private void forbid(Node node, String sql, UpdatePlan.Carts carts) {
        String table = "`?\\{prefix\\}" + Pattern.quote(carts.table()) + "`?(?![A-Za-z0-9_])";
        String columns = carts.columns().stream().map(Pattern::quote).collect(Collectors.joining("|"));
        if (Pattern.compile("(?is)\\s*CALL\\b.*").matcher(sql).matches()) {
            throw wrong(
                    node,
                    "sql must not be a CALL: what a procedure does to the carts cannot be rolled back; write it out");
        }
        if (Pattern.compile("(?is)\\s*(?:TRUNCATE|DROP|RENAME)\\b.*" + table + ".*")
                .matcher(sql)
                .matches()) {
            throw wrong(node, "sql must not drop, empty or rename the carts table: that loses the carts");
        }
        if (Pattern.compile("(?is)\\s*ALTER\\s+IGNORE\\b.*").matcher(sql).matches()
                || Pattern.compile("(?is)\\s*ALTER\\b.*" + table
                                + ".*\\bDROP\\s+(?:COLUMN\\s+)?(?:IF\\s+EXISTS\\s+)?`?(?:" + columns
                                + ")`?(?![A-Za-z0-9_]).*")
                        .matcher(sql)
                        .matches()) {
            throw wrong(
                    node,
                    "sql must not be ALTER IGNORE nor drop a column of carts.columns: that loses what carts hold");
        }
    }

    private static Duration pause(String text) {
        return text.endsWith("ms")
                ? Duration.ofMillis(Integer.parseInt(text.substring(0, text.length() - 2)))
                : Duration.ofSeconds(Integer.parseInt(text.substring(0, text.length() - 1)));
    }

    private UpdatePlan.Proof proof(Node node, Map<String, Node> marks) {
        Fields fields = new Fields(node, "name", "description", "query", "expect", "remedy?");
        String name = fields.text("name", "[a-z0-9][a-z0-9-]*");
        marks.put("query of proof " + name, fields.node("query"));
        return new UpdatePlan.Proof(
                name,
                fields.text("description", "(?s).+"),
                fields.text("query", "(?si)\\s*SELECT\\b.+"),
                fields.text("expect", "(?s).*"),
                fields.has("remedy") ? fields.text("remedy", "(?s).+") : null);
    }

    private <T> List<T> named(List<Node> nodes, Function<Node, T> read, Function<T, String> name) {
        List<T> items = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Node node : nodes) {
            T item = read.apply(node);
            if (!names.add(name.apply(item))) {
                throw wrong(node, "the name " + name.apply(item) + " stands here twice");
            }
            items.add(item);
        }
        return List.copyOf(items);
    }

    private String text(Node node, String field, String pattern) {
        if (!(node instanceof ScalarNode scalar)) {
            throw wrong(node, field + " must be a text");
        }
        String value = scalar.getValue().strip();
        if (pattern.contains("SELECT") && INTO.matcher(value).find()) {
            throw wrong(node, field + " must not have INTO: what it asks is asked without changing anything");
        }
        if (!value.matches(pattern)) {
            throw wrong(
                    node,
                    pattern.contains("SELECT")
                            ? field + " must be a SELECT"
                            : value.isEmpty()
                                    ? field + " is empty"
                                    : field + " must match " + pattern + ", not '" + value + "'");
        }
        Matcher placeholder = PLACEHOLDER.matcher(value);
        while (PREFIXED.contains(field) && placeholder.find()) {
            if (!placeholder.group().equals("{prefix}")) {
                throw wrong(node, field + " has " + placeholder.group() + "; the only placeholder is {prefix}");
            }
        }
        return value;
    }

    private StoreException wrong(Node node, String what) {
        return new StoreException(file + place(node) + ": " + what, null, true);
    }

    private static String place(Node node) {
        return node.getStartMark()
                .map(mark -> ", line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1))
                .orElse("");
    }

    /** A mapping whose fields are known; a name with {@code ?} may be missing. */
    private final class Fields {

        private final Node mapping;
        private final Map<String, Node> values = new LinkedHashMap<>();

        Fields(Node node, String... names) {
            mapping = node;
            if (!(node instanceof MappingNode map)) {
                throw wrong(node, "here must be the fields " + String.join(", ", names));
            }
            Set<String> known = new HashSet<>();
            for (String name : names) {
                known.add(name.replace("?", ""));
            }
            for (NodeTuple tuple : map.getValue()) {
                String name = tuple.getKeyNode() instanceof ScalarNode key ? key.getValue() : "";
                if (!known.contains(name)) {
                    throw wrong(
                            tuple.getKeyNode(),
                            "unknown field '" + name + "'; known are "
                                    + String.join(", ", known.stream().sorted().toList()));
                }
                if (values.put(name, tuple.getValueNode()) != null) {
                    throw wrong(tuple.getKeyNode(), "the field " + name + " stands here twice");
                }
            }
            for (String name : names) {
                if (!name.endsWith("?") && !values.containsKey(name)) {
                    throw wrong(node, "the field " + name + " is missing");
                }
            }
        }

        boolean has(String name) {
            return values.containsKey(name);
        }

        Node node(String name) {
            return Objects.requireNonNull(values.get(name));
        }

        String text(String name, String pattern) {
            return PlanFile.this.text(node(name), name, pattern);
        }

        List<Node> list(String name) {
            if (!(node(name) instanceof SequenceNode sequence)
                    || sequence.getValue().isEmpty()) {
                throw wrong(values.getOrDefault(name, mapping), name + " must be a list with at least one entry");
            }
            return sequence.getValue();
        }
    }
}
