package cocart.upkeep.backup;

import cocart.upkeep.store.StoreException;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot as one stream, {@code .tar.zst} or {@code .tar.zst.age}, made while it is read: nothing of it is ever on
 * the disk, and at most a few pieces are in memory. It ends only when all of it was made; after any fault, and after it
 * was closed, every read fails, so that a reader never takes a part for the whole.
 */
final class ArchiveStream extends InputStream {

    private final Ready ready = new Ready();
    private final SnapshotTar tar;
    private final ZstdOutputStreamNoFinalizer zstd;
    private final Runnable beforeEnd;
    private boolean complete;
    private @Nullable IOException broken;

    /**
     * @param beforeEnd called when all is made but not yet all read; what it throws breaks the stream
     * @throws StoreException if this machine cannot run the compressor
     */
    ArchiveStream(Snapshot snapshot, Recipients recipients, Runnable beforeEnd) throws IOException {
        this.beforeEnd = beforeEnd;
        OutputStream encrypted = recipients.encrypt(ready);
        try {
            zstd = new ZstdOutputStreamNoFinalizer(encrypted);
        } catch (LinkageError e) {
            throw new StoreException(
                    "The compressor zstd cannot be loaded (" + e.getMessage() + "): its library is unpacked to "
                            + System.getProperty("java.io.tmpdir")
                            + ", which must allow programs; name another folder with -DZstdTempFolder in JAVA_OPTS",
                    null,
                    true);
        }
        zstd.setChecksum(true);
        try {
            tar = new SnapshotTar(snapshot, zstd);
        } catch (IOException e) {
            zstd.close();
            throw e;
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (broken == null) {
            try {
                make();
            } catch (StoreException e) {
                broken = new IOException(e.getMessage(), e);
            } catch (IOException e) {
                broken = e;
            }
        }
        if (broken != null) {
            throw new IOException(broken.getMessage(), broken);
        }
        return ready.take(buffer, offset, length);
    }

    /** Bytes that are made and wait to be read. */
    @Override
    public int available() {
        return ready.left();
    }

    /** Makes more until there is something to read. */
    private void make() throws IOException {
        while (ready.isEmpty() && !complete) {
            if (!tar.writeNext()) {
                tar.finish();
                tar.close();
                beforeEnd.run();
                zstd.close();
                complete = true;
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (broken == null) {
            broken = new IOException("the stream was closed");
        }
        tar.close();
        zstd.close();
    }

    /** What is made and not yet read. */
    private static final class Ready extends ByteArrayOutputStream {

        private int taken;

        int left() {
            return count - taken;
        }

        boolean isEmpty() {
            return left() == 0;
        }

        /** Up to {@code length} bytes; -1 if there is none. */
        int take(byte[] buffer, int offset, int length) {
            if (isEmpty()) {
                return -1;
            }
            int n = Math.min(length, count - taken);
            System.arraycopy(buf, taken, buffer, offset, n);
            taken += n;
            if (isEmpty()) {
                reset();
                taken = 0;
            }
            return n;
        }
    }
}
