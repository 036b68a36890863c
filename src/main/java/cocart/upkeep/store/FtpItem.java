package cocart.upkeep.store;

import cocart.upkeep.store.FileEntry.Type;
import cocart.upkeep.store.FtpListing.Listed;
import java.io.OutputStream;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A folder to list or a file to read on a walk. */
final class FtpItem {

    final FileEntry entry;
    final String path;
    final String prefix;
    final @Nullable FtpItem parent;
    final @Nullable String unique;
    final int depth;
    int tries;
    long written;

    @Nullable
    OutputStream out;

    FtpItem(FileEntry entry, String path, String prefix, @Nullable FtpItem parent, @Nullable String unique) {
        this.entry = entry;
        this.path = path;
        this.prefix = prefix;
        this.parent = parent;
        this.unique = unique;
        this.depth = parent == null ? 0 : parent.depth + 1;
    }

    long weight() {
        return Listed.WEIGHT + 2L * prefix.length() + path.length();
    }

    /** True if a folder is one that it lies in: the server follows links, and this one leads upwards. */
    boolean isLoop() {
        for (FtpItem above = parent; above != null && unique != null; above = above.parent) {
            if (unique.equals(above.unique)) {
                return true;
            }
        }
        return false;
    }

    /** One name of a folder; with a problem it is only told. */
    record Found(FtpItem item, @Nullable String problem) {}

    /** What a line of this folder's listing says, its name checked. */
    Found found(FtpConnection connection, FtpNames names, Listed listed, Set<String> seen) throws FtpLost {
        SftpFiles.Name name = names.name(listed.name());
        String at = path.endsWith("/") ? path + listed.name() : path + "/" + listed.name();
        String again = FileNames.isPlain(name.text()) ? name.addTo(seen) : null;
        String problem = !FileNames.isPlain(name.text())
                ? FileNames.refusal(name.shown())
                : name.text().indexOf('\r') >= 0
                        ? "its name has a line break, which FTP cannot say"
                        : again != null
                                ? again
                                : listed.type() == Type.FILE && listed.size() < 0
                                        ? "the server does not say its size"
                                        : null;
        boolean utf8 = name.isUtf8() && entry.rawPath() == null;
        FileEntry below = new FileEntry(
                prefix
                        + (problem == null
                                ? name.text()
                                : SftpFiles.Name.ALIKE.equals(problem)
                                        ? name.apart()
                                        : name.shown().replaceAll("[/\\\\]", "?")),
                listed.type(),
                Math.max(0, listed.size()),
                problem == null ? connection.mtime(listed, at) : 0,
                listed.mode(),
                listed.target() == null ? null : names.name(listed.target()).text(),
                utf8 || problem != null ? null : SftpFiles.hex(FtpNames.raw(at)));
        return new Found(new FtpItem(below, at, prefix + name.text() + "/", this, listed.unique()), problem);
    }
}
