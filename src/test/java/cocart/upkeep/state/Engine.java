package cocart.upkeep.state;

import cocart.upkeep.StateServers;
import cocart.upkeep.TestServers;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.UUID;

/** The state databases that tests run on. */
public enum Engine {
    H2 {
        @Override
        public HikariDataSource open() {
            return StateDatabase.open(Path.of("."), "jdbc:h2:mem:" + UUID.randomUUID(), "sa", "");
        }
    },
    POSTGRESQL {
        @Override
        public HikariDataSource open() throws Exception {
            String name = "upkeep_" + UUID.randomUUID().toString().replace("-", "");
            try (Connection connection =
                            TestServers.postgres().getPostgresDatabase().getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE DATABASE " + name);
            }
            return StateDatabase.open(
                    Path.of("."), TestServers.postgres().getJdbcUrl("postgres", name), "postgres", "");
        }
    },
    MARIADB {
        @Override
        public HikariDataSource open() throws Exception {
            String name = "upkeep_" + UUID.randomUUID().toString().replace("-", "");
            TestServers.mariadb().create(name, "upkeep_state", "secret");
            return StateDatabase.open(Path.of("."), TestServers.mariadb().url(name), "upkeep_state", "secret");
        }
    },
    MYSQL {
        @Override
        public HikariDataSource open() throws Exception {
            StateServers.Place place = StateServers.MYSQL.create();
            return StateDatabase.open(Path.of("."), place.url(), place.username(), place.password());
        }
    };

    /** A pool on a database of its own that is empty but for the tables; the caller closes it. */
    public abstract HikariDataSource open() throws Exception;
}
