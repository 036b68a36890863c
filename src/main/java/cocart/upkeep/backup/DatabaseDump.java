package cocart.upkeep.backup;

import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;

/** Dumps a store's database with {@code mariadb-dump} or {@code mysqldump}, as of one moment. */
public final class DatabaseDump {

    private static final int TAIL = 4096;

    private final List<String> programs;

    /** @param programs names or paths of dump programs; the first that is there is used */
    public DatabaseDump(List<String> programs) {
        this.programs = List.copyOf(programs);
    }

    /**
     * Writes a gzip-compressed dump, whole or not at all: the program ended well and its last line says so.
     *
     * @param target file to write; it appears only when the dump is whole
     * @return bytes of the compressed file
     */
    public long dump(StoreDatabase database, Path target) {
        Path unfinished = target.resolveSibling("." + target.getFileName() + ".unfinished");
        // beside the dump, so that what a killed run leaves is cleared with its folder
        Path defaults = target.resolveSibling(".client.cnf");
        Process process = null;
        try {
            remove(defaults);
            Disk.create(defaults).close();
            Files.writeString(defaults, defaults(database.address()));
            process = start(database, defaults);
            Process running = process;
            CompletableFuture<String> errors = CompletableFuture.supplyAsync(() -> firstLine(running));
            Files.deleteIfExists(unfinished);
            Silence silence = new Silence(process);
            byte[] tail;
            try {
                tail = copy(process.getInputStream(), unfinished, silence);
            } finally {
                silence.end();
            }
            int code = process.waitFor();
            if (silence.wasTooLong()) {
                throw new StoreException(
                        "store " + database.store() + ": the database has sent nothing to the dump for "
                                + Silence.LONGEST_MINUTES + " minutes; the dump is dropped and tried again",
                        null);
            }
            if (code != 0) {
                throw new StoreException(
                        "store " + database.store() + ": the database dump failed: " + hidden(errors.join(), database),
                        null);
            }
            if (!lastLine(tail).startsWith("-- Dump completed")) {
                throw new StoreException(
                        "store " + database.store()
                                + ": the database dump is not whole, its last line does not say so; it"
                                + " is dropped and tried again",
                        null);
            }
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
            return Files.size(target);
        } catch (IOException e) {
            throw new StoreException(
                    "store " + database.store() + ": the database dump cannot be written to " + target + ": "
                            + e.getMessage() + "; is the disk full?",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("store " + database.store() + ": the database dump was interrupted", e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
            remove(unfinished);
            remove(defaults);
        }
    }

    /** True if one of the programs is installed. */
    public boolean isInstalled() {
        return programs.stream().anyMatch(DatabaseDump::isThere);
    }

    private Process start(StoreDatabase database, Path defaults) throws IOException {
        String program = programs.stream()
                .filter(DatabaseDump::isThere)
                .findFirst()
                .orElseThrow(() -> new StoreException(
                        "store " + database.store() + ": none of " + String.join(", ", programs)
                                + " is installed here; install the package mariadb-client, or set"
                                + " upkeep.backup.dump-program to where one is",
                        null,
                        true));
        List<String> command = new ArrayList<>(List.of(
                program,
                "--defaults-extra-file=" + defaults,
                "--single-transaction",
                "--quick",
                "--skip-lock-tables",
                "--hex-blob",
                "--triggers",
                "--no-tablespaces",
                "--default-character-set=utf8mb4",
                "--",
                database.address().name()));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().remove("MYSQL_PWD");
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }

    private static boolean isThere(String program) {
        if (program.contains("/")) {
            return Files.isExecutable(Path.of(program));
        }
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** An option file; in double quotes only the backslash and the quote itself need an escape. */
    private static String defaults(DatabaseAddress address) {
        StringBuilder text = new StringBuilder("[client]\n");
        text.append("user=").append(quoted(address.username())).append('\n');
        text.append("password=").append(quoted(address.password())).append('\n');
        if (address.socket() != null) {
            text.append("socket=").append(quoted(address.socket())).append('\n');
        } else {
            text.append("protocol=tcp\nhost=")
                    .append(quoted(address.host().replaceAll("^\\[|\\]$", "")))
                    .append("\nport=")
                    .append(address.port())
                    .append('\n');
        }
        return text.toString();
    }

    private static String quoted(String value) {
        return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    /** Copies and compresses; returns the last bytes. */
    private static byte[] copy(InputStream in, Path target, Silence silence) throws IOException {
        byte[] tail = new byte[0];
        try (OutputStream file = Channels.newOutputStream(Disk.create(target));
                OutputStream out = new GZIPOutputStream(file, 1 << 16)) {
            byte[] buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                silence.broken();
                out.write(buffer, 0, n);
                byte[] both = Arrays.copyOf(tail, tail.length + n);
                System.arraycopy(buffer, 0, both, tail.length, n);
                tail = Arrays.copyOfRange(both, Math.max(0, both.length - TAIL), both.length);
            }
        }
        return tail;
    }

    private static String lastLine(byte[] tail) {
        String text = new String(tail, StandardCharsets.UTF_8).stripTrailing();
        return text.substring(text.lastIndexOf('\n') + 1);
    }

    private static String firstLine(Process process) {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            List<String> lines = reader.lines()
                    .filter(line -> !line.isBlank() && !line.contains("Deprecated"))
                    .collect(Collectors.toList());
            return lines.isEmpty() ? "it said nothing" : lines.get(0);
        } catch (IOException | java.io.UncheckedIOException e) {
            return "it was ended";
        }
    }

    private static String hidden(String text, StoreDatabase database) {
        String password = database.address().password();
        String shown = password.isEmpty() ? text : text.replace(password, "***");
        return shown.length() > 300 ? shown.substring(0, 300) + "..." : shown;
    }

    private static void remove(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            org.slf4j.LoggerFactory.getLogger(DatabaseDump.class)
                    .warn("{} cannot be removed: {}", path, e.getMessage());
        }
    }
}
