package cocart.upkeep.console;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may do what. Reading needs no token on this machine, and one elsewhere. Changing anything always needs it, in a way
 * that a browser does not do by itself, so that no foreign page can.
 */
public final class Access {

    /**
     * What a request says of itself.
     *
     * @param peer address of the other end of the connection
     * @param local address of this end
     * @param headers all values of each header, by its name in lower case
     */
    record Asked(String method, InetAddress peer, InetAddress local, Map<String, List<String>> headers) {

        List<String> all(String name) {
            return headers.getOrDefault(name, List.of());
        }

        /** The value of a header that must not be there more than once; null if it is not there. */
        @Nullable
        String one(String name) {
            List<String> values = all(name);
            return values.isEmpty() ? null : values.get(0);
        }
    }

    /**
     * Why a request is not answered.
     *
     * @param headers of the answer
     */
    record Refusal(Problem problem, Map<String, String> headers) {

        Refusal(int status, String sentence) {
            this(new Problem(status, sentence), Map.of());
        }
    }

    /** What proxies add: whoever asks is not on this machine, although the connection is from there. */
    private static final Pattern FORWARDED =
            Pattern.compile(".*forwarded.*|.*[-_]ip|via|cdn-loop|x[-_]remote[-_]addr|x[-_]envoy[-_].*|cf[-_].*");

    private static final Set<String> AT_MOST_ONCE =
            Set.of("host", "authorization", "origin", "sec-fetch-site", "sec-fetch-mode");

    private final Token token;
    private final Sessions sessions;
    private final Set<String> hosts;
    private final String scheme;
    private final boolean always;
    private final WrongTokens wrong;

    /**
     * @param sessions whose keys count as the token does
     * @param hosts names under which the console may be asked for besides localhost and its address, in lower case
     * @param scheme {@code http} or {@code https}
     * @param always true if reading needs the token on this machine too
     */
    public Access(Token token, Sessions sessions, Set<String> hosts, String scheme, boolean always, Clock clock) {
        this.token = token;
        this.sessions = sessions;
        this.hosts = hosts;
        this.scheme = scheme;
        this.always = always;
        this.wrong = new WrongTokens(clock);
    }

    /** True if a method of HTTP changes nothing. */
    static boolean isReading(String method) {
        return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
    }

    /** Why a request is refused; empty if it may go on. */
    Optional<Refusal> refuse(Asked asked) {
        for (String name : AT_MOST_ONCE) {
            if (asked.all(name).size() > 1) {
                return refusal(400, "The request has a header twice that may be there once.");
            }
        }
        String authority = asked.one("host");
        String host = authority == null ? "" : host(authority);
        if (!isLoopback(host) && !hosts.contains(host) && !isAddress(host, asked.local())) {
            // else a page whose name suddenly leads to this machine could read here
            return refusal(
                    421, "This console is not known by the name in the URL; add that name to upkeep.console.hosts.");
        }
        boolean forwarded = asked.headers().keySet().stream()
                .anyMatch(name -> FORWARDED.matcher(name).matches());
        boolean here = !always && asked.peer().isLoopbackAddress() && isLoopback(host) && !forwarded;
        boolean reads = isReading(asked.method());
        if (!reads && !isSameOrigin(asked, authority)) {
            return refusal(403, "Nothing is changed here by order of a page from another place.");
        }
        if (reads && isByAnotherPage(asked)) {
            return refusal(403, "Nothing is read here by order of a page from another place.");
        }
        String offered = offered(asked.one("authorization"), reads);
        if (offered == null) {
            return here && reads ? Optional.empty() : Optional.of(tokenNeeded(reads));
        }
        if (token.is(offered) || sessions.knows(offered)) {
            return Optional.empty(); // whatever others who share the address have sent
        }
        String from = address(asked.peer()) + (forwarded ? " (through a proxy)" : "");
        long wait = wrong.wait(from);
        if (wait > 0) {
            return Optional.of(new Refusal(
                    new Problem(429, "Too many wrong tokens; ask again in " + wait + " seconds."),
                    Map.of("Retry-After", String.valueOf(wait))));
        }
        wrong.add(from);
        return Optional.of(tokenNeeded(reads));
    }

    private static Optional<Refusal> refusal(int status, String sentence) {
        return Optional.of(new Refusal(status, sentence));
    }

