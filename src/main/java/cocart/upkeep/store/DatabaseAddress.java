package cocart.upkeep.store;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a store's database is and who may enter; complete, checked.
 *
 * @param host name or address; empty when {@code socket} is set
 * @param port 1 to 65535
 * @param socket Unix socket path ({@code DB_HOST} like {@code localhost:/run/mysqld.sock}), or null
 * @param name database name
 * @param username never null
 * @param password may be empty; never logged
 * @param prefix table prefix: letters, digits, underscore
 * @param options rest of the JDBC URL after {@code ?}, or null
 */
public record DatabaseAddress(
        String host,
        int port,
        @Nullable String socket,
        String name,
        String username,
        String password,
        String prefix,
        @Nullable String options) {

    /** Longest user name or password, in bytes: MariaDB's programs cut lines of their option files at 4,096. */
    private static final int LONGEST = 512;

    private static final Pattern HOST = Pattern.compile("|[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\]");
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_$@+.][\\p{L}\\p{N}_$@+. -]{0,63}");
    private static final Pattern SOCKET = Pattern.compile("/[A-Za-z0-9/._-]{1,200}");
    private static final Pattern PREFIX = Pattern.compile("[A-Za-z0-9_]{1,48}"); // 40 and a blog's number

    /**
     * A store's {@code wp-config.php} may be hostile, and these values become part of a JDBC URL, a command line and an
     * option file: only what cannot mean anything else there is accepted.
     *
     * @throws IllegalArgumentException that says which value, without showing it
     */
    public DatabaseAddress {
        refuse(!HOST.matcher(host).matches(), "the database host");
        refuse(port < 1 || port > 65535, "the database port");
        refuse(socket != null && !SOCKET.matcher(socket).matches(), "the database socket");
        refuse(!NAME.matcher(name).matches(), "the database name");
        refuse(!isOneLine(username), "the database user");
        refuse(!isOneLine(password), "the database password");
        Secrets.hide(password);
        refuse(!PREFIX.matcher(prefix).matches(), "the table prefix");
    }

    private static boolean isOneLine(String value) {
        return value.chars().noneMatch(Character::isISOControl)
                && value.getBytes(StandardCharsets.UTF_8).length <= LONGEST;
    }

    private static void refuse(boolean bad, String what) {
        if (bad) {
            throw new IllegalArgumentException(what + " is not one that can be used");
        }
    }

    /** The same database as it is reached by a port of this machine, for example at the end of a tunnel. */
    DatabaseAddress at(int localPort) {
        return new DatabaseAddress("127.0.0.1", localPort, null, name, username, password, prefix, options);
    }

    /** The same database with the prefix of a blog's tables, for example {@code wp_2_}. */
    DatabaseAddress ofBlog(int blog) {
        return new DatabaseAddress(host, port, socket, name, username, password, prefix + blog + "_", options);
    }

    /** A table's full name, for example {@code wp_cocart_carts} for {@code cocart_carts}. */
    public String table(String name) {
        return prefix + name;
    }

    /** True if it leads to the same database, whoever enters it. */
    public boolean isSameAs(DatabaseAddress other) {
        return host.equals(other.host)
                && port == other.port
                && java.util.Objects.equals(socket, other.socket)
                && name.equals(other.name);
    }

    @Override
    public String toString() {
        return "DatabaseAddress[" + host + ":" + port + "/" + name + "]";
    }
}
