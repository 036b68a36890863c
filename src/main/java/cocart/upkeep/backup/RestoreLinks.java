package cocart.upkeep.backup;

import cocart.upkeep.store.FileNames;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.RawNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Makes the links of a snapshot in a new folder on this machine, if they lead to nothing outside of it. Into a store
 * none is made: there they are as they were, or somebody removed them with a reason.
 */
final class RestoreLinks {

    private final Path folder;
    private final RestoreView view;

    /** @param folder what {@code wp-content} lies in */
    RestoreLinks(Path folder, RestoreView view) {
        this.folder = folder;
        this.view = view;
    }

    void make(Iterable<RestorePlan.Entry> links) {
        for (RestorePlan.Entry link : links) {
            String reason = refused(link);
            if (reason == null) {
                try {
                    Files.createSymbolicLink(
                            folder.resolve(link.path()), Path.of(link.line().target()));
                } catch (IOException | UnsupportedOperationException | java.nio.file.InvalidPathException e) {
                    reason = "this disk does not take it";
                }
            }
            if (reason != null) {
                view.note("skipped", link.line().path(), "a link to " + shown(link.line()) + ": " + reason);
            }
        }
    }

    static String shown(Manifest.Line link) {
        return link.target() == null ? "somewhere" : PlainText.of(link.target());
    }

    /**
     * Why a link is not made; null if it may be. Allowed is: up to where it begins at most, then down by plain names.
     * That holds for every other link that it may lead through too, so no chain of them leads out.
     */
    private static @Nullable String refused(RestorePlan.Entry link) {
        String target = link.line().target();
        if (target == null || RawNames.isRaw(link.path())) {
            return "it cannot be written here";
        }
        String[] parts = target.split("/", -1);
        int up = 0;
        while (up < parts.length && parts[up].equals("..")) {
            up++;
        }
        // the first part of the path is wp-content, which is not to be left; the last is the link itself
        if (up > link.path().split("/", -1).length - 2) {
            return "it leads out of wp-content";
        }
        for (int i = up; i < parts.length; i++) {
            if (!FileNames.isPlain(parts[i])) {
                return "it leads out of wp-content, or somewhere that is not plain to see";
            }
        }
        return null;
    }
}
