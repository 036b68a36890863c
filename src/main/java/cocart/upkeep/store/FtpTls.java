package cocart.upkeep.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.component.file.remote.FtpsEndpoint;
import org.apache.camel.support.jsse.SSLContextParameters;
import org.jspecify.annotations.Nullable;

/**
 * Whom an FTPS server must be signed by, from the options that Camel documents: {@code sslContextParameters}, or
 * {@code ftpClient.trustStore.*} and {@code ftpClient.keyStore.*}. Without any, whom Java trusts: commons-net itself
 * would take every certificate.
 */
interface FtpTls {

    /** A context for one connection: with one for several they would use up each other's TLS sessions. */
    SSLContext context() throws GeneralSecurityException, IOException;

    /** @throws StoreException (permanent) that names the property if a store of keys cannot be used */
    static FtpTls of(FtpsEndpoint endpoint, RemoteAddress address, CamelContext camel, Path home)
            throws GeneralSecurityException {
        SSLContextParameters parameters = endpoint.getSslContextParameters();
        if (parameters != null) {
            return () -> parameters.createSSLContext(camel);
        }
        Map<String, Object> options = address.options();
        KeyStore trust = keys(address, home, "ftpClient.trustStore");
        TrustManager[] trusted = null;
        if (trust != null) {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(
                    option(options, "ftpClient.trustStore.algorithm", TrustManagerFactory.getDefaultAlgorithm()));
            factory.init(trust);
            trusted = factory.getTrustManagers();
        }
        KeyStore key = keys(address, home, "ftpClient.keyStore");
        KeyManager[] own = null;
        if (key != null) {
            KeyManagerFactory factory = KeyManagerFactory.getInstance(
                    option(options, "ftpClient.keyStore.algorithm", KeyManagerFactory.getDefaultAlgorithm()));
            String password = address.secret("ftpClient.keyStore.keyPassword");
            factory.init(key, letters(password != null ? password : address.secret("ftpClient.keyStore.password")));
            own = factory.getKeyManagers();
        }
        KeyManager[] ours = own;
        TrustManager[] theirs = trusted;
        return () -> {
            SSLContext context =
                    SSLContext.getInstance(endpoint.getFtpsConfiguration().getSecurityProtocol());
            context.init(ours, theirs, null);
            return context;
        };
    }

    private static @Nullable KeyStore keys(RemoteAddress address, Path home, String name) {
        Object file = address.options().get(name + ".file");
        if (file == null) {
            return null;
        }
        Path path = home.resolve(String.valueOf(file));
        try (InputStream in = Files.newInputStream(path)) {
            KeyStore keys = KeyStore.getInstance(option(address.options(), name + ".type", KeyStore.getDefaultType()));
            keys.load(in, letters(address.secret(name + ".password")));
            return keys;
        } catch (IOException | GeneralSecurityException e) {
            String words = e instanceof IOException io ? Faults.words(io) : String.valueOf(e.getMessage());
            throw new StoreException(
                    address.property() + ": the key store " + path + " cannot be read (" + words + "); check " + name
                            + ".file, .password and .type",
                    e,
                    true);
        }
    }

    private static char @Nullable [] letters(@Nullable String password) {
        return password == null ? null : password.toCharArray();
    }

    private static String option(Map<String, Object> options, String name, String fallback) {
        return String.valueOf(options.getOrDefault(name, fallback));
    }
}
