package cocart.upkeep.console;

import cocart.upkeep.store.Faults;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * The secret that whoever changes something must know: 256 random bits in a file of mode 0600. The file is read each time,
 * so a token that was replaced counts at once, also for a {@code run} that is under way.
 */
public final class Token {

    private static final int BYTES = 32;
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{43}");

    private final Path file;

    /** @param file where it is kept; its folder may not be there yet */
    public Token(Path file) {
        this.file = file;
    }

    /**
     * The token; makes one where there is none.
     *
     * @throws ConsoleException if the file cannot be read or written, or holds something else
     */
    public String show() {
        try {
            return read();
        } catch (NoSuchFileException e) {
            return replace();
        } catch (IOException e) {
            throw new ConsoleException(500, file + " cannot be read: " + Faults.words(e));
        }
    }

    /**
     * Makes another one; the one before is worth nothing from now on.
     *
     * @throws ConsoleException if the file cannot be written
     */
    public String replace() {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            PrivateFile.write(file, token + "\n");
        } catch (IOException e) {
            throw new ConsoleException(500, file + " cannot be written: " + Faults.words(e));
        }
        return token;
    }

    /** True if this is the token; takes as long for one that is nearly right. */
    boolean is(String offered) {
        try {
            return MessageDigest.isEqual(
                    read().getBytes(StandardCharsets.UTF_8), offered.getBytes(StandardCharsets.UTF_8));
        } catch (IOException | ConsoleException e) {
            return false;
        }
    }

    private String read() throws IOException {
        String text = Files.readString(file).strip();
        if (!FORM.matcher(text).matches()) {
            throw new ConsoleException(500, file + " holds no token; run: upkeep token --new");
        }
        PrivateFile.restrict(file);
        return text;
    }
}
