package cocart.upkeep.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * A file of known hosts in OpenSSH's format. It is written anew beside its place and renamed, by one at a time: a lock
 * file beside it makes sure of that, and whoever reads sees the old file or the new one.
 */
public final class KnownHosts {

    /** Parts of the sentence about a server that shows another key than the recorded one. */
    static final String KEY_OF = "the host key of ";

    static final String IS_ANOTHER = " is not the one in ";

    private final Path file;

    public KnownHosts(Path file) {
        this.file = file;
    }

    /** True if a sentence of this program says that a server's host key has changed. */
    public static boolean isAboutChangedKey(String sentence) {
        return sentence.contains(KEY_OF) && sentence.contains(IS_ANOTHER);
    }

    /**
     * Records a key. What else is recorded for its server, be it hashed, is taken out; other hosts and lines that begin
     * with {@code @} or {@code #} stay.
     *
     * @throws StoreException if the file cannot be written
     */
    public void record(ShownKey key) {
        try {
            Path real = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
            if (real.getParent() != null) {
                Files.createDirectories(real.getParent());
            }
            synchronized (KnownHosts.class) { // a lock is the whole JVM's
                try (FileChannel lock = FileChannel.open(
                        real.resolveSibling("." + real.getFileName() + ".lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE)) {
                    lock.lock();
                    write(real, key);
                }
            }
        } catch (IOException e) {
            throw new StoreException(
                    "The host key cannot be recorded in " + file + ": " + Faults.words(e) + "; may user "
                            + System.getProperty("user.name") + " write in that folder?",
                    e,
                    true);
        }
    }

    private static void write(Path file, ShownKey key) throws IOException {
        boolean there = Files.exists(file);
        StringBuilder text = new StringBuilder();
        if (there) {
            // bytes as they are: comments may be in any encoding
            for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
                String rest = without(line, key.host());
                if (rest != null) {
                    text.append(rest).append('\n');
                }
            }
        }
        text.append(key.host())
                .append(' ')
                .append(key.type())
                .append(' ')
                .append(key.key())
                .append('\n');
        Path fresh = Files.createTempFile(file.getParent(), "." + file.getFileName(), ".new");
        try {
            if (Files.getFileStore(fresh).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(
                        fresh,
                        there ? Files.getPosixFilePermissions(file) : PosixFilePermissions.fromString("rw-r--r--"));
            }
            try (FileChannel out = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = StandardCharsets.ISO_8859_1.encode(text.toString());
                while (bytes.hasRemaining()) {
                    out.write(bytes);
                }
                out.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }

    /** A line without a host; null if nothing is left of it. */
    private static @Nullable String without(String line, String host) {
        String[] fields = line.strip().split("[ \t]+", 2);
        if (fields.length < 2 || fields[0].startsWith("#") || fields[0].startsWith("@")) {
            return line;
        }
        if (fields[0].startsWith("|1|")) {
            return isHashOf(fields[0], host) ? null : line;
        }
        List<String> hosts = new ArrayList<>(Arrays.asList(fields[0].split(",")));
        if (!hosts.removeIf(host::equalsIgnoreCase)) {
            return line;
        }
        return hosts.isEmpty() ? null : String.join(",", hosts) + " " + fields[1];
    }

    /** OpenSSH's {@code HashKnownHosts}: {@code |1|SALT|HMAC-SHA1(SALT, HOST)}. */
    private static boolean isHashOf(String field, String host) {
        String[] parts = field.split("\\|");
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(parts[2]), "HmacSHA1"));
            byte[] hash = mac.doFinal(host.getBytes(StandardCharsets.UTF_8));
            return parts.length == 4 && Arrays.equals(hash, Base64.getDecoder().decode(parts[3]));
        } catch (GeneralSecurityException | IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            return false; // no line of OpenSSH's; it stays
        }
    }
}
