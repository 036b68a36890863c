package cocart.upkeep.store;

import com.jcraft.jsch.HostKey;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.Session;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.camel.component.file.remote.RemoteFileConfiguration;
import org.apache.camel.component.file.remote.SftpConfiguration;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.apache.camel.component.file.remote.SftpOperations;
import org.jspecify.annotations.Nullable;

/** Opens SSH sessions as camel-ftp's endpoint configures them, and says in a sentence why one cannot be opened. */
final class SshSessions {

    /** Most characters of an error that are shown; it may name all ciphers that the server knows. */
    private static final int MOST_WORDS = 1000;

    private SshSessions() {}

    /** Opens camel-ftp's session; its method is protected. */
    private static final class Operations extends SftpOperations {

        Session create(SftpEndpoint endpoint) throws JSchException {
            setEndpoint(endpoint);
            return createSession((RemoteFileConfiguration) endpoint.getConfiguration());
        }
    }

    /** A session that is not connected yet. */
    static Session create(SftpEndpoint endpoint) throws JSchException {
        Session session = new Operations().create(endpoint);
        session.setTimeout(endpoint.getConfiguration().getSoTimeout());
        return session;
    }

    /**
     * Connects and logs in; the caller disconnects.
     *
     * @throws StoreException if the server cannot be reached or entered
     */
    static Session open(String store, SftpEndpoint endpoint) {
        SftpConfiguration config = endpoint.getConfiguration();
        Session session = null;
        try {
            session = create(endpoint);
            connect(session, config);
            return session;
        } catch (JSchException e) {
            StoreException explained = explained(store, config, session, e);
            if (session != null) {
                session.disconnect();
            }
            throw explained;
        }
    }

    /** Connects and logs in. */
    static void connect(Session session, SftpConfiguration config) throws JSchException {
        LoginLimit.connect(session, config.getConnectTimeout(), config.getBindAddress());
    }

    /** A sentence that says what is behind an error of connecting. */
    static StoreException explained(
            String store, SftpConfiguration config, @Nullable Session session, Exception error) {
        String property = "upkeep.store." + store + ".files";
        String where = "store " + store + ": ";
        String server = config.getHost() + ":" + config.getPort();
        // it may hold what the server said
        String message = PlainText.brief(String.valueOf(error.getMessage()), MOST_WORDS);
        String known = config.getKnownHostsFile() == null ? "the known hosts" : config.getKnownHostsFile();
        String lower = message.toLowerCase(Locale.ROOT);
        if (error instanceof LoginLimit.Exceeded slow) {
            return new StoreException(
                    where + server + " answers, but has not let us in within " + slow.seconds
                            + " s; is it an SFTP server? Check " + property,
                    error);
        }
        if (lower.contains("hostkey") || lower.contains("host key")) {
            String shown = session == null ? "" : shown(session);
            if (lower.contains("changed")) {
                return new StoreException(
                        where + KnownHosts.KEY_OF + server + KnownHosts.IS_ANOTHER + known + shown
                                + recorded(session)
                                + "; if the server was set up anew, run upkeep trust " + store
                                + " --replace, else somebody may be listening in",
                        error,
                        true);
            }
            return new StoreException(
                    where + "the host key of " + server + " is unknown" + shown
                            + "; compare it with the server's own and record it in " + known + ": upkeep trust "
                            + store,
                    error,
                    true);
        }
        if (lower.contains("auth fail") || lower.contains("auth cancel") || lower.contains("too many authentication")) {
            return new StoreException(
                    where + server + " does not let the user " + config.getUsername() + " in with "
                            + (config.getPrivateKeyFile() != null
                                    ? "the key " + config.getPrivateKeyFile()
                                    : "this password")
                            + "; check " + property,
                    error,
                    true);
        }
        if (lower.contains("channel is not opened")) {
            return new StoreException(
                    where + server + " lets the user " + config.getUsername()
                            + " in, but opens no session for SFTP; it may have too many of them now (MaxSessions), or the"
                            + " login may be for forwarding only",
                    error);
        }
        if (lower.contains("channel request")) {
            return new StoreException(
                    where + server + " lets the user " + config.getUsername()
                            + " in, but offers no SFTP; it must be switched on there (in sshd_config: Subsystem sftp"
                            + " internal-sftp)",
                    error);
        }
        if (lower.contains("closed by foreign host")
                || lower.contains("connection reset")
                || lower.contains("end of io stream")) {
            return new StoreException(
                    where + server
                            + " closed the connection before the login; is it an SFTP server, and does it let this"
                            + " machine in? Check " + property,
                    error);
        }
        if (lower.contains("no route") || lower.contains("unreachable")) {
            return new StoreException(
                    where + "no way leads to " + server + " from here; check the network, a firewall or VPN, and "
                            + property,
                    error);
        }
        if (lower.contains("unknownhost")) {
            return new StoreException(where + "there is no host " + config.getHost() + "; check " + property, error);
        }
        if (lower.contains("refused")) {
            return new StoreException(
                    where + "nothing listens at " + server + " (connection refused); check " + property, error);
        }
        if (lower.contains("timeout") || lower.contains("timed out")) {
            return new StoreException(
                    where + server + " does not answer within " + config.getConnectTimeout() / 1000
                            + " s; is it up, and may this machine reach it?",
                    error);
        }
        return new StoreException(
                where + "no SFTP connection to " + server + ": " + message.replaceAll("[\\w.$]+Exception: ?", ""),
                error);
    }

    private static String shown(Session session) {
        HostKey key = session.getHostKey();
        return key == null ? "" : " (the server shows " + words(key) + ")";
    }

    private static String recorded(@Nullable Session session) {
        if (session == null || session.getHostKeyRepository() == null) {
            return "";
        }
        String host = session.getPort() == 22 ? session.getHost() : "[" + session.getHost() + "]:" + session.getPort();
        HostKey[] keys = session.getHostKeyRepository().getHostKey(host, null);
        return keys.length == 0
                ? ""
                : "; recorded is " + Stream.of(keys).map(SshSessions::words).collect(Collectors.joining(", "));
    }

    /** A key as {@code ssh-keygen -l} shows it: {@code ssh-ed25519 SHA256:...}. */
    static String words(HostKey key) {
        return key.getType() + " " + key.getFingerPrint(new JSch());
    }
}
