package cocart.upkeep.console;

import cocart.upkeep.store.Faults;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.X509KeyManager;
import org.jspecify.annotations.Nullable;

/**
 * The console's certificate and its key. A server starts with a key that belongs to another certificate too, and then
 * no browser comes in; so they are tried before, read as the server reads them.
 *
 * @param certificate PEM file with the certificate and its chain
 * @param key PEM file with its private key
 */
public record TlsPair(Path certificate, Path key) {

    /**
     * Why a pair cannot be used.
     *
     * @param option that names the file, without {@code upkeep.}
     * @param what is wrong with it and what to do, to follow the option's name
     */
    public record Fault(String option, String what) {}

    /** What is wrong with the two files; empty if a server can use them. */
    public Optional<Fault> fault() {
        X509Certificate shown;
        try {
            shown = own(Files.readAllBytes(certificate));
        } catch (IOException e) {
            shown = null;
        }
        if (shown == null) {
            return Optional.of(new Fault(
                    "console.tls.certificate",
                    "is " + certificate + ", which holds no certificate; it must be a PEM file with the certificate"
                            + " and its chain"));
        }
        try {
            PrivateKey secret = secret();
            if (secret == null || !belong(shown.getPublicKey(), secret)) {
                return Optional.of(new Fault(
                        "console.tls.key",
                        "is " + key + ", which is not the key of the certificate in " + certificate
                                + "; set the two that were made together"));
            }
            return Optional.empty();
        } catch (Exception e) { // declared by Vert.x
            return Optional.of(new Fault(
                    "console.tls.key",
                    "is " + key + ", which cannot be used ("
                            + (e instanceof IOException error ? Faults.words(error) : e.getMessage())
                            + "); it must be a PEM file with a private key in PKCS 8 without a password"));
        }
    }

    /**
     * The server's own.
     *
     * @param pem content of a file with the certificate and its chain
     * @return null if it holds none
     */
    static @Nullable X509Certificate own(byte[] pem) {
        try {
            return CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem)).stream()
                    .map(X509Certificate.class::cast)
                    .findFirst()
                    .orElse(null);
        } catch (CertificateException e) {
            return null;
        }
    }

    /** As the server finds it; null if there is none for this kind of certificate. */
    private @Nullable PrivateKey secret() throws Exception {
        X509KeyManager keys = (X509KeyManager) new PemKeyCertOptions()
                .setCertValue(Buffer.buffer(Files.readAllBytes(certificate)))
                .setKeyValue(Buffer.buffer(Files.readAllBytes(key)))
                .getKeyManagerFactory(null)
                .getKeyManagers()[0];
        return Stream.of("RSA", "EC", "EdDSA", "RSASSA-PSS", "DSA")
                .map(kind -> keys.getServerAliases(kind, null))
                .filter(aliases -> aliases != null && aliases.length > 0)
                .map(aliases -> keys.getPrivateKey(aliases[0]))
                .findFirst()
                .orElse(null);
    }

    private static boolean belong(PublicKey open, PrivateKey secret) throws GeneralSecurityException {
        if (!open.getAlgorithm().equals(secret.getAlgorithm())) {
            return false;
        }
        Signature signature = Signature.getInstance(
                switch (open.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    case "DSA" -> "SHA256withDSA";
                    default -> open.getAlgorithm();
                });
        signature.initSign(secret);
        signature.update((byte) 1);
        byte[] signed = signature.sign();
        signature.initVerify(open);
        signature.update((byte) 1);
        return signature.verify(signed);
    }
}
