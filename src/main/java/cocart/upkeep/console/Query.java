package cocart.upkeep.console;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The parameters of a URL. Camel would mix them with the request's headers, so they are read from the URL itself. */
public final class Query {

    private static final int MOST = 20;

    private final Map<String, List<String>> values;

    private Query(Map<String, List<String>> values) {
        this.values = values;
    }

    /**
     * Reads a query string.
     *
     * @param query as it was sent, without the ?; or null
     * @throws ConsoleException if it is malformed
     */
    public static Query of(@Nullable String query) {
        if (query == null || query.isEmpty()) {
            return new Query(Map.of());
        }
        try {
            return new Query(
                    new QueryStringDecoder(query, java.nio.charset.StandardCharsets.UTF_8, false, MOST).parameters());
        } catch (IllegalArgumentException e) {
            throw new ConsoleException(400, "The part of the URL after the ? is not properly encoded.");
        }
    }

    /**
     * Refuses parameters with other names, so that a misspelt one is not silently without effect.
     *
     * @throws ConsoleException if there is one
     */
    public Query only(String... names) {
        for (String name : values.keySet()) {
            if (!Set.of(names).contains(name)) {
                throw new ConsoleException(
                        400,
                        "There is no parameter of this name here; there "
                                + (names.length == 0 ? "is none." : "are " + String.join(", ", names) + "."));
            }
        }
        return this;
    }

    /** The first value of a parameter; empty if it is not there. */
    public String text(String name) {
        List<String> found = values.get(name);
        return found == null ? "" : found.get(0);
    }

    /**
     * A parameter that is true or false; false if it is not there.
     *
     * @throws ConsoleException if it is neither
     */
    public boolean isTrue(String name) {
        return switch (text(name)) {
            case "true" -> true;
            case "", "false" -> false;
            default -> throw new ConsoleException(400, "The parameter " + name + " must be true or false.");
        };
    }

    /**
     * A whole number.
     *
     * @throws ConsoleException if it is none, or not from least to most
     */
    public int number(String name, int fallback, int least, int most) {
        String text = text(name);
        if (text.isEmpty()) {
            return fallback;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new ConsoleException(
                400, "The parameter " + name + " must be a whole number from " + least + " to " + most + ".");
    }
}
