package cocart.upkeep.bench;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Programs of the system. */
final class Tools {

    private Tools() {}

    static String user() {
        return System.getProperty("user.name");
    }

    /** Where a program is: on the PATH, or where systems keep servers. */
    static Optional<String> path(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Stream.concat(
                        Arrays.stream(path.split(File.pathSeparator)),
                        Stream.of("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"))
                .filter(folder -> folder.startsWith("/"))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst();
    }

    /**
     * Runs a program to its end and returns what it says, on both streams.
     *
     * @throws BenchException if it is not installed or fails
     */
    static String run(List<String> command) throws IOException, InterruptedException {
        if (path(command.get(0)).isEmpty()) {
            throw new BenchException(command.get(0) + " is not installed here");
        }
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new BenchException(String.join(" ", command) + " fails: " + said.strip());
        }
        return said;
    }

    /** The last words of a log, on one line. */
    static String tail(Path log) throws IOException {
        String text = new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                .strip()
                .replaceAll("\\s*\\R\\s*", " / ");
        return text.isEmpty() ? "it said nothing" : text.substring(Math.max(0, text.length() - 300));
    }
}
