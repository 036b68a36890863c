package cocart.upkeep.backup;

import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An empty database that is dropped when it is closed. As long as its run is alive it holds a lock of the server by the
 * database's name, so another run can tell what a killed one has left.
 */
final class ScratchDatabase implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ScratchDatabase.class);
    private static final Duration LONGEST = Duration.ofDays(1);
    /** The time when it was made, in seconds, to the base of 36, and something random. */
    private static final Pattern NAME = Pattern.compile("upkeep_scratch_([0-9a-z]{1,10})_[0-9a-f]{8}");

    private final Connection connection;
    private final String name;

    /** Drops what killed runs have left, then makes a new one. */
    ScratchDatabase(ScratchServer server) {
        byte[] random = new byte[4];
        new SecureRandom().nextBytes(random);
        name = "upkeep_scratch_" + Long.toString(Instant.now().getEpochSecond(), 36) + "_"
                + HexFormat.of().formatHex(random);
        connection = server.connect();
        try {
            execute("SET SESSION wait_timeout = 86400");
            dropLeftovers();
            if (number("SELECT GET_LOCK('" + name + "', 0)") != 1) {
                throw new SQLException("the server gives no lock");
            }
            execute("CREATE DATABASE `" + name + "` CHARACTER SET utf8mb4");
        } catch (SQLException e) {
            close();
            throw new StoreException(
                    "The scratch server cannot make a database (" + Faults.words(e)
                            + "): let the user of upkeep.scratch.username do so, for example by GRANT ALL ON"
                            + " `upkeep\\_scratch\\_%`.* TO that user.",
                    e,
                    true);
        }
    }

    String name() {
        return name;
    }

    private void dropLeftovers() throws SQLException {
        for (String database : databases()) {
            Matcher parts = NAME.matcher(database);
            if (parts.matches()) {
                Instant made = Instant.ofEpochSecond(Long.parseLong(parts.group(1), 36));
                if (made.isBefore(Instant.now().minus(LONGEST))
                        || number("SELECT IS_FREE_LOCK('" + database + "')") == 1) {
                    endStatements(database);
                    execute("DROP DATABASE IF EXISTS `" + database + "`");
                    LOG.info("Dropped {}, which a run that was killed had left.", database);
                }
            }
        }
    }

    /** A server goes on with the statement of a run that was killed, and dropping would wait for its end. */
    private void endStatements(String database) throws SQLException {
        List<Long> left = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT id FROM information_schema.processlist WHERE db = '" + database + "'")) {
            while (rows.next()) {
                left.add(rows.getLong(1));
            }
        }
        for (long id : left) {
            try {
                execute("KILL " + id);
            } catch (SQLException e) {
                LOG.debug("Connection {} has just ended", id, e);
            }
        }
    }

    private List<String> databases() throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SHOW DATABASES")) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }

    private long number(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Drops it; if that fails, the next run does. */
    @Override
    public void close() {
        try (connection) {
            execute("DROP DATABASE IF EXISTS `" + name + "`");
        } catch (SQLException e) {
            LOG.warn(
                    "The scratch database {} is dropped by the next restore drill or rehearsal: {}",
                    name,
                    Faults.words(e));
        }
    }
}
