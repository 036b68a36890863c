package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An archive of classes, as {@code bin/upkeep} has one, for tests that start a process again and again. */
final class QuickStart {

    private QuickStart() {}

    /**
     * Has all later processes of a shop start from such an archive, which is made by running a command.
     *
     * @param folder where the archive goes
     * @param command what is run; it must end well
     */
    static void from(Path folder, Shop shop, String... command) throws Exception {
        String path = Stream.of(Shop.classPath().split(File.pathSeparator))
                .filter(part -> part.endsWith(".jar"))
                .collect(Collectors.joining(File.pathSeparator));
        Path jar = folder.resolve("upkeep.jar"); // the JVM makes an archive of classes in jars only
        pack(Path.of("target/classes"), jar);
        Path archive = folder.resolve("classes.jsa");
        Path log = folder.resolve("archive.log");
        List<String> java = List.of(
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xlog:disable", "-cp", jar + File.pathSeparator + path);
        shop.java = with("-XX:ArchiveClassesAtExit=" + archive, java);
        assertThat(shop.start(log, command).waitFor()).as(Files.readString(log)).isZero();
        assertThat(archive).exists();
        shop.java = with("-XX:SharedArchiveFile=" + archive, java);
    }

    private static List<String> with(String option, List<String> java) {
        return Stream.concat(Stream.of(option), java.stream()).toList();
    }

    private static void pack(Path classes, Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            for (Path one : all.skip(1).toList()) {
                String name = classes.relativize(one).toString().replace(File.separatorChar, '/');
                boolean isFolder = Files.isDirectory(one);
                // Flyway finds its files by their folder
                out.putNextEntry(new JarEntry(isFolder ? name + "/" : name));
                if (!isFolder) {
                    Files.copy(one, out);
                }
            }
        }
    }
}
