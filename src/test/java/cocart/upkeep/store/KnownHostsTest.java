package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many who write the same file of known hosts at once. */
class KnownHostsTest {

    private static final int KEYS = 40;

    @TempDir
    Path folder;

    @Test
    void threadsAndProcessesAtOnceLoseNothing() throws Exception {
        Path file = folder.resolve("known_hosts");
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            processes.add(new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            classPath,
                            Many.class.getName(),
                            file.toString(),
                            "process" + i)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
        }
        for (Process process : processes) {
            assertThat(process.inputReader().readLine()).isEqualTo("ready");
        }
        for (Process process : processes) {
            process.getOutputStream().close();
        }
        for (Process process : processes) {
            assertThat(process.waitFor()).isZero();
        }
        assertThat(Files.readAllLines(file))
                .containsExactlyInAnyOrderElementsOf(Stream.of("process0", "process1")
                        .flatMap(Many::hosts)
                        .map(host -> host + " ssh-ed25519 AAAA")
                        .toList());
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("known_hosts", ".known_hosts.lock");
    }

    @Test
    void aFolderThatCannotBeWrittenIsSaid() throws Exception {
        Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> new KnownHosts(folder.resolve("file/known_hosts")).record(key("a", folder)))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("cannot be recorded in " + folder.resolve("file/known_hosts"));
    }

    private static ShownKey key(String host, Path file) {
        return new ShownKey(host + ":22", host, "ssh-ed25519", "SHA256:x", "AAAA", file, false, List.of());
    }

    /** Records keys with two threads, as soon as it is told to. */
    static final class Many {

        static Stream<String> hosts(String name) {
            return IntStream.range(0, KEYS).mapToObj(i -> name + "-" + i + ".example");
        }

        public static void main(String[] args) throws Exception {
            Path file = Path.of(args[0]);
            System.out.println("ready");
            while (System.in.read() >= 0) {
                // until the test closes it
            }
            List<Thread> threads = IntStream.range(0, 2)
                    .mapToObj(thread -> new Thread(() -> hosts(args[1])
                            .filter(host -> host.matches(".*[02468]\\..*") == (thread == 0))
                            .forEach(host -> new KnownHosts(file).record(key(host, file)))))
                    .toList();
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }
}
