package cocart.upkeep;

import cocart.upkeep.backup.BackUp;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.jcraft.jsch.JSch;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.zip.GZIPOutputStream;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.mariadb.jdbc.Driver;
import org.springframework.util.FileSystemUtils;

/**
 * Uses what commands use, so that the archive of classes which the JVM writes at its end has that: only what was used is
 * archived ready for use. {@code bin/upkeep} starts it when it makes the archive, without the environment's settings; its
 * stores are made up, and what it writes is in a folder of its own that is removed.
 */
public final class ClassArchive {

    /** One class of each library that is needed as soon as a store is read, which cannot be tried without one. */
    private static final List<Class<?>> LIBRARIES =
            List.of(Upkeep.class, JSch.class, SftpEndpoint.class, ObjectMapper.class, Driver.class);

    private ClassArchive() {}

    public static void main(String[] args) throws IOException {
        LIBRARIES.forEach(ClassArchive::loadAllOf);
        Path home = Files.createTempDirectory("upkeep");
        try {
            practise(Path.of(System.getProperty("upkeep.home")), home);
        } finally {
            FileSystemUtils.deleteRecursively(home);
        }
        System.exit(0); // whatever still runs
    }

    private static void practise(Path installed, Path home) throws IOException {
        FileSystemUtils.copyRecursively(installed.resolve("routes"), home.resolve("routes"));
        FileSystemUtils.copyRecursively(installed.resolve("config/updates"), home.resolve("config/updates"));
        Path plugin = home.resolve("shop/wp-content/plugins/cart-rest-api-for-woocommerce");
        Files.createDirectories(plugin);
        Files.writeString(plugin.resolve("cart-rest-api-for-woocommerce.php"), "<?php\n/*\n * Version: 4.3.6\n */\n");
        StringBuilder settings = new StringBuilder("upkeep.stores = near, far\n");
        Map.of("near", "file:" + home.resolve("shop"), "far", "sftp:none@127.0.0.1:1/none?password=none")
                .forEach((id, files) -> settings.append("""
                        upkeep.store.%1$s.files = %2$s
                        upkeep.store.%1$s.database.url = jdbc:mariadb://127.0.0.1:1/none
                        upkeep.store.%1$s.database.username = none
                        upkeep.store.%1$s.database.password = none
                        upkeep.store.%1$s.database.prefix = wp_
                        """.formatted(id, files)));
        Files.writeString(home.resolve("config/application.properties"), settings);
        Upkeep.execute("--home", home.toString(), "check");
        Upkeep.execute("--home", home.toString(), "backup", "near"); // ends at the database, which is not there
        try (Bundle bundle = new Bundle(Settings.load(home, null), false)) {
            new BackUp(bundle.snapshots, Clock.systemUTC(), 0)
                    .run(bundle.stores.get("near"), bundle.stores.files("near"), ClassArchive::dump);
        }
        Upkeep.execute("--home", home.toString(), "verify");
        Upkeep.execute("--home", home.toString(), "status");
    }

    private static long dump(Path target) {
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(target))) {
            out.write('\n');
            return 1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void loadAllOf(Class<?> one) {
        try (JarFile jar = new JarFile(
                Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI())
                        .toFile())) {
            jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.endsWith(".class") && !name.startsWith("META-INF/") && !name.contains("-"))
                    .forEach(name -> load(
                            name.substring(0, name.length() - ".class".length()).replace('/', '.')));
        } catch (IOException | java.net.URISyntaxException e) {
            System.err.println(
                    "upkeep: the classes of " + one.getName() + " are not in the archive: " + e.getMessage());
        }
    }

    private static void load(String name) {
        try {
            Class.forName(name, false, ClassArchive.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            // it needs a library that is not here, so nobody uses it
        }
    }
}
