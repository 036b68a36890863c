package cocart.upkeep.backup;

import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sealed snapshots on disk: {@code snapshots/STORE/ID/} below the backup directory. The folder is the only record:
 * a snapshot removed by hand is gone, one copied in is there. Safe for use by several threads.
 */
public final class Snapshots {

    static final String UNFINISHED = ".unfinished-";

    /** A snapshot that is no more; what is left of it goes with the next run. */
    static final String REMOVING = ".removing-";

    private static final Logger LOG = LoggerFactory.getLogger(Snapshots.class);
    private static final Pattern STORE = Pattern.compile("[A-Za-z0-9_-]+");
    private static final Pattern ID = Pattern.compile("\\d{8}T\\d{6}Z");
    private static final DateTimeFormatter ID_FORMAT =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Path root;
    private final Set<Path> warned = ConcurrentHashMap.newKeySet();

    /** @param backupDirectory {@code upkeep.backup.directory}; made by the first backup if it is not there */
    public Snapshots(Path backupDirectory) {
        root = backupDirectory.toAbsolutePath().normalize().resolve("snapshots");
    }

    /**
     * A store's sealed snapshots, newest first; empty if it has none. Reads only the last lines of manifests. What is
     * not a sealed snapshot is left out, with a warning in the log the first time.
     *
     * @throws StoreException if the folder cannot be read
     */
    public List<Snapshot> list(String store) {
        List<Snapshot> found = new ArrayList<>();
        for (Path path : entries(store)) {
            if (!path.getFileName().toString().startsWith(".")) {
                read(store, path).ifPresent(found::add);
            }
        }
        found.sort(Comparator.comparing(Snapshot::id).reversed());
        return found;
    }

    /** The sealed snapshots of all stores that have a folder, by store, newest first; also of stores no longer set up. */
    public List<Snapshot> list() {
        List<Snapshot> found = new ArrayList<>();
        for (Path folder : children(root)) {
            String store = folder.getFileName().toString();
            if (STORE.matcher(store).matches() && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                found.addAll(list(store));
            } else {
                warn(folder, "it is not a store's folder");
            }
        }
        return found;
    }

    /** Names of all stores' snapshots, oldest first, whatever is in them; that is quick also when there are many. */
    List<ContentIndex.Origin> all() {
        List<ContentIndex.Origin> found = new ArrayList<>();
        for (Path folder : children(root)) {
            String store = folder.getFileName().toString();
            if (STORE.matcher(store).matches() && Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                for (Path path : children(folder)) {
                    String id = path.getFileName().toString();
                    if (ID.matcher(id).matches() && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                        found.add(new ContentIndex.Origin(store, id));
                    }
                }
            }
        }
        found.sort(Comparator.comparing(ContentIndex.Origin::id));
        return found;
    }

    /** Where it is kept which file has which content; removing it costs no more than time. */
    Path index() {
        return root.resolveSibling("index.mv.db");
    }

    /** A store's newest sealed snapshot. */
    public Optional<Snapshot> newest(String store) {
        return list(store).stream().findFirst();
    }

    /**
     * The sealed snapshot that a person means.
     *
     * @param wanted an id, the beginning of exactly one, or {@code latest}
     * @throws StoreException (permanent) if there is none, or more than one
     */
    public Snapshot pick(String store, String wanted) {
        List<Snapshot> all = list(store);
        List<Snapshot> found = wanted.equals("latest")
                ? all.stream().limit(1).toList()
                : all.stream()
                        .filter(snapshot -> !wanted.isEmpty() && snapshot.id().startsWith(wanted))
                        .toList();
        if (found.size() == 1) {
            return found.get(0);
        }
        String why = all.isEmpty()
                ? "it has none that is sealed"
                : found.isEmpty()
                        ? "upkeep snapshots " + store + " lists those that are sealed, the newest is "
                                + all.get(0).id()
                        : found.size() + " begin so, give more of its id";
        throw new StoreException("Store " + store + " has no snapshot " + wanted + ": " + why + ".", null, true);
    }

    /** Where a store's snapshots are; need not exist. */
    Path folder(String store) {
        if (!STORE.matcher(store).matches()) {
            throw new StoreException(
                    "\"" + store + "\" cannot be a store's id: use letters, digits, - and _ in upkeep.stores.",
                    null,
                    true);
        }
        return root.resolve(store);
    }

