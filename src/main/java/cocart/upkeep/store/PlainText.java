package cocart.upkeep.store;

import java.util.regex.Pattern;

/** Text from a store as it may be shown: a terminal obeys control characters, and nobody sees the invisible ones. */
public final class PlainText {

    private static final Pattern BREAKS = Pattern.compile("[\\t\\r\\n]+");
    private static final Pattern UNSEEN = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

    private PlainText() {}

    /** One line without control and format characters. */
    public static String of(String text) {
        return UNSEEN.matcher(BREAKS.matcher(text).replaceAll(" ")).replaceAll("?");
    }

    /** True if a text is that already. */
    public static boolean is(String text) {
        return of(text).equals(text);
    }
}
