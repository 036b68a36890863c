package cocart.upkeep.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A class of the tests, run as a process of its own. */
public final class Child {

    private Child() {}

    /** How it ended and all that it said. */
    public record Ended(int code, String said) {}

    /** Starts it; stdout and stderr go to the log. */
    public static Process start(Path log, List<String> jvm, String main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(jvm);
        // Surefire hides the class path in a manifest.
        command.addAll(List.of(
                "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), main));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    /** Runs it to its end. */
    public static Ended run(Path log, List<String> jvm, String main, String... arguments) throws Exception {
        int code = start(log, jvm, main, arguments).waitFor();
        return new Ended(code, Files.readString(log));
    }
}
