package cocart.upkeep.backup;

import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Dumps a store's database with {@code mariadb-dump} or {@code mysqldump}, as of one moment. */
public final class DatabaseDump {

    /** How the last line of a whole dump begins. */
    static final String END = "-- Dump completed";

    private static final int TAIL = 4096;
    private static final int SILENT_MINUTES = 10;

    private final ClientPrograms programs;

    /** @param programs names or paths of dump programs; the first that is there is used */
    public DatabaseDump(List<String> programs) {
        this.programs = new ClientPrograms(List.copyOf(programs), "upkeep.backup.dump-program");
    }

    /** True if one of the programs is installed. */
    public boolean isInstalled() {
        return programs.isInstalled();
    }

    /**
     * Writes a gzip-compressed dump, whole or not at all: the program ended well and its last line says so.
     *
     * @param target file to write; it appears only when the dump is whole
     * @return bytes of the compressed file
     */
    public long dump(StoreDatabase database, Path target) {
        String where = "store " + database.store() + ": ";
        String program = programs.first(database.store());
        Path unfinished = target.resolveSibling("." + target.getFileName() + ".unfinished");
        // beside the dump, so that what a killed run leaves is cleared with its folder
        Path file = target.resolveSibling(".client.cnf");
        try (ClientOptions options = new ClientOptions(file, database.address());
                ClientProcess process =
                        programs.start(database.store(), program, arguments(options, database), SILENT_MINUTES)) {
            process.input().close();
            Files.deleteIfExists(unfinished);
            byte[] tail = copy(process, options, unfinished);
            int code = process.await();
            if (process.wasSilent()) {
                throw new StoreException(
                        where + "the database has sent nothing to the dump for " + SILENT_MINUTES
                                + " minutes; the dump is dropped and tried again",
                        null);
            }
            if (code != 0) {
                throw new StoreException(
                        where + "the database dump failed: " + options.hidden(process.complaint()), null);
            }
            if (!lastLine(tail).startsWith(END)) {
                throw new StoreException(
                        where + "the database dump is not whole, its last line does not say so; it"
                                + " is dropped and tried again",
                        null);
            }
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
            return Files.size(target);
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

    private static List<String> arguments(ClientOptions options, StoreDatabase database) {
        return List.of(
                options.argument(),
                "--single-transaction",
                "--quick",
                "--skip-lock-tables",
                "--hex-blob",
                "--triggers",
                "--no-tablespaces",
                "--default-character-set=utf8mb4",
                "--",
                database.address().name());
    }

    /** Copies and compresses; returns the last bytes. */
    private static byte[] copy(ClientProcess process, ClientOptions options, Path target) throws IOException {
        InputStream in = process.output();
        byte[] tail = new byte[0];
        try (OutputStream file = Channels.newOutputStream(Disk.create(target));
                OutputStream out = new GZIPOutputStream(file, 1 << 16)) {
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                process.moved();
                options.close();
                out.write(buffer, 0, n);
                tail = tail(tail, buffer, n, TAIL);
            }
        }
        return tail;
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

    static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            org.slf4j.LoggerFactory.getLogger(DatabaseDump.class)
                    .warn("{} cannot be removed: {}", path, e.getMessage());
        }
    }
}
