package cocart.upkeep.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Looks at snapshots by the documented format alone, with no code of the program under test. */
public final class SnapshotCheck {

    private static final ObjectMapper JSON = new ObjectMapper();

    private SnapshotCheck() {}

    /** Folders of a store that claim, by their name, to be sealed snapshots; oldest first. */
    public static List<Path> sealed(Path storeFolder) throws IOException {
        if (Files.notExists(storeFolder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(storeFolder)) {
            return all.filter(path -> path.getFileName().toString().matches("\\d{8}T\\d{6}Z"))
                    .sorted()
                    .toList();
        }
    }

    /** All that claim to be sealed are whole; gives their number. */
    public static int assertAllWhole(Path storeFolder) throws IOException {
        List<Path> sealed = sealed(storeFolder);
        for (Path snapshot : sealed) {
            assertWhole(snapshot);
        }
        return sealed.size();
    }

    /** The store's folder holds sealed snapshots and nothing else. */
    public static void assertClean(Path storeFolder) throws IOException {
        try (Stream<Path> all = Files.list(storeFolder)) {
            assertThat(all.sorted().toList()).isEqualTo(sealed(storeFolder));
        }
    }

    /** Every file that the manifest names is there with its bytes, and nothing else is; the figures add up. */
    public static void assertWhole(Path snapshot) throws IOException {
        List<String> lines = Files.readAllLines(snapshot.resolve("manifest.jsonl"));
        JsonNode footer = JSON.readTree(lines.get(lines.size() - 1));
        assertThat(footer.has("sealed")).as("%s is sealed", snapshot).isTrue();
        assertThat(footer.get("lines").asText())
                .as("digest of the manifest's lines")
                .isEqualTo(linesDigest(lines.subList(0, lines.size() - 1)));
        Set<String> expected = new TreeSet<>(Set.of("manifest.jsonl", "wp-content"));
        long files = 0;
        long bytes = 0;
        long failed = 0;
        for (JsonNode line : entries(snapshot)) {
            String path = line.get("path").asText();
            if (line.has("error")) {
                failed++;
                continue;
            }
            Path file = snapshot.resolve(path);
            switch (line.get("type").asText()) {
                case "folder" -> {
                    assertThat(Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                            .as("folder %s", file)
                            .isTrue();
                    expected.add(path);
                }
                case "file" -> {
                    assertThat(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                            .as("file %s", file)
                            .isTrue();
                    assertThat(Files.size(file))
                            .as("size of %s", file)
                            .isEqualTo(line.get("size").asLong());
                    assertThat(sha256(file))
                            .as("hash of %s", file)
                            .isEqualTo(line.get("sha256").asText());
                    assertThat(expected.add(path)).as("%s is named once", path).isTrue();
                    files++;
                    bytes += line.get("size").asLong();
                }
                default ->
                    assertThat(Files.exists(file, LinkOption.NOFOLLOW_LINKS))
                            .as("%s is only recorded", file)
                            .isFalse();
            }
        }
        assertThat(footer.get("files").asLong()).isEqualTo(files);
        assertThat(footer.get("bytes").asLong()).isEqualTo(bytes);
        assertThat(footer.get("partial").asLong()).isEqualTo(failed);
        assertThat(expected).contains("database.sql.gz");
        assertThat(tree(snapshot).keySet()).as("what lies in %s", snapshot).isEqualTo(expected);
    }

    /** It is whole, lacks nothing, and its files are the store's, byte for byte, with their times and modes. */
    public static void assertWholeAndEqual(Path snapshot, Path wpContent) throws IOException {
        assertWhole(snapshot);
        assertThat(errors(snapshot)).isEmpty();
        assertThat(manifestView(snapshot)).isEqualTo(storeView(wpContent));
    }

    /** What could not be stored: path to reason. */
    public static Map<String, String> errors(Path snapshot) throws IOException {
        Map<String, String> errors = new TreeMap<>();
        for (JsonNode line : entries(snapshot)) {
            if (line.has("error")) {
                errors.put(line.get("path").asText(), line.get("error").asText());
            }
        }
        return errors;
    }

    /** Everything below a folder except what one path of it leads to: name to type, size, time and content. */
    public static Map<String, String> outside(Path folder, Path except) throws IOException {
        Map<String, String> found = new TreeMap<>();
        for (Map.Entry<String, BasicFileAttributes> entry : tree(folder).entrySet()) {
            Path path = folder.resolve(entry.getKey());
            // the index beside the snapshots is a cache of ours
            if (!path.startsWith(except) && !except.startsWith(path) && !path.endsWith("index.mv.db")) {
                found.put(
                        entry.getKey(),
                        entry.getValue().isRegularFile()
                                ? entry.getValue().lastModifiedTime() + " " + sha256(path)
                                : "no file");
            }
        }
        return found;
    }

    private static List<JsonNode> entries(Path snapshot) throws IOException {
        List<JsonNode> entries = new ArrayList<>();
        for (String line : Files.readAllLines(snapshot.resolve("manifest.jsonl"))) {
            JsonNode node = JSON.readTree(line);
            if (node.has("path")) {
                entries.add(node);
            }
        }
        return entries;
    }

    private static Map<String, String> manifestView(Path snapshot) throws IOException {
        Map<String, String> view = new TreeMap<>();
        for (JsonNode line : entries(snapshot)) {
            String path = line.get("path").asText();
            if (path.startsWith("wp-content/")) {
                String type = line.get("type").asText();
                view.put(
                        path.substring("wp-content/".length()),
                        type + " " + line.get("mtime").asLong() + " "
                                + switch (type) {
                                    case "file" -> line.get("mode").asText() + " " + sha256(snapshot.resolve(path));
                                    case "link" -> line.path("target").asText();
                                    default -> line.get("mode").asText();
                                });
            }
        }
        return view;
    }

    private static Map<String, String> storeView(Path root) throws IOException {
        Map<String, String> view = new TreeMap<>();
        for (Map.Entry<String, BasicFileAttributes> entry : tree(root).entrySet()) {
            BasicFileAttributes found = entry.getValue();
            Path path = root.resolve(entry.getKey());
            String type = found.isRegularFile()
                    ? "file"
                    : found.isDirectory() ? "folder" : found.isSymbolicLink() ? "link" : "other";
            String mode = String.format(
                    "%04o", ((Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS)) & 07777);
            view.put(
                    entry.getKey(),
                    type + " " + found.lastModifiedTime().to(TimeUnit.SECONDS) + " "
                            + switch (type) {
                                case "file" -> mode + " " + sha256(path);
                                case "link" -> Files.readSymbolicLink(path).toString();
                                default -> mode;
                            });
        }
        return view;
    }

    /** Everything below a folder; links are not followed. */
    private static Map<String, BasicFileAttributes> tree(Path root) throws IOException {
        Map<String, BasicFileAttributes> found = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.filter(path -> !path.equals(root)).toList()) {
                found.put(
                        root.relativize(path).toString(),
                        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
            }
        }
        return found;
    }

    private static String linesDigest(List<String> lines) {
        MessageDigest digest = digest();
        for (String line : lines) {
            digest.update((line + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String sha256(Path file) throws IOException {
        MessageDigest digest = digest();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
