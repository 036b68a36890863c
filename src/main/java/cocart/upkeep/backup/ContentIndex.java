package cocart.upkeep.backup;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which file on disk has a content: sha256 to a path, over all stores. Only a cache, in memory, read from the sealed
 * manifests (each once) and from running backups: what it names is looked at before it is used. One that it does not
 * know is stored a second time, nothing worse. Safe for use by several threads.
 */
final class ContentIndex {

    private static final Logger LOG = LoggerFactory.getLogger(ContentIndex.class);

    private final Snapshots snapshots;
    private final Map<String, Held> held = new HashMap<>();
    private final Set<Origin> loaded = new HashSet<>();

    ContentIndex(Snapshots snapshots) {
        this.snapshots = snapshots;
    }

    /** A snapshot, sealed or still being written. */
    record Origin(String store, String id) {}

    private record Held(Origin origin, String path) {}

    /**
     * A file that has a content.
     *
     * @param sealed false if it is in a running or unfinished backup
     */
    record Found(Path file, Origin origin, boolean sealed) {}

    /** Reads the manifests of snapshots that came since the last time and forgets those that went. */
    synchronized void refresh() {
        List<Snapshot> sealed = snapshots.list();
        Set<Origin> there =
                sealed.stream().map(s -> new Origin(s.store(), s.id())).collect(Collectors.toSet());
        Set<Origin> gone =
                loaded.stream().filter(origin -> !there.contains(origin)).collect(Collectors.toSet());
        if (!gone.isEmpty()) {
            held.values().removeIf(place -> gone.contains(place.origin()));
            // What went was probably named for content that the store's other snapshots have too: read those again.
            Set<String> stores = gone.stream().map(Origin::store).collect(Collectors.toSet());
            loaded.removeIf(origin -> stores.contains(origin.store()));
        }
        for (Snapshot snapshot : sealed) {
            Origin origin = new Origin(snapshot.store(), snapshot.id());
            if (loaded.add(origin)) {
                load(snapshot.path(), origin);
            }
        }
    }

    private void load(Path path, Origin origin) {
        try {
            Manifest.read(
                    path,
                    line -> {
                        if (line.isStored()) {
                            held.putIfAbsent(line.sha256(), new Held(origin, line.path()));
                        }
                    },
                    broken -> LOG.warn("{} has a line that cannot be read", path.resolve(Manifest.NAME)));
        } catch (IOException e) {
            LOG.warn("{} is not used to save space, its manifest cannot be read: {}", path, e.toString());
        }
    }

    /** A file that has this content, seen to be there with this size just now. */
    synchronized Optional<Found> find(String sha256, long size) throws IOException {
        Held place = held.get(sha256);
        if (place == null) {
            return Optional.empty();
        }
        Path folder = snapshots.folder(place.origin().store());
        // A running backup's folder is renamed when it is sealed, so both names are tried.
        for (boolean sealed : new boolean[] {true, false}) {
            String id = place.origin().id();
            Path snapshot = folder.resolve(sealed ? id : Snapshots.UNFINISHED + id);
            Path file = snapshot.resolve(place.path()).normalize();
            if (file.startsWith(snapshot) && Disk.isFile(file, size)) {
                return Optional.of(new Found(file, place.origin(), sealed));
            }
        }
        held.remove(sha256, place);
        return Optional.empty();
    }

    /** Remembers where a content is now. */
    synchronized void put(String sha256, Origin origin, String path) {
        held.put(sha256, new Held(origin, path));
    }

    /** A backup was sealed: what it put here stays, and its other files are in the snapshots that it shares them with. */
    synchronized void sealed(Origin origin) {
        loaded.add(origin);
    }
}
