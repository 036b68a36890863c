package cocart.upkeep.console.page;

import cocart.upkeep.store.Beside;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A notice in CoCart's words.
 *
 * @param kind {@code update-required}, {@code updating}, {@code update-complete} or {@code attention}
 * @param title the first words, as a heading
 * @param text the rest; empty if the title says it all
 * @param raised since when it says so, or null
 */
public record NoticeView(
        String id,
        String kind,
        String cause,
        String title,
        String text,
        @Nullable Moment raised) {

    private static final Map<String, String> TITLES = Map.ofEntries(
            Map.entry("update-required", "CoCart database update required"),
            Map.entry("updating", "CoCart is updating the database in the background"),
            Map.entry("update-complete", "CoCart database update complete"),
            Map.entry("step-failed", "CoCart database update failed"),
            Map.entry("update-failed", "CoCart database update failed"),
            Map.entry("update-refused", "CoCart database update does not go on"),
            Map.entry("update-blocked", "CoCart database update blocked"),
            Map.entry("exposure", "New carts are being lost"),
            Map.entry("host-key", "The server shows another host key"),
            Map.entry("job-failed", "A job failed"),
            Map.entry("backup-failed", "The last back-up failed"),
            Map.entry("backup-overdue", "The last back-up is too old"),
            Map.entry("snapshot-damaged", "A snapshot is hurt"),
            Map.entry("snapshot-partial", "The last snapshot is partial"),
            Map.entry("store-shrunk", "This store may be damaged"),
            Map.entry("rolled-back", "An older version is installed"),
            Map.entry("plugin-absent", "The plugin is absent"),
            Map.entry("plugin-unsettled", "The plugin is unsettled"),
            Map.entry("disk-nearly-full", "The disk is nearly full"),
            Map.entry("channel-failed", "Notices cannot be sent"));

    /**
     * All notices in a list of the status.
     *
     * @param store whose they are, to leave out the commands for which the page has buttons; empty for the bundle's own
     */
    static List<NoticeView> list(JsonNode notices, String store, Instant now) {
        List<NoticeView> views = new ArrayList<>();
        notices.forEach(notice -> views.add(of(notice, store, now)));
        return List.copyOf(views);
    }

    private static NoticeView of(JsonNode notice, String store, Instant now) {
        String cause = Node.text(notice, "cause", "");
        String kind = Node.text(notice, "kind", "attention");
        String title = TITLES.getOrDefault(cause, TITLES.getOrDefault(kind, "This needs you"));
        String text = Beside.id(store, Node.text(notice, "text", ""));
        String rest = PluginView.named(text.startsWith(title + ": ") ? text.substring(title.length() + 2) : text);
        for (String command : List.of("approve", "dismiss")) {
            rest = rest.replace(" Run: upkeep " + command + " " + store, "");
        }
        return new NoticeView(
                Node.text(notice, "id", ""),
                kind,
                cause,
                title,
                rest.isEmpty() ? rest : Character.toUpperCase(rest.charAt(0)) + rest.substring(1),
                Moment.of(Node.time(notice, "raisedAt"), now));
    }

    /** True if a person may put it away; the others go with their cause. */
    public boolean isDismissible() {
        return kind.equals("update-complete") || kind.equals("attention");
    }
}
