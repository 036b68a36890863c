package cocart.upkeep.console.page;

import cocart.upkeep.console.Status;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A plugin of a store, as it was last seen.
 *
 * @param name CoCart for its slug, else the slug
 * @param version of the installed code, or null
 * @param schema whether the tables are what that code needs
 * @param databaseVersion what the plugin itself believes, or null
 * @param rolledBackFrom a later version that was there before, or null
 * @param reason why it is not settled, or null
 */
public record PluginView(
        String slug,
        String name,
        @Nullable String version,
        Mark state,
        Mark schema,
        @Nullable String databaseVersion,
        @Nullable String rolledBackFrom,
        @Nullable String reason) {

    private static final String COCART = "cart-rest-api-for-woocommerce";

    private static final Pattern SLUG = Pattern.compile("(?<![\\w./-])" + COCART + "(?![\\w/-]|\\.php)");

    static PluginView of(JsonNode plugin) {
        String slug = Node.text(plugin, "slug", "");
        return new PluginView(
                slug,
                name(slug),
                Node.text(plugin, "version"),
                Status.isUnknown(plugin)
                        ? new Mark("off", "not looked at yet")
                        : Mark.ofPlugin(Node.text(plugin, "state", "unsettled")),
                Mark.ofSchema(Node.text(plugin, "schema", "unknown")),
                Node.text(plugin, "databaseVersion"),
                Node.text(plugin, "rolledBackFrom"),
                Status.isUnknown(plugin) ? null : Node.text(plugin, "reason"));
    }

    /** A sentence with CoCart in place of its slug, but for paths. */
    static String named(String text) {
        return SLUG.matcher(text).replaceAll("CoCart");
    }

    /** What people call a plugin. */
    static String name(String slug) {
        return slug.equals(COCART) ? "CoCart" : slug;
    }
}
