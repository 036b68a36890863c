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

    /** The same, of a text that may be endless: what is more than so many characters is left out. */
    public static String brief(String text, int most) {
        // cut before it is looked through, which takes a multiple of its memory
        String plain = of(text.length() <= most ? text : text.substring(0, most));
        return text.length() <= most ? plain : plain + "...";
    }

    /** True if a text is that already. */
    public static boolean is(String text) {
        return of(text).equals(text);
    }
}
