package cocart.upkeep;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.StateDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Properties;
import javax.sql.DataSource;
import org.quartz.utils.ConnectionProvider;
import org.quartz.utils.DBConnectionManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Quartz's JDBC job store in the state database, by which each tick fires on one of several instances. */
final class SharedTicks {

    private static final String QUARTZ = "camel.component.quartz.properties[";
    private static final String STORE = key("org.quartz.jobStore.class");
    private static final long CLOCKS_APART_SECONDS = 5;
    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    private SharedTicks() {}

    /**
     * Completes the properties if they name a JDBC job store, and makes its tables.
     *
     * @param ticks false for a command: it must not take part, as a tick that fires on it would be lost
     * @return true if this instance takes part in shared ticks
     * @throws cocart.upkeep.state.StateException if the state database cannot be shared
     */
    static boolean prepare(Properties properties, DataSource state, String instance, boolean ticks) {
        if (!ticks) {
            properties.keySet().removeIf(key -> key.toString().startsWith(QUARTZ));
            // nothing is fired, and of Quartz's own threads each would be waited for at the end, half a second in all
            properties.setProperty("camel.component.quartz.autoStartScheduler", "false");
            properties.setProperty(key("org.quartz.threadPool.class"), "org.quartz.simpl.ZeroSizeThreadPool");
            properties.setProperty(key("org.quartz.jobStore.class"), "org.quartz.simpl.RAMJobStore");
            return false;
        }
        if (!properties.getProperty(STORE, "").contains("jdbcjobstore")) {
            return false;
        }
        compareClocks(state);
        String delegate = StateDatabase.shareTicks(state, properties.getProperty("upkeep.database.url"));
        DBConnectionManager.getInstance().addConnectionProvider(instance, new Connections(state));
        properties.putIfAbsent(key("org.quartz.scheduler.instanceId"), instance);
        properties.putIfAbsent(key("org.quartz.jobStore.driverDelegateClass"), delegate);
        properties.putIfAbsent(key("org.quartz.jobStore.dataSource"), instance);
        return true;
    }

    /** What instances claim goes by the database's clock; Quartz, which only wakes them, goes by their machines' own. */
    private static void compareClocks(DataSource state) {
        long seconds = Duration.between(new Database(state).now().toInstant(ZoneOffset.UTC), Instant.now())
                .toSeconds();
        if (Math.abs(seconds) > CLOCKS_APART_SECONDS) {
            LOG.warn(
                    "The clock of this machine is {} s {} that of the state database: nothing runs twice, but ticks that"
                            + " instances share may come late. Set it by NTP.",
                    Math.abs(seconds),
                    seconds > 0 ? "ahead of" : "behind");
        }
    }

    private static String key(String name) {
        return QUARTZ + name + "]";
    }

    /** The state database's pool, which others close. */
    private record Connections(DataSource state) implements ConnectionProvider {

        @Override
        public Connection getConnection() throws SQLException {
            return state.getConnection();
        }

        @Override
        public void initialize() {}

        @Override
        public void shutdown() {}
    }
}
