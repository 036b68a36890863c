package cocart.upkeep.faults;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.util.security.SecurityUtils;

/** Key files as {@code ssh-keygen} writes them. */
public final class Keys {

    private Keys() {}

    /** Makes an Ed25519 key and writes its private half where the bundle may use it. */
    public static KeyPair write(Path file) throws Exception {
        KeyPair key = SecurityUtils.getKeyPairGenerator("EdDSA").generateKeyPair();
        Files.createDirectories(file.getParent());
        try (OutputStream out = Files.newOutputStream(file)) {
            OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(key, "test", null, out);
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return key;
    }

    /** The line for {@code authorized_keys}. */
    public static String line(KeyPair key) {
        return PublicKeyEntry.toString(key.getPublic()) + "\n";
    }
}
