package cocart.upkeep.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/** The pages' own files, from {@code console/} on the class path; only those that are listed here. */
public final class Assets {

    /** Every file that is served, and as what. */
    private static final Map<String, String> TYPES = Map.of("console.css", "text/css; charset=utf-8");

    /**
     * A file's content.
     *
     * @throws ConsoleException if it is none of those that are served
     */
    public String text(String name) {
        type(name);
        return read("/console/" + name);
    }

    private static String read(String resource) {
        try (InputStream in = Assets.class.getResourceAsStream(resource)) {
            return new String(Objects.requireNonNull(in, resource).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The API's description, by OpenAPI 3. */
    public String openApi() {
        return read("/openapi.json");
    }

    /**
     * Its content type.
     *
     * @throws ConsoleException if it is none of those that are served
     */
    public String type(String name) {
        String type = TYPES.get(name);
        if (type == null) {
            throw new ConsoleException(404, "There is no such file.");
        }
        return type;
    }
}
