package cocart.upkeep.backup;

import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Compares each new snapshot with the newest trusted one, by their manifests: a store that lost more than half of its
 * files or bytes, or of whose files more than half have content that is nowhere any more (as after encryption by an
 * attacker), is not trusted. It is trusted again when a later snapshot is like the trusted one, or a human says so.
 */
final class Suspicions {

    /** Below these a change is too small to tell anything: ten plugins' files are few, one picture is not half a shop. */
    private static final long FEW_FILES = 10;

    private static final long FEW_BYTES = 1 << 20;

    /** @param suspicion what is odd, without a full stop; null if the snapshot is ordinary */
    record Verdict(Snapshot snapshot, @Nullable String suspicion) {}

    private record Look(long files, long bytes, long dump) {}

    private Suspicions() {}

    /**
     * Judges what is newer than the newest trusted snapshot; the first of all is trusted as it is.
     *
     * @param sealed a store's snapshots
     * @param rows what is known of them
     * @return verdicts, oldest first; empty if the newest snapshot is trusted already
     * @throws StoreException if a manifest cannot be read whole
     */
    static List<Verdict> judge(List<Snapshot> sealed, Map<String, SnapshotRows.Row> rows) {
        Snapshot trusted = null;
        List<Snapshot> later = new ArrayList<>();
        for (Snapshot snapshot :
                sealed.stream().sorted(Comparator.comparing(Snapshot::id)).toList()) {
            SnapshotRows.Row row = rows.get(snapshot.id());
            if (row != null && row.trustedAt() != null) {
                trusted = snapshot;
                later.clear();
            } else {
                later.add(snapshot);
            }
        }
        List<Verdict> verdicts = new ArrayList<>();
        for (Snapshot snapshot : later) {
            String suspicion = trusted == null ? null : compare(trusted, snapshot);
            verdicts.add(new Verdict(snapshot, suspicion));
            if (suspicion == null) {
                trusted = snapshot;
            }
        }
        return verdicts;
    }

    private static @Nullable String compare(Snapshot before, Snapshot now) {
        if (isUnchanged(before, now)) {
            return null;
        }
        Set<String> contents = new HashSet<>();
        Tally tally = new Tally();
        read(now, line -> {
            contents.add(line.sha256());
            tally.add(line);
        });
        Look is = tally.look();
        Tally old = new Tally();
        long[] lost = new long[1];
        read(before, line -> {
            old.add(line);
            if (!contents.contains(line.sha256()) && !line.path().equals(SnapshotWriter.DUMP)) {
                lost[0]++;
            }
        });
        Look was = old.look();
        String odd = null;
        if (was.files() >= FEW_FILES && is.files() < was.files() - is.files()) {
            odd = "has " + number(is.files()) + " files where there were " + number(was.files());
        } else if (was.bytes() >= FEW_BYTES && is.bytes() < was.bytes() - is.bytes()) {
            odd = "has " + number(is.bytes()) + " bytes of files where there were " + number(was.bytes());
        } else if (was.dump() >= FEW_BYTES && is.dump() < was.dump() - is.dump()) {
            odd = "has a database dump of " + number(is.dump()) + " bytes where it had " + number(was.dump());
        } else if (was.files() >= FEW_FILES && lost[0] > was.files() - lost[0]) {
            odd = "lacks the content of " + number(lost[0]) + " of " + number(was.files())
                    + " files: changed, or encrypted by somebody";
        }
        return odd == null ? null : "Snapshot " + now.id() + " " + odd + " in " + before.id();
    }

    /** As many files and bytes as before and no new content but the dump, which is no smaller than half: nothing to read. */
    private static boolean isUnchanged(Snapshot before, Snapshot now) {
        try {
            long was = Files.size(before.path().resolve(SnapshotWriter.DUMP));
            long is = Files.size(now.path().resolve(SnapshotWriter.DUMP));
            return now.failed() == 0
                    && now.files() == before.files()
                    && now.newBytes() <= is
                    && now.bytes() - is == before.bytes() - was
                    && is >= was / 2;
        } catch (IOException e) {
            return false; // a snapshot without a dump, or one that the manifest will tell about
        }
    }

    private static String number(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    private static void read(Snapshot snapshot, Consumer<Manifest.Line> each) {
        List<String> broken = new ArrayList<>();
        try {
            Manifest.read(
                    snapshot.path(),
                    line -> {
                        if (line.isStored()) {
                            each.accept(line);
                        }
                    },
                    broken::add);
        } catch (IOException e) {
            throw unreadable(snapshot, e);
        }
        if (!broken.isEmpty()) {
            throw unreadable(snapshot, null);
        }
    }

    private static StoreException unreadable(Snapshot snapshot, @Nullable IOException e) {
        return new StoreException(
                "Store " + snapshot.store() + ": no old snapshot is removed, because "
                        + snapshot.path().resolve(Manifest.NAME) + " cannot be read whole; run: upkeep verify "
                        + snapshot.store(),
                e);
    }

    private static final class Tally {

        private long files;
        private long bytes;
        private long dump;

        void add(Manifest.Line line) {
            if (line.path().equals(SnapshotWriter.DUMP)) {
                dump = line.size();
            } else {
                files++;
                bytes += line.size();
            }
        }

        Look look() {
            return new Look(files, bytes, dump);
        }
    }
}
