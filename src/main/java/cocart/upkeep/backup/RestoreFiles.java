package cocart.upkeep.backup;

import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.FileEntry.Type;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Brings a folder of a store, or a new folder, to what a snapshot has: folders first, then the files that differ, at
 * the end the folders' own modes and times. Run again it goes on where it was, as what is there is looked at each time.
 */
final class RestoreFiles {

    private static final long TELL_EVERY = TimeUnit.SECONDS.toNanos(1);

    private final RestorePlan plan;
    private final Path snapshot;
    private final StoreFiles target;
    private final Present present;
    private final RestoreView view;
    private final boolean dryRun;
    private final @Nullable RestoreHeld held;

    private final Set<String> blocked = new HashSet<>();
    private final Set<String> touched = new HashSet<>();
    private long files;
    private long bytes;
    private long allFiles;
    private long allBytes;
    private long unchanged;
    private long failed;
    private long missing;
    private long told = System.nanoTime();

    /**
     * @param present what is there below the plan's root
     * @param held what was there before, as it was backed up; null if it was not
     */
    RestoreFiles(
            RestorePlan plan,
            Path snapshot,
            StoreFiles target,
            Present present,
            @Nullable RestoreHeld held,
            RestoreView view,
            boolean dryRun) {
        this.held = held;
        this.plan = plan;
        this.snapshot = snapshot;
        this.target = target;
        this.present = present;
        this.view = view;
        this.dryRun = dryRun;
    }

    long files() {
        return files;
    }

    /** Bytes of the files that were written. */
    long bytes() {
        return bytes;
    }

    long unchanged() {
        return unchanged;
    }

    long failed() {
        return failed;
    }

    /** Those of the failed that the snapshot itself lacks. */
    long missing() {
        return missing;
    }

    /** @param all write also files that seem to be unchanged */
    void run(boolean all) {
        plan.problems.forEach(problem -> note(problem.word(), problem.path(), problem.reason()));
        clean();
        plan.folders.values().forEach(this::makeFolder);
        List<Copy> copies = new ArrayList<>();
        for (RestorePlan.Entry file : plan.files.values()) {
            if (blocked.contains(Present.parent(file.path()))) {
                note("failed", file.line().path(), "its folder is not there");
            } else if (!all && isUnchanged(file)) {
                unchanged++;
            } else {
                copies.add(new Copy(file));
                allBytes += file.line().size();
            }
        }
        allFiles = copies.size();
        if (dryRun) {
            copies.forEach(Copy::pretend);
        } else {
            target.writeAll(copies.iterator());
            view.at("files", files, allFiles, bytes, allBytes);
        }
    }

    /** Removes what earlier runs that were killed left. */
    private void clean() {
        for (String path : present.temporaries) {
            if (dryRun) {
                view.note("delete", path, "left by a restore that was stopped");
            } else {
                try {
                    target.delete(path);
                } catch (StoreException e) {
                    ifRefused(e, "warning", path);
                }
                touched.add(Present.parent(path));
            }
        }
    }

    private void makeFolder(RestorePlan.Folder folder) {
        String path = folder.path();
        if (blocked.contains(Present.parent(path))) {
            block(folder, "its folder is not there");
            return;
        }
        if (folder.recorded()) {
            FileEntry there = present.entries.get(path);
            if (there != null && there.type() == Type.FOLDER) {
                return;
            }
            if (there != null) {
                block(folder, "there is no folder but a file or link in its place: move that away");
                return;
            }
        } else if (target.stat(path).isPresent()) {
            return; // whether it is a folder is looked at when it is written into
        }
        if (dryRun) {
            view.note("folder", path, "");
            return;
        }
        try {
            target.makeFolder(path, folder.mode() | 0700);
            touched.add(path);
            touched.add(Present.parent(path));
        } catch (StoreException e) {
            if (!e.isPermanent()) {
                throw e;
            }
            block(folder, String.valueOf(e.getMessage()));
        }
    }

    private void block(RestorePlan.Folder folder, String reason) {
        blocked.add(folder.path());
        note("failed", folder.path(), reason);
    }

    /**
     * The same size, time and mode. A file that changed after the snapshot was begun may have changed again in that
     * second, so it is never taken for the same.
     */
    private boolean isUnchanged(RestorePlan.Entry file) {
        FileEntry there = present.entries.get(file.path());
        return there != null
                && there.type() == Type.FILE
                && there.size() == file.line().size()
                && there.mtime() == file.line().mtime()
                && there.mode() == file.mode()
                && there.mtime() < plan.begun;
    }

    /** Something in a folder was changed by somebody else. */
    void touch(String folder) {
        touched.add(folder);
    }

    /** Gives folders their modes and times, what is inside first. */
    void finishFolders() {
        List<RestorePlan.Folder> folders = new ArrayList<>(plan.folders.values());
        for (int i = folders.size() - 1; i >= 0; i--) {
            RestorePlan.Folder folder = folders.get(i);
            FileEntry there = present.entries.get(folder.path());
            boolean differs = touched.contains(folder.path())
                    || there == null
                    || there.mtime() != folder.mtime()
                    || there.mode() != folder.mode();
            if (folder.recorded() && differs && !dryRun && !blocked.contains(folder.path())) {
                try {
                    target.finishFolder(folder.path(), folder.mtime(), folder.mode());
                } catch (StoreException e) {
                    ifRefused(e, "failed", folder.path());
                }
            }
        }
    }

    private void ifRefused(StoreException e, String word, String path) {
        if (!e.isPermanent()) {
            throw e;
        }
        note(word, path, String.valueOf(e.getMessage()));
    }

    private void note(String word, String path, String reason) {
        if (word.equals("failed") || word.equals("missing")) {
            failed++;
        }
        if (word.equals("missing")) {
            missing++;
        }
        view.note(word, path, reason);
    }

    private void tick(boolean now) {
        if (now || System.nanoTime() - told >= TELL_EVERY) {
            told = System.nanoTime();
            view.at("files", files, allFiles, bytes, allBytes);
        }
    }

    /** One file on its way. */
    private final class Copy implements StoreFiles.Upload {

        private final RestorePlan.Entry file;
        private long read;

        Copy(RestorePlan.Entry file) {
            this.file = file;
        }

        void pretend() {
            files++;
            bytes += file.line().size();
            view.note("write", file.line().path(), file.line().size() + " bytes");
        }

        @Override
        public String path() {
            return file.path();
        }

        @Override
        public long mtime() {
            return file.line().mtime();
        }

        @Override
        public int mode() {
            return file.mode();
        }

        @Override
        public InputStream open() throws IOException {
            String fault = held == null || !present.entries.containsKey(file.path()) ? null : held.fault(file.path());
            if (fault != null) {
                throw new IOException(fault);
            }
            return CheckedContent.open(snapshot, file.line(), n -> {
                read += n;
                bytes += n;
                tick(false);
            });
        }

        @Override
        public void written() {
            files++;
            touched.add(Present.parent(file.path()));
            tick(false);
        }

        @Override
        public void failed(String reason) {
            bytes -= read;
            note("failed", file.line().path(), reason);
        }
    }
}
