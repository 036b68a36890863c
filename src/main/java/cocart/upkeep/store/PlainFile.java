package cocart.upkeep.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Opens files that somebody else may change at any moment, also into a pipe: to open that waits until somebody writes to
 * it, and to read from it waits for what is written. Neither happens here.
 */
final class PlainFile {

    private static final long LOOK_EVERY_MILLIS = 200;

    /** A thread whose open waits for ever cannot be ended; it is left alone and does not keep the program alive. */
    private static final ExecutorService OPENERS = Executors.newCachedThreadPool(work -> {
        Thread thread = new Thread(work, "open");
        thread.setDaemon(true);
        return thread;
    });

    private PlainFile() {}

    /**
     * Opens a file for reading.
     *
     * @param links whether a link is followed
     * @throws IOException also if it is no plain file, or not any more
     */
    static FileChannel open(Path file, LinkOption... links) throws IOException {
        List<OpenOption> options = new ArrayList<>(List.of(links));
        options.add(StandardOpenOption.READ);
        CompletableFuture<FileChannel> opening = new CompletableFuture<>();
        OPENERS.execute(() -> {
            try {
                FileChannel channel = FileChannel.open(file, options.toArray(OpenOption[]::new));
                if (!opening.complete(channel)) {
                    channel.close(); // nobody waits any more
                }
            } catch (IOException | RuntimeException e) {
                opening.completeExceptionally(e);
            }
        });
        FileChannel channel = await(opening, file, links);
        try {
            channel.position(); // what cannot tell it is a pipe, which somebody has opened on the other side
            return channel;
        } catch (IOException e) {
            channel.close();
            throw none(file);
        }
    }

    private static FileChannel await(CompletableFuture<FileChannel> opening, Path file, LinkOption... links)
            throws IOException {
        while (true) {
            try {
                return opening.get(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (!Files.isRegularFile(file, links) && opening.cancel(false)) {
                    throw none(file);
                } // else a slow disk
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IOException io) {
                    throw io;
                }
                throw new IOException(e.getCause());
            } catch (InterruptedException e) {
                opening.cancel(false);
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while opening " + file, e);
            }
        }
    }

    private static FileSystemException none(Path file) {
        return new FileSystemException(file.toString(), null, "it is no plain file any more");
    }
}
