package cocart.upkeep.store;

import java.sql.Connection;
import java.util.List;

/**
 * One blog of a WordPress network, as a store's database of its own: the same database, with the tables of that blog.
 * A site that is no network is its own blog 1. It lives as long as the database that it is a view of.
 */
public final class Site implements StoreDatabase {

    /** The blog whose tables have the plain prefix. */
    public static final int MAIN = 1;

    /** Highest number of a blog, so that its steps have places in the queue. */
    public static final int LAST = 2_000_000;

    private final StoreDatabase database;
    private final int blog;
    private final DatabaseAddress address;

    private Site(StoreDatabase database, int blog) {
        this.database = database;
        this.blog = blog;
        this.address = blog == MAIN ? database.address() : database.address().ofBlog(blog);
    }

    /** @param blog {@link #MAIN} to {@link #LAST} */
    static Site of(StoreDatabase database, int blog) {
        return new Site(database, blog);
    }

    /** Its number in {@code wp_blogs}. */
    public int blog() {
        return blog;
    }

    public boolean isMain() {
        return blog == MAIN;
    }

    @Override
    public String store() {
        return database.store();
    }

    @Override
    public DatabaseAddress address() {
        return address;
    }

    @Override
    public Connection connect() {
        return database.connect();
    }

    @Override
    public Connection connectForLong() {
        return database.connectForLong();
    }

    /** Itself: what is asked of a site concerns no other. */
    @Override
    public List<Site> sites(Connection connection, String table) {
        return List.of(this);
    }

    @Override
    public void close() {
        // the database belongs to whoever opened it
    }
}
