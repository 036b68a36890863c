package cocart.upkeep.console.page;

import cocart.upkeep.backup.ProgressText;
import cocart.upkeep.console.Tables;
import cocart.upkeep.store.Beside;
import cocart.upkeep.store.Secrets;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A store in the list.
 *
 * @param url address of the shop, or null
 * @param group where it belongs: {@code attention}, {@code updating} or {@code fine}
 * @param rank what needs a human first comes first, from 0
 * @param why one sentence about what it needs, or null
 * @param sealed when the last snapshot was sealed, or null
 * @param size of that snapshot in words, or null
 * @param snapshotMark what is odd about it, or null
 * @param running name of the job that is at work now, or null
 */
public record StoreLine(
        String id,
        @Nullable String url,
        String group,
        int rank,
        @Nullable String why,
        List<PluginView> plugins,
        UpdateView update,
        @Nullable Moment sealed,
        @Nullable String size,
        @Nullable Mark snapshotMark,
        @Nullable String running,
        @Nullable Moment nextDetect,
        @Nullable Moment nextBackup) {

    /** True if the tables of all its plugins were looked at, so that it is known whether carts are kept. */
    public boolean isKnown() {
        return !plugins.isEmpty()
                && plugins.stream().noneMatch(plugin -> plugin.schema().text().equals("unknown"));
    }

    /** @param status of the store, as {@code status --json} has it */
    static StoreLine of(
            ObjectNode status,
            @Nullable String url,
            @Nullable Instant nextDetect,
            @Nullable Instant nextBackup,
            Instant now) {
        UpdateView update = UpdateView.of(status.get("dataUpdate"), now);
        boolean human = Tables.exitCode(status) != 0;
        String running = Node.text(status.path("job"), "name");
        String group = human ? "attention" : update.isUnderWay() || running != null ? "updating" : "fine";
        List<PluginView> plugins = new ArrayList<>();
        status.get("plugins").forEach(plugin -> plugins.add(PluginView.of(plugin)));
        JsonNode snapshot = status.path("lastSnapshot");
        Long bytes = Node.number(snapshot, "bytes");
        return new StoreLine(
                Node.text(status, "id", ""),
                url == null ? null : Secrets.mask(url), // it may hold the password of a shop that is not open yet
                group,
                rank(group, update),
                human ? why(status) : null,
                List.copyOf(plugins),
                update,
                Moment.of(Node.time(snapshot, "sealedAt"), now),
                bytes == null ? null : ProgressText.size(bytes),
                snapshot.path("failed").asLong() > 0 ? new Mark("wait", "partial") : null,
                running,
                Moment.due(nextDetect, now),
                Moment.due(nextBackup, now));
    }

    private static int rank(String group, UpdateView update) {
        if (group.equals("attention")) {
            return switch (update.state()) {
                case "failed" -> 0;
                case "awaiting-approval", "blocked" -> 1;
                default -> 2;
            };
        }
        return group.equals("updating") ? 3 : 4;
    }

    private static @Nullable String why(ObjectNode status) {
        String error = Node.text(status, "error");
        String notice = Node.text(status.path("notice"), "text");
        String reason = Node.text(status.path("dataUpdate"), "reason");
        String why = notice != null ? notice : error != null ? error : reason;
        return why == null ? null : PluginView.named(Beside.id(status.get("id").asText(), why));
    }

    /** True if a person who types these words means this store. */
    boolean matches(String words) {
        StringBuilder text = new StringBuilder(id)
                .append(' ')
                .append(url == null ? "" : url)
                .append(' ')
                .append(update.mark().text())
                .append(' ')
                .append(update.state());
        for (PluginView plugin : plugins) {
            text.append(' ')
                    .append(plugin.slug())
                    .append(' ')
                    .append(plugin.name())
                    .append(' ')
                    .append(plugin.version())
                    .append(' ')
                    .append(plugin.state().text())
                    .append(' ')
                    .append(plugin.schema().text());
        }
        String all = text.toString().toLowerCase(Locale.ROOT);
        for (String word : words.toLowerCase(Locale.ROOT).trim().split("\\s+")) {
            if (!all.contains(word)) {
                return false;
            }
        }
        return true;
    }
}
