package cocart.upkeep.console;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.regex.Pattern;

/**
 * What commands print, without what a terminal would obey or nobody would see: control and format characters of names and
 * of servers' answers are written as {@code \}{@code u001b}. JSON with that in its strings says the same as before.
 */
public final class PlainWriter extends FilterWriter {

    private static final String UNSEEN = "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}&&[^\\n\\t]]";
    private static final Pattern ESCAPED = Pattern.compile(UNSEEN);

    /** The same but for colours, and what clears the screen, of our own. */
    private static final Pattern ESCAPED_ON_TERMINAL =
            Pattern.compile("(?!\\x1b\\[[0-9;]*m|\\x1b\\[H|\\x1b\\[[23]J)" + UNSEEN);

    private final Pattern escaped;

    private PlainWriter(Writer out, boolean colours) {
        super(out);
        escaped = colours ? ESCAPED_ON_TERMINAL : ESCAPED;
    }

    /** @param colours true if some are printed on purpose */
    public static PrintWriter over(PrintWriter out, boolean colours) {
        return new PrintWriter(new PlainWriter(out, colours), true);
    }

    @Override
    public void write(int character) throws IOException {
        write(String.valueOf((char) character), 0, 1);
    }

    @Override
    public void write(char[] text, int offset, int length) throws IOException {
        write(new String(text, offset, length), 0, length);
    }

    @Override
    public void write(String text, int offset, int length) throws IOException {
        out.write(escaped.matcher(text.substring(offset, offset + length)).replaceAll(found -> {
            StringBuilder shown = new StringBuilder();
            found.group().chars().forEach(unit -> shown.append(String.format("\\\\u%04x", unit)));
            return shown.toString();
        }));
    }
}
