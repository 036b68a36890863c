package cocart.upkeep.notify;

import cocart.upkeep.state.Database;
import cocart.upkeep.store.PlainText;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A cause that is there now.
 *
 * @param subject what it is about where a store can have several, such as a plugin or a job; else empty
 * @param fingerprint of what makes it another notice; what changes with each look must not be in it
 * @param text in one line, at most 2000 characters
 * @param urgent true if it does not wait for the end of quiet hours
 */
record Finding(Cause cause, String subject, String fingerprint, String text, boolean urgent) {

    private static final Pattern FIGURES = Pattern.compile("[0-9]+");

    /**
     * A finding that is as urgent as its cause.
     *
     * @param identity what makes it another notice
     */
    static Finding of(Cause cause, String subject, String identity, String text) {
        return of(cause, subject, identity, text, cause.urgent);
    }

    /** The same with an urgency of its own. */
    static Finding of(Cause cause, String subject, String identity, String text, boolean urgent) {
        return new Finding(cause, subject, fingerprint(cause, identity), line(text), urgent);
    }

    /** A text as a notice shows it: in one line, at most 2000 characters. */
    static String line(String text) {
        return Objects.requireNonNull(Database.cut(PlainText.of(text)));
    }

    static String fingerprint(Cause cause, String identity) {
        return hash(cause.word() + "\n" + identity);
    }

    /** A sentence without its figures: ports, counts, times and megabytes change with each look, and say nothing new. */
    static String withoutFigures(String text) {
        return FIGURES.matcher(text).replaceAll("#");
    }

    /** Tells it from the other findings of the same store. */
    String key() {
        return key(cause, subject);
    }

    static String key(Cause cause, String subject) {
        return cause.word() + "/" + subject;
    }

    static String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
