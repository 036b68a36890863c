package cocart.upkeep.store;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.ftpserver.ConnectionConfigFactory;
import org.apache.ftpserver.FtpServerFactory;
import org.apache.ftpserver.command.CommandFactoryFactory;
import org.apache.ftpserver.ftplet.DefaultFtpReply;
import org.apache.ftpserver.ftplet.DefaultFtplet;
import org.apache.ftpserver.ftplet.FtpRequest;
import org.apache.ftpserver.ftplet.FtpSession;
import org.apache.ftpserver.ftplet.FtpletResult;
import org.apache.ftpserver.ftplet.UserManager;
import org.apache.ftpserver.impl.DefaultFtpServer;
import org.apache.ftpserver.listener.ListenerFactory;
import org.apache.ftpserver.ssl.SslConfigurationFactory;
import org.apache.ftpserver.usermanager.ClearTextPasswordEncryptor;
import org.apache.ftpserver.usermanager.PropertiesUserManagerFactory;
import org.apache.ftpserver.usermanager.impl.BaseUser;
import org.apache.ftpserver.usermanager.impl.ConcurrentLoginPermission;
import org.apache.ftpserver.usermanager.impl.WritePermission;
import org.jspecify.annotations.Nullable;

/** Apache's FTP server on 127.0.0.1, serving one folder as {@code /} to the user deploy. */
public final class EmbeddedFtp implements AutoCloseable {

    public static final String PASSWORD = "s3cret!";

    /** Its TLS: none, after AUTH TLS, or from the first byte on. */
    public enum Security {
        NONE,
        EXPLICIT,
        IMPLICIT
    }

    /** Commands that came, with their arguments, in order. */
    public final List<String> commands = Collections.synchronizedList(new ArrayList<>());

    private final DefaultFtpServer server;

    /** Starts one without TLS. */
    public EmbeddedFtp(Path root) throws Exception {
        this(root, true, Security.NONE, null, 0);
    }

    /**
     * Starts it.
     *
     * @param modern false to have it know no MLSD, MLST and MDTM, as old servers
     * @param keys PKCS12 with password {@code changeit} if there is TLS
     * @param logins most connections at once; 0 for many
     */
    public EmbeddedFtp(Path root, boolean modern, Security security, @Nullable Path keys, int logins) throws Exception {
        FtpServerFactory factory = new FtpServerFactory();
        ListenerFactory listener = new ListenerFactory();
        listener.setServerAddress("127.0.0.1");
        listener.setPort(0);
        if (security != Security.NONE) {
            SslConfigurationFactory tls = new SslConfigurationFactory();
            tls.setKeystoreFile(keys.toFile());
            tls.setKeystorePassword("changeit");
            tls.setKeystoreType("PKCS12");
            tls.setSslProtocol("TLSv1.2", "TLSv1.3");
            listener.setSslConfiguration(tls.createSslConfiguration());
            listener.setImplicitSsl(security == Security.IMPLICIT);
        }
        factory.addListener("default", listener.createListener());
        PropertiesUserManagerFactory users = new PropertiesUserManagerFactory();
        users.setPasswordEncryptor(new ClearTextPasswordEncryptor());
        UserManager manager = users.createUserManager();
        BaseUser user = new BaseUser();
        user.setName("deploy");
        user.setPassword(PASSWORD);
        user.setHomeDirectory(root.toString());
        user.setAuthorities(List.of(new WritePermission(), new ConcurrentLoginPermission(0, 0)));
        manager.save(user);
        factory.setUserManager(manager);
        ConnectionConfigFactory connections = new ConnectionConfigFactory();
        connections.setLoginFailureDelay(0);
        connections.setMaxLogins(logins);
        factory.setConnectionConfig(connections.createConnectionConfig());
        if (!modern) {
            CommandFactoryFactory old = new CommandFactoryFactory();
            for (String command : List.of("MLSD", "MLST", "MDTM", "MFMT", "FEAT")) {
                old.addCommand(
                        command,
                        (session, context, request) ->
                                session.write(new DefaultFtpReply(502, command + " not implemented.")));
            }
            factory.setCommandFactory(old.createCommandFactory());
        }
        factory.setFtplets(new HashMap<>(Map.of("log", new DefaultFtplet() {
            @Override
            public FtpletResult beforeCommand(FtpSession session, FtpRequest request) {
                commands.add(request.getRequestLine());
                return FtpletResult.DEFAULT;
            }
        })));
        server = (DefaultFtpServer) factory.createServer();
        server.start();
    }

    public int port() {
        return server.getListener("default").getPort();
    }

    /** Closes all connections, as servers do with idle ones. */
    void hangUp() {
        server.getListener("default").getActiveSessions().forEach(session -> session.closeNow());
    }

    /** How many files were fetched so far. */
    public long fetched() {
        return List.copyOf(commands).stream()
                .filter(command -> command.startsWith("RETR "))
                .count();
    }

    /**
     * Makes a key with a certificate that nobody but itself has signed.
     *
     * @param name what it is made out to, such as {@code IP:127.0.0.1}
     * @return PKCS12 with password {@code changeit}, of use to the server and as a store of trust
     */
    public static Path certificate(Path file, String name) throws Exception {
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "shop",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=shop",
                        "-ext",
                        "SAN=" + name,
                        "-keystore",
                        file.toString(),
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "changeit")
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes());
        if (keytool.waitFor() != 0) {
            throw new IllegalStateException(said);
        }
        return file;
    }

    @Override
    public void close() {
        server.stop();
    }
}
