package cocart.upkeep.store;

import java.io.InputStream;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One file on its way to a server: what {@link SftpUpload} knows of it. */
final class SftpSending {

    /** What a file waits for. */
    enum Step {
        PARENTS,
        OPEN,
        CONTENT,
        CLOSE,
        RENAME,
        LOOK,
        REPLACE,
        PUT_BACK,
        CLEAN
    }

    final StoreFiles.Upload upload;
    final byte[] target;
    final byte[] temporary;
    final byte[] aside;
    Step step = Step.PARENTS;
    byte @Nullable [] handle;

    @Nullable
    InputStream content;

    long offset;
    int waiting;
    boolean read;
    boolean setAside;

    @Nullable
    String reason;

    SftpSending(StoreFiles.Upload upload, Function<String, byte[]> places) {
        this.upload = upload;
        this.target = places.apply(upload.path());
        this.temporary = places.apply(TemporaryName.beside(upload.path()));
        this.aside = places.apply(TemporaryName.beside(upload.path()));
    }
}
