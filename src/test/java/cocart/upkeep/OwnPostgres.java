package cocart.upkeep;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;

/** A PostgreSQL of one test's own, on one port as long as the test lasts. */
final class OwnPostgres implements AutoCloseable {

    private final Path data;
    private EmbeddedPostgres server;
    private final int port;

    /** @param data where it keeps its data */
    OwnPostgres(Path data) throws IOException {
        this.data = data;
        server = start(0);
        port = server.getPort();
    }

    private EmbeddedPostgres start(int port) throws IOException {
        EmbeddedPostgres.Builder builder =
                EmbeddedPostgres.builder().setDataDirectory(data).setCleanDataDirectory(false);
        return (port == 0 ? builder : builder.setPort(port)).start();
    }

    /** Makes an empty database. */
    StateServers.Place place() throws Exception {
        execute("CREATE DATABASE state");
        return new StateServers.Place("jdbc:postgresql://127.0.0.1:" + port + "/state", "postgres", "");
    }

    void execute(String statement) throws Exception {
        try (Connection connection = server.getPostgresDatabase().getConnection();
                Statement execution = connection.createStatement()) {
            execution.execute(statement);
        }
    }

    /** Like a machine that fails: nothing is written any more, and the next start recovers. */
    void crash() throws Exception {
        long pid = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).get(0));
        Fleet.signal(pid, "QUIT");
        server.close();
    }

    void start() throws Exception {
        server = start(port);
    }

    @Override
    public void close() throws Exception {
        server.close();
    }
}
