package cocart.upkeep.store;

import com.jcraft.jsch.JSch;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.KeyPair;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.camel.CamelContext;
import org.apache.camel.component.file.remote.SftpConfiguration;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a store's files by its {@code files} URI. */
public final class StoreFilesFactory {

    private static final Logger LOG = LoggerFactory.getLogger(StoreFilesFactory.class);

    /** Stores whose plain FTP was spoken of. */
    private static final Set<String> WARNED = ConcurrentHashMap.newKeySet();

    private static final int CONNECT_MILLIS = 10_000;
    private static final int IDLE_MILLIS = 60_000;
    private static final int ALIVE_MILLIS = 15_000;

    private final CamelContext context;
    private final Path home;

    /** @param home what relative paths in the URI are relative to; {@code config/known_hosts} lies there */
    public StoreFilesFactory(CamelContext context, Path home) {
        this.context = context;
        this.home = home;
    }

    /**
     * Opens a store's files.
     *
     * @throws StoreException if the URI is malformed, a key cannot be used, or the server cannot be entered
     */
    public StoreFiles open(StoreSettings store) {
        if (store.files().startsWith("file:")) {
            return LocalFiles.of(store.id(), localRoot(store.files()));
        }
        RemoteAddress address = RemoteAddress.of(store);
        if (address.scheme().equals("sftp")) {
            SftpEndpoint endpoint = login(store);
            return new SftpFiles(
                    store.id(), endpoint, address.path(), store.backup(), idle(endpoint.getConfiguration()));
        }
        FtpAccess access = FtpAccess.of(address, context, home);
        if (access.tls() == null && WARNED.add(store.id())) {
            LOG.warn(
                    "Store {}: ftp: sends its password and files so that anybody on the way can read them; use ftps: or"
                            + " sftp: in {} if the host has it.",
                    store.id(),
                    address.property());
        }
        return new FtpFiles(store.id(), access, address.path(), store.backup().connections());
    }

    /**
     * Opens a tunnel to a store's database through its SFTP login, and goes through it once, so that what bars the way is
     * known before another program takes it; the caller closes it.
     *
     * @param seenFromThere the database as the store's own host sees it
     * @throws StoreException if the server cannot be entered or does not forward, or the database cannot be entered
     */
    public StoreDatabase database(StoreSettings store, DatabaseAddress seenFromThere) {
        JdbcStoreDatabase database =
                new JdbcStoreDatabase(store.id(), new Tunnel(store.id(), login(store), seenFromThere));
        try {
            database.connect().close();
            return database;
        } catch (StoreException | SQLException e) {
            database.close();
            throw e instanceof StoreException known
                    ? known
                    : new StoreException("store " + store.id() + ": the database hung up: " + e.getMessage(), e);
        }
    }

    /**
     * A folder on this machine in the place of a store, to restore into; no link in it is followed.
     *
     * @param store the store's id, for sentences
     */
    public static StoreFiles local(String store, Path folder) {
        return new LocalFiles(store, folder, false);
    }

    /**
     * Checks what can be checked without a connection: the URI, its options, the key file. A URI that refers to beans
     * ({@code proxy=#proxy}) is left to {@link #open}, as the routes that declare them may not be loaded yet.
     *
     * @throws StoreException (permanent) that names the property
     */
    public void check(StoreSettings store) {
        if (store.files().startsWith("file:")) {
            localRoot(store.files());
        } else if (!store.files().contains("=#")) {
            RemoteAddress address = RemoteAddress.of(store);
            if (address.scheme().equals("sftp")) {
                login(store);
            } else {
                FtpAccess.of(address, context, home);
            }
        }
    }

    /**
     * Asks an {@code sftp:} store's server for its host key; nothing of ours is sent to it. Secrets of the store's endpoint
     * are dropped, so the Camel context of this factory cannot be used for its files afterwards.
     *
     * @throws StoreException if the server cannot be reached
     */
    public ShownKey hostKey(StoreSettings store) {
        return HostKeys.look(store.id(), endpoint(store));
    }

    private Path localRoot(String uri) {
        String path = uri.substring("file:".length()).replaceFirst("\\?.*", "").replaceFirst("^//(?=/)", "");
        return home.resolve(path).normalize();
    }

