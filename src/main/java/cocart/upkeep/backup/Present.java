package cocart.upkeep.backup;

import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.RawNames;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.TemporaryName;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is in a store below a path at this moment; what the snapshot left out is not looked at. */
final class Present {

    /** Paths from the WordPress root, as {@link RawNames} has them. */
    final Map<String, FileEntry> entries = new HashMap<>();

    /** What runs that were killed left behind. */
    final List<String> temporaries = new ArrayList<>();

    /** Folders that hold more than {@link #entries} says: they could not be listed, or what is in them was left out. */
    final Set<String> holdMore = new HashSet<>();

    /** Nothing at all, for a new folder. */
    Present() {}

    /**
     * @param root a path from the WordPress root: a folder, a file, or nothing yet
     * @param skip patterns below wp-content that are not looked at
     */
    Present(StoreFiles files, String root, Skips skip) {
        int slash = root.lastIndexOf('/');
        Optional<FileEntry> top = files.stat(root);
        if (slash < 0 && top.isPresent() && top.get().type() == FileEntry.Type.LINK) {
            walk(files, root, skip); // wp-content may be a link to a folder
            return;
        }
        top.ifPresent(entry -> entries.put(root, entry));
        if (top.isPresent() && top.get().type() == FileEntry.Type.FOLDER) {
            walk(files, root, skip);
            return;
        }
        if (slash > 0) {
            String folder = root.substring(0, slash);
            for (FileEntry entry : files.list(folder).orElse(List.of())) {
                if (TemporaryName.isOf(entry.name(), root.substring(slash + 1))) {
                    temporaries.add(folder + "/" + entry.name());
                }
            }
        }
    }

    private void walk(StoreFiles files, String root, Skips skip) {
        files.walk(root, new StoreFiles.Visitor() {
            @Override
            public boolean found(FileEntry entry) {
                String path;
                try {
                    path = root + "/" + RawNames.path(entry.path(), entry.rawPath());
                } catch (IllegalArgumentException e) {
                    return false; // a server that contradicts itself: its folder is not removed, that is all
                }
                if (isSkipped(skip, root + "/" + entry.path())) {
                    holdMore.add(parent(path));
                    return false;
                }
                if (entry.type() == FileEntry.Type.FILE && TemporaryName.is(entry.name())) {
                    temporaries.add(path);
                    return false;
                }
                entries.put(path, entry);
                return entry.type() == FileEntry.Type.FOLDER;
            }

            @Override
            public OutputStream open(FileEntry entry) {
                return OutputStream.nullOutputStream(); // no file's content is asked for
            }

            @Override
            public void failed(FileEntry entry, String reason) {
                String path = entry.path().equals(".") ? root : root + "/" + entry.path();
                holdMore.add(path);
                holdMore.add(parent(path));
            }
        });
    }

    /** @param path from the WordPress root, in either form: patterns are compared with its text */
    static boolean isSkipped(Skips skips, String path) {
        return skips.matches(RawNames.text(path.substring(path.indexOf('/') + 1)));
    }

    /** The folder of a path; empty for a path of one part. */
    static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }
}
