package cocart.upkeep.console;

import cocart.upkeep.store.Faults;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in {@code data/console.json} where the console of a running {@code run} is, for commands of the same home. The run
 * keeps the file locked, and the system lets go of the lock when it ends, however it ends: a file without a lock is stale,
 * and no command sends the token to whoever has got the port since.
 */
public final class ConsoleFile implements AutoCloseable {

    /**
     * Where a console is.
     *
     * @param certificate SHA-256 of the certificate that it shows, in hex; empty for HTTP
     */
    record Said(URI address, String certificate) {}

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    /** Beyond the content, so that it can be read everywhere while the lock is held. */
    private static final long LOCKED = 1L << 40;

    private static final int LOOKS = 10;
    private static final int PAUSE_MILLIS = 50;

    private final Path file;
    private @Nullable FileChannel channel;

    /** @param home the folder with {@code data/} */
    public ConsoleFile(Path home) {
        this.file = home.resolve("data/console.json");
    }

    /**
     * Says it, until this is closed. Where another run of the same home does already, that one stays the one.
     *
     * @param certificate SHA-256 of the certificate that the console shows, in hex; empty for HTTP
     * @throws ConsoleException if the file cannot be written
     */
    public void say(URI address, String certificate) {
        FileChannel opened = null;
        try {
            Files.createDirectories(file.getParent());
            opened = PrivateFile.open(file);
            for (int look = 1; lock(opened) == null; look++) {
                if (look == LOOKS) {
                    LOG.warn("Another run of this home is alive, and both share the work; one is enough.");
                    opened.close();
                    return;
                }
                Thread.sleep(PAUSE_MILLIS); // a command may just have been looking whether it is stale
            }
            String text = JSON.createObjectNode()
                    .put("url", address.toString())
                    .put("certificateSha256", certificate)
                    .put("pid", ProcessHandle.current().pid())
                    .toString();
            opened.truncate(0);
            opened.write(ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8)));
            channel = opened;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new ConsoleException(500, file + " cannot be written: " + Faults.words(e));
        }
    }

    /** Where the console of a run of this home is; empty if none is alive. */
    Optional<Said> read() {
        try (FileChannel opened = FileChannel.open(file, java.nio.file.StandardOpenOption.WRITE)) {
            FileLock free = lock(opened);
            if (free != null) {
                return Optional.empty();
            }
            JsonNode said = JSON.readTree(Files.readString(file));
            return Optional.of(new Said(
                    URI.create(said.path("url").asText()),
                    said.path("certificateSha256").asText()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** True if a run of this home is alive and serves its console. */
    public boolean isSaid() {
        return read().isPresent();
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock(LOCKED, 1, false);
        } catch (OverlappingFileLockException e) {
            return null; // held in this very process
        }
    }

    @Override
    public void close() {
        FileChannel held = channel;
        channel = null;
        if (held != null) {
            try (held) {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                // without its lock it says nothing
            }
        }
    }
}
