package cocart.upkeep.detect;

import cocart.upkeep.state.OwnUpdaters.Declared;
import cocart.upkeep.state.OwnUpdaters.Source;
import cocart.upkeep.store.StoreFiles;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads out of an installed plugin's source which data updates it declares; never runs any of it. */
final class PluginSource {

    /** Most of a file that is read, in bytes; CoCart's are below 30,000. */
    private static final int MOST = 512 * 1024;

    /** Where CoCart's releases have their installer: to 4.1, and since 4.2.0. */
    private static final List<String> PLACES =
            List.of("includes/class-cocart-install.php", "includes/classes/class-cocart-install.php");

    /** Where they have the database version that {@code COCART_DB_VERSION} stands for. */
    private static final List<String> MAIN = List.of("includes/class-cocart.php", "includes/classes/class-cocart.php");

    private static final Pattern DB_VERSION =
            Pattern.compile("\\$db_version\\s*=\\s*['\"]([0-9][A-Za-z0-9._+-]{0,63})['\"]");

    /** What the state database holds of it, in characters. */
    private static final int MOST_TEXT = 8000;

    private static final String FINAL_HOOK = "cocart_update_db_to_current_version";

    /**
     * What was read.
     *
     * @param source what is declared; nothing if the plugin declares nothing
     * @param unreadable the file whose list cannot be read, or empty
     */
    record Read(Source source, String unreadable) {}

    private PluginSource() {}

    /** Reads the source of the plugin with this slug. */
    static Read read(StoreFiles files, String slug) {
        String folder = "wp-content/plugins/" + slug + "/";
        for (String place : PLACES) {
            Optional<DbUpdates.Found> found = text(files, folder + place).flatMap(DbUpdates::read);
            if (found.isEmpty()) {
                continue;
            }
            Map<String, List<String>> updates = found.get().updates();
            if (updates == null || length(updates) > MOST_TEXT) {
                return new Read(new Source(List.of(), null), folder + place);
            }
            List<Declared> declared = updates.entrySet().stream()
                    .map(entry -> new Declared(entry.getKey(), entry.getValue()))
                    .toList();
            return new Read(
                    new Source(
                            declared,
                            found.get().strings().contains(FINAL_HOOK) ? version(files, folder, declared) : null),
                    "");
        }
        return new Read(new Source(List.of(), null), "");
    }

    /** What the release calls its database version; if it does not say so plainly, the latest that it declares. */
    private static String version(StoreFiles files, String folder, List<Declared> declared) {
        for (String place : MAIN) {
            Optional<String> version = text(files, folder + place)
                    .map(DB_VERSION::matcher)
                    .filter(Matcher::find)
                    .map(matcher -> matcher.group(1));
            if (version.isPresent()) {
                return version.get();
            }
        }
        return declared.stream().map(Declared::version).max(PhpVersion::compare).orElse("");
    }

    private static int length(Map<String, List<String>> updates) {
        return updates.entrySet().stream()
                .mapToInt(entry -> entry.getKey().length()
                        + 2
                        + entry.getValue().stream()
                                .mapToInt(name -> name.length() + 1)
                                .sum())
                .sum();
    }

    private static Optional<String> text(StoreFiles files, String path) {
        return files.read(path, MOST).map(bytes -> new String(bytes, StandardCharsets.UTF_8));
    }
}
