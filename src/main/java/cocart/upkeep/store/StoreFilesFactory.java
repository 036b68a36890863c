package cocart.upkeep.store;

import com.jcraft.jsch.JSch;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.KeyPair;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.component.file.remote.SftpConfiguration;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.apache.camel.util.URISupport;
import org.jspecify.annotations.Nullable;

/** Opens a store's files by its {@code files} URI. */
public final class StoreFilesFactory {

    private static final Pattern ADDRESS =
            Pattern.compile("(?:[^/]+@)?(?:\\[[0-9A-Fa-f:.]+\\]|[^:@/]+)(?::[0-9]{1,5})?");
    private static final Pattern LOGIN = Pattern.compile("([^:@/]+):([^@/]*)@(.+)");

    /** Options that are never part of the URI that Camel sees, because it logs URIs as they are at level TRACE. */
    private static final List<String> SECRETS = List.of("password", "privateKeyPassphrase");

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
        SftpEndpoint endpoint = login(store);
        String address = address(store.files());
        return new SftpFiles(
                store.id(),
                endpoint,
                address.substring(address.indexOf('/')),
                store.backup(),
                idle(endpoint.getConfiguration()));
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
     * A folder on this machine in the place of a store, to restore into.
     *
     * @param store the store's id, for sentences
     */
    public static StoreFiles local(String store, Path folder) {
        return new LocalFiles(store, folder);
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
            login(store);
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

    /** {@code [USER@]HOST[:PORT]/PATH} of an {@code sftp:} URI. */
    private static String address(String uri) {
        return uri.substring("sftp:".length()).replaceFirst("^//", "").replaceFirst("\\?.*", "");
    }

    private SftpEndpoint login(StoreSettings store) {
        SftpEndpoint endpoint = endpoint(store);
        key(endpoint.getConfiguration(), "upkeep.store." + store.id() + ".files");
        return endpoint;
    }

    private SftpEndpoint endpoint(StoreSettings store) {
        String property = "upkeep.store." + store.id() + ".files";
        String uri = store.files();
        int question = uri.indexOf('?');
        String query = question < 0 ? "" : uri.substring(question + 1);
        String address = address(uri);
        int slash = address.indexOf('/');
        if (slash <= 0 || !ADDRESS.matcher(address.substring(0, slash)).matches()) {
            throw new StoreException(
                    property + " must name a host and the WordPress root on it, for example"
                            + " sftp:deploy@shop.example:22/var/www/shop",
                    null,
                    true);
        }
        SftpEndpoint endpoint;
        Map<String, Object> options = Map.of();
        Map<String, String> secrets = new HashMap<>();
        String authority = address.substring(0, slash);
        try {
            options = URISupport.parseQuery(query);
            for (String name : SECRETS) {
                if (options.containsKey(name)) {
                    secrets.put(name, decoded(String.valueOf(options.remove(name))));
                }
            }
            Matcher login = LOGIN.matcher(authority);
            if (login.matches()) {
                secrets.putIfAbsent("password", decoded(login.group(2).replace("+", "%2B")));
                authority = login.group(1) + "@" + login.group(3);
            }
            endpoint = context.getEndpoint(
                    "sftp://" + authority + "/root"
                            + (options.isEmpty() ? "" : "?" + URISupport.createQueryString(options)),
                    SftpEndpoint.class);
        } catch (Exception e) {
            throw new StoreException(
                    property + " is no usable sftp: endpoint of Camel (" + cause(e, options.keySet())
                            + "); see the options of the Camel component sftp",
                    e,
                    true);
        }
        SftpConfiguration config = endpoint.getConfiguration();
        if (config.getUsername() == null) {
            throw new StoreException(property + " names no user; write sftp:USER@HOST/PATH", null, true);
        }
        config.setPassword(secrets.get("password"));
        config.setPrivateKeyPassphrase(secrets.get("privateKeyPassphrase"));
        defaults(config, options);
        return endpoint;
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
                .replaceAll("sftp:\\S*", "sftp:…")
                .replaceAll("\\{[^}]*\\}", "{…}");
    }
}
