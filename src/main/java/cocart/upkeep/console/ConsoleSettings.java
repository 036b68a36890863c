package cocart.upkeep.console;

import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the console listens, and to whom.
 *
 * @param address name or address of a network interface of this machine
 * @param port 0 for a free one
 * @param hosts names under which browsers may ask for it, besides its address and localhost; in lower case
 * @param alwaysToken true if reading needs the token on this machine too
 * @param certificate PEM file with the certificate and its chain, or null for HTTP
 * @param key PEM file with its private key (PKCS 8), or null for HTTP
 */
public record ConsoleSettings(
        String address,
        int port,
        Set<String> hosts,
        boolean alwaysToken,
        @Nullable Path certificate,
        @Nullable Path key) {

    public boolean isTls() {
        return certificate != null;
    }

    /** The scheme of its URLs. */
    public String scheme() {
        return isTls() ? "https" : "http";
    }
}
