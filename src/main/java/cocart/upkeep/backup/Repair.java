package cocart.upkeep.backup;

import cocart.upkeep.backup.Finding.Kind;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.Stores;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Puts back what is damaged: from an undamaged file with the same content, or from the store. A damaged file is never
 * written to, as other snapshots share it: a new one is made beside the snapshots and renamed over each damaged path.
 */
final class Repair implements Closeable {

    private final Snapshots snapshots;
    private final Stores stores;
    private final Map<String, Path> healthy;
    private final Map<String, Staging> stagings = new HashMap<>();
    private final Map<String, Good> good = new HashMap<>();
    private final Map<String, Refetch> fetched = new HashMap<>();

    /** @param healthy an undamaged file for a sha256, in any snapshot */
    Repair(Snapshots snapshots, Stores stores, Map<String, Path> healthy) {
        this.snapshots = snapshots;
        this.stores = stores;
        this.healthy = healthy;
    }

    /** A whole file, and where it comes from. */
    private record Good(Path file, String from) {}

    /** Tries to repair; each finding then says how, or why not. */
    void run(List<Finding> findings) {
        findings.stream()
                .filter(Finding::wantsFolder)
                .sorted(Comparator.comparing(Finding::path))
                .forEach(this::folder);
        Map<String, List<Finding>> wanted = new LinkedHashMap<>();
        for (Finding finding : findings) {
            if (finding.wantsContent()) {
                wanted.computeIfAbsent(sha256(finding), sha -> new ArrayList<>())
                        .add(finding);
            }
        }
        for (Finding finding : findings) {
            // what was put in another's place is undamaged content, too
            if (finding.actual() != null && wanted.containsKey(finding.actual())) {
                healthy.putIfAbsent(finding.actual(), path(finding));
            }
        }
        wanted.forEach(this::secure);
        fetch(wanted);
        wanted.values().forEach(group -> group.forEach(this::file));
        for (Finding finding : findings) {
            if (!finding.isRepaired() && finding.outcome().isEmpty()) {
                finding.left(
                        finding.kind() == Kind.FOREIGN
                                ? "the snapshot's own content is not touched by it; look what it is and remove "
                                        + path(finding)
                                : finding.kind() == Kind.MANIFEST
                                        ? "nothing else tells what belongs in this snapshot; make a new one"
                                        : "mend the folder, then verify again");
            }
        }
    }

    private static String sha256(Finding finding) {
        return Objects.requireNonNull(Objects.requireNonNull(finding.line()).sha256());
    }

    private Path snapshot(Finding finding) {
        return snapshots.folder(finding.store()).resolve(finding.id());
    }

    private Path path(Finding finding) {
        return snapshot(finding).resolve(finding.path());
    }

    /** Links an undamaged file aside, so that it stays when its own place is repaired. */
    private void secure(String sha256, List<Finding> group) {
        Path source = healthy.get(sha256);
        if (source == null) {
            return;
        }
        try {
            Path copy = staging(group.get(0).store()).share(source, sha256);
            good.put(sha256, new Good(copy, shown(source)));
        } catch (IOException | StoreException e) {
            group.forEach(
                    finding -> finding.left("the undamaged " + shown(source) + " could not be used: " + words(e)));
        }
    }

    private String shown(Path source) {
        return snapshots.root().relativize(source).toString();
    }

    private static String words(Exception e) {
        return e instanceof IOException io ? Faults.words(io) : String.valueOf(e.getMessage());
    }

    private void fetch(Map<String, List<Finding>> wanted) {
        wanted.forEach((sha256, group) -> {
            for (Finding finding : group) {
                if (!good.containsKey(sha256) && !finding.path().equals(SnapshotWriter.DUMP)) {
                    Manifest.Line line = Objects.requireNonNull(finding.line());
                    refetch(finding).ifPresent(fetch -> fetch.want(line));
                }
            }
        });
        fetched.forEach((store, fetch) -> {
            try (StoreFiles files = stores.files(store)) {
                fetch.run(files);
            } catch (StoreException e) {
                fetch.fails("the store could not be read (" + e.getMessage() + ")");
            }
            for (String sha256 : wanted.keySet()) {
                fetch.got(sha256).ifPresent(file -> good.putIfAbsent(sha256, new Good(file, "the store " + store)));
            }
        });
    }

    private Optional<Refetch> refetch(Finding finding) {
        String store = finding.store();
        if (stores.all().stream().noneMatch(known -> known.id().equals(store))) {
            finding.left("its store is no longer in upkeep.stores, and no other snapshot has it undamaged");
            return Optional.empty();
        }
        Refetch fetch = fetched.get(store);
        if (fetch == null) {
            try {
                fetch = new Refetch(staging(store).folder());
            } catch (IOException e) {
                finding.left("the disk does not take it: " + Faults.words(e));
                return Optional.empty();
            }
            fetched.put(store, fetch);
        }
        return Optional.of(fetch);
    }

    private void folder(Finding finding) {
        Path folder = path(finding);
        try {
            if (!Tree.hasRealParents(snapshot(finding), folder)) {
                makeParents(finding, folder);
            }
            if (Files.isRegularFile(folder, LinkOption.NOFOLLOW_LINKS)) {
                finding.left("move the file away, then verify again");
                return;
            }
            if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                Files.deleteIfExists(folder); // a link or pipe, of which the manifest knows nothing
                Disk.createFolder(folder);
            }
            Disk.sync(folder.getParent());
            finding.repaired("made anew");
        } catch (IOException e) {
            finding.left("it could not be made: " + Faults.words(e));
        }
    }

    private void file(Finding finding) {
        Good source = good.get(sha256(finding));
        if (source == null) {
            if (finding.outcome().isEmpty()) {
                Refetch fetch = fetched.get(finding.store());
                finding.left("no other snapshot has it undamaged, and "
                        + (finding.path().equals(SnapshotWriter.DUMP) || fetch == null
                                ? "a dump of that moment cannot be made again"
                                : fetch.reason(Objects.requireNonNull(finding.line()))));
            }
            return;
        }
        Path target = path(finding);
        try {
            if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
                finding.left("move the folder that lies there away, then verify again");
                return;
            }
            makeParents(finding, target);
            staging(finding.store()).put(source.file(), sha256(finding), target);
            finding.repaired("put back from " + source.from());
        } catch (IOException e) {
            finding.left("it could not be put back: " + Faults.words(e));
        }
    }

    /** Makes what is missing above a path, below its snapshot; what is no folder there ends it. */
    private void makeParents(Finding finding, Path path) throws IOException {
        Path snapshot = snapshot(finding);
        if (!Files.isRegularFile(snapshot.resolve(Manifest.NAME), LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("the snapshot was removed");
        }
        Path parent = path.getParent();
        if (parent.equals(snapshot)
                || Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS) && Tree.hasRealParents(snapshot, path)) {
            return;
        }
        makeParents(finding, parent);
        if (Files.notExists(parent, LinkOption.NOFOLLOW_LINKS)) {
            Disk.createFolder(parent);
        } else if (!Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(parent + " is no folder");
        }
    }

    private Staging staging(String store) throws IOException {
        Staging staging = stagings.get(store);
        if (staging == null) {
            staging = new Staging(snapshots.folder(store));
            stagings.put(store, staging);
        }
        return staging;
    }

    @Override
    public void close() {
        stagings.values().forEach(Staging::close);
    }
}
