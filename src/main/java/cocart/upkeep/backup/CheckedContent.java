package cocart.upkeep.backup;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A snapshot's file on its way out: its end is reached only if it is what the manifest says, else reading it fails. */
final class CheckedContent extends FilterInputStream {

    private final Manifest.Line line;
    private final MessageDigest digest = Hashing.sha256();
    private final LongConsumer progress;
    private long count;

    /**
     * Opens it.
     *
     * @param progress told how many bytes were read, again and again
     * @throws IOException with a clause that says what is wrong with the snapshot
     */
    static CheckedContent open(Path snapshot, Manifest.Line line, LongConsumer progress) throws IOException {
        Path file = snapshot.resolve(line.path()).normalize();
        try {
            if (!file.startsWith(snapshot) || !Disk.isFile(file, line.size())) {
                throw new NoSuchFileException(file.toString());
            }
            return new CheckedContent(Disk.read(file), line, progress);
        } catch (NoSuchFileException e) {
            throw new IOException("the snapshot is hurt: it has no such file of " + line.size() + " bytes any more", e);
        }
    }

    private CheckedContent(InputStream in, Manifest.Line line, LongConsumer progress) {
        super(in);
        this.line = line;
        this.progress = progress;
    }

    /** Reads it to its end and so checks it. */
    static void check(Path snapshot, Manifest.Line line) throws IOException {
        try (InputStream in = open(snapshot, line, n -> {})) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 255;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int n = super.read(buffer, offset, length);
        if (n >= 0) {
            digest.update(buffer, offset, n);
            count += n;
            progress.accept(n);
            return n;
        }
        if (count != line.size() || !isWhole()) {
            throw new IOException("the snapshot is hurt: its content is not what was recorded (SHA-256)");
        }
        return -1;
    }

    private @Nullable Boolean whole;

    private boolean isWhole() {
        if (whole == null) {
            whole = HexFormat.of().formatHex(digest.digest()).equals(line.sha256());
        }
        return whole;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
