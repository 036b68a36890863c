package cocart.upkeep;

import cocart.upkeep.store.PlainText;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.CamelContext;
import org.apache.camel.ExtendedCamelContext;
import org.apache.camel.PropertyBindingException;
import org.apache.camel.ResolveEndpointFailedException;
import org.jspecify.annotations.Nullable;

/**
 * An option of an endpoint that Camel cannot use.
 *
 * @param component of Camel, such as {@code smtps}
 * @param option its name
 * @param value that it cannot have; null if the option itself is unknown
 */
record EndpointMistake(
        String component, String option, @Nullable String value) {

    private static final Pattern UNKNOWN = Pattern.compile("Unknown parameters=\\[\\{([^=,\\s]+)=");
    private static final int MOST = 60;

    /** The option because of which something failed; empty if it failed for another reason. */
    static Optional<EndpointMistake> in(Throwable error) {
        String component = "";
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof ResolveEndpointFailedException endpoint) {
                component = String.valueOf(endpoint.getUri()).replaceFirst(":.*", "");
                Matcher unknown = UNKNOWN.matcher(String.valueOf(endpoint.getMessage()));
                if (unknown.find()) {
                    return Optional.of(new EndpointMistake(component, unknown.group(1), null));
                }
            }
            if (cause instanceof PropertyBindingException binding
                    && !component.isEmpty()
                    && binding.getPropertyName() != null) {
                return Optional.of(
                        new EndpointMistake(component, binding.getPropertyName(), String.valueOf(binding.getValue())));
            }
        }
        return Optional.empty();
    }

    /** What is wrong and what may be meant, to follow the place where it stands. */
    String words(CamelContext camel) {
        if (value != null) {
            String shown = PlainText.of(value);
            return "the option " + option + " of Camel's component " + component + " cannot be"
                    + (option.toLowerCase(Locale.ROOT).matches(".*(password|secret|token|passphrase).*")
                            ? " what it is there"
                            : " '" + (shown.length() > MOST ? shown.substring(0, MOST) + "…" : shown) + "'")
                    + "; see that option in Camel's documentation";
        }
        ExtendedCamelContext extension = camel.getCamelContextExtension();
        var factory = extension.getEndpointUriFactory(component);
        return "Camel's component " + component + " has no option " + option
                + NearestOption.of(option, factory == null ? Set.of() : factory.propertyNames())
                        .map(near -> "; did you mean " + near + "?")
                        .orElse("; see its options in Camel's documentation");
    }

    /** Finds it in a line of a route or in a URI. */
    Pattern line() {
        return Pattern.compile(
                "^\\s*[\"']?(\\S+\\.)?" + Pattern.quote(option) + "[\"']?\\s*:.*|.*" + inUri().pattern() + ".*");
    }

    /** Finds it in a URI. */
    Pattern inUri() {
        return Pattern.compile("[?&](\\S+\\.)?" + Pattern.quote(option) + "=");
    }
}
