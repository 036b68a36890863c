package cocart.upkeep.backup;

/** Told of what a restore does, from one thread. */
public interface RestoreView {

    /** Tells nobody. */
    RestoreView NONE = new RestoreView() {
        @Override
        public void at(String what, long files, long allFiles, long bytes, long allBytes) {}

        @Override
        public void note(String word, String path, String reason) {}
    };

    /**
     * How far it is; at most once a second and at the end. What it throws ends the restore where it is.
     *
     * @param what {@code files} or {@code database}
     */
    void at(String what, long files, long allFiles, long bytes, long allBytes);

    /**
     * Something about one entry that the numbers do not tell.
     *
     * @param word {@code failed}, {@code missing}, {@code skipped}, {@code kept} or {@code warning}; in a dry run also
     *     what would be done: {@code folder}, {@code write}, {@code delete}, {@code load}
     * @param path relative to the WordPress root, from the snapshot or store: not yet plain text
     * @param reason one clause; may be empty
     */
    void note(String word, String path, String reason);
}
