package cocart.upkeep.backup;

import cocart.upkeep.store.FileEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a snapshot holds of what is in a store now. A backup links what did not change to an older snapshot's copy, which
 * may have rotted since: so a copy is hashed before the store's own file is given up for it.
 */
final class RestoreHeld {

    private final Snapshot snapshot;
    private final Map<String, Manifest.Line> lines = new HashMap<>();
    private final long begun;

    /** Faults of copies that were hashed, empty for whole ones, by file on the disk and SHA-256. */
    private final Map<Object, String> hashed = new HashMap<>();

    /** @throws cocart.upkeep.store.StoreException if its manifest is not as it was sealed */
    RestoreHeld(Snapshot snapshot) {
        this.snapshot = snapshot;
        RestorePlan all = new RestorePlan(snapshot, null);
        all.files.forEach((path, file) -> lines.put(path, file.line()));
        begun = all.begun;
    }

    /** True if it seems to hold the file as it is in the store. */
    boolean has(String path, FileEntry entry) {
        Manifest.Line line = lines.get(path);
        return line != null && line.size() == entry.size() && line.mtime() == entry.mtime() && entry.mtime() < begun;
    }

    /** Why the copy of a file cannot be relied upon; null if it can, or if there is none. Reads the copy once. */
    synchronized @Nullable String fault(String path) {
        Manifest.Line line = lines.get(path);
        if (line == null) {
            return null;
        }
        String fault = hashed.computeIfAbsent(key(line), key -> {
            try {
                CheckedContent.check(snapshot.path(), line);
                return "";
            } catch (IOException e) {
                return "left as it is, for the copy of it in snapshot " + snapshot.id()
                        + " is not whole, and the store's may be the last good one; run: upkeep verify "
                        + snapshot.store();
            }
        });
        return fault.isEmpty() ? null : fault;
    }

    private Object key(Manifest.Line line) {
        Path copy = snapshot.path().resolve(line.path());
        Object file = null;
        try {
            file = Files.readAttributes(copy, BasicFileAttributes.class, java.nio.file.LinkOption.NOFOLLOW_LINKS)
                    .fileKey();
        } catch (IOException e) {
            // told when it is opened
        }
        return (file == null ? copy : file) + " " + line.sha256();
    }
}
