package cocart.upkeep.store;

import com.jcraft.jsch.HostKey;
import com.jcraft.jsch.HostKeyRepository;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.Session;
import com.jcraft.jsch.UserInfo;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.apache.camel.component.file.remote.SftpConfiguration;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * Asks a server for its host key. The connection ends when the server has proven that it has the key: no user, password
 * or key of ours is sent, and none is even given to the library.
 */
final class HostKeys {

    private HostKeys() {}

    /**
     * The key that the server shows to us: of a type that is recorded for it already, if it still has one, else the one
     * that both prefer. Recording that one is enough, as the library asks for recorded types first.
     *
     * @throws StoreException if the server cannot be reached, or the URI names no file of known hosts
     */
    static ShownKey look(String store, SftpEndpoint endpoint) {
        SftpConfiguration config = endpoint.getConfiguration();
        if (config.getKnownHostsFile() == null) {
            throw new StoreException(
                    "upkeep.store." + store
                            + ".files names its known hosts by knownHostsUri or knownHosts, which are not"
                            + " written here; use knownHostsFile instead",
                    null,
                    true);
        }
        config.setPassword(null);
        config.setPrivateKeyFile(null);
        config.setPrivateKeyPassphrase(null);
        config.setPrivateKey(null);
        config.setPrivateKeyUri(null);
        config.setKeyPair(null);
        Session session = null;
        Curious curious = null;
        try {
            session = SshSessions.create(endpoint);
            session.setConfig("StrictHostKeyChecking", "yes");
            curious = new Curious(session.getHostKeyRepository());
            session.setHostKeyRepository(curious);
            SshSessions.connect(session, config);
            throw new IllegalStateException("no host key was asked about");
        } catch (JSchException e) {
            if (curious == null || curious.host == null) {
                throw SshSessions.explained(store, config, session, e);
            }
            return curious.shown(store, config.getHost() + ":" + config.getPort(), Path.of(config.getKnownHostsFile()));
        } finally {
            if (session != null) {
                session.disconnect();
            }
        }
    }

    /** Knows what is recorded, looks at what is shown, and accepts nothing. */
    private static final class Curious implements HostKeyRepository {

        private final HostKeyRepository known;
        private @Nullable String host;
        private byte[] key = new byte[0];
        private int result;

        Curious(HostKeyRepository known) {
            this.known = known;
        }

        ShownKey shown(String store, String server, Path file) throws StoreException {
            try {
                HostKey shown = new HostKey(host, key);
                List<HostKey> recorded = Stream.of(known.getHostKey(host, null)).toList();
                if (recorded.stream()
                        .anyMatch(one -> one.getMarker().equals("@revoked")
                                && one.getKey().equals(shown.getKey()))) {
                    throw new StoreException(
                            "store " + store + ": the host key of " + server + ", " + SshSessions.words(shown)
                                    + ", is marked as revoked in " + file + "; it is not trusted",
                            null,
                            true);
                }
                return new ShownKey(
                        server,
                        String.valueOf(host),
                        shown.getType(),
                        shown.getFingerPrint(new JSch()),
                        Base64.getEncoder().encodeToString(key),
                        file,
                        result == OK,
                        recorded.stream().map(SshSessions::words).toList());
            } catch (JSchException e) {
                throw new StoreException(
                        "store " + store + ": " + server + " shows a host key of a kind that is not known here",
                        e,
                        true);
            }
        }

        @Override
        public int check(String host, byte[] key) {
            this.host = host;
            this.key = key.clone();
            result = known.check(host, key);
            return NOT_INCLUDED;
        }

        @Override
        public HostKey[] getHostKey() {
            return known.getHostKey();
        }

        @Override
        public HostKey[] getHostKey(String host, String type) {
            return known.getHostKey(host, type);
        }

        @Override
        public String getKnownHostsRepositoryID() {
            return known.getKnownHostsRepositoryID();
        }

        @Override
        public void add(HostKey key, UserInfo ui) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void remove(String host, String type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void remove(String host, String type, byte[] key) {
            throw new UnsupportedOperationException();
        }
    }
}
