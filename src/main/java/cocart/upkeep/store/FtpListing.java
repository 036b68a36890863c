package cocart.upkeep.store;

import cocart.upkeep.store.FileEntry.Type;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Calendar;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.commons.net.ftp.FTPFile;
import org.apache.commons.net.ftp.FTPFileEntryParser;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lines of a listing: MLSD's facts ourselves, because commons-net drops links' targets and modes; LIST's many
 * forms with commons-net's parsers. Lines hold one byte of the server in each char.
 */
final class FtpListing {

    private static final DateTimeFormatter MODIFY = DateTimeFormatter.ofPattern("uuuuMMddHHmmss", Locale.ROOT);

    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");
    private static final Pattern MODE = Pattern.compile("[0-7]{1,7}");

    /** Characters that end a line for Java's regular expressions and so for commons-net, but not for FTP. */
    private static final String BREAKS = "\u0085\u2028\u2029";

    private static final int HIDDEN = 0xE000;

    /**
     * One line.
     *
     * @param name in the server's bytes; not checked; {@code .} for what is not a name in the folder
     * @param size in bytes, -1 if the server does not say
     * @param mtime last change, seconds since 1970; the last second that it can be where the server says less
     * @param precision seconds that the time may be wrong by: 1, 60 or 86400; 0 if there is no time
     * @param mode permission bits, or what is usual where the server does not say
     * @param target of links, in the server's bytes
     * @param unique the same for the same file or folder under any name
     */
    record Listed(
            String name,
            Type type,
            long size,
            long mtime,
            int precision,
            int mode,
            @Nullable String target,
            @Nullable String unique) {

        /** About what one takes of memory beside its letters, in bytes. */
        static final int WEIGHT = 600;

        long weight() {
            return WEIGHT + 2L * name.length();
        }

        boolean isSelfOrParent() {
            return name.equals(".") || name.equals("..");
        }
    }

    private FtpListing() {}

    /** A line of MLSD or MLST (RFC 3659); null if it is none. */
    static @Nullable Listed facts(String line) {
        int space = line.startsWith(" ") ? 0 : line.indexOf("; ") + 1;
        if (space == 0 && !line.startsWith(" ") || space + 1 >= line.length()) {
            return null;
        }
        String name = line.substring(space + 1);
        Type type = Type.OTHER;
        String target = null;
        String unique = null;
        String modify = "";
        long size = -1;
        int mode = -1;
        for (String fact : line.substring(0, space).split(";")) {
            int equals = fact.indexOf('=');
            String value = fact.substring(equals + 1);
            switch (fact.substring(0, Math.max(0, equals)).toLowerCase(Locale.ROOT)) {
                case "type" -> {
                    String lower = value.toLowerCase(Locale.ROOT);
                    if (lower.equals("cdir") || lower.equals("pdir")) {
                        name = ".";
                    }
                    type = lower.equals("file")
                            ? Type.FILE
                            : lower.endsWith("dir")
                                    ? Type.FOLDER
                                    : lower.startsWith("os.unix=slink") || lower.startsWith("os.unix=symlink")
                                            ? Type.LINK
                                            : Type.OTHER;
                    if (type == Type.LINK && value.matches("[^:]+:.+")) {
                        target = value.substring(value.indexOf(':') + 1);
                    }
                }
                case "size" -> size = NUMBER.matcher(value).matches() ? Long.parseLong(value) : -1;
                case "modify" -> modify = value;
                case "unix.mode" -> mode = MODE.matcher(value).matches() ? Integer.parseInt(value, 8) & 07777 : -1;
                case "unique" -> unique = value;
                default -> {}
            }
        }
        long mtime = seconds(modify);
        return new Listed(
                name,
                type,
                type == Type.FILE ? size : 0,
                Math.max(0, mtime),
                mtime < 0 ? 0 : 1,
                mode < 0 ? usual(type) : mode,
                target,
                unique);
    }

    /** {@code 20261124023359} or {@code 20261124023359.123}, in UTC, as seconds since 1970; -1 if it is no time. */
    static long seconds(String modify) {
        try {
            return modify.length() < 14
                    ? -1
                    : LocalDateTime.parse(modify.substring(0, 14), MODIFY).toEpochSecond(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return -1;
        }
    }

    /** A line of LIST; null if it is none. */
    static @Nullable Listed list(FTPFileEntryParser parser, String line) {
        SftpFiles.Name decoded = SftpFiles.Name.of(line.getBytes(StandardCharsets.ISO_8859_1));
        boolean utf8 = decoded.isUtf8(); // month names of other languages need their letters
        FTPFile file;
        try {
            file = parser.parseFTPEntry(hidden(utf8 ? decoded.text() : line));
        } catch (RuntimeException e) {
            return null; // parsers fail in many ways on what they do not know
        }
        if (file == null || file.getName() == null || file.getName().isEmpty()) {
            return null;
        }
        char first = line.isEmpty() ? ' ' : line.charAt(0);
        Type type = file.isDirectory()
                ? Type.FOLDER
                : file.isSymbolicLink()
                        ? Type.LINK
                        : file.isFile() && first != 'b' && first != 'c' ? Type.FILE : Type.OTHER;
        int mode = 0;
        for (int who = FTPFile.USER_ACCESS; who <= FTPFile.WORLD_ACCESS; who++) {
            mode = mode << 3
                    | (file.hasPermission(who, FTPFile.READ_PERMISSION) ? 4 : 0)
                    | (file.hasPermission(who, FTPFile.WRITE_PERMISSION) ? 2 : 0)
                    | (file.hasPermission(who, FTPFile.EXECUTE_PERMISSION) ? 1 : 0);
        }
        Calendar time = file.getTimestamp();
        int precision =
                time == null ? 0 : time.isSet(Calendar.SECOND) ? 1 : time.isSet(Calendar.HOUR_OF_DAY) ? 60 : 86_400;
        return new Listed(
                shown(file.getName(), utf8),
                type,
                type == Type.FILE ? file.getSize() : 0,
                time == null ? 0 : Math.max(0, time.getTimeInMillis() / 1000 + precision - 1),
                precision,
                mode == 0 ? usual(type) : mode,
                file.getLink() == null ? null : shown(file.getLink(), utf8),
                null);
    }

    private static int usual(Type type) {
        return type == Type.FOLDER ? 0755 : 0644;
    }

    private static String hidden(String line) {
        StringBuilder text = new StringBuilder(line);
        for (int i = 0; i < text.length(); i++) {
            int which = BREAKS.indexOf(text.charAt(i));
            if (which >= 0) {
                text.setCharAt(i, (char) (HIDDEN + which));
            }
        }
        return text.toString();
    }

    private static String shown(String parsed, boolean utf8) {
        String text = parsed;
        for (int i = 0; i < BREAKS.length(); i++) {
            text = text.replace((char) (HIDDEN + i), BREAKS.charAt(i));
        }
        return utf8 ? new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1) : text;
    }
}
