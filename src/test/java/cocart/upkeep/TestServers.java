package cocart.upkeep;

import cocart.upkeep.demo.EmbeddedMariaDb;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/** One MariaDB for shops, one for copies, and one PostgreSQL for all tests; they stop with the JVM. */
public final class TestServers {

    private static @Nullable EmbeddedMariaDb mariadb;
    private static @Nullable EmbeddedMariaDb scratch;
    private static @Nullable EmbeddedPostgres postgres;

    private TestServers() {}

    public static synchronized EmbeddedMariaDb mariadb() throws IOException {
        if (mariadb == null) {
            EmbeddedMariaDb started = new EmbeddedMariaDb(Files.createTempDirectory("upkeep-mariadb"));
            Runtime.getRuntime().addShutdownHook(new Thread(started::close));
            mariadb = started;
        }
        return mariadb;
    }

    /** Another MariaDB, for what must not be the shop's own. */
    public static synchronized EmbeddedMariaDb scratch() throws IOException {
        if (scratch == null) {
            EmbeddedMariaDb started = new EmbeddedMariaDb(Files.createTempDirectory("upkeep-scratch"));
            Runtime.getRuntime().addShutdownHook(new Thread(started::close));
            scratch = started;
        }
        return scratch;
    }

    /** Everybody of this machine may do everything there, as user {@code postgres}. */
    public static synchronized EmbeddedPostgres postgres() throws IOException {
        if (postgres == null) {
            EmbeddedPostgres started = EmbeddedPostgres.start();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                try {
                    started.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }));
            postgres = started;
        }
        return postgres;
    }
}
