package cocart.upkeep.backup;

import cocart.upkeep.store.DatabaseAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An option file with the address of a database and the password, mode 0600, for the programs of MariaDB and MySQL;
 * removed as soon as the program has read it, and by {@link #close} at the latest. It is the only one that they read,
 * so what they do does not depend on the machine's or the user's own option files.
 */
final class ClientOptions implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ClientOptions.class);

    private final Path file;
    private final String password;

    /** @param file to write; one that is there is replaced */
    ClientOptions(Path file, DatabaseAddress address) throws IOException {
        this.file = file;
        this.password = address.password();
        Files.deleteIfExists(file);
        Disk.create(file).close();
        try {
            Files.writeString(file, text(address));
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** The argument that names the file; it must be the program's first. */
    String argument() {
        return "--defaults-file=" + file.toAbsolutePath();
    }

    /** A program's text without the password in it, not too long to be shown. */
    String hidden(String text) {
        String shown = password.isEmpty() ? text : text.replace(password, "***");
        return shown.length() > 300 ? shown.substring(0, 300) + "..." : shown;
    }

    /** In double quotes only the backslash and the quote itself need an escape. */
    private static String text(DatabaseAddress address) {
        StringBuilder text = new StringBuilder("[client]\n");
        text.append("user=").append(quoted(address.username())).append('\n');
        text.append("password=").append(quoted(address.password())).append('\n');
        if (address.socket() != null) {
            text.append("socket=").append(quoted(address.socket())).append('\n');
        } else {
            text.append("protocol=tcp\nhost=")
                    .append(quoted(address.host().replaceAll("^\\[|\\]$", "")))
                    .append("\nport=")
                    .append(address.port())
                    .append('\n');
        }
        return text.append(encryption(options(address))).toString();
    }

    /**
     * The same demands on encryption as those of the JDBC URL, which by itself has none: clients from MariaDB 11.4 on
     * would otherwise refuse every server without it or with a certificate of its own. MySQL's word is another one, and
     * programs that do not know it say so and go on.
     */
    private static String encryption(Map<String, String> options) {
        boolean old = "true".equals(options.get("useSsl"));
        String mode = options.getOrDefault("sslMode", old ? "verify-full" : "disable");
        if (old && "true".equals(options.get("trustServerCertificate"))) {
            mode = "trust";
        }
        String text =
                switch (mode) {
                    case "trust" -> "loose-ssl=1\nloose-ssl-verify-server-cert=0\nloose-ssl-mode=REQUIRED\n";
                    case "verify-ca" -> "loose-ssl=1\nloose-ssl-verify-server-cert=1\nloose-ssl-mode=VERIFY_CA\n";
                    case "verify-full" ->
                        "loose-ssl=1\nloose-ssl-verify-server-cert=1\nloose-ssl-mode=VERIFY_IDENTITY\n";
                    default -> "loose-ssl-verify-server-cert=0\n";
                };
        String authority = options.get("serverSslCert");
        return authority == null ? text : text + "ssl-ca=" + quoted(authority) + "\n";
    }

    private static Map<String, String> options(DatabaseAddress address) {
        Map<String, String> options = new HashMap<>();
        if (address.options() != null) {
            for (String option : address.options().split("&")) {
                int equals = option.indexOf('=');
                if (equals > 0) {
                    options.put(option.substring(0, equals), option.substring(equals + 1));
                }
            }
        }
        return options;
    }

    private static String quoted(String value) {
        return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }

    @Override
    public void close() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("{} holds a password and cannot be removed: {}", file, e.getMessage());
        }
    }
}
