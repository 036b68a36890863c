package cocart.upkeep.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** A store's database, open for this run. All faults of connecting are {@link StoreException}s. */
public interface StoreDatabase extends AutoCloseable {

    /** The store's id. */
    String store();

    /** Where it is; {@code address().table("options")} gives a full table name. */
    DatabaseAddress address();

    /**
     * A connection of the caller's own (auto-commit, utf8mb4, READ COMMITTED); the caller closes it. A database that is
     * silent for a minute is given up, unless the settings' URL sets {@code socketTimeout}.
     */
    Connection connect();

    /** The same for statements that may take long: silence is put up with for six hours. */
    Connection connectForLong();

    /**
     * The blogs of a WordPress network that have a table and options, the main site first; just the store itself where
     * it is no network; empty if nobody has the table.
     *
     * @param connection to this database
     * @param table without prefix: letters, digits, underscore
     * @throws StoreException (permanent) if there are more than can be looked after
     */
    default List<Site> sites(Connection connection, String table) throws SQLException {
        return Blogs.with(this, connection, table);
    }

    /** The blog whose tables have the plain prefix, which a site that is no network is; whether it is there or not. */
    default Site main() {
        return Site.of(this, Site.MAIN);
    }

    /** Another blog as it is now; empty if it is gone or never had the table. */
    default Optional<Site> site(Connection connection, String table, int blog) throws SQLException {
        return Blogs.has(this, connection, table, blog) ? Optional.of(Site.of(this, blog)) : Optional.empty();
    }

    @Override
    void close();
}
