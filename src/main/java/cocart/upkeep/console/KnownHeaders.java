package cocart.upkeep.console;

import java.util.Locale;
import java.util.Set;
import org.apache.camel.Exchange;
import org.apache.camel.spi.HeaderFilterStrategy;

/**
 * What passes between a request and a route's headers, either way. Camel would let everything in but its own names, and
 * let every header out again, a parameter of the URL among them: {@code ?Set-Cookie=x} would become a header of the answer.
 */
public final class KnownHeaders implements HeaderFilterStrategy {

    private static final Set<String> IN = Set.of("if-none-match");

    private static final Set<String> OUT =
            Set.of("content-type", "etag", "cache-control", "location", "retry-after", "allow");

    @Override
    public boolean applyFilterToExternalHeaders(String name, Object value, Exchange exchange) {
        return !IN.contains(name.toLowerCase(Locale.ROOT));
    }

    @Override
    public boolean applyFilterToCamelHeaders(String name, Object value, Exchange exchange) {
        return !OUT.contains(name.toLowerCase(Locale.ROOT));
    }
}
