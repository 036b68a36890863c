package cocart.upkeep;

import cocart.upkeep.demo.EmbeddedMariaDb;
import java.io.IOException;
import java.nio.file.Files;
import org.jspecify.annotations.Nullable;

/** One MariaDB for all tests; it stops with the JVM. */
public final class TestServers {

    private static @Nullable EmbeddedMariaDb mariadb;

    private TestServers() {}

    public static synchronized EmbeddedMariaDb mariadb() throws IOException {
        if (mariadb == null) {
            EmbeddedMariaDb started = new EmbeddedMariaDb(Files.createTempDirectory("upkeep-mariadb"));
            Runtime.getRuntime().addShutdownHook(new Thread(started::close));
            mariadb = started;
        }
        return mariadb;
    }
}
