package cocart.upkeep.store;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.component.file.remote.FtpConfiguration;
import org.apache.camel.component.file.remote.FtpEndpoint;
import org.apache.camel.component.file.remote.FtpOperations;
import org.apache.camel.component.file.remote.FtpsConfiguration;
import org.apache.camel.component.file.remote.FtpsEndpoint;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPClientConfig;
import org.apache.commons.net.ftp.FTPFileEntryParser;
import org.apache.commons.net.ftp.parser.DefaultFTPFileEntryParserFactory;
import org.jspecify.annotations.Nullable;

/**
 * How a store's FTP server is entered: camel-ftp's endpoint with all its options, which serves every connection.
 *
 * @param tls null for plain FTP
 */
record FtpAccess(FtpEndpoint<?> endpoint, @Nullable FtpTls tls, FtpNames names) {

    private static final List<String> SYSTEMS = List.of(
            FTPClientConfig.SYST_NT,
            FTPClientConfig.SYST_VMS,
            FTPClientConfig.SYST_OS2,
            FTPClientConfig.SYST_OS400,
            FTPClientConfig.SYST_AS400,
            FTPClientConfig.SYST_MVS,
            FTPClientConfig.SYST_NETWARE,
            FTPClientConfig.SYST_MACOS_PETER);

    private static final int CONNECT_MILLIS = 10_000;
    private static final int IDLE_MILLIS = 60_000;
    private static final int IMPLICIT_PORT = 990;

    /**
     * Makes the endpoint, with options of ours where the URI has none.
     *
     * @param home what relative paths in the URI are relative to
     * @throws StoreException (permanent) that names the property
     */
    static FtpAccess of(RemoteAddress address, CamelContext context, Path home) {
        Map<String, Object> options = address.options();
        if (options.containsKey("ftpClient")) {
            throw new StoreException(
                    address.property() + " gives a client of your own (ftpClient=#...), which serves one connection;"
                            + " set its properties as ftpClient.NAME=VALUE instead",
                    null,
                    true);
        }
        FtpEndpoint<?> endpoint = address.endpoint(context, FtpEndpoint.class);
        FtpConfiguration config = endpoint.getConfiguration();
        config.setAccount(address.secret("account"));
        config.setBinary(true);
        if (!options.containsKey("passiveMode")) {
            config.setPassiveMode(true);
        }
        if (!options.containsKey("connectTimeout")) {
            config.setConnectTimeout(CONNECT_MILLIS);
        }
        if (!options.containsKey("soTimeout") || config.getSoTimeout() <= 0) {
            config.setSoTimeout(IDLE_MILLIS);
        }
        if (!options.containsKey("timeout")) {
            config.setTimeout(config.getSoTimeout());
        }
        if (!options.containsKey("maximumReconnectAttempts")) {
            endpoint.setMaximumReconnectAttempts(0); // what is wrong is said at once; a run is tried again as a whole
        }
        boolean portGiven = address.authority().matches(".*:[0-9]+");
        if (!portGiven && config instanceof FtpsConfiguration ftps && ftps.isImplicit()) {
            config.setPort(IMPLICIT_PORT);
        }
        try {
            Charset charset = Charset.forName(
                    String.valueOf(options.getOrDefault("ftpClient.controlEncoding", StandardCharsets.UTF_8.name())));
            FtpTls tls = endpoint instanceof FtpsEndpoint ftps ? FtpTls.of(ftps, address, context, home) : null;
            FtpAccess access = new FtpAccess(endpoint, tls, new FtpNames(charset));
            access.operations(access.newClient());
            return access;
        } catch (StoreException e) {
            throw e;
        } catch (Exception e) {
            throw address.unusable(e);
        }
    }

    FtpConfiguration configuration() {
        return endpoint.getConfiguration();
    }

    String server() {
        return configuration().getHost() + ":" + configuration().getPort();
    }

    /** Longest silence of the server that is put up with, in milliseconds. */
    int idleMillis() {
        return configuration().getSoTimeout();
    }

    boolean isImplicit() {
        return configuration() instanceof FtpsConfiguration ftps && ftps.isImplicit();
    }

    /** True if the URI says in which time zone the server lists. */
    boolean knowsZone() {
        return endpoint.getFtpClientConfig() != null
                && endpoint.getFtpClientConfig().getServerTimeZoneId() != null;
    }

    FTPClient newClient() {
        try {
            return tls == null ? new FtpClients.Plain() : new FtpClients.Tls(isImplicit(), tls.context());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Camel's operations on a client of ours, which get all options; names stay the server's bytes. */
    FtpOperations operations(FTPClient client) {
        synchronized (endpoint) {
            endpoint.setFtpClient(client);
            try {
                FtpOperations operations = (FtpOperations) endpoint.createRemoteFileOperations();
                client.setAutodetectUTF8(false);
                client.setControlEncoding(StandardCharsets.ISO_8859_1);
                return operations;
            } catch (Exception e) {
                throw new IllegalArgumentException(e.getMessage(), e);
            } finally {
                endpoint.setFtpClient(null);
            }
        }
    }

    /**
     * What reads the lines of LIST.
     *
     * @param system what the server says it is; only searched for words, because commons-net would load a class of
     *     that name
     */
    FTPFileEntryParser parser(String system) {
        String key = SYSTEMS.stream()
                .filter(system.toUpperCase(Locale.ROOT)::contains)
                .findFirst()
                .map(known -> known.equals("WINDOWS") ? "WINDOWS NT" : known) // which lists in the form of Unix, too
                .orElse(FTPClientConfig.SYST_UNIX);
        FTPClientConfig given = endpoint.getFtpClientConfig();
        FTPClientConfig config = new FTPClientConfig(key);
        config.setServerTimeZoneId("UTC");
        if (given != null) {
            config = new FTPClientConfig(key, given.getDefaultDateFormatStr(), given.getRecentDateFormatStr());
            config.setServerLanguageCode(given.getServerLanguageCode());
            config.setShortMonthNames(given.getShortMonthNames());
            config.setLenientFutureDates(given.isLenientFutureDates());
            config.setServerTimeZoneId(knowsZone() ? given.getServerTimeZoneId() : "UTC");
        }
        return new DefaultFTPFileEntryParserFactory().createFileEntryParser(config);
    }
}
