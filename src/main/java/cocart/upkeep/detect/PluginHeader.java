package cocart.upkeep.detect;

import cocart.upkeep.store.PlainText;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a field of a plugin's main file as WordPress does ({@code get_file_data} in wp-includes/functions.php). */
public final class PluginHeader {

    /** How much of the file WordPress reads, in bytes. */
    public static final int READ = 8192;

    private PluginHeader() {}

    /** The version; empty if there is none, or it cannot be one (over 64 characters, control characters). */
    public static Optional<String> version(byte[] start) {
        return field(start, "Version").filter(version -> version.length() <= 64 && PlainText.is(version));
    }

    /** The first field of a name that is not empty; only the first 8,192 bytes count. */
    public static Optional<String> field(byte[] start, String name) {
        String text = new String(start, 0, Math.min(start.length, READ), StandardCharsets.UTF_8).replace('\r', '\n');
        Matcher matcher = Pattern.compile(
                        "^(?:[ \\t]*<\\?php)?[ \\t\\/*#@]*" + Pattern.quote(name) + ":(.*)$",
                        Pattern.CASE_INSENSITIVE | Pattern.MULTILINE | Pattern.UNIX_LINES)
                .matcher(text);
        if (!matcher.find()) {
            return Optional.empty();
        }
        // _cleanup_header_comment
        String value =
                matcher.group(1).replaceFirst("(?s)\\s*(?:\\*/|\\?>).*", "").strip();
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }
}
