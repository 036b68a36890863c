package cocart.upkeep.notify;

import cocart.upkeep.notify.StoreView.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is wrong with a store's snapshots, or that there is none of late. */
final class SnapshotCauses implements Function<StoreView, Stream<Finding>> {

    private final Function<String, Duration> age;

    /** @param age for a store: how old its newest snapshot may be; 0 for any age */
    SnapshotCauses(Function<String, Duration> age) {
        this.age = age;
    }

    @Override
    public Stream<Finding> apply(StoreView view) {
        return Stream.of(damaged(view), partial(view), shrunk(view), overdue(view))
                .filter(Objects::nonNull);
    }

    /** What the last verification found. */
    private static @Nullable Finding damaged(StoreView view) {
        List<Snapshot> damaged = view.snapshots.stream()
                .filter(snapshot -> snapshot.damage() != null)
                .toList();
        if (damaged.isEmpty()) {
            return null;
        }
        return Finding.of(
                Cause.SNAPSHOT_DAMAGED,
                "",
                damaged.stream().map(Snapshot::id).collect(Collectors.joining(" ")),
                "Snapshot " + damaged.get(0).id() + " is damaged: "
                        + damaged.get(0).damage()
                        + (damaged.size() == 1 ? ". " : ", and " + (damaged.size() - 1) + " more are. ")
                        + "Run: upkeep verify " + view.id()
                        + " (it says what can be done), or remove the snapshot's folder and verify again.");
    }

    /** The same is said of each night's snapshot until one is whole. */
    private static @Nullable Finding partial(StoreView view) {
        return view.snapshots.stream()
                .filter(snapshot -> snapshot.newest() && snapshot.failed() > 0)
                .findFirst()
                .map(snapshot -> Finding.of(
                        Cause.SNAPSHOT_PARTIAL,
                        "",
                        "",
                        "Snapshot " + snapshot.id() + " lacks " + snapshot.failed()
                                + " files or folders that could not be read; its manifest.jsonl names them. Let the user"
                                + " of upkeep.store." + view.id() + ".files read them, or leave them out with"
                                + " upkeep.backup.skip."))
                .orElse(null);
    }

    private static @Nullable Finding shrunk(StoreView view) {
        return view.snapshots.stream()
                .filter(snapshot -> snapshot.judged() && snapshot.suspicion() != null)
                .findFirst()
                .map(snapshot -> Finding.of(
                        Cause.STORE_SHRUNK,
                        "",
                        Finding.withoutFigures(String.valueOf(snapshot.suspicion())),
                        "Store " + view.id() + " may be damaged: " + snapshot.suspicion()
                                + ". No old snapshot is removed until one is like that again. If it is as it should be,"
                                + " run: upkeep prune " + view.id() + " --accept"))
                .orElse(null);
    }

    private @Nullable Finding overdue(StoreView view) {
        Duration most = age.apply(view.id());
        Instant last = view.snapshots.stream()
                .filter(Snapshot::newest)
                .map(Snapshot::sealedAt)
                .findFirst()
                .orElse(view.knownSince);
        if (most.isZero() || last == null || !last.plus(most).isBefore(view.now)) {
            return null;
        }
        return Finding.of(
                Cause.BACKUP_OVERDUE,
                "",
                "",
                view.snapshots.isEmpty()
                        ? "Store " + view.id() + " has never been backed up, and is known since "
                                + last.truncatedTo(ChronoUnit.SECONDS) + ". Run: upkeep backup " + view.id()
                        : "The newest backup of store " + view.id() + " is of " + last.truncatedTo(ChronoUnit.SECONDS)
                                + ", older than upkeep.notices.backup-age allows. Run: upkeep backup " + view.id());
    }
}
