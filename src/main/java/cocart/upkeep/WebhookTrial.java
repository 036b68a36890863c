package cocart.upkeep;

import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLException;
import org.apache.camel.CamelContext;
import org.apache.camel.component.http.HttpEndpoint;
import org.apache.hc.client5.http.impl.ChainElement;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.jspecify.annotations.Nullable;

/**
 * Goes the way that the message to a webhook would go, with the client of the route's endpoint: through its proxy, with
 * its certificates and its limits of time. It turns round before the request is sent, as the address is a secret and a
 * request may count.
 */
final class WebhookTrial {

    private static final String OPTION = "upkeep.notify.webhook.url";
    private static final String ENDPOINT = "webhook";
    private static final String PROXY = " and the proxy that http:" + ENDPOINT + " goes through";

    private WebhookTrial() {}

    /**
     * Why it cannot be tried: {@code routes/notify.camel.yaml} does not send by {@code http:webhook}.
     *
     * @return empty if it can
     */
    static Optional<String> impossible(CamelContext camel) {
        return endpoint(camel).isPresent()
                ? Optional.empty()
                : Optional.of("no route of routes/ sends to http:" + ENDPOINT + " any more");
    }

    /**
     * Connects to a webhook's server.
     *
     * @throws StoreException with what is wrong and the option to check
     */
    static void of(CamelContext camel, String url) {
        URI uri = URI.create(url);
        int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
        HttpHost server = new HttpHost(uri.getScheme(), uri.getHost(), port);
        AtomicReference<@Nullable HttpHost> by = new AtomicReference<>();
        try {
            int status = client(endpoint(camel).orElseThrow(), by)
                    .execute(server, ClassicRequestBuilder.head("/").build(), answer -> answer.getCode());
            HttpHost proxy = by.get();
            if (status != HttpStatus.SC_NO_CONTENT && proxy != null) { // said by it, instead of leading there
                throw Channels.wrong(
                        "the proxy " + address(proxy) + " does not lead to "
                                + address(server) + (status == 407 ? " without a login" : "") + " (status " + status
                                + ")",
                        OPTION + PROXY);
            }
        } catch (IOException e) {
            HttpHost proxy = by.get();
            // TLS is spoken with the server itself
            HttpHost failed = proxy == null || e instanceof SSLException ? server : proxy;
            throw Channels.failed(failed.getHostName(), failed.getPort(), e, proxy == null ? OPTION : OPTION + PROXY);
        }
    }

    private static Optional<HttpEndpoint> endpoint(CamelContext camel) {
        return camel.getEndpoints().stream()
                .filter(HttpEndpoint.class::isInstance)
                .map(HttpEndpoint.class::cast)
                .filter(http -> ENDPOINT.equals(http.getHttpUri().getHost()))
                .findFirst();
    }

    /**
     * The endpoint's client, but that it answers for the server as soon as it is connected.
     *
     * @param by gets the proxy that it goes through, or null
     */
    private static CloseableHttpClient client(HttpEndpoint endpoint, AtomicReference<@Nullable HttpHost> by) {
        endpoint.getHttpClient(); // it is only then that its builder has all of its options
        return endpoint.getClientBuilder()
                .addExecInterceptorFirst("way", (request, scope, chain) -> {
                    by.set(scope.route.getProxyHost());
                    return chain.proceed(request, scope);
                })
                .addExecInterceptorAfter(ChainElement.CONNECT.name(), "trial", (request, scope, chain) -> {
                    scope.execRuntime.discardEndpoint(); // hangs up
                    return new BasicClassicHttpResponse(HttpStatus.SC_NO_CONTENT);
                })
                .build();
    }

    private static String address(HttpHost host) {
        return host.getHostName() + ":" + host.getPort();
    }
}
