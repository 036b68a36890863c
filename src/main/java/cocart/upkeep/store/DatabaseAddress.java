package cocart.upkeep.store;

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

    /** A table's full name, for example {@code wp_cocart_carts} for {@code cocart_carts}. */
    public String table(String name) {
        return prefix + name;
    }

    @Override
    public String toString() {
        return "DatabaseAddress[" + host + ":" + port + "/" + name + "]";
    }
}
