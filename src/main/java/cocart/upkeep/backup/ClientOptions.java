package cocart.upkeep.backup;

import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.mariadb.jdbc.Configuration;
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
        String text = text(address);
        Files.deleteIfExists(file);
        Disk.create(file).close();
        try {
            Files.writeString(file, text);
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
        return text.append(encryption(address.options())).toString();
    }

    /**
     * The same demands on encryption as those of the JDBC URL, which by itself has none: clients from MariaDB 11.4 on
     * would otherwise refuse every server without it or with a certificate of its own. MySQL's word is another one, and
     * programs that do not know it say so and go on. With {@code sslMode=trust} MariaDB's programs, which have no option
     * against it, would do without encryption at a server that offers none; our own connection, made just before,
     * fails there.
     */
    private static String encryption(@Nullable String options) {
        Configuration driver = driver(options);
        String text =
                switch (driver.sslMode()) {
                    case TRUST -> "loose-ssl=1\nloose-ssl-verify-server-cert=0\nloose-ssl-mode=REQUIRED\n";
                    case VERIFY_CA -> "loose-ssl=1\nloose-ssl-verify-server-cert=1\nloose-ssl-mode=VERIFY_CA\n";
                    case VERIFY_FULL -> "loose-ssl=1\nloose-ssl-verify-server-cert=1\nloose-ssl-mode=VERIFY_IDENTITY\n";
                    case DISABLE -> "loose-ssl-verify-server-cert=0\n";
                };
        String authority = driver.serverSslCert();
        return authority == null ? text : text + "ssl-ca=" + quoted(authority) + "\n";
    }

    /** What the JDBC driver makes of the options, which it takes in many spellings. */
    private static Configuration driver(@Nullable String options) {
        Properties properties = new Properties();
        for (String option : options == null ? new String[0] : options.split("&")) {
            int equals = option.indexOf('=');
            if (equals > 0) {
                properties.setProperty(option.substring(0, equals), option.substring(equals + 1));
            }
        }
        try {
            Configuration driver = Configuration.parse("jdbc:mariadb://localhost/", properties);
            if (driver != null) {
                return driver;
            }
            throw unknown("the driver does not know them", null);
        } catch (SQLException | IllegalArgumentException e) {
            throw unknown(String.valueOf(e.getMessage()), e);
        }
    }

    private static StoreException unknown(String why, @Nullable Exception cause) {
        return new StoreException(
                "The options of the database's JDBC URL cannot be used (" + why
                        + "): sslMode is one of disable, trust, verify-ca and verify-full.",
                cause,
                true);
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
