package cocart.upkeep.backup;

import cocart.upkeep.store.StoreException;
import com.exceptionfactory.jagged.RecipientStanzaWriter;
import com.exceptionfactory.jagged.framework.stream.StandardEncryptingChannelFactory;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaWriterFactory;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Who can open off-site copies: public keys of age (X25519), as {@code age-keygen} prints them. */
public final class Recipients {

    private final List<RecipientStanzaWriter> writers;

    private Recipients(List<RecipientStanzaWriter> writers) {
        this.writers = List.copyOf(writers);
    }

    /**
     * Reads {@code upkeep.off-site.recipients}; none is fine.
     *
     * @throws StoreException if one is no public key of age; the message begins with a verb, so that it goes after the
     *     property's name, and never shows a secret key that was given by mistake
     */
    public static Recipients parse(String keys) {
        List<RecipientStanzaWriter> writers = new ArrayList<>();
        for (String key : Stream.of(keys.split(",")).map(String::strip).toList()) {
            if (key.isEmpty()) {
                continue;
            }
            try {
                writers.add(X25519RecipientStanzaWriterFactory.newRecipientStanzaWriter(key));
            } catch (GeneralSecurityException | RuntimeException e) {
                throw new StoreException(
                        key.startsWith("age1")
                                ? "has the recipient " + key + ", which is mistyped or cut: its check digits do not fit"
                                : "must hold public keys of age, which begin with age1 (age-keygen prints them)",
                        null,
                        true);
            }
        }
        return new Recipients(writers);
    }

    /** True if there is nobody to encrypt for. */
    public boolean isEmpty() {
        return writers.isEmpty();
    }

    /** What is written is encrypted into the target, which is closed with it; plain if there are no recipients. */
    OutputStream encrypt(OutputStream target) throws IOException {
        if (isEmpty()) {
            return target;
        }
        try {
            return Channels.newOutputStream(
                    new StandardEncryptingChannelFactory().newEncryptingChannel(Channels.newChannel(target), writers));
        } catch (GeneralSecurityException e) {
            throw new IOException("this Java runtime cannot encrypt: " + e.getMessage(), e);
        }
    }
}
