package cocart.upkeep;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Recorded databases of a real store, in {@code src/test/resources/fixtures}. */
final class Fixtures {

    private Fixtures() {}

    /** Loads a dump into a shop's database, over the tables that it names. */
    static void load(Shop shop, String name) throws IOException, InterruptedException {
        Process client = new ProcessBuilder(
                        Shop.mariadb().program("mariadb").toString(),
                        "--no-defaults",
                        "--host=127.0.0.1",
                        "--port=" + Shop.mariadb().port(),
                        "--user=shop",
                        "--password=" + Shop.PASSWORD,
                        "--default-character-set=utf8mb4",
                        "shop")
                .redirectErrorStream(true)
                .start();
        try (InputStream file = Objects.requireNonNull(Fixtures.class.getResourceAsStream("/fixtures/" + name), name);
                InputStream dump = name.endsWith(".gz") ? new GZIPInputStream(file) : file;
                OutputStream in = client.getOutputStream()) {
            dump.transferTo(in);
        }
        String said = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (client.waitFor() != 0) {
            throw new IOException(name + " was not loaded: " + said);
        }
    }
}
