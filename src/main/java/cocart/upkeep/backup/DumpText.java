package cocart.upkeep.backup;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A dump's text as any client takes it, for any database. Its first line may be a client command of newer MariaDB
 * versions that others refuse ({@code enable the sandbox mode}); it is left out. And around a trigger or routine from
 * before the database's own character set was changed, dump programs put statements that change it for a moment, with
 * the database's name; without it they are about the database that is loaded.
 */
final class DumpText {

    private static final int CHUNK = 1 << 16;
    private static final int LONGEST = 512;
    private static final byte[] SANDBOX = ascii("/*M!999999\\- enable the sandbox mode */");
    private static final byte[] ALTER = ascii("\nALTER DATABASE `");
    private static final Pattern CHARACTER_SET =
            Pattern.compile("\nALTER DATABASE `[^`]*+(?:``[^`]*+)*+` (CHARACTER SET \\w+ COLLATE \\w+ *;;?)\\s*");

    private final InputStream in;
    private byte[] held;

    /** @param in the dump, not compressed */
    DumpText(InputStream in) throws IOException {
        this.in = in;
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
        return nameless(all, end);
    }

    private static byte[] nameless(byte[] text, int length) {
        ByteArrayOutputStream changed = null;
        int done = 0;
        for (int i = 0; i + ALTER.length <= length; i++) {
            if (text[i] != '\n' || !Arrays.equals(text, i, i + ALTER.length, ALTER, 0, ALTER.length)) {
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
