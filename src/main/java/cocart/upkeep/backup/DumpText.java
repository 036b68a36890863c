package cocart.upkeep.backup;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A dump's text as any client takes it, for any database. Its first line may be a client command of newer MariaDB
 * versions that others refuse ({@code enable the sandbox mode}); it is left out. And around a trigger or routine from
 * before the database's own character set was changed, dump programs put statements that change it for a moment, with
 * the database's name; without it they are about the database that is loaded.
 *
 * <p>On demand it also makes views, triggers, routines and events belong to whoever loads them. That is for dumps that
 * are only tried out: a user who may make things that belong to others may run them with the rights of others. Only
 * lines are changed that stand where dump programs write them; what else names an owner is left to the server to refuse.
 */
final class DumpText {

    private static final int CHUNK = 1 << 16;
    private static final int LONGEST = 2048; // names of users have up to 128 letters, of hosts 255
    private static final byte[] SANDBOX = ascii("/*M!999999\\- enable the sandbox mode */");
    private static final byte[] ALTER = ascii("\nALTER DATABASE `");
    private static final Pattern CHARACTER_SET =
            Pattern.compile("\nALTER DATABASE `[^`]*+(?:``[^`]*+)*+` (CHARACTER SET \\w+ COLLATE \\w+ *;;?)\\s*");

    private static final String NAME = "`[^`\n]*+(?:``[^`\n]*+)*+`";
    private static final String VERSION = "/\\*M?!\\d{5,6} ";
    private static final String OWNER = "DEFINER=)(" + NAME + "(?:@" + NAME + ")?+)(?=[ *])";
    /** A routine, and a trigger or event; each is the first line after the delimiter. */
    private static final Pattern OWNED =
            Pattern.compile("(\n(?:CREATE |" + VERSION + "CREATE ?\\*/ " + VERSION + ")" + OWNER);
    /** The second line of a view. */
    private static final Pattern OWNED_VIEW = Pattern.compile("(\n" + VERSION + OWNER);

    private final InputStream in;
    private final boolean owned;
    private final Set<String> owners = new TreeSet<>();
    private byte[] held;
    /** What came before the bytes that are held. */
    private byte[] before = new byte[0];

    /**
     * @param in the dump, not compressed
     * @param owned true to leave out whom views, triggers, routines and events belong to
     */
    DumpText(InputStream in, boolean owned) throws IOException {
        this.in = in;
        this.owned = owned;
        byte[] begin = in.readNBytes(LONGEST);
        int from = 0;
        if (begin.length >= SANDBOX.length && Arrays.equals(begin, 0, SANDBOX.length, SANDBOX, 0, SANDBOX.length)) {
            from = endOfLine(begin, 0, begin.length);
        }
        held = Arrays.copyOfRange(begin, from, begin.length);
    }

    /** The next piece, of some tens of kilobytes; an empty one at the end. */
    byte[] next() throws IOException {
        byte[] read = in.readNBytes(CHUNK);
        byte[] all = Arrays.copyOf(held, held.length + read.length);
        System.arraycopy(read, 0, all, held.length, read.length);
        int end = all.length;
        if (read.length == CHUNK) {
            // a short line whose end is still to come may be one of those
            int line = end - 1;
            while (line > 0 && end - line < LONGEST && all[line] != '\n') {
                line--;
            }
            end = all[line] == '\n' && line > 0 ? line : end;
        }
        held = Arrays.copyOfRange(all, end, all.length);
        byte[] piece = changed(all, end);
        before = Arrays.copyOfRange(all, Math.max(0, end - 2), end);
        return piece;
    }

    private byte[] changed(byte[] text, int length) {
        ByteArrayOutputStream changed = null;
        int done = 0;
        for (int i = 0; i + ALTER.length <= length; i++) {
            if (text[i] != '\n') {
                continue;
            }
            if (owned && (text[i + 1] == 'C' || text[i + 1] == '/')) {
                Matcher line = ownedLine(text, i, Math.min(length, i + LONGEST));
                if (line != null) {
                    owners.add(owner(line.group(2)));
                    changed = changed == null ? new ByteArrayOutputStream(length) : changed;
                    changed.write(text, done, i - done);
                    changed.writeBytes(ascii(line.group(1) + "CURRENT_USER"));
                    done = i + line.end();
                }
                continue;
            }
            if (!Arrays.equals(text, i, i + ALTER.length, ALTER, 0, ALTER.length)) {
                continue;
            }
            int end = endOfLine(text, i + 1, length);
            if (end - i > LONGEST) {
                continue;
            }
            Matcher line = CHARACTER_SET.matcher(new String(text, i, end - i, StandardCharsets.UTF_8));
            if (line.matches()) {
                changed = changed == null ? new ByteArrayOutputStream(length) : changed;
                changed.write(text, done, i - done);
                changed.writeBytes(ascii("\nALTER DATABASE " + line.group(1)));
                done = end;
            }
        }
        if (changed == null) {
            return length == text.length ? text : Arrays.copyOf(text, length);
        }
        changed.write(text, done, length - done);
        return changed.toByteArray();
    }

    /** Whom that belongs to which was left out so far, as {@code CURRENT_USER()} has it. */
    Set<String> owners() {
        return owners;
    }

    private static String owner(String quoted) {
        String text = new String(quoted.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        return text.substring(1, text.length() - 1).replace("`@`", "@").replace("``", "`");
    }

    /** The line that names an owner, matched up to there, one char a byte; null if it is another one. */
    private @Nullable Matcher ownedLine(byte[] text, int from, int most) {
        Pattern pattern = endsBefore(text, from, ";;") ? OWNED : endsBefore(text, from, "*/") ? OWNED_VIEW : null;
        if (pattern == null) {
            return null;
        }
        Matcher line = pattern.matcher(
                new String(text, from, endOfLine(text, from + 1, most) - from, StandardCharsets.ISO_8859_1));
        return line.lookingAt() ? line : null;
    }

    /** True if the two bytes before a place are these. */
    private boolean endsBefore(byte[] text, int place, String two) {
        for (int back = 1; back <= 2; back++) {
            int at = place - back;
            int found = at >= 0 ? text[at] : before.length + at >= 0 ? before[before.length + at] : -1;
            if (found != two.charAt(2 - back)) {
                return false;
            }
        }
        return true;
    }

    /** Where the line ends that begins or goes on there, without its line feed. */
    private static int endOfLine(byte[] text, int from, int length) {
        int end = from;
        while (end < length && text[end] != '\n') {
            end++;
        }
        return end;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