    private SftpEndpoint login(StoreSettings store) {
        SftpEndpoint endpoint = endpoint(store);
        key(endpoint.getConfiguration(), "upkeep.store." + store.id() + ".files");
        return endpoint;
    }

    private SftpEndpoint endpoint(StoreSettings store) {
        RemoteAddress address = RemoteAddress.of(store);
        SftpEndpoint endpoint = address.endpoint(context, SftpEndpoint.class);
        SftpConfiguration config = endpoint.getConfiguration();
        config.setPrivateKeyPassphrase(address.secret("privateKeyPassphrase"));
        defaults(config, address.options());
        return endpoint;
    }

    private void defaults(SftpConfiguration config, Map<String, Object> options) {
        if (!options.containsKey("strictHostKeyChecking")) {
            config.setStrictHostKeyChecking("yes");
        }
        if (!options.containsKey("connectTimeout")) {
            config.setConnectTimeout(CONNECT_MILLIS);
        }
        if (!options.containsKey("soTimeout")) {
            config.setSoTimeout(IDLE_MILLIS);
        }
        if (!options.containsKey("serverAliveInterval")) {
            config.setServerAliveInterval(ALIVE_MILLIS);
            config.setServerAliveCountMax(3);
        }
        if (!options.containsKey("useUserKnownHostsFile")) {
            config.setUseUserKnownHostsFile(false);
        }
        config.setAutoCreateKnownHostsFile(false);
        if (config.getKnownHostsFile() != null) {
            config.setKnownHostsFile(home.resolve(config.getKnownHostsFile()).toString());
        } else if (config.getKnownHostsUri() == null && config.getKnownHosts() == null) {
            config.setKnownHostsFile(home.resolve("config/known_hosts").toString());
        }
    }

    /** The option soTimeout is also the longest silence of the server that is put up with. */
    private static int idle(SftpConfiguration config) {
        return config.getSoTimeout() > 0 ? config.getSoTimeout() : IDLE_MILLIS;
    }

    private void key(SftpConfiguration config, String property) {
        if (config.getPrivateKeyFile() == null) {
            return;
        }
        Path key = home.resolve(config.getPrivateKeyFile());
        if (!Files.isReadable(key)) {
            throw new StoreException(
                    property + ": the key file " + key + " does not exist or cannot be read; check privateKeyFile",
                    null,
                    true);
        }
        try {
            if (Files.getFileStore(key).supportsFileAttributeView("posix")) {
                Set<PosixFilePermission> mode = Files.getPosixFilePermissions(key);
                if (mode.stream().anyMatch(p -> !p.name().startsWith("OWNER_"))) {
                    throw new StoreException(
                            property + ": the key file " + key + " may be read by others ("
                                    + PosixFilePermissions.toString(mode) + "); run chmod 600 on it",
                            null,
                            true);
                }
            }
        } catch (IOException e) {
            throw new StoreException(
                    property + ": the key file " + key + " cannot be read: " + Faults.words(e), e, true);
        }
        decrypt(key, config.getPrivateKeyPassphrase(), property);
        config.setPrivateKeyFile(key.toString());
    }

    /** Tells a key that cannot be opened from one that the server does not know; JSch says the same of both. */
    private static void decrypt(Path key, @Nullable String passphrase, String property) {
        try {
            KeyPair pair = KeyPair.load(new JSch(), key.toString());
            try {
                if (pair.isEncrypted()
                        && (passphrase == null || !pair.decrypt(passphrase.getBytes(StandardCharsets.UTF_8)))) {
                    throw new StoreException(
                            property + ": the passphrase of the key file " + key
                                    + (passphrase == null ? " is missing" : " is wrong")
                                    + "; set privateKeyPassphrase=RAW(...) in the URI",
                            null,
                            true);
                }
            } finally {
                pair.dispose();
            }
        } catch (JSchException e) {
            throw new StoreException(
                    property + ": the key file " + key
                            + " holds no private key that can be read; check privateKeyFile (it must not be the .pub file)",
                    e,
                    true);
        }
    }
}
