package cocart.upkeep.observe;

import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.ExchangeHelper;
import org.apache.camel.support.processor.DelegateAsyncProcessor;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Puts store, job and route of an exchange into the log's context (MDC) around every step of every route, on whatever
 * thread it runs. Camel's own camel-mdc names the route where an exchange began, here always a tick, and takes away what
 * was there before it.
 */
public final class RouteContext implements InterceptStrategy {

    @Override
    public Processor wrapProcessorInInterceptors(
            CamelContext context, NamedNode definition, Processor target, Processor nextTarget) {
        return new DelegateAsyncProcessor(target) {
            @Override
            public boolean process(Exchange exchange, AsyncCallback callback) {
                String store = put("store", exchange.getMessage().getHeader("store", String.class));
                String job = put("job", exchange.getMessage().getHeader("job", String.class));
                String route = put("route", ExchangeHelper.getAtRouteId(exchange));
                try {
                    return super.process(exchange, callback);
                } finally {
                    back("store", store);
                    back("job", job);
                    back("route", route);
                }
            }
        };
    }

    /** Sets a value, if there is one, and returns what was there. */
    private static @Nullable String put(String key, @Nullable String value) {
        String before = MDC.get(key);
        if (value != null) {
            MDC.put(key, value);
        }
        return before;
    }

    private static void back(String key, @Nullable String value) {
        if (value == null) {
            MDC.remove(key);
        } else {
            MDC.put(key, value);
        }
    }
}
