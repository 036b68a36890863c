package cocart.upkeep.backup;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A running program of MariaDB or MySQL: its streams, what it complains of, and an end to it if it falls silent. */
final class ClientProcess implements AutoCloseable {

    private static final int LONGEST_LINE = 2000;
    private static final Pattern WARNING = Pattern.compile("(?i)\\bwarning[:\\]]");

    private final Process process;
    private final Silence silence;
    private final CompletableFuture<String> complaint = new CompletableFuture<>();

    /** @param silentMinutes how long it may take nothing and give nothing before it is ended */
    ClientProcess(List<String> command, int silentMinutes) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.startsWith("MYSQL_") || name.startsWith("MARIADB_"));
        // MySQL's programs read this one whatever they are told, and it would win over the file that they are given
        builder.environment().put("MYSQL_TEST_LOGIN_FILE", "/dev/null/none");
        process = builder.start();
        silence = new Silence(process, silentMinutes);
        Thread reader = new Thread(this::listen, "client-errors");
        reader.setDaemon(true);
        reader.start();
    }

    InputStream output() {
        return process.getInputStream();
    }

    OutputStream input() {
        return process.getOutputStream();
    }

    /** It has taken or given something. */
    void moved() {
        silence.broken();
    }

    /** Waits for its end; its exit code. */
    int await() throws InterruptedException {
        return process.waitFor();
    }

    /** True if it was ended because it was silent for too long. */
    boolean wasSilent() {
        return silence.wasTooLong();
    }

    /** The line of its complaints that says most; to be asked after its end. */
    String complaint() throws InterruptedException {
        try {
            return complaint.get();
        } catch (ExecutionException e) {
            return "it was ended";
        }
    }

    private void listen() {
        String first = null;
        String error = null;
        String warning = null;
        try (InputStream in = new BufferedInputStream(process.getErrorStream())) {
            for (String line = line(in); line != null; line = line(in)) {
                if (WARNING.matcher(line).find()) {
                    warning = warning == null ? line : warning;
                    continue;
                }
                boolean noise = line.isBlank()
                        || line.contains("Deprecated")
                        || line.contains("unknown option '--loose")
                        || line.contains("unknown variable 'loose")
                        || line.startsWith("-----");
                if (first == null && !noise) {
                    first = line;
                }
                // a client shows the statement that failed before it says why
                if (error == null && line.startsWith("ERROR")) {
                    error = line;
                }
            }
            complaint.complete(
                    error != null ? error : first != null ? first : warning != null ? warning : "it said nothing");
        } catch (IOException e) {
            complaint.complete("it was ended");
        }
    }

    /** A line's beginning, as a failed statement may be megabytes long; null at the end. */
    static @Nullable String line(InputStream in) throws IOException {
        java.io.ByteArrayOutputStream line = new java.io.ByteArrayOutputStream();
        int next = in.read();
        if (next < 0) {
            return null;
        }
        for (; next >= 0 && next != '\n'; next = in.read()) {
            if (line.size() < LONGEST_LINE) {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        silence.end();
        process.destroyForcibly();
    }
}
