package cocart.upkeep.store;

import java.nio.file.Path;
import java.util.List;

/**
 * The host key that a server shows.
 *
 * @param server {@code HOST:PORT}
 * @param host the server's name in known hosts: {@code HOST}, or {@code [HOST]:PORT} for other ports than 22
 * @param type such as {@code ssh-ed25519}
 * @param fingerprint {@code SHA256:} and base64 without padding, as {@code ssh-keygen -l} shows it
 * @param key the public key in base64
 * @param file the known hosts that count for this store
 * @param trusted whether this very key is in them
 * @param recorded types and fingerprints that are in them for this server; with none of them equal, the key has changed
 */
public record ShownKey(
        String server,
        String host,
        String type,
        String fingerprint,
        String key,
        Path file,
        boolean trusted,
        List<String> recorded) {

    /** True if other keys are recorded for this server, but not this one. */
    public boolean isChanged() {
        return !trusted && !recorded.isEmpty();
    }

    /** The command that shows the same fingerprint on the server itself. */
    public String howToCompare() {
        String kind = type.startsWith("ecdsa-") ? "ecdsa" : type.startsWith("ssh-") ? type.substring(4) : type;
        return "ssh-keygen -lf /etc/ssh/ssh_host_" + kind + "_key.pub";
    }
}
