package cocart.upkeep;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;

/** Says what is wrong with a route file in one sentence, with file, line and column. */
final class RouteFiles {

    private RouteFiles() {}

    /** @throws SettingsException if a file is no YAML */
    static void check(Path folder) {
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.filter(file -> file.toString().endsWith(".camel.yaml"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new SettingsException(folder + " cannot be read: " + e.getMessage());
        }
        if (files.isEmpty()) {
            throw new SettingsException(folder + " holds no *.camel.yaml file");
        }
        for (Path file : files) {
            try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                new Compose(LoadSettings.builder().setLabel(file.toString()).build()).composeReader(reader);
            } catch (MarkedYamlEngineException e) {
                String place = e.getProblemMark()
                        .map(mark -> ", line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1))
                        .orElse("");
                throw new SettingsException(file + place + ": no valid YAML: " + e.getProblem());
            } catch (IOException e) {
                throw new SettingsException(file + " cannot be read: " + e.getMessage());
            }
        }
    }

    /** The innermost message of a failed start that says something. */
    static String reason(Throwable error) {
        String reason = "";
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && !cause.getMessage().isBlank()) {
                reason = cause.getMessage();
            }
        }
        return reason.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .reduce((a, b) -> a + " " + b)
                .orElse("");
    }
}
