package cocart.upkeep.backup;

import cocart.upkeep.backup.Finding.Kind;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.Stores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares sealed snapshots with their manifests, hashing content again, and repairs what can be. Backups may run
 * meanwhile and snapshots may be removed; what is unfinished is not looked at.
 */
public final class Verify {

    private static final long LOOKS_APART_MILLIS = 500;

    private final Snapshots snapshots;
    private final Stores stores;

    public Verify(Snapshots snapshots, Stores stores) {
        this.snapshots = snapshots;
        this.stores = stores;
    }

    /**
     * Verifies the snapshots of some stores.
     *
     * @param chosen the stores' ids, set up or not
     * @param sample which contents are hashed; whether a file is there and its size is looked at always
     * @param repair false to change nothing
     * @param progress told files looked at and bytes hashed
     * @throws StoreException if the snapshots cannot be read
     */
    public Report run(List<String> chosen, Sample sample, boolean repair, Progress progress) {
        return new Run(sample, new Tally(progress)).run(chosen, repair);
    }

    /** Ids of all stores that have snapshots. */
    public List<String> stores() {
        return snapshots.stores();
    }

    /** Looks at one snapshot, of which the dump is hashed always, and repairs nothing; no result if it went meanwhile. */
    Report look(Snapshot snapshot, Sample sample) {
        Run run = new Run(sample, new Tally(Progress.NONE));
        run.dumps = true;
        run.check(List.of(snapshot));
        run.scan();
        return run.report();
    }

    /** One verification. */
    private final class Run {

        private final Sample sample;
        private final Tally tally;
        private final Selection selection;
        private final Inodes inodes;
        private final Map<ContentIndex.Origin, Snapshot> whole = new LinkedHashMap<>();
        private final Map<ContentIndex.Origin, List<Finding>> found = new LinkedHashMap<>();
        private final Map<ContentIndex.Origin, Long> files = new LinkedHashMap<>();
        private boolean dumps;

        Run(Sample sample, Tally tally) {
            this.sample = sample;
            this.tally = tally;
            selection = new Selection(sample);
            inodes = new Inodes(tally);
        }

        Report run(List<String> chosen, boolean repair) {
            for (String store : chosen) {
                check(snapshots.list(store));
                for (Path path : snapshots.broken(store)) {
                    if (!isGoing(path)) {
                        String id = path.getFileName().toString();
                        damaged(new ContentIndex.Origin(store, id), "its last line is damaged or gone");
                    }
                }
            }
            scan();
            if (!all().isEmpty()) {
                Map<String, Path> healthy = elsewhere();
                if (repair) {
                    repair(healthy);
                }
            }
            return report();
        }

        /** Looks at the manifests first: they say which contents there are. */
        void check(List<Snapshot> list) {
            for (Snapshot snapshot : list) {
                ContentIndex.Origin origin = new ContentIndex.Origin(snapshot.store(), snapshot.id());
                String fault;
                try {
                    fault = ManifestCheck.fault(snapshot, line -> {
                        if (line.isStored() && dumps && line.path().equals(SnapshotWriter.DUMP)) {
                            selection.always(line.sha256());
                        } else if (line.isStored()) {
                            selection.offer(line.sha256());
                        }
                    });
                } catch (IOException e) {
                    fault = "it cannot be read: " + Faults.words(e);
                }
                if (fault == null) {
                    whole.put(origin, snapshot);
                    files.put(origin, snapshot.files());
                } else if (!isGoing(snapshot.path())) {
                    damaged(origin, fault);
                }
            }
        }

        private void damaged(ContentIndex.Origin origin, String fault) {
            found.computeIfAbsent(origin, o -> new ArrayList<>())
                    .add(new Finding(origin, Manifest.NAME, Kind.MANIFEST, fault, null, null));
        }

