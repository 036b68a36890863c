package cocart.upkeep;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.FailedToCreateRouteException;
import org.apache.camel.FailedToStartRouteException;
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

    /** Where and why a start failed: the file and line of the route that Camel names, and the innermost message. */
    static String reason(Path folder, Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            String route = cause instanceof FailedToCreateRouteException create
                    ? create.getRouteId()
                    : cause instanceof FailedToStartRouteException start ? start.getRouteId() : null;
            if (route != null) {
                return place(folder, route) + "route " + route + " cannot be used: " + reason(error);
            }
        }
        return folder + ": the routes cannot be used: " + reason(error);
    }

    /** {@code routes/detect.camel.yaml, line 4: }, where a route's id stands; empty if it stands nowhere. */
    private static String place(Path folder, String route) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                List<String> lines = Files.readAllLines(file);
                for (int i = 0; i < lines.size(); i++) {
                    if (lines.get(i).strip().matches("id:\\s*[\"']?" + Pattern.quote(route) + "[\"']?")) {
                        return file + ", line " + (i + 1) + ": ";
                    }
                }
            }
        } catch (IOException e) {
            return "";
        }
        return "";
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
