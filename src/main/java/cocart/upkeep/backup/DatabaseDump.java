package cocart.upkeep.backup;

import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dumps a store's database with {@code mariadb-dump} or {@code mysqldump}, as of one moment: the whole database, so also
 * the tables of other WordPress installs that share it.
 */
public final class DatabaseDump {

    /** How the last line of a whole dump begins. */
    static final String END = "-- Dump completed";

    private static final Logger LOG = LoggerFactory.getLogger(DatabaseDump.class);

    /**
     * The database must be read at one moment, so a table that is altered or dropped meanwhile ends the dump: 1412, table
     * definition has changed; 1146, no such table; 1356, a view lacks one.
     */
    private static final Pattern CHANGED = Pattern.compile("Error 1412:|\\((?:1412|1146|1356)\\)");

    private static final int ATTEMPTS = 3;
    private static final int TAIL = 4096;
    private static final int SILENT_MINUTES = 10;
    private static final long TELL_EVERY = TimeUnit.SECONDS.toNanos(1);

    /** Twice as fast as zlib's default of 6, for a seventh more bytes: the dump would wait for nothing else. */
    private static final int LEVEL = 3;

    private final ClientPrograms programs;

    /** @param programs names or paths of dump programs; the first that is there is used */
    public DatabaseDump(List<String> programs) {
        this.programs = new ClientPrograms(List.copyOf(programs), "upkeep.backup.dump-program");
    }

    /**
     * A dump that is whole.
     *
     * @param bytes of the compressed file
     * @param lacks what it does not have or cannot promise, and what to do about it; one clause each
     */
    public record Result(long bytes, List<String> lacks) {}

    /** True if one of the programs is installed. */
    public boolean isInstalled() {
        return programs.isInstalled();
    }

    /** @throws StoreException (permanent) if none is */
    void checkProgram(String store) {
        programs.first(store);
    }

    /**
     * Writes a gzip-compressed dump, whole or not at all: the program ended well and its last line says so.
     *
     * @param target file to write; it appears only when the dump is whole
     * @param progress told the bytes of the compressed file so far, at most once a second; what it throws ends it
     */
    public Result dump(StoreDatabase database, Path target, LongConsumer progress) {
        String program = programs.first(database.store());
        for (int attempt = 1; ; attempt++) {
            try {
                return attempt(program, database, target, progress);
            } catch (ChangedMeanwhile e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                LOG.info("Dumping the database of store {} again, as it was altered meanwhile.", database.store());
                pause(database.store(), attempt);
            }
        }
    }

    /** The tables were altered while they were read. */
    private static final class ChangedMeanwhile extends StoreException {
        ChangedMeanwhile(String message) {
            super(message, null);
        }
    }

    private Result attempt(String program, StoreDatabase database, Path target, LongConsumer progress) {
        String where = "store " + database.store() + ": ";
        Path unfinished = target.resolveSibling("." + target.getFileName() + ".unfinished");
        // beside the dump, so that what a killed run leaves is cleared with its folder
        Path file = target.resolveSibling(".client.cnf");
        DumpScope scope = DumpScope.of(database, programs.isMariaDb(database.store(), program));
        try (ClientOptions options = new ClientOptions(file, database.address());
                ClientProcess process = programs.start(
                        database.store(), program, arguments(options, scope, database), SILENT_MINUTES)) {
            process.input().close();
            Files.deleteIfExists(unfinished);
            byte[] tail;
            try (FileChannel channel = Disk.create(unfinished);
                    OutputStream out = new Gzip(Channels.newOutputStream(channel))) {
                tail = copy(process, options, out, () -> progress.accept(channel.position()));
                out.write(scope.epilogue().getBytes(StandardCharsets.UTF_8));
            }
            int code = process.await();
            if (process.wasSilent()) {
                throw new StoreException(
                        where + "the database has sent nothing to the dump for " + SILENT_MINUTES
                                + " minutes; the dump is dropped and tried again",
                        null);
            }
            if (code != 0) {
                String complaint = options.hidden(process.complaint());
                if (CHANGED.matcher(complaint).find()) {
                    throw new ChangedMeanwhile(where + "the database was altered while it was dumped, " + ATTEMPTS
                            + " times in a row (" + complaint + "); it is tried again later");
                }
                throw new StoreException(where + "the database dump failed: " + complaint, null);
            }
            if (!lastLine(tail).startsWith(END)) {
                throw new StoreException(
                        where + "the database dump is not whole, its last line does not say so; it"
                                + " is dropped and tried again",
                        null);
            }
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
            return new Result(Files.size(target), List.copyOf(scope.lacks()));
        } catch (IOException e) {
            throw new StoreException(
                    where + "the database dump cannot be written to " + target + ": " + e.getMessage()
                            + "; is the disk full?",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(where + "the database dump was interrupted", e);
        } finally {
            remove(unfinished);
        }
    }

    private static List<String> arguments(ClientOptions options, DumpScope scope, StoreDatabase database) {
        List<String> arguments = new ArrayList<>(List.of(
                options.argument(),
                "--single-transaction",
                "--quick",
                "--skip-lock-tables",
                "--hex-blob",
                "--triggers",
                "--no-tablespaces",
                "--max-allowed-packet=1G",
                "--default-character-set=utf8mb4",
                // MySQL's mysqldump alone knows these; it would ask MariaDB for statistics that it does not have, and
                // write a statement that only an administrator may load
                "--loose-column-statistics=0",
                "--loose-set-gtid-purged=OFF"));
        arguments.addAll(scope.options());
        arguments.add("--");
        arguments.add(database.address().name());
        return arguments;
    }

    private interface Told {
        void tell() throws IOException;
    }

    /** Returns the last bytes. */
    private static byte[] copy(ClientProcess process, ClientOptions options, OutputStream out, Told progress)
            throws IOException {
        InputStream in = process.output();
        byte[] tail = new byte[0];
        byte[] buffer = new byte[1 << 16];
        long told = System.nanoTime();
        for (int n = read(in, buffer); n >= 0; n = read(in, buffer)) {
            process.moved();
            options.close(); // it has read them
            out.write(buffer, 0, n);
            tail = tail(tail, buffer, n, TAIL);
            if (System.nanoTime() - told >= TELL_EVERY) {
                told = System.nanoTime();
                progress.tell();
            }
        }
        return tail;
    }

    /** A program that was ended closes its stream in one way or the other. */
    private static int read(InputStream in, byte[] buffer) {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            LOG.debug("the dump program was ended", e);
            return -1;
        }
    }

    /** The last bytes of what came before and what came now. */
    static byte[] tail(byte[] before, byte[] now, int length, int most) {
        if (length >= most) {
            return Arrays.copyOfRange(now, length - most, length);
        }
        byte[] both = Arrays.copyOf(before, before.length + length);
        System.arraycopy(now, 0, both, before.length, length);
        return Arrays.copyOfRange(both, Math.max(0, both.length - most), both.length);
    }

    /** The last line that is not blank. */
    static String lastLine(byte[] tail) {
        String text = new String(tail, StandardCharsets.UTF_8).stripTrailing();
        return text.substring(text.lastIndexOf('\n') + 1);
    }

    private static void pause(String store, int seconds) {
        try {
            TimeUnit.SECONDS.sleep(seconds);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("store " + store + ": the database dump was interrupted", e);
        }
    }

    static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.warn("{} cannot be removed: {}", path, e.getMessage());
        }
    }

    private static final class Gzip extends GZIPOutputStream {
        Gzip(OutputStream out) throws IOException {
            super(out, 1 << 16);
            def.setLevel(LEVEL);
        }
    }
}
