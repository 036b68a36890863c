package cocart.upkeep;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The walls of the house, and the form of its routes. */
@AnalyzeClasses(packages = "cocart.upkeep", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseTest {

    @ArchTest
    static final ArchRule DETECT_KNOWS_NO_OTHER_JOB =
            alone("detect", "backup", "migrate", "complete", "notify", "console");

    @ArchTest
    static final ArchRule BACKUP_KNOWS_NO_OTHER_JOB =
            alone("backup", "detect", "migrate", "complete", "notify", "console");

    @ArchTest
    static final ArchRule MIGRATE_KNOWS_NO_OTHER_JOB =
            alone("migrate", "detect", "backup", "complete", "notify", "console");

    @ArchTest
    static final ArchRule COMPLETE_KNOWS_NO_OTHER_JOB =
            alone("complete", "detect", "backup", "migrate", "notify", "console");

    @ArchTest
    static final ArchRule NOTIFY_KNOWS_NO_JOB =
            alone("notify", "detect", "backup", "migrate", "complete", "plan", "wordpress", "console");

    @ArchTest
    static final ArchRule THE_GROUND_FLOOR_STANDS_ALONE =
            alone("store", "plan", "state", "detect", "backup", "migrate", "complete", "notify", "console");

    @ArchTest
    static final ArchRule PLANS_KNOW_NO_JOB =
            alone("plan", "state", "detect", "backup", "migrate", "complete", "notify", "console");

    @ArchTest
    static final ArchRule STATE_KNOWS_NO_JOB =
            alone("state", "plan", "detect", "backup", "migrate", "complete", "notify", "console");

    @ArchTest
    static final ArchRule WORDPRESS_KNOWS_NO_JOB =
            alone("wordpress", "plan", "detect", "backup", "migrate", "complete", "notify", "console");

    @ArchTest
    static final ArchRule NO_JOB_KNOWS_THAT_IT_IS_OBSERVED = noClasses()
            .that()
            .resideInAnyPackage(Stream.of(
                            "store", "state", "plan", "wordpress", "detect", "backup", "migrate", "complete", "console")
                    .map(o -> "cocart.upkeep." + o + "..")
                    .toArray(String[]::new))
            .should()
            .dependOnClassesThat()
            .resideInAPackage("cocart.upkeep.observe..");

    @ArchTest
    static final ArchRule ROOMS_DO_NOT_GO_IN_CIRCLES =
            slices().matching("cocart.upkeep.(*)..").should().beFreeOfCycles();

    private static ArchRule alone(String room, String... others) {
        return noClasses()
                .that()
                .resideInAPackage("cocart.upkeep." + room + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        Stream.of(others).map(o -> "cocart.upkeep." + o + "..").toArray(String[]::new));
    }

    @Test
    void everyRouteFileIsValidByTheSchemaOfCamelsYamlDsl() throws Exception {
        ObjectMapper json = new ObjectMapper();
        try (var in = getClass().getResourceAsStream("/schema/camelYamlDsl.json")) {
            var schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_4)
                    .getSchema(
                            new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8), InputFormat.JSON);
            for (Path file : routes()) {
                Object yaml = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
                assertThat(schema.validate(json.writeValueAsString(yaml), InputFormat.JSON))
                        .as(file.toString())
                        .isEmpty();
            }
        }
    }

    @Test
    void everyRouteHasAnIdAndADescription() throws Exception {
        ObjectMapper json = new ObjectMapper();
        for (Path file : routes()) {
            Object yaml = new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
            for (JsonNode item : json.valueToTree(yaml)) {
                if (item.has("route")) {
                    assertThat(item.get("route").path("id").asText())
                            .as(file + ": id")
                            .isNotBlank();
                    assertThat(item.get("route").path("description").asText())
                            .as(file + ": description")
                            .isNotBlank();
                }
            }
        }
    }

    private static List<Path> routes() throws Exception {
        try (Stream<Path> files = Files.list(Path.of("routes"))) {
            List<Path> found = files.toList();
            assertThat(found).hasSizeGreaterThanOrEqualTo(6);
            return found;
        }
    }
}
