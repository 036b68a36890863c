package cocart.upkeep.notify;

import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Stream;

/** Why there is a notice; the first is the one that a person should read first. */
enum Cause {
    STEP_FAILED(true),
    UPDATE_FAILED(true),
    UPDATE_REFUSED(true),
    EXPOSURE(true),
    HOST_KEY(true),
    JOB_FAILED(false),
    BACKUP_FAILED(false),
    SNAPSHOT_DAMAGED(true),
    SNAPSHOT_PARTIAL(false),
    STORE_SHRUNK(true),
    ROLLED_BACK(false),
    PLUGIN_ABSENT(false),
    PLUGIN_UNSETTLED(false),
    UPDATE_BLOCKED(false),
    BACKUP_OVERDUE(false),
    DISK_NEARLY_FULL(true),
    CHANNEL_FAILED(false),
    UPDATE_REQUIRED(false),
    UPDATING(false),
    UPDATE_COMPLETE(false);

    private static final String ATTENTION = "attention";

    /** The most urgent first; of two that are as urgent, the older one. */
    static final Comparator<Notice> URGENCY = Comparator.comparing(
                    (Notice notice) -> !notice.kind().equals(ATTENTION))
            .thenComparing(notice -> !notice.urgent())
            .thenComparing(notice -> of(notice.cause()))
            .thenComparing(Notice::changedAt)
            .thenComparing(Notice::id);

    /** True if it usually does not wait for the end of quiet hours. */
    final boolean urgent;

    Cause(boolean urgent) {
        this.urgent = urgent;
    }

    /** Its name in the state database, in JSON and in messages. */
    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** One of the four that CoCart's users know. */
    String kind() {
        return this == UPDATE_REQUIRED || this == UPDATING || this == UPDATE_COMPLETE ? word() : ATTENTION;
    }

    /** By its word; a word of another version of the program counts as the least urgent. */
    private static Cause of(String word) {
        return Stream.of(values())
                .filter(cause -> cause.word().equals(word))
                .findFirst()
                .orElse(UPDATE_COMPLETE);
    }
}
