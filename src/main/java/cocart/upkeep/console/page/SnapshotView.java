package cocart.upkeep.console.page;

import cocart.upkeep.backup.KnownSnapshots.Known;
import cocart.upkeep.backup.ProgressText;
import cocart.upkeep.backup.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot in the list.
 *
 * @param files number of files in words
 * @param size sum of their sizes in words
 * @param newBytes content that no snapshot had before, in words
 * @param took how long it took to make, or null
 * @param marks what is known of it; empty for an ordinary one
 * @param verified when its content was last seen to be whole, or null
 * @param remark what is wrong or odd about it, or null
 */
public record SnapshotView(
        String id,
        Moment sealed,
        String files,
        String size,
        String newBytes,
        @Nullable String took,
        List<Mark> marks,
        @Nullable Moment verified,
        @Nullable String remark) {

    private static final DateTimeFormatter ID =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    static SnapshotView of(Known known, Instant now) {
        Snapshot snapshot = known.snapshot();
        List<Mark> marks = new ArrayList<>();
        if (known.damage() != null) {
            marks.add(new Mark("bad", "hurt"));
        }
        if (snapshot.failed() > 0) {
            marks.add(new Mark("wait", "partial"));
        }
        if (known.suspicion() != null) {
            marks.add(new Mark("wait", "suspicious"));
        }
        if (known.verifiedAt() != null && known.damage() == null) {
            marks.add(new Mark("good", "verified"));
        }
        if (known.offSiteAt() != null) {
            marks.add(new Mark("good", "off-site"));
        }
        if (known.beforeRestore()) {
            marks.add(new Mark("off", "before a restore"));
        }
        Duration took = took(snapshot);
        return new SnapshotView(
                snapshot.id(),
                Objects.requireNonNull(Moment.of(snapshot.sealedAt(), now)),
                String.format(Locale.ROOT, "%,d", snapshot.files()),
                ProgressText.size(snapshot.bytes()),
                ProgressText.size(snapshot.newBytes()),
                took == null ? null : Moment.took(took),
                List.copyOf(marks),
                Moment.of(known.verifiedAt(), now),
                remark(known));
    }

    private static @Nullable String remark(Known known) {
        if (known.damage() != null) {
            return known.damage();
        }
        return known.snapshot().failed() > 0
                ? String.format(
                        Locale.ROOT,
                        "%,d files or folders could not be read; its manifest.jsonl names them.",
                        known.snapshot().failed())
                : known.suspicion();
    }

    /** From its id, which is when it was begun, to its seal; null if the id is no time. */
    static @Nullable Duration took(Snapshot snapshot) {
        try {
            Duration took = Duration.between(
                    LocalDateTime.parse(snapshot.id(), ID).toInstant(ZoneOffset.UTC), snapshot.sealedAt());
            return took.isNegative() ? null : took;
        } catch (DateTimeParseException e) {
            return null;
        }
    }
}