    /** Folders that have a snapshot's name and are none, because their manifest's last line is damaged or gone. */
    List<Path> broken(String store) {
        List<Path> listed = list(store).stream().map(Snapshot::path).toList();
        return entries(store).stream()
                .filter(path -> instant(path.getFileName().toString()).isPresent())
                .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && !listed.contains(path))
                .toList();
    }

    /** Ids of the stores that have a folder. */
    List<String> stores() {
        return children(root).stream()
                .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                .map(path -> path.getFileName().toString())
                .filter(name -> STORE.matcher(name).matches())
                .toList();
    }

    /** The folder of all stores' folders; need not exist. */
    Path root() {
        return root;
    }

    /** Folders of runs that did not reach their end, oldest first. */
    List<Path> unfinished(String store) {
        return folders(store, UNFINISHED);
    }

    /** What is left of snapshots whose removal did not reach its end. */
    List<Path> removing(String store) {
        return folders(store, REMOVING);
    }

    private List<Path> folders(String store, String prefix) {
        return entries(store).stream()
                .filter(path -> path.getFileName().toString().startsWith(prefix))
                .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                .sorted()
                .toList();
    }

    /** The id for a snapshot begun now: later than every other of the store, even if the clock went back. */
    String nextId(String store, Instant now) {
        Instant id = Instant.ofEpochSecond(now.getEpochSecond());
        for (Path path : entries(store)) {
            String name = path.getFileName().toString();
            Optional<Instant> taken = instant(name.startsWith(UNFINISHED) ? name.substring(UNFINISHED.length()) : name);
            if (taken.isPresent() && !id.isAfter(taken.get())) {
                id = taken.get().plusSeconds(1);
            }
        }
        return ID_FORMAT.format(id);
    }

    /** When a snapshot was made. Its id tells, unless that was pushed past a time at which the clock was ahead. */
    static Instant time(Snapshot snapshot) {
        return instant(snapshot.id())
                .filter(id -> id.isBefore(snapshot.sealedAt()))
                .orElse(snapshot.sealedAt());
    }

    private static Optional<Instant> instant(String id) {
        if (!ID.matcher(id).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Instant.from(ID_FORMAT.parse(id)));
        } catch (DateTimeException e) {
            return Optional.empty(); // 99999999T999999Z is a name, but no time
        }
    }

    private Optional<Snapshot> read(String store, Path path) {
        String id = path.getFileName().toString();
        if (instant(id).isEmpty() || !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            warn(path, "it is not a snapshot's folder");
            return Optional.empty();
        }
        try {
            Manifest.Footer footer = Manifest.footer(path);
            if (!store.equals(footer.store()) || !id.equals(footer.id())) {
                warn(path, "its manifest is that of " + footer.store() + "/" + footer.id());
                return Optional.empty();
            }
            return Optional.of(new Snapshot(
                    store,
                    id,
                    Instant.parse(footer.sealed()),
                    footer.files(),
                    footer.bytes(),
                    footer.newBytes(),
                    footer.partial(),
                    path));
        } catch (IOException | DateTimeException e) {
            warn(path, e + "; run: upkeep verify " + store);
            return Optional.empty();
        }
    }

    private void warn(Path path, String reason) {
        if (warned.add(path)) {
            LOG.warn("{} is ignored: {}", path, reason);
        }
    }

    /** What is in a store's folder. A link in its place may lead anywhere, so it is not followed. */
    private List<Path> entries(String store) {
        Path folder = folder(store);
        if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw new StoreException(
                    "The snapshots of store " + store + " are not read or written because " + folder
                            + " is a link or a file: move the folder with the snapshots there, or remove it.",
                    null,
                    true);
        }
        return children(folder);
    }

    private static List<Path> children(Path folder) {
        List<Path> found = new ArrayList<>();
        if (Files.notExists(folder)) {
            return found;
        }
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
            children.forEach(found::add);
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            throw new StoreException(
                    "The snapshots in " + folder + " cannot be listed (" + e.getMessage()
                            + "): mend the folder that upkeep.backup.directory names.",
                    e);
        }
        found.sort(null);
        return found;
    }
}
