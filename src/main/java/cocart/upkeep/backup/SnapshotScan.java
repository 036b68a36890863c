package cocart.upkeep.backup;

import cocart.upkeep.backup.Finding.Kind;
import cocart.upkeep.store.Faults;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Compares one snapshot's folder with its manifest, which must be whole: what is there is walked, links never followed,
 * and what the walk did not meet is missing.
 */
final class SnapshotScan extends SimpleFileVisitor<Path> {

    private final Snapshot snapshot;
    private final ContentIndex.Origin origin;
    private final Selection selection;
    private final Inodes inodes;
    private final Tally tally;
    private final Map<String, Manifest.Line> unseen = new LinkedHashMap<>();
    private final Set<String> folders = new HashSet<>();
    private final List<String> closed = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();

    private SnapshotScan(Snapshot snapshot, Selection selection, Inodes inodes, Tally tally) {
        this.snapshot = snapshot;
        this.origin = new ContentIndex.Origin(snapshot.store(), snapshot.id());
        this.selection = selection;
        this.inodes = inodes;
        this.tally = tally;
    }

    /**
     * @param selection contents that are hashed; sizes are compared of all
     * @return all that is not as the manifest says
     * @throws IOException if the snapshot's folder or manifest cannot be read
     */
    static List<Finding> run(Snapshot snapshot, Selection selection, Inodes inodes, Tally tally) throws IOException {
        SnapshotScan scan = new SnapshotScan(snapshot, selection, inodes, tally);
        Manifest.read(snapshot.path(), scan::expect, broken -> {});
        scan.folders.add(SnapshotWriter.CONTENT);
        Files.walkFileTree(snapshot.path(), scan);
        scan.missing();
        return scan.findings;
    }

    private void expect(Manifest.Line line) {
        if (line.error() != null || (!line.isStored() && !line.type().equals("folder"))) {
            return; // not in the snapshot, or a link or device, of which nothing lies on disk
        }
        boolean known = line.path().startsWith(SnapshotWriter.CONTENT + "/")
                || line.path().equals(line.isStored() ? SnapshotWriter.DUMP : SnapshotWriter.CONTENT);
        if (!known || Tree.inside(snapshot.path(), line.path()).isEmpty()) {
            findings.add(new Finding(
                    origin,
                    line.path(),
                    Kind.MANIFEST,
                    "its manifest names a path that cannot be one here",
                    null,
                    null));
            return;
        }
        unseen.putIfAbsent(line.path(), line);
        int slash = line.path().lastIndexOf('/');
        for (String parent = line.path(); slash > 0; slash = parent.lastIndexOf('/')) {
            parent = parent.substring(0, slash);
            if (!folders.add(parent)) {
                break;
            }
        }
    }

    private String relative(Path path) {
        return snapshot.path().relativize(path).toString().replace(File.separatorChar, '/');
    }

    @Override
    public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
        if (dir.equals(snapshot.path())) {
            return FileVisitResult.CONTINUE;
        }
        String path = relative(dir);
        Manifest.Line line = unseen.remove(path);
        if (line != null && line.isStored()) {
            add(path, Kind.WRONG_TYPE, "a folder lies in its place", line);
            return FileVisitResult.SKIP_SUBTREE;
        }
        if (line == null && !folders.contains(path)) {
            add(path, Kind.FOREIGN, "a folder", null);
            return FileVisitResult.SKIP_SUBTREE;
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
        String path = relative(file);
        if (path.equals(Manifest.NAME)) {
            return FileVisitResult.CONTINUE; // was checked before
        }
        tally.file();
        String what =
                attributes.isRegularFile() ? "a file" : attributes.isSymbolicLink() ? "a link" : "a pipe or device";
        Manifest.Line line = unseen.remove(path);
        if (line == null) {
            boolean folder = folders.contains(path);
            add(path, folder ? Kind.WRONG_TYPE : Kind.FOREIGN, folder ? what + " lies in its place" : what, null);
        } else if (!line.isStored() || !attributes.isRegularFile()) {
            add(path, Kind.WRONG_TYPE, what + " lies in its place", line);
        } else if (attributes.size() != line.size()) {
            add(path, Kind.CHANGED, "it has " + attributes.size() + " bytes instead of " + line.size(), line);
        } else if (selection.takes(line.sha256())) {
            hash(file, path, line, attributes);
        }
        return FileVisitResult.CONTINUE;
    }

    private void hash(Path file, String path, Manifest.Line line, BasicFileAttributes attributes) {
        try {
            String actual = inodes.sha256(file, attributes);
            if (!actual.equals(line.sha256())) {
                findings.add(
                        new Finding(origin, path, Kind.CHANGED, "its content is not what was backed up", line, actual));
            }
        } catch (NoSuchFileException e) {
            unseen.put(path, line);
        } catch (IOException e) {
            add(path, Kind.UNREADABLE, "it cannot be read: " + Faults.words(e), line);
        }
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
        if (file.equals(snapshot.path())) {
            throw e;
        }
        if (!(e instanceof NoSuchFileException)) {
            unreadable(relative(file), e);
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) throws IOException {
        if (e != null && dir.equals(snapshot.path())) {
            throw e;
        }
        if (e != null) {
            unreadable(relative(dir), e);
        }
        return FileVisitResult.CONTINUE;
    }

    /** What lies below a folder that cannot be listed is not known, so it is not called missing. */
    private void unreadable(String path, IOException e) {
        closed.add(path + "/");
        unseen.remove(path);
        add(path, Kind.UNREADABLE, "it cannot be listed: " + Faults.words(e), null);
    }

    private void missing() {
        if (!unseen.containsKey(SnapshotWriter.CONTENT)
                && Files.notExists(snapshot.path().resolve(SnapshotWriter.CONTENT), LinkOption.NOFOLLOW_LINKS)) {
            add(SnapshotWriter.CONTENT, Kind.MISSING, "the folder is gone", null);
        }
        for (Manifest.Line line : unseen.values()) {
            if (closed.stream().noneMatch(line.path()::startsWith)) {
                add(line.path(), Kind.MISSING, line.isStored() ? "the file is gone" : "the folder is gone", line);
            }
        }
    }

    private void add(String path, Kind kind, String detail, Manifest.@Nullable Line line) {
        findings.add(new Finding(origin, path, kind, detail, line, null));
    }
}
