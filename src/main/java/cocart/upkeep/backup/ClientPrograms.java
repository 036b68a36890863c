package cocart.upkeep.backup;

import cocart.upkeep.store.StoreException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Programs of MariaDB or MySQL that do the same; the first that is installed is used.
 *
 * @param names names on the PATH, or paths
 * @param property the setting that names them
 */
record ClientPrograms(List<String> names, String property) {

    boolean isInstalled() {
        return names.stream().anyMatch(ClientPrograms::isThere);
    }

    /** @throws StoreException if none is installed */
    String first(String store) {
        return names.stream()
                .filter(ClientPrograms::isThere)
                .findFirst()
                .orElseThrow(() -> new StoreException(
                        "store " + store + ": none of " + String.join(", ", names)
                                + " is installed here; install the package mariadb-client, or set " + property
                                + " to where one is",
                        null,
                        true));
    }

    /**
     * Starts a program of {@link #first}.
     *
     * @throws StoreException if it is not one that can be run
     */
    ClientProcess start(String store, String program, List<String> arguments, int silentMinutes) {
        List<String> command = new ArrayList<>(arguments);
        command.add(0, program);
        try {
            return new ClientProcess(command, silentMinutes);
        } catch (IOException e) {
            throw new StoreException(
                    "store " + store + ": " + program + " cannot be run (" + e.getMessage() + "); set " + property
                            + " to one that can",
                    e,
                    true);
        }
    }

    /** True if a program of {@link #first} is MariaDB's, whatever its name. */
    boolean isMariaDb(String store, String program) {
        try (ClientProcess process = start(store, program, List.of("--version"), 1)) {
            return new String(process.output().readNBytes(1000), StandardCharsets.UTF_8).contains("MariaDB");
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isThere(String program) {
        if (program.contains("/")) {
            return Files.isExecutable(Path.of(program));
        }
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
