package cocart.upkeep.faults;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.security.PublicKey;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.sftp.SftpModuleProperties;
import org.apache.sshd.sftp.server.DirectoryHandle;
import org.apache.sshd.sftp.server.FileHandle;
import org.apache.sshd.sftp.server.SftpFileSystemAccessor;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;
import org.apache.sshd.sftp.server.SftpSubsystemProxy;

/** An SFTP server of a real folder, with limits and rights like a cheap host's. */
public final class LimitedSftp implements AutoCloseable {

    /** Paths on the server, such as {@code /wp-content/x}, that it does not let anybody open. */
    public final Set<String> denied = ConcurrentHashMap.newKeySet();

    /** Keys that are let in. */
    public final List<PublicKey> keys = new CopyOnWriteArrayList<>();

    /** Lets nobody in by a password any more; who is in stays. */
    public volatile boolean closed;

    private final TestSshd sshd;
    private final SshServer server;

    /** Starts it; any password fits. */
    public LimitedSftp(Path root, Path hostKey) throws IOException {
        sshd = new TestSshd(
                hostKey,
                new SftpSubsystemFactory.Builder()
                        .withFileSystemAccessor(new Guard())
                        .build());
        server = sshd.server();
        // With its usual small handles MINA 2.16 gives one away twice after an open that failed.
        SftpModuleProperties.FILE_HANDLE_SIZE.set(server, 16);
        server.setFileSystemFactory(new VirtualFileSystemFactory(root));
        server.setPasswordAuthenticator((user, password, session) -> !closed);
        server.setPublickeyAuthenticator(
                (user, key, session) -> keys.stream().anyMatch(known -> KeyUtils.compareKeys(known, key)));
        sshd.start();
    }

    public int port() {
        return sshd.port();
    }

    /** Adds the host key, as that of a port behind which this server is reached. */
    public void trustIn(Path knownHosts, int port) throws Exception {
        sshd.trustIn(knownHosts, port);
    }

    /** Most SSH connections of one user at once; the next is sent away after its login. */
    public void mostConnections(int most) {
        CoreModuleProperties.MAX_CONCURRENT_SESSIONS.set(server, most);
    }

    /** Most channels of one connection at once, as OpenSSH's MaxSessions. */
    public void mostChannels(int most) {
        CoreModuleProperties.MAX_CONCURRENT_CHANNELS.set(server, most);
    }

    /** No channel for anybody who has logged in, as OpenSSH's MaxSessions 0. */
    public void noChannels() {
        server.setChannelFactories(List.of());
    }

    /** Most handles of one SFTP session at once. */
    public void mostHandles(int most) {
        SftpModuleProperties.MAX_OPEN_HANDLES_PER_SESSION.set(server, most);
    }

    /** Lets nobody in by password, only by a key. */
    public void onlyKeys() {
        server.setPasswordAuthenticator(null);
    }

    @Override
    public void close() throws IOException {
        sshd.close();
    }

    /** The server's own rights, as root needs none. */
    private final class Guard implements SftpFileSystemAccessor {

        @Override
        public SeekableByteChannel openFile(
                SftpSubsystemProxy subsystem,
                FileHandle handle,
                Path file,
                String name,
                Set<? extends OpenOption> options,
                FileAttribute<?>... attributes)
                throws IOException {
            refuse(file);
            return SftpFileSystemAccessor.super.openFile(subsystem, handle, file, name, options, attributes);
        }

        @Override
        public DirectoryStream<Path> openDirectory(
                SftpSubsystemProxy subsystem, DirectoryHandle handle, Path dir, String name, LinkOption... options)
                throws IOException {
            refuse(dir);
            return SftpFileSystemAccessor.super.openDirectory(subsystem, handle, dir, name, options);
        }

        private void refuse(Path path) throws IOException {
            if (denied.contains(path.toString())) {
                throw new AccessDeniedException(path.toString());
            }
        }
    }
}
