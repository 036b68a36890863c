package cocart.upkeep.backup;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a manifest, hashed while they are read. It lies on a disk where anything may have been written over it, so
 * memory holds no more than {@link #LONGEST} of a line, and one that is longer or no UTF-8 comes as an empty line.
 */
final class ManifestLines implements Closeable {

    /** Bytes; far more than the longest path and link target need. */
    static final int LONGEST = 1 << 20;

    private static final String SEALED = "{\"sealed\":";

    private final InputStream in;
    private final MessageDigest digest = Hashing.sha256();
    private final byte[] buffer = new byte[1 << 16];
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private int at;
    private int end;
    private @Nullable String sealed;
    private boolean more;

    ManifestLines(Path manifest) throws IOException {
        in = Disk.read(manifest);
    }

    static boolean isFooter(String line) {
        return line.startsWith(SEALED);
    }

    /** The next line without its line break; null at the end. */
    @Nullable
    String next() throws IOException {
        line.reset();
        boolean some = false;
        boolean tooLong = false;
        boolean ended = false;
        while (!ended && fill()) {
            some = true;
            int from = at;
            while (at < end && buffer[at] != '\n') {
                at++;
            }
            ended = at < end;
            at += ended ? 1 : 0;
            tooLong |= line.size() + at - from > LONGEST;
            if (tooLong) {
                hashLine();
                digest.update(buffer, from, at - from);
            } else {
                line.write(buffer, from, at - from);
            }
        }
        if (!some) {
            return null;
        }
        more = sealed != null;
        String text = tooLong ? "" : text(ended);
        if (sealed == null && isFooter(text)) {
            sealed = HexFormat.of().formatHex(digest.digest());
        } else {
            hashLine();
        }
        return text;
    }

    private void hashLine() {
        digest.update(line.toByteArray());
        line.reset();
    }

    private String text(boolean ended) {
        byte[] bytes = line.toByteArray();
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, 0, bytes.length - (ended ? 1 : 0)))
                    .toString();
        } catch (CharacterCodingException e) {
            return "";
        }
    }

    private boolean fill() throws IOException {
        if (at == end) {
            at = 0;
            end = Math.max(0, in.read(buffer));
        }
        return at < end;
    }

    /** True if the line read last is the first footer, and what came before it has the digest that it names. */
    boolean isSealedBy(Manifest.@Nullable Footer footer) {
        return footer != null && !more && footer.lines().equals(sealed);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
