package cocart.upkeep.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import cocart.upkeep.store.StoreException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The schema by which editors check plans, and the program's own reading of them, say the same. */
class PlanSchemaTest {

    private static final Path SHIPPED = Path.of("config/updates/cart-rest-api-for-woocommerce.yaml");
    private static final Path SCHEMA = Path.of("config/updates/plan.schema.json");
    private static final String CHUNK = "        sql: UPDATE {prefix}t SET a = 1 WHERE id > :from AND id <= :to\n"
            + "        chunk:\n          table: t\n          key: id\n          rows: 500\n";

    private static Schema schema;
    private static JsonNode json;
    private static String shipped;

    @TempDir
    Path folder;

    @BeforeAll
    static void read() throws Exception {
        schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(Files.readString(SCHEMA), InputFormat.JSON);
        json = new ObjectMapper().readTree(SCHEMA.toFile());
        shipped = Files.readString(SHIPPED);
    }

    @Test
    void theShippedPlanNamesTheSchemaAndKeepsToIt() throws Exception {
        assertThat(shipped).startsWith("# yaml-language-server: $schema=" + SCHEMA.getFileName() + "\n");
        assertThat(complaints(shipped)).isEmpty();
        assertThatCode(() -> program(shipped)).doesNotThrowAnyException();
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "version: 3.0.0       | version: 4.1",
                "version: 3.0.0       | version: '5.0.0-beta.1'",
                "expect: 4            | expect: 'four'",
                "expect: 4            | expect: true",
                "name: add-cart-hash  | name: 2",
                "mark: cocart_db_version | mark: ' cocart_db_version '",
                "updater: [cocart_run_update_callback, | updater: [some/hook-name,",
                "[cart_id, cart_key, cart_value, cart_expiry] | [cart_id]",
                "columns: [cart_id, cart_key, cart_value, cart_expiry] | columns: [cart_id, 7, _x]"
            })
    void bothTake(String right, String other) throws Exception {
        String text = with(right, other);
        assertThat(complaints(text)).isEmpty();
        assertThatCode(() -> program(text)).doesNotThrowAnyException();
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "plugin: cart-rest   | plugn: cart-rest",
                "plugin: cart-rest-api-for-woocommerce | plugin: ../x",
                "plugin: cart-rest-api-for-woocommerce | plugin: [x]",
                "plugin: cart-rest-api-for-woocommerce | ''",
                "version: 3.0.0      | version: v3",
                "version: 3.0.0      | vers: 3.0.0",
                "mark: cocart_db_version | mark: cocart db",
                "table: cocart_carts | table: 'c; DROP TABLE x'",
                "table: cocart_carts | table: ''",
                "key: cart_id        | kee: cart_id",
                "[cart_id, cart_key, cart_value, cart_expiry] | []",
                "[cart_id, cart_key, cart_value, cart_expiry] | cart_id",
                "[cart_id, cart_key  | [cart_id, 'x)', cart_key",
                "updater: [cocart_run_update_callback, cocart_update_db_to_current_version] | updater: []",
                "updater: [cocart_run_update_callback, | updater: ['a b',",
                "name: add-cart-source | name: Add Cart",
                "description: Add the column cart_hash, by which a cart's content is compared. | description: ''",
                "description: Add the column cart_hash, by which a cart's content is compared. | ''",
                "declared: true      | declared: maybe",
                "declared: true      | declared: [true]",
                "expect: 4           | expects: 4",
                "expect: 4           | expect: [4]",
                "proofs:             | prooves:",
                "ALTER TABLE {prefix}cocart_carts | ALTER TABLE {prefx}cocart_carts",
                "SELECT COUNT(*) FROM information_schema.columns | DELETE FROM x",
                "SELECT COUNT(*) FROM information_schema.columns | SELECTED COUNT(*)"
            })
    void bothRefuse(String right, String wrong) throws Exception {
        String text = with(right, wrong);
        assertThat(complaints(text)).isNotEmpty();
        assertThatThrownBy(() -> program(text)).isInstanceOf(StoreException.class);
    }

    @Test
    void chunksToo() throws Exception {
        int from = shipped.lastIndexOf("        sql:");
        String chunked = shipped.substring(0, from) + CHUNK + shipped.substring(shipped.lastIndexOf("    proofs:"));
        assertThat(complaints(chunked)).isEmpty();
        assertThatCode(() -> program(chunked)).doesNotThrowAnyException();
        for (String[] change : new String[][] {
            {"rows: 500", "rows: 0"},
            {"rows: 500", "rows: many"},
            {"rows: 500", "rows: 100000000"},
            {"          key: id\n", ""},
            {" AND id <= :to", ""},
            {"id > :from AND ", ""},
            {"        chunk:\n          table: t\n          key: id\n          rows: 500\n", "        chunk: 500\n"}
        }) {
            String text = chunked.replace(change[0], change[1]);
            assertThat(text).as(change[0]).isNotEqualTo(chunked);
            assertThat(complaints(text)).as(change[1]).isNotEmpty();
            assertThatThrownBy(() -> program(text)).as(change[1]).isInstanceOf(StoreException.class);
        }
    }

    /** A field that only one of them knows would be found here. */
    @Test
    void bothKnowTheSameFields() throws Exception {
        String chunked = shipped.substring(0, shipped.lastIndexOf("        sql:"))
                + CHUNK
                + shipped.substring(shipped.indexOf("    proofs:"));
        Map<String, String> places = Map.of(
                "", "plugin:",
                "/$defs/update", "    mark:",
                "/$defs/update/properties/carts", "      columns:",
                "/$defs/step", "        unless:",
                "/$defs/step/properties/chunk", "          rows:",
                "/$defs/proof", "        query:");
        for (Map.Entry<String, String> place : places.entrySet()) {
            String indent = place.getValue().replaceAll("\\S.*", "");
            String text = chunked.replaceFirst(
                    "(?m)^" + Pattern.quote(place.getValue()), indent + "zzz: 1\n" + place.getValue());
            Throwable said = catchThrowable(() -> program(text));
            Matcher known =
                    Pattern.compile("unknown field 'zzz'; known are (.+)").matcher(said.getMessage());
            assertThat(known.find()).as(said.getMessage()).isTrue();
            JsonNode node = json.at(place.getKey());
            TreeSet<String> fields = new TreeSet<>();
            node.get("properties").fieldNames().forEachRemaining(fields::add);
            assertThat(List.of(known.group(1).split(", "))).as(place.getKey()).containsExactlyElementsOf(fields);
            assertThat(node.get("additionalProperties").asBoolean()).isFalse();
        }
    }

    @Test
    void everyFieldHasATitleAndADescription() {
        List<String> bare = new ArrayList<>();
        json.findParents("properties")
                .forEach(parent -> parent.get("properties").properties().forEach(field -> {
                    JsonNode said = field.getValue();
                    JsonNode named = said.has("title")
                            ? said
                            : json.at(said.path("$ref").asText("#").substring(1));
                    if (!parent.path("type").asText().equals("")
                            && (named.path("title").asText().isBlank()
                                    || named.path("description").asText().isBlank())) {
                        bare.add(field.getKey());
                    }
                }));
        assertThat(bare).isEmpty();
    }

    private static String with(String right, String other) {
        String text = shipped.replaceFirst(
                Pattern.quote(right.strip()), Matcher.quoteReplacement(other == null ? "" : other.strip()));
        assertThat(text).as(right).isNotEqualTo(shipped);
        return text;
    }

    private static List<?> complaints(String yaml) throws Exception {
        Object read = new Load(LoadSettings.builder().build()).loadFromString(yaml);
        return schema.validate(new ObjectMapper().writeValueAsString(read), InputFormat.JSON);
    }

    private void program(String yaml) throws Exception {
        Path own = Files.createTempDirectory(folder, "plans");
        Files.writeString(own.resolve("plan.yaml"), yaml);
        new Plans(own);
    }
}
