package cocart.upkeep.state;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * A pool that gives out no connection once its file is gone, and closes those it has, so that H2 ends this process' hold
 * on the file and its lock.
 */
final class H2Pool extends HikariDataSource {

    private final H2DataSource source;

    H2Pool(HikariConfig config, H2DataSource source) {
        super(config);
        this.source = source;
    }

    /** Why nothing can be recorded any more; empty if the file is in place. */
    String trouble() {
        try {
            source.requireInPlace();
            return "";
        } catch (SQLException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Override
    public Connection getConnection() throws SQLException {
        try {
            source.requireInPlace();
        } catch (SQLException e) {
            HikariPoolMXBean pool = getHikariPoolMXBean();
            if (pool != null) {
                pool.softEvictConnections();
            }
            throw e;
        }
        return super.getConnection();
    }
}