    /** A browser asks for a password only where it would send it by itself from then on, so for reading only. */
    private static Refusal tokenNeeded(boolean reads) {
        return reads
                ? new Refusal(
                        new Problem(
                                401,
                                "The token is needed, or this one is wrong: upkeep token shows it. Send it as"
                                        + " Authorization: Bearer TOKEN, or as the password with any user name."),
                        Map.of("WWW-Authenticate", "Basic realm=\"CoCart Upkeep\", charset=\"UTF-8\""))
                : new Refusal(
                        new Problem(
                                401,
                                "Changing anything needs the token, or this one is wrong: upkeep token shows it. Send"
                                        + " it as Authorization: Bearer TOKEN."),
                        Map.of("WWW-Authenticate", "Bearer realm=\"CoCart Upkeep\""));
    }

    /** The token that a request offers; null if none, or not in the way that is needed. */
    private static @Nullable String offered(@Nullable String authorization, boolean reads) {
        if (authorization == null) {
            return null;
        }
        String[] parts = authorization.strip().split(" +", 2);
        String kind = parts[0].toLowerCase(Locale.ROOT);
        String rest = parts.length < 2 ? "" : parts[1];
        if (kind.equals("bearer")) {
            return rest;
        }
        if (kind.equals("basic") && reads) {
            try {
                String pair = new String(Base64.getDecoder().decode(rest), StandardCharsets.UTF_8);
                return pair.substring(pair.indexOf(':') + 1);
            } catch (IllegalArgumentException e) {
                return "";
            }
        }
        return null;
    }

    /** True if a browser says that another page is behind a request, and nobody has followed a link. */
    private static boolean isByAnotherPage(Asked asked) {
        String site = asked.one("sec-fetch-site");
        return (("cross-site".equals(site) || "same-site".equals(site))
                && !"navigate".equals(asked.one("sec-fetch-mode")));
    }

    /** True unless a browser says that another page is behind the request. */
    private boolean isSameOrigin(Asked asked, @Nullable String authority) {
        String origin = asked.one("origin");
        String site = asked.one("sec-fetch-site");
        return (origin == null
                        || origin.equalsIgnoreCase(scheme + "://" + authority)
                        || origin.equalsIgnoreCase("https://" + authority)) // a proxy may speak TLS for us
                && (site == null || site.equals("same-origin"));
    }

    /** The name in a Host header, without the port, in lower case; empty if it is malformed. */
    private static String host(String authority) {
        String host = authority.strip().toLowerCase(Locale.ROOT);
        if (host.startsWith("[")) {
            int end = host.indexOf(']');
            return end > 0 && host.substring(end + 1).matches("(:[0-9]{1,5})?") ? host.substring(0, end + 1) : "";
        }
        return host.matches("[a-z0-9._-]+(:[0-9]{1,5})?") ? host.replaceFirst(":.*", "") : "";
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.equals("[::1]") || host.matches("127(\\.[0-9]{1,3}){3}");
    }

    /** True if a host is written as the address at which it was reached: then no name has led here. */
    private static boolean isAddress(String host, InetAddress local) {
        if (local instanceof Inet6Address) {
            if (!host.startsWith("[") || !host.matches("\\[[0-9a-f:.]+\\]")) {
                return false;
            }
            try {
                return Arrays.equals(
                        InetAddress.getByName(host.substring(1, host.length() - 1))
                                .getAddress(),
                        local.getAddress());
            } catch (java.net.UnknownHostException e) {
                return false;
            }
        }
        return host.equals(local.getHostAddress());
    }

    /** An address by which wrong tokens are counted: who has IPv6 has a whole network of them. */
    private static String address(InetAddress peer) {
        if (peer instanceof Inet6Address && !peer.isLoopbackAddress()) {
            byte[] network = Arrays.copyOf(Arrays.copyOf(peer.getAddress(), 8), 16);
            try {
                return InetAddress.getByAddress(network).getHostAddress() + "/64";
            } catch (java.net.UnknownHostException e) {
                throw new IllegalStateException("16 bytes are an address", e);
            }
        }
        return peer.getHostAddress();
    }

    /** Headers by their names in lower case. */
    static Map<String, List<String>> byName(Iterable<Map.Entry<String, String>> headers) {
        Map<String, List<String>> byName = new TreeMap<>();
        for (Map.Entry<String, String> header : headers) {
            byName.computeIfAbsent(header.getKey().toLowerCase(Locale.ROOT), name -> new java.util.ArrayList<>())
                    .add(header.getValue());
        }
        return byName;
    }
}
