package cocart.upkeep.console.page;

import org.jspecify.annotations.Nullable;

/**
 * A notice in CoCart's words.
 *
 * @param kind {@code update-required}, {@code updating}, {@code update-complete} or {@code attention}
 * @param title the first words, as a heading
 * @param text the rest
 * @param raised since when it says so, or null
 */
public record NoticeView(String kind, @Nullable String id, String title, String text, @Nullable Moment raised) {

    /** @param store whose it is, to leave out the command for which the page has a button */
    static NoticeView of(String kind, @Nullable String id, String text, String store, @Nullable Moment raised) {
        String title =
                switch (kind) {
                    case "update-required" -> "CoCart database update required";
                    case "updating" -> "CoCart is updating the database in the background";
                    case "update-complete" -> "CoCart database update complete";
                    default -> "Store " + store + " needs you";
                };
        String rest = text.startsWith(title + ": ") ? text.substring(title.length() + 2) : text;
        rest = PluginView.named(rest);
        for (String command : new String[] {"approve", "dismiss"}) {
            rest = rest.replace(" Run: upkeep " + command + " " + store, "");
        }
        return new NoticeView(
                kind,
                id,
                title,
                rest.isEmpty() ? rest : Character.toUpperCase(rest.charAt(0)) + rest.substring(1),
                raised);
    }

    /** True if a person may put it away; the others go with their cause. */
    public boolean isDismissible() {
        return kind.equals("update-complete") || kind.equals("attention");
    }
}
