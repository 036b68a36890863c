package cocart.upkeep.backup;

import cocart.upkeep.store.StoreException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What of wp-content is not backed up. A pattern is a path relative to wp-content and matches from there: {@code cache}
 * is {@code wp-content/cache} and never {@code plugins/x/cache}, which is a plugin's own source. {@code *} stands for
 * any characters but {@code /}, {@code ?} for one. A folder that matches is not entered.
 */
public final class Skips {

    private static final String NOTHING = "(?!)";

    /** Any of them: each file is asked about, so they are one expression. */
    private final Pattern any;

    /** @throws StoreException if a pattern is empty, leaves wp-content or holds {@code **} */
    public Skips(List<String> patterns) {
        any = Pattern.compile(
                patterns.isEmpty()
                        ? NOTHING
                        : patterns.stream().map(Skips::expression).collect(Collectors.joining("|")),
                Pattern.DOTALL);
    }

    /** @param path relative to wp-content, parts joined by {@code /} */
    public boolean matches(String path) {
        return any.matcher(path).matches();
    }

    private static String expression(String pattern) {
        String plain = pattern.strip().replaceAll("^/+|/+$", "");
        if (plain.isEmpty() || plain.contains("**") || ("/" + plain + "/").matches(".*/\\.{0,2}/.*")) {
            throw new StoreException(
                    "The pattern \"" + pattern
                            + "\" in upkeep.backup.skip is not a path below wp-content; write it like"
                            + " cache or uploads/backup*, where * does not cross a /.",
                    null,
                    true);
        }
        StringBuilder regex = new StringBuilder();
        for (char c : plain.toCharArray()) {
            switch (c) {
                case '*' -> regex.append("[^/]*");
                case '?' -> regex.append("[^/]");
                default -> regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return regex.toString();
    }
}
