package cocart.upkeep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.util.Base64;

/**
 * A certificate that only its own key has signed.
 *
 * @param certificate PEM file
 * @param key PEM file
 */
record Pem(Path certificate, Path key, Certificate shown, PrivateKey secret) {

    /**
     * Makes one.
     *
     * @param name of the files
     * @param made what it is made out to, such as {@code dns:localhost}
     * @param kind of the key, EC or RSA
     */
    static Pem in(Path folder, String name, String made, String kind) throws Exception {
        KeyStore keys = KeyStore.getInstance(
                TlsSmtp.certificate(folder.resolve(name + ".p12"), made, kind).toFile(), "changeit".toCharArray());
        Certificate shown = keys.getCertificate("mail");
        PrivateKey secret = (PrivateKey) keys.getKey("mail", "changeit".toCharArray());
        return new Pem(
                write(folder.resolve(name + ".pem"), "CERTIFICATE", shown.getEncoded()),
                write(folder.resolve(name + ".key"), "PRIVATE KEY", secret.getEncoded()),
                shown,
                secret);
    }

    private static Path write(Path file, String kind, byte[] content) throws IOException {
        return Files.writeString(
                file,
                "-----BEGIN " + kind + "-----\n"
                        + Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(content) + "\n-----END " + kind
                        + "-----\n");
    }
}
