package cocart.upkeep.store;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.component.file.remote.RemoteFileEndpoint;
import org.apache.camel.util.URISupport;
import org.jspecify.annotations.Nullable;

/**
 * A store's {@code files} URI on another machine, taken apart: Camel sees no secret in it and no path, because it logs
 * URIs as they are at level TRACE and knows no absolute paths.
 *
 * @param property its name, to begin a sentence with
 * @param scheme {@code sftp}, {@code ftp} or {@code ftps}
 * @param authority {@code [USER@]HOST[:PORT]}
 * @param path begins with {@code /}
 * @param options without the secret ones
 * @param secrets values of the secret options
 */
record RemoteAddress(
        String property,
        String scheme,
        String authority,
        String path,
        Map<String, Object> options,
        Map<String, String> secrets) {

    private static final Pattern ADDRESS =
            Pattern.compile("(?:[^/]+@)?(?:\\[[0-9A-Fa-f:.]+\\]|[^:@/]+)(?::[0-9]{1,5})?");
    private static final Pattern LOGIN = Pattern.compile("([^:@/]+):([^@/]*)@(.+)");

    private static final List<String> SECRETS = List.of(
            "password",
            "privateKeyPassphrase",
            "account",
            "ftpClient.trustStore.password",
            "ftpClient.keyStore.password",
            "ftpClient.keyStore.keyPassword");

    /** @throws StoreException (permanent) that names the property */
    static RemoteAddress of(StoreSettings store) {
        String property = "upkeep.store." + store.id() + ".files";
        String uri = store.files();
        String scheme = uri.substring(0, uri.indexOf(':'));
        int question = uri.indexOf('?');
        String query = question < 0 ? "" : uri.substring(question + 1);
        String address =
                uri.substring(scheme.length() + 1).replaceFirst("^//", "").replaceFirst("\\?.*", "");
        int slash = address.indexOf('/');
        if (slash <= 0 || !ADDRESS.matcher(address.substring(0, slash)).matches()) {
            throw new StoreException(
                    property + " must name a host and the WordPress root on it, for example " + scheme
                            + ":deploy@shop.example/var/www/shop",
                    null,
                    true);
        }
        Map<String, Object> options;
        try {
            options = new LinkedHashMap<>(URISupport.parseQuery(query));
        } catch (Exception e) {
            throw unusable(property, scheme, e, Set.of());
        }
        Map<String, String> secrets = new HashMap<>();
        for (String name : SECRETS) {
            if (options.containsKey(name)) {
                secrets.put(name, decoded(String.valueOf(options.remove(name))));
            }
        }
        String authority = address.substring(0, slash);
        Matcher login = LOGIN.matcher(authority);
        if (login.matches()) {
            secrets.putIfAbsent("password", decoded(login.group(2).replace("+", "%2B")));
            authority = login.group(1) + "@" + login.group(3);
        }
        return new RemoteAddress(property, scheme, authority, address.substring(slash), options, secrets);
    }

    @Nullable
    String secret(String name) {
        return secrets.get(name);
    }

    /** Camel's endpoint for it, with the secrets that every scheme knows. */
    <E extends RemoteFileEndpoint<?>> E endpoint(CamelContext context, Class<E> type) {
        E endpoint;
        try {
            endpoint = context.getEndpoint(
                    scheme + "://" + authority + "/"
                            + property // Camel gives the same URI the same endpoint, passwords too
                            + (options.isEmpty() ? "" : "?" + URISupport.createQueryString(options)),
                    type);
        } catch (Exception e) {
            throw unusable(e);
        }
        if (endpoint.getConfiguration().getUsername() == null) {
            throw new StoreException(property + " names no user; write " + scheme + ":USER@HOST/PATH", null, true);
        }
        endpoint.getConfiguration().setPassword(secret("password"));
        return endpoint;
    }

    /** What is said when Camel cannot use it. */
    StoreException unusable(Exception e) {
        return unusable(property, scheme, e, options.keySet());
    }

    private static StoreException unusable(String property, String scheme, Exception e, Set<String> options) {
        return new StoreException(
                property + " is no usable " + scheme + ": endpoint of Camel (" + cause(e, options)
                        + "); see the options of the Camel component " + scheme,
                e,
                true);
    }

    /** An option's value: as it stands in {@code RAW(...)}, else percent-decoded where that is possible. */
    private static String decoded(String value) {
        if (value.startsWith("RAW(") && value.endsWith(")")) {
            return value.substring(4, value.length() - 1);
        }
        try {
            return URLDecoder.decode(value, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return value;
        }
    }

    /** The innermost message, without the URI, which may hold a password. */
    private static String cause(Throwable error, Set<String> options) {
        Throwable cause = error;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = String.valueOf(cause.getMessage());
        if (message.contains("Unknown parameters=")) {
            String parameters = message.substring(message.indexOf("Unknown parameters="));
            return "unknown option "
                    + options.stream()
                            .filter(name -> parameters.contains(name + "="))
                            .collect(Collectors.joining(", "));
        }
        int reason = message.lastIndexOf("due to:");
        return (reason >= 0 ? message.substring(reason + 7).strip() : message)
                .replaceAll("(s?ftps?:)\\S*", "$1…")
                .replaceAll("\\{[^}]*\\}", "{…}");
    }

    @Override
    public String toString() {
        return "RemoteAddress[" + property + "]";
    }
}
