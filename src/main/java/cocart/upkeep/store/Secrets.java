package cocart.upkeep.store;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Values that nothing shows, neither log nor state, page, notice or error, whatever a server or a library puts into its
 * messages. Nobody shows them on purpose; this is for what nobody foresaw.
 */
public final class Secrets {

    private static final String MASK = "xxxxxx";

    /** Shorter ones are words that stand in lines for other reasons, which would tell by their absence what they are. */
    private static final int SHORTEST = 6;

    /** Stands in our own sentences, and would tell by its absence that somebody has it for one. */
    private static final String WORD = "password";

    private static final Pattern OPTION = Pattern.compile(
            "(?i)[?&;][a-z.]*(?:password|passphrase|secret|token)[a-z.]*=(?:RAW\\((.*?)\\)(?=$|&)|RAW\\{(.*?)\\}(?=$|&)|([^&;]+))");

    private static final Pattern USER_INFO = Pattern.compile("//[^/@:\\s]*:([^@/\\s]+)@");

    /** Whoever knows the whole of such an address may be let in by it, so of one from a message only the host is shown. */
    private static final Pattern WEB_ADDRESS = Pattern.compile("(https?://)(?:[^/@\\s]*@)?([^/\\s]+)/\\S*");

    /** A shorter path says too little to be a secret, and stands in lines for other reasons. */
    private static final int SHORTEST_PATH = 12;

    private static volatile List<String> hidden = List.of();

    private Secrets() {}

    /** Hides a password from now on, also as it stands in JSON and in URLs. */
    public static synchronized void hide(@Nullable String secret) {
        if (secret == null || secret.length() < SHORTEST || WORD.equalsIgnoreCase(secret) || hidden.contains(secret)) {
            return;
        }
        hidden = Stream.concat(
                        hidden.stream(),
                        Stream.of(secret, inJson(secret), URLEncoder.encode(secret, StandardCharsets.UTF_8)))
                .distinct()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    /** Hides the passwords that an address has. */
    public static void hideIn(@Nullable String address) {
        if (address == null) {
            return;
        }
        for (Matcher option = OPTION.matcher(address); option.find(); ) {
            for (int group = 1; group <= option.groupCount(); group++) {
                hide(option.group(group));
            }
        }
        for (Matcher user = USER_INFO.matcher(address); user.find(); ) {
            hide(user.group(1));
        }
    }

    /** Hides an address that lets in whoever knows it, also where only its path is said. */
    public static void hideAddress(@Nullable String address) {
        if (address == null) {
            return;
        }
        hideIn(address);
        hide(address);
        String path = address.replaceFirst("^[a-z]+:(//)?[^/?]*", "");
        if (path.length() >= SHORTEST_PATH) {
            hide(path);
        }
    }

    /** A text without what is hidden, and without the paths of all web addresses, also of those that nobody has named. */
    public static String maskAddresses(String text) {
        return WEB_ADDRESS.matcher(mask(text)).replaceAll("$1$2/…");
    }

    /** A text without what is hidden. */
    public static String mask(String text) {
        String masked = text;
        for (String secret : hidden) {
            if (masked.contains(secret)) {
                masked = masked.replace(secret, MASK);
            }
        }
        return masked;
    }

    private static String inJson(String secret) {
        StringBuilder json = new StringBuilder();
        secret.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                json.append('\\').append((char) c);
            } else if (c < 0x20 || c > 0x7e) {
                json.append(String.format(Locale.ROOT, "\\u%04X", c));
            } else {
                json.append((char) c);
            }
        });
        return json.toString();
    }
}
