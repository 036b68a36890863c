package cocart.upkeep;

import java.sql.Connection;
import java.sql.Statement;
import java.util.UUID;

/** The kinds of state databases, each on a real server. */
public enum StateServers {
    H2,
    POSTGRESQL,
    MARIADB,
    MYSQL;

    private static final String USER = "keeper";
    private static final String PASSWORD = "st4te";

    /** Where a state database is and who may do everything in it. */
    public record Place(String url, String username, String password) {}

    /** Makes an empty database. */
    public Place create() throws Exception {
        String name = "state_" + UUID.randomUUID().toString().substring(0, 8);
        switch (this) {
            case POSTGRESQL -> {
                try (Connection connection =
                                TestServers.postgres().getPostgresDatabase().getConnection();
                        Statement statement = connection.createStatement()) {
                    statement.execute("CREATE DATABASE " + name);
                }
                return new Place(
                        "jdbc:postgresql://127.0.0.1:" + TestServers.postgres().getPort() + "/" + name, "postgres", "");
            }
            case MARIADB -> {
                TestServers.mariadb().create(name, USER, PASSWORD);
                return new Place(TestServers.mariadb().url(name), USER, PASSWORD);
            }
            case MYSQL -> {
                LocalServer.mysql().create(name, USER, PASSWORD);
                return new Place("jdbc:mysql://127.0.0.1:" + LocalServer.mysql().port() + "/" + name, USER, PASSWORD);
            }
            default -> {
                return new Place("jdbc:h2:mem:" + name, "sa", "");
            }
        }
    }
}
