package cocart.upkeep.wordpress;

import cocart.upkeep.store.PlainText;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Calls a store's WP-Cron, which works its Action Scheduler's queue; a visitor would do the same. */
public final class WpCron {

    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(30);

    /**
     * Calls {@code URL/wp-cron.php?doing_wp_cron}. That it failed is no failure of anything: the next visitor does it.
     *
     * @param url address of the shop, or null if the settings have none
     * @return half a sentence about how it went
     */
    public String call(String store, @Nullable String url) {
        if (url == null || url.isBlank()) {
            return "upkeep.store." + store + ".url is not set, so that it waits for the store's own WP-Cron, which runs"
                    + " with a visit";
        }
        URI uri;
        try {
            uri = URI.create(url.strip().replaceFirst("/+$", "") + "/wp-cron.php?doing_wp_cron");
            if (!"https".equals(uri.getScheme()) && !"http".equals(uri.getScheme()) || uri.getHost() == null) {
                throw new IllegalArgumentException("no http address");
            }
        } catch (IllegalArgumentException e) {
            return "upkeep.store." + store + ".url is no address such as https://shop.example, so that it waits for the"
                    + " store's own WP-Cron, which runs with a visit";
        }
        String place = uri.getScheme() + "://" + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
        try {
            HttpClient client = HttpClient.newBuilder()
                    .connectTimeout(CONNECT)
                    .followRedirects(HttpClient.Redirect.NORMAL)
                    .build();
            int status = client.send(
                            HttpRequest.newBuilder(uri)
                                    .timeout(ANSWER)
                                    .header("User-Agent", "CoCart-Upkeep")
                                    .build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            return "WP-Cron of " + place + " was called"
                    + (status < 300 ? "" : ", which answered " + status + "; a visit to the shop calls it too");
        } catch (IOException e) {
            return "WP-Cron of " + place + " could not be called ("
                    + PlainText.of(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())
                    + "); a visit to the shop calls it too";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "WP-Cron of " + place + " was not called, because this program stops";
        }
    }
}
