package cocart.upkeep;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.jcraft.jsch.JSch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import org.apache.camel.component.file.remote.SftpEndpoint;
import org.mariadb.jdbc.Driver;

/**
 * Runs a command like {@link Upkeep}, and loads beside it what other commands use too, so that the archive of classes
 * that the JVM writes at its end has that as well. {@code bin/upkeep} starts it when it makes the archive.
 */
public final class ClassArchive {

    /** One class of each library that is needed as soon as a store is read, which the command check may not do. */
    private static final List<Class<?>> LIBRARIES =
            List.of(Upkeep.class, JSch.class, SftpEndpoint.class, ObjectMapper.class, Driver.class);

    private ClassArchive() {}

    public static void main(String[] args) {
        LIBRARIES.forEach(ClassArchive::loadAllOf);
        Upkeep.main(args);
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
