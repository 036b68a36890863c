package cocart.upkeep.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The pages' own files, from {@code console/} on the class path; only those that are listed here. */
public final class Assets {

    /** Every file that is served, and as what. */
    private static final Map<String, String> TYPES = Map.of(
            "console.css", "text/css; charset=utf-8",
            "console.js", "text/javascript; charset=utf-8",
            "icon.svg", "image/svg+xml");

    /**
     * A file's content.
     *
     * @throws ConsoleException if it is none of those that are served
     */
    public String text(String name) {
        type(name); // looks whether it is one of them
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
    public String type(@Nullable String name) {
        // Camel takes the word null in a path for none
        String type = name == null ? null : TYPES.get(name);
        if (type == null) {
            throw new ConsoleException(404, "There is no such file.");
        }
        return type;
    }
}
