package cocart.upkeep.backup;

import cocart.upkeep.store.FileNames;
import cocart.upkeep.store.RawNames;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a snapshot's manifest asks to be restored, all of it checked: a manifest lies on a disk and somebody may have
 * edited it, so every path must be one that a backup could have written.
 */
final class RestorePlan {

    static final String CONTENT = SnapshotWriter.CONTENT;

    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern MODE = Pattern.compile("[0-7]{3,5}");
    private static final int USUAL_FOLDER = 0755;

    /**
     * @param path as {@link RawNames} has it
     * @param recorded false for one that is only needed because something is in it
     */
    record Folder(String path, int mode, long mtime, boolean recorded) {}

    /**
     * A file, or a link.
     *
     * @param path as {@link RawNames} has it
     * @param mode 0 to 0777: a file that runs as its owner is never made from what a store sent
     */
    record Entry(String path, Manifest.Line line, int mode) {}

    /** Something that is not restored. */
    record Problem(String word, String path, String reason) {}

    private final @Nullable String scope;

    /** Parents come before what is in them. */
    final Map<String, Folder> folders = new LinkedHashMap<>();

    final Map<String, Entry> files = new LinkedHashMap<>();
    final List<Entry> links = new ArrayList<>();
    final List<Problem> problems = new ArrayList<>();

    /** Paths, as {@link RawNames} has them, of what the snapshot lacks: what is below is not known to be superfluous. */
    final Set<String> lost = new HashSet<>();

    /** Patterns that the snapshot left out. */
    List<String> skip = List.of();

    /** When the snapshot was begun, in seconds since 1970. */
    long begun;

    /** The dump; null if the snapshot has none. */
    Manifest.@Nullable Line dump;

    /** Wp-content itself, which a store keeps as it has it; null if only a part is wanted or it is not recorded. */
    @Nullable
    Folder content;

    private boolean found;

    /**
     * @param scope a path below wp-content, or null for all
     * @throws StoreException if the manifest is not as it was sealed, or has nothing at that path
     */
    RestorePlan(Snapshot snapshot, @Nullable String scope) {
        this.scope = scope;
        List<Manifest.Line> lines = new ArrayList<>();
        try {
            String fault = ManifestCheck.fault(snapshot, lines::add);
            if (fault != null) {
                throw hurt(snapshot, fault, null);
            }
            Manifest.Header header =
                    Manifest.read(snapshot.path(), line -> {}, broken -> {}).header();
            if (header != null) {
                skip = header.skip() == null ? List.of() : header.skip();
                begun = header.begun();
            }
        } catch (IOException e) {
            throw hurt(snapshot, "it cannot be read (" + e.getMessage() + ")", e);
        }
        lines.forEach(this::take);
        if (scope != null && !found) {
            throw new StoreException(
                    "Snapshot " + snapshot.id() + " of store " + snapshot.store() + " has nothing at " + CONTENT + "/"
                            + scope + "; its " + Manifest.NAME + " says what it has.",
                    null,
                    true);
        }
    }

    private static StoreException hurt(Snapshot snapshot, String fault, @Nullable Exception e) {
        return new StoreException(
                snapshot.path().resolve(Manifest.NAME) + " is not to be trusted, " + fault
                        + ": restore another snapshot of store " + snapshot.store() + ", or files of this one by hand.",
                e);
    }

    /** Bytes of all files. */
    long bytes() {
        return files.values().stream().mapToLong(file -> file.line().size()).sum();
    }

    /** The scope as a path from the WordPress root; all of wp-content without one. */
    String root() {
        return scope == null ? CONTENT : CONTENT + "/" + scope;
    }

    private boolean isWanted(String path) {
        return path.equals(root()) || path.startsWith(root() + "/");
    }

    private void take(Manifest.Line line) {
        if (line.path().equals(SnapshotWriter.DUMP)) {
            dump = line;
            return;
        }
        if (line.path().equals(CONTENT) && "folder".equals(line.type()) && line.error() == null) {
            takeContent(line);
            return;
        }
        if (!line.path().startsWith(CONTENT + "/")) {
            refuse(line, "it is not in wp-content");
            return;
        }
        if (!isWanted(line.path())) {
            return;
        }
        found = true;
        if (line.error() != null) {
            lost.add(place(line));
            problems.add(new Problem("missing", line.path(), line.error()));
            return;
        }
        String path = checked(line);
        if (path == null) {
            return;
        }
        Entry entry = new Entry(path, line, mode(line) & 0777);
        switch (String.valueOf(line.type())) {
            case "folder" -> {
                needParents(path);
                folders.put(path, new Folder(path, mode(line), line.mtime(), true));
            }
            case "file" -> {
                if (line.sha256() == null || !SHA256.matcher(line.sha256()).matches() || line.size() < 0) {
                    refuse(line, "its line in the manifest has no size and SHA-256 that can be checked");
                    return;
                }
                needParents(path);
                files.put(path, entry);
            }
            case "link" -> {
                needParents(path);
                links.add(entry);
            }
            default -> problems.add(new Problem("skipped", line.path(), "it is neither a file nor a folder"));
        }
    }

    private void takeContent(Manifest.Line line) {
        if (line.mode() == null || !MODE.matcher(line.mode()).matches()) {
            refuse(line, "its mode is not one");
        } else if (scope == null) {
            content = new Folder(CONTENT, mode(line), line.mtime(), true);
            folders.putIfAbsent(CONTENT, new Folder(CONTENT, USUAL_FOLDER, 0, false));
        }
    }

    /** The path to write to; null if it cannot be one. */
    private @Nullable String checked(Manifest.Line line) {
        for (String part : line.path().split("/", -1)) {
            if (!FileNames.isPlain(part)) {
                return refuse(line, "its path leads out of wp-content");
            }
        }
        if (line.mode() == null || !MODE.matcher(line.mode()).matches()) {
            return refuse(line, "its mode is not one");
        }
        String path;
        try {
            path = raw(line);
        } catch (IllegalArgumentException e) {
            return refuse(line, "the bytes of its name are not those of its path");
        }
        if (files.containsKey(path)
                || folders.containsKey(path) && folders.get(path).recorded()) {
            return refuse(line, "the manifest has it twice");
        }
        return path;
    }

    /** @throws IllegalArgumentException if the bytes are not those of the path */
    private static String raw(Manifest.Line line) {
        return CONTENT + "/" + RawNames.path(line.path().substring(CONTENT.length() + 1), line.raw());
    }

    /** Where it is, as far as the line can be believed. */
    private static String place(Manifest.Line line) {
        try {
            return line.path().startsWith(CONTENT + "/") ? raw(line) : line.path();
        } catch (IllegalArgumentException e) {
            return line.path();
        }
    }

    private @Nullable String refuse(Manifest.Line line, String reason) {
        lost.add(place(line));
        problems.add(new Problem("failed", line.path(), reason));
        return null;
    }

    private static int mode(Manifest.Line line) {
        return Integer.parseInt(line.mode(), 8) & 07777;
    }

    private void needParents(String path) {
        for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
            String parent = path.substring(0, slash);
            folders.putIfAbsent(parent, new Folder(parent, USUAL_FOLDER, 0, false));
        }
    }
}
