package cocart.upkeep.demo;

import java.io.IOException;
import java.net.BindException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PublicKey;
import java.util.List;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;

/** Apache MINA's SFTP server on 127.0.0.1, serving one folder as {@code /}. */
public final class EmbeddedSftp implements AutoCloseable {

    private final SshServer server = SshServer.setUpDefaultServer();
    private final String password;

    /**
     * Starts it.
     *
     * @param root folder that clients see as {@code /}
     * @param hostKey file of the host key; made if it is not there
     * @param port 0 for a free one
     * @param keys public keys that may log in
     * @throws IllegalStateException if the port is taken
     */
    public EmbeddedSftp(Path root, Path hostKey, int port, String password, List<PublicKey> keys) throws IOException {
        this.password = password;
        server.setHost("127.0.0.1");
        server.setPort(port);
        SimpleGeneratorHostKeyProvider provider = new SimpleGeneratorHostKeyProvider(hostKey);
        provider.setAlgorithm("EC");
        provider.setKeySize(256);
        server.setKeyPairProvider(provider);
        server.setPasswordAuthenticator((user, given, session) -> given.equals(this.password));
        server.setPublickeyAuthenticator((user, key, session) ->
                keys.stream().anyMatch(known -> org.apache.sshd.common.config.keys.KeyUtils.compareKeys(known, key)));
        server.setSubsystemFactories(List.of(new SftpSubsystemFactory.Builder().build()));
        server.setFileSystemFactory(new VirtualFileSystemFactory(root));
        try {
            server.start();
        } catch (BindException e) {
            throw new IllegalStateException(
                    "Port " + port + " for the embedded SFTP server is taken; choose another with"
                            + " -Dupkeep.demo.sftp.port=PORT, or leave it out for a free one.",
                    e);
        }
    }

    /** The server itself, for those who want it to do more than to serve files, such as to forward connections. */
    public SshServer server() {
        return server;
    }

    public int port() {
        return server.getPort();
    }

    /** The line that {@code ssh-keyscan} would print. */
    public String knownHost() throws IOException {
        try {
            KeyPair key = server.getKeyPairProvider().loadKeys(null).iterator().next();
            return "[127.0.0.1]:" + port() + " " + PublicKeyEntry.toString(key.getPublic()) + "\n";
        } catch (java.security.GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    /** Writes the host key where the bundle looks for it. */
    public void trustIn(Path knownHosts) throws IOException {
        Files.createDirectories(knownHosts.getParent());
        Files.writeString(knownHosts, knownHost());
    }

    @Override
    public void close() throws IOException {
        server.stop(true);
    }
}
