package cocart.upkeep.backup;

import org.jspecify.annotations.Nullable;

/** One thing that is not as its snapshot's manifest says, and what became of it. */
public final class Finding {

    /** What is wrong. */
    public enum Kind {
        /** A file or folder is not there. */
        MISSING("missing"),
        /** A file has another size or content. */
        CHANGED("changed"),
        /** Something else lies there: a link, a folder, a device. */
        WRONG_TYPE("of the wrong type"),
        /** It is there and cannot be read. */
        UNREADABLE("unreadable"),
        /** No line of the manifest names it. */
        FOREIGN("foreign"),
        /** The manifest itself is not what was sealed. */
        MANIFEST("manifest damaged");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /** How people call it. */
        public String word() {
            return word;
        }
    }

    private final ContentIndex.Origin snapshot;
    private final String path;
    private final Kind kind;
    private final String detail;
    private final Manifest.@Nullable Line line;
    private final @Nullable String actual;
    private boolean repaired;
    private String outcome = "";

    /**
     * @param path relative to the snapshot's folder
     * @param detail what was found, a clause
     * @param line what the manifest says; null if it does not name it
     * @param actual the sha256 that was found instead; null if it was not looked at
     */
    Finding(
            ContentIndex.Origin snapshot,
            String path,
            Kind kind,
            String detail,
            Manifest.@Nullable Line line,
            @Nullable String actual) {
        this.snapshot = snapshot;
        this.path = path;
        this.kind = kind;
        this.detail = detail;
        this.line = line;
        this.actual = actual;
    }

    public String store() {
        return snapshot.store();
    }

    /** The snapshot's id. */
    public String id() {
        return snapshot.id();
    }

    public String path() {
        return path;
    }

    public Kind kind() {
        return kind;
    }

    public String detail() {
        return detail;
    }

    /** True if all is as the manifest says now. */
    public boolean isRepaired() {
        return repaired;
    }

    /** True if it lies in a snapshot that it does not belong to, whose own content it does not hurt. */
    public boolean isForeign() {
        return kind == Kind.FOREIGN;
    }

    /** How it was repaired, or why not; empty if nobody tried. */
    public String outcome() {
        return outcome;
    }

    ContentIndex.Origin snapshot() {
        return snapshot;
    }

    Manifest.@Nullable Line line() {
        return line;
    }

    @Nullable
    String actual() {
        return actual;
    }

    /** True if content is to be put back. */
    boolean wantsContent() {
        return line != null && line.isStored() && kind != Kind.MANIFEST && kind != Kind.FOREIGN;
    }

    /** True if a folder is to be put back. */
    boolean wantsFolder() {
        return !wantsContent() && (kind == Kind.MISSING || kind == Kind.WRONG_TYPE);
    }

    void repaired(String how) {
        repaired = true;
        outcome = how;
    }

    void left(String why) {
        outcome = why;
    }
}