        void scan() {
            selection.close();
            for (Map.Entry<ContentIndex.Origin, Snapshot> entry : List.copyOf(whole.entrySet())) {
                Snapshot snapshot = entry.getValue();
                try {
                    List<Finding> findings = SnapshotScan.run(snapshot, selection, inodes, tally);
                    boolean less = findings.stream().anyMatch(finding -> finding.kind() == Kind.MISSING);
                    if (less && isGoing(snapshot.path())) {
                        whole.remove(entry.getKey());
                    } else {
                        found.put(entry.getKey(), findings);
                    }
                } catch (IOException e) {
                    if (!isGoing(snapshot.path())) {
                        throw new StoreException(
                                "The snapshot " + snapshot.path() + " cannot be read (" + Faults.words(e)
                                        + "): let user " + System.getProperty("user.name")
                                        + " read it, or mend the disk.",
                                e);
                    }
                    whole.remove(entry.getKey());
                }
            }
        }

        /** True if a snapshot is being removed at this moment: it is gone, or gets less while one looks. */
        private boolean isGoing(Path snapshot) {
            try {
                for (long count = Tree.count(snapshot); count > 0; ) {
                    Thread.sleep(LOOKS_APART_MILLIS);
                    long now = Tree.count(snapshot);
                    if (now >= count) {
                        return false;
                    }
                    count = now;
                }
                return true;
            } catch (IOException e) {
                return Files.notExists(snapshot, LinkOption.NOFOLLOW_LINKS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new StoreException("The verification was interrupted.", e);
            }
        }

        private void repair(Map<String, Path> healthy) {
            try (Repair repair = new Repair(snapshots, stores, healthy)) {
                repair.run(all());
            }
            found.keySet()
                    .removeIf(origin -> Files.notExists(
                            snapshots.folder(origin.store()).resolve(origin.id()), LinkOption.NOFOLLOW_LINKS));
        }

        /** Finds every other place that damaged content hurts; returns undamaged files by their sha256. */
        private Map<String, Path> elsewhere() {
            Set<String> damaged = new HashSet<>();
            Set<String> known = new HashSet<>();
            for (Finding finding : all()) {
                if (finding.wantsContent()) {
                    damaged.add(finding.line().sha256());
                    known.add(finding.store() + "/" + finding.id() + "/" + finding.path());
                }
            }
            Map<String, Path> healthy = new LinkedHashMap<>();
            for (Snapshot snapshot : damaged.isEmpty() ? List.<Snapshot>of() : snapshots.list()) {
                List<Manifest.Line> lines = new ArrayList<>();
                String place = snapshot.store() + "/" + snapshot.id() + "/";
                try {
                    String fault = ManifestCheck.fault(snapshot, line -> {
                        if (line.isStored()
                                && damaged.contains(line.sha256())
                                && !known.contains(place + line.path())) {
                            lines.add(line);
                        }
                    });
                    if (fault == null) {
                        lines.forEach(line -> look(snapshot, line, healthy));
                    }
                } catch (IOException e) {
                    // it cannot help; if it was asked for, that was said before
                }
            }
            return healthy;
        }

        private void look(Snapshot snapshot, Manifest.Line line, Map<String, Path> healthy) {
            Path file = Tree.inside(snapshot.path(), line.path()).orElse(null);
            if (file == null || !Tree.hasRealParents(snapshot.path(), file)) {
                return; // said when that snapshot is verified
            }
            String detail = "its content is not what was backed up";
            String actual = null;
            try {
                BasicFileAttributes attributes =
                        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                if (attributes.isRegularFile()) {
                    actual = inodes.sha256(file, attributes);
                }
            } catch (IOException e) {
                detail = "it cannot be read: " + Faults.words(e);
            }
            if (line.sha256().equals(actual)) {
                healthy.putIfAbsent(line.sha256(), file);
                return;
            }
            ContentIndex.Origin origin = new ContentIndex.Origin(snapshot.store(), snapshot.id());
            files.put(origin, snapshot.files());
            found.computeIfAbsent(origin, o -> new ArrayList<>())
                    .add(new Finding(origin, line.path(), Kind.CHANGED, detail, line, actual));
        }

        private List<Finding> all() {
            return found.values().stream().flatMap(List::stream).toList();
        }

        Report report() {
            List<Report.Result> results = new ArrayList<>();
            found.forEach((origin, findings) -> results.add(new Report.Result(
                    origin.store(),
                    origin.id(),
                    sample.isAll() && whole.containsKey(origin),
                    files.getOrDefault(origin, 0L),
                    findings)));
            return new Report(results, selection.distinct(), tally.contents(), tally.bytes());
        }
    }
}
