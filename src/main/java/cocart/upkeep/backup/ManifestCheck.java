package cocart.upkeep.backup;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Whether a manifest is still what was sealed, by the digest and the sums in its last line. */
final class ManifestCheck {

    private long files;
    private long bytes;
    private long partial;
    private boolean broken;

    private ManifestCheck() {}

    /**
     * Reads a manifest and checks it.
     *
     * @param each told of every line once their digest is right
     * @return null if it is whole, else what is wrong with it, a clause
     */
    static @Nullable String fault(Snapshot snapshot, Consumer<Manifest.Line> each) throws IOException {
        Path file = snapshot.path().resolve(Manifest.NAME);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return "it is no file";
        }
        Manifest.Footer footer = Manifest.footer(snapshot.path());
        if (!linesDigest(file).equals(footer.lines())) {
            return "its lines are not those that were sealed";
        }
        return new ManifestCheck().sums(snapshot, footer, each);
    }

    private @Nullable String sums(Snapshot snapshot, Manifest.Footer footer, Consumer<Manifest.Line> each)
            throws IOException {
        Manifest.Ends ends = Manifest.read(
                snapshot.path(),
                line -> {
                    if (line.isStored()) {
                        files++;
                        bytes += line.size();
                    }
                    if (line.error() != null) {
                        partial++;
                    }
                    each.accept(line);
                },
                text -> broken = true);
        if (broken
                || ends.header() == null
                || !snapshot.id().equals(ends.header().id())
                || !snapshot.store().equals(ends.header().store())) {
            return "it has lines that cannot be read";
        }
        // the last line itself is under no digest
        return files == footer.files() && bytes == footer.bytes() && partial == footer.partial()
                ? null
                : "its last line does not agree with the others";
    }

    /** The sha256 of everything before the last line. */
    private static String linesDigest(Path file) throws IOException {
        MessageDigest digest = Hashing.sha256();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Disk.read(file)) {
            for (long left = lastLine(file); left > 0; ) {
                int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (n < 0) {
                    throw new IOException("it became shorter");
                }
                digest.update(buffer, 0, n);
                left -= n;
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Where the last line begins; the file ends with a line break. */
    private static long lastLine(Path file) throws IOException {
        try (SeekableByteChannel channel = Disk.open(file)) {
            long from = Math.max(0, channel.size() - Manifest.LONGEST_FOOTER);
            ByteBuffer tail = ByteBuffer.allocate((int) (channel.size() - from));
            channel.position(from);
            while (tail.hasRemaining() && channel.read(tail) >= 0) {}
            int at = tail.position() - 1;
            while (at > 0 && tail.get(at - 1) != '\n') {
                at--;
            }
            return from + at;
        }
    }
}
