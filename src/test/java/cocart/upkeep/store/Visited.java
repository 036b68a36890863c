package cocart.upkeep.store;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Remembers everything that a walk tells. */
class Visited implements StoreFiles.Visitor {

    final Map<String, FileEntry> found = new TreeMap<>();
    final Map<String, byte[]> content = new TreeMap<>();
    final Map<String, String> failed = new TreeMap<>();

    static Visited of(StoreFiles files, String folder) {
        Visited visited = new Visited();
        files.walk(folder, visited);
        return visited;
    }

    @Override
    public boolean found(FileEntry entry) {
        found.put(entry.path(), entry);
        return true;
    }

    @Override
    public OutputStream open(FileEntry entry) {
        return new ByteArrayOutputStream() {
            @Override
            public void close() {
                content.put(entry.path(), toByteArray());
            }
        };
    }

    @Override
    public void failed(FileEntry entry, String reason) {
        failed.put(entry.path(), reason);
    }

    String text(String path) {
        return new String(content.get(path), StandardCharsets.UTF_8);
    }

    /** One line for each entry with all that is known of it. */
    List<String> lines() throws Exception {
        List<String> lines = new ArrayList<>();
        for (FileEntry entry : found.values()) {
            byte[] bytes = content.get(entry.path());
            lines.add(entry.path() + " " + entry.type() + " " + entry.size() + " " + entry.mtime() + " "
                    + Integer.toOctalString(entry.mode()) + " " + entry.linkTarget() + " "
                    + (bytes == null
                            ? ""
                            : HexFormat.of()
                                    .formatHex(
                                            MessageDigest.getInstance("SHA-256").digest(bytes))));
        }
        return lines;
    }
}
