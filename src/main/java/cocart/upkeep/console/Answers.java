package cocart.upkeep.console;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What answers have in common. */
public final class Answers {

    /**
     * An answer that says what is wrong.
     *
     * @param type its content type
     */
    public record Failure(int status, String type, String text) {}

    /** What an exception means to whoever asked for a path. */
    public Failure failure(Throwable error, String path) {
        Problem problem = Problem.of(error);
        return new Failure(problem.status(), problem.type(path), problem.text(path));
    }

    /** A strong entity tag for a text: equal only if the text is. */
    public String etag(String text) {
        return etag(text.getBytes(StandardCharsets.UTF_8));
    }

    static String etag(byte[] content) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return '"'
                    + Base64.getUrlEncoder()
                            .withoutPadding()
                            .encodeToString(hash)
                            .substring(0, 27)
                    + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * True if whoever asks has what would be answered.
     *
     * @param known the request's If-None-Match, or null
     */
    public boolean isKnown(@Nullable String known, String etag) {
        // Camel takes the quotes off a parameter that is all in quotes
        String wanted = etag.replace("\"", "");
        return known != null
                && Stream.of(known.split(","))
                        .map(tag -> tag.strip().replaceFirst("^W/", "").replace("\"", ""))
                        .anyMatch(tag -> tag.equals(wanted) || tag.equals("*"));
    }
}
