package cocart.upkeep;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/** An archive of classes, as {@code bin/upkeep} has one: tests start a process again and again, and a start is mostly that. */
final class QuickStart {

    // A short life: what the compiler saves would cost more than it brings.
    private static final List<String> JVM = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
    private static final Path FOLDER = Path.of("target/quick-start").toAbsolutePath();

    private static @Nullable Path archive;

    private QuickStart() {}

    /**
     * How a process's JVM is started, up to its main class. The first who asks makes the archive, for all tests of a build;
     * who asks meanwhile does without.
     */
    static synchronized List<String> java() throws IOException {
        if (archive == null) {
            archive = FOLDER.resolve(name());
        }
        if (!Files.exists(archive)) {
            make(archive);
        }
        return Files.exists(archive)
                // what comes behind what was archived does no harm, and some routes have beans of the tests
                ? with(
                        List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:disable"),
                        jars() + File.pathSeparator + "target/test-classes")
                : with(List.of(), Shop.classPath());
    }

    /** Another one for other classes. */
    private static String name() throws IOException {
        StringBuilder state = new StringBuilder(Shop.classPath());
        for (Path one : classes()) {
            state.append(one).append(Files.getLastModifiedTime(one));
        }
        return Integer.toHexString(state.toString().hashCode());
    }

    private static List<Path> classes() throws IOException {
        try (Stream<Path> all = Files.walk(Path.of("target/classes"))) {
            return all.skip(1).sorted().toList();
        }
    }

    private static void make(Path archive) throws IOException {
        Files.createDirectories(FOLDER);
        try (FileChannel file = FileChannel.open(
                        FOLDER.resolveSibling("quick-start.lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                FileLock lock = file.tryLock()) {
            if (lock == null || Files.exists(archive)) {
                return;
            }
            FileSystemUtils.deleteRecursively(FOLDER);
            Files.createDirectories(FOLDER);
            pack();
            Path fresh = archive.resolveSibling("fresh.jsa");
            List<String> command = with(
                    List.of(
                            "-XX:ArchiveClassesAtExit=" + fresh,
                            "-Xlog:disable",
                            "-Dupkeep.home=" + Path.of("").toAbsolutePath()),
                    jars());
            Process making = new ProcessBuilder(Stream.of(
                                    Stream.of(Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString()),
                                    command.stream(),
                                    Stream.of(ClassArchive.class.getName()))
                            .flatMap(part -> part)
                            .toList())
                    .redirectErrorStream(true)
                    .redirectOutput(FOLDER.resolve("log").toFile())
                    .start();
            if (making.waitFor() != 0) {
                throw new IllegalStateException(Files.readString(FOLDER.resolve("log")));
            }
            Files.move(fresh, archive);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<String> with(List<String> options, String path) {
        return Stream.of(JVM, options, List.of("-cp", path))
                .flatMap(List::stream)
                .toList();
    }

    private static Path jar() {
        return FOLDER.resolve("upkeep.jar");
    }

    /** The JVM makes an archive of classes in jars only. */
    private static String jars() {
        return Stream.concat(
                        Stream.of(jar().toString()),
                        Stream.of(Shop.classPath().split(File.pathSeparator)).filter(part -> part.endsWith(".jar")))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static void pack() throws IOException {
        try (OutputStream file = Files.newOutputStream(jar());
                JarOutputStream out = new JarOutputStream(file)) {
            for (Path one : classes()) {
                String name =
                        Path.of("target/classes").relativize(one).toString().replace(File.separatorChar, '/');
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
