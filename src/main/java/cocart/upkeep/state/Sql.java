package cocart.upkeep.state;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Reads the statements in {@code sql/}, one a file. */
final class Sql {

    private static final Map<String, String> LOADED = new ConcurrentHashMap<>();

    private Sql() {}

    /** @throws IllegalStateException if there is no {@code sql/NAME.sql} on the class path */
    static String load(String name) {
        return LOADED.computeIfAbsent(name, Sql::read);
    }

    private static String read(String name) {
        try (InputStream in = Sql.class.getResourceAsStream("/sql/" + name + ".sql")) {
            if (in == null) {
                throw new IllegalStateException("sql/" + name + ".sql is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
