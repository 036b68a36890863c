package cocart.upkeep.store;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Names that are not UTF-8, as old shops have them, in a path that is a String: each byte above 127 of such a name is
 * the character U+DC00 + byte, which no proper text holds. So every name of a server has a path of its own and can be
 * written back under its own bytes.
 */
public final class RawNames {

    private static final int ESCAPE = 0xDC00;

    private RawNames() {}

    /** True if a name or path holds bytes that are not UTF-8. */
    public static boolean isRaw(String name) {
        return name.codePoints().anyMatch(RawNames::isEscape);
    }

    private static boolean isEscape(int character) {
        return character >= ESCAPE + 0x80 && character <= ESCAPE + 0xFF;
    }

    /** The bytes of a name or path, as the server has them. */
    public static byte[] bytes(String name) {
        if (!isRaw(name)) {
            return name.getBytes(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        name.codePoints().forEach(character -> {
            if (isEscape(character)) {
                bytes.write(character - ESCAPE);
            } else {
                bytes.writeBytes(Character.toString(character).getBytes(StandardCharsets.UTF_8));
            }
        });
        return bytes.toByteArray();
    }

    /**
     * The path to write to for one that was listed.
     *
     * @param path as {@link FileEntry#path} and manifests have it
     * @param raw as {@link FileEntry#rawPath}: hex of the path's last bytes, or null
     * @throws IllegalArgumentException if the bytes are not those of this path
     */
    public static String path(String path, @Nullable String raw) {
        if (raw == null) {
            return path;
        }
        String[] parts = path.split("/", -1);
        byte[] bytes = HexFormat.of().parseHex(raw);
        int end = bytes.length;
        for (int i = parts.length - 1; i >= 0 && end >= 0; i--) {
            int start = end;
            while (start > 0 && bytes[start - 1] != '/') {
                start--;
            }
            SftpFiles.Name name = SftpFiles.Name.of(Arrays.copyOfRange(bytes, start, end));
            if (!name.text().equals(parts[i])) {
                throw new IllegalArgumentException("its bytes are not those of its name");
            }
            if (!name.isUtf8()) {
                parts[i] = escaped(name.bytes());
            }
            end = start - 1;
        }
        return String.join("/", parts);
    }

    /** The other way round: a path as {@link FileEntry#path} and manifests have it, which patterns are compared with. */
    public static String text(String path) {
        if (!isRaw(path)) {
            return path;
        }
        String[] parts = path.split("/", -1);
        for (int i = 0; i < parts.length; i++) {
            if (isRaw(parts[i])) {
                parts[i] = SftpFiles.Name.of(bytes(parts[i])).text();
            }
        }
        return String.join("/", parts);
    }

    private static String escaped(byte[] bytes) {
        StringBuilder text = new StringBuilder(bytes.length);
        for (byte b : bytes) {
            text.append((char) (b < 0 ? ESCAPE + (b & 255) : b));
        }
        return text.toString();
    }
}
