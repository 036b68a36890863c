package cocart.upkeep.detect;

import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Looks at a plugin's folder: what is in it, which version its main file names, whether WordPress is being updated. */
public final class PluginFolder {

    /** WordPress ignores an older {@code .maintenance}, in seconds (wp_is_maintenance_mode). */
    private static final long MAINTENANCE_SECONDS = 600;

    private static final int MOST_FILES = 100_000;

    private static final Pattern UPGRADING = Pattern.compile("\\$upgrading\\s*=\\s*([0-9]{1,12})");

    private final Clock clock;

    public PluginFolder(Clock clock) {
        this.clock = clock;
    }

    /** @throws StoreException if there is no wp-content, or the store cannot be reached */
    public PluginLook look(String store, StoreFiles files, String slug) {
        String folder = "wp-content/plugins/" + slug;
        boolean maintenance = maintenance(files);
        if (files.stat(folder)
                .filter(entry -> entry.type() == FileEntry.Type.FOLDER || entry.type() == FileEntry.Type.LINK)
                .isEmpty()) {
            if (files.stat("wp-content").isEmpty()) {
                throw new StoreException(
                        "store " + store + ": there is no wp-content in this folder; upkeep.store." + store
                                + ".files must end with the WordPress root, where wp-config.php lies",
                        null,
                        true);
            }
            return new PluginLook(slug, false, "absent", null, maintenance, slug + " is not in wp-content/plugins.");
        }
        TreeSet<String> lines = new TreeSet<>();
        List<String> failures = new ArrayList<>();
        try {
            files.walk(folder, new StoreFiles.Visitor() {
                @Override
                public boolean found(FileEntry entry) {
                    if (lines.size() >= MOST_FILES) {
                        throw new StoreException(
                                "store " + store + ": " + folder + " holds more than " + MOST_FILES
                                        + " files; that is no plugin",
                                null,
                                true);
                    }
                    lines.add(entry.path() + "|" + entry.type() + "|" + entry.size() + "|"
                            + (entry.type() == FileEntry.Type.FOLDER ? 0 : entry.mtime()) + "|" + entry.linkTarget());
                    return entry.type() == FileEntry.Type.FOLDER;
                }

                @Override
                public OutputStream open(FileEntry entry) {
                    throw new IllegalStateException("no content was asked for");
                }

                @Override
                public void failed(FileEntry entry, String reason) {
                    failures.add(reason);
                }
            });
        } catch (StoreException e) {
            if (e.isPermanent() || files.stat(folder).isPresent()) {
                throw e;
            }
            // the folder went away between two requests: an update is under way
            return new PluginLook(slug, false, "absent", null, maintenance, slug + " is not in wp-content/plugins.");
        }
        String version = version(files, folder, slug, lines);
        return new PluginLook(
                slug, true, fingerprint(lines), version, maintenance, unfit(slug, version, maintenance, failures));
    }

    private static @Nullable String unfit(
            String slug, @Nullable String version, boolean maintenance, List<String> failures) {
        if (maintenance) {
            return "WordPress is in maintenance mode (.maintenance): an update is under way.";
        }
        if (!failures.isEmpty()) {
            return "A part of " + slug + " cannot be read: " + failures.get(0);
        }
        return version == null ? "No PHP file in " + slug + " has a plugin header with a version yet." : null;
    }

    private static @Nullable String version(StoreFiles files, String folder, String slug, TreeSet<String> lines) {
        Optional<String> main =
                files.read(folder + "/" + slug + ".php", PluginHeader.READ).flatMap(PluginHeader::version);
        if (main.isPresent()) {
            return main.get();
        }
        for (String line : lines) {
            String name = line.substring(0, line.indexOf('|'));
            if (name.endsWith(".php") && !name.contains("/")) {
                Optional<byte[]> start = files.read(folder + "/" + name, PluginHeader.READ);
                if (start.flatMap(bytes -> PluginHeader.field(bytes, "Plugin Name"))
                        .isPresent()) {
                    return start.flatMap(PluginHeader::version).orElse(null);
                }
            }
        }
        return null;
    }

    private boolean maintenance(StoreFiles files) {
        Optional<FileEntry> entry = files.stat(".maintenance");
        if (entry.isEmpty()) {
            return false;
        }
        String text = files.read(".maintenance", 4096)
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                .orElse("");
        Matcher upgrading = UPGRADING.matcher(text);
        long since = upgrading.find()
                ? Long.parseLong(upgrading.group(1))
                : entry.get().mtime();
        return text.contains("time()") || clock.instant().getEpochSecond() - since < MAINTENANCE_SECONDS;
    }

    private static String fingerprint(TreeSet<String> lines) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            lines.forEach(line -> digest.update((line + "\n").getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
