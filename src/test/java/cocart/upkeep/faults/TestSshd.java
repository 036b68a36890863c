package cocart.upkeep.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.KeyPair;
import java.util.List;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;
import org.apache.sshd.server.subsystem.SubsystemFactory;

/** Apache MINA's SSH server on a free port of 127.0.0.1 with an SFTP subsystem of a test's choice; any password fits. */
public final class TestSshd implements AutoCloseable {

    private final SshServer server = SshServer.setUpDefaultServer();

    /** Ready to be {@link #start}ed. */
    public TestSshd(Path hostKey, SubsystemFactory sftp) {
        server.setHost("127.0.0.1");
        server.setPort(0);
        SimpleGeneratorHostKeyProvider provider = new SimpleGeneratorHostKeyProvider(hostKey);
        provider.setAlgorithm("EC");
        provider.setKeySize(256);
        server.setKeyPairProvider(provider);
        server.setPasswordAuthenticator((user, password, session) -> true);
        server.setSubsystemFactories(List.of(sftp));
    }

    /** To be set up further before it starts. */
    SshServer server() {
        return server;
    }

    /** Starts it. */
    public TestSshd start() throws IOException {
        server.start();
        return this;
    }

    public int port() {
        return server.getPort();
    }

    /** Writes the host key where the bundle looks for it. */
    public void trustIn(Path knownHosts) throws Exception {
        trustIn(knownHosts, port());
    }

    /** The same, as that of another port, behind which this server is reached. */
    public void trustIn(Path knownHosts, int port) throws Exception {
        KeyPair key = server.getKeyPairProvider().loadKeys(null).iterator().next();
        Files.createDirectories(knownHosts.getParent());
        Files.writeString(
                knownHosts,
                "[127.0.0.1]:" + port + " " + PublicKeyEntry.toString(key.getPublic()) + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    @Override
    public void close() throws IOException {
        server.stop(true);
    }
}
