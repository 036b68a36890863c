package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How far a backup is: on a terminal, in a file, and in the status that another process asks for. */
class ProgressTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private Shop shop;
    private Path log;
    private Path goOn;

    @BeforeEach
    void shop() throws Exception {
        shop = new Shop(folder, "manual", "2.9.3", 30);
        log = folder.resolve("log.txt");
        goOn = folder.resolve("go-on");
        Path slow = folder.resolve("slow.sh");
        Files.writeString(
                slow,
                "#!/bin/sh\n'" + Shop.mariadb().program("mariadb-dump") + "' \"$@\" | { cat; while [ ! -e " + goOn
                        + " ]; do sleep 0.1; done; }\n");
        Files.setPosixFilePermissions(slow, PosixFilePermissions.fromString("rwx------"));
        shop.settings("upkeep.backup.dump-program = " + slow, "upkeep.lease = 60s");
    }

    @AfterEach
    void close() throws Exception {
        Files.writeString(goOn, "");
        shop.close();
    }

    @Test
    void anotherProcessSeesHowFarItIs() throws Exception {
        Process backup = shop.start(log, "backup", "acme");
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> status().at("/job/name").asText().equals("back-up"));
        JsonNode job = status().get("job");
        assertThat(job.get("files").asLong()).isZero();
        assertThat(job.get("aboutFiles").isNull()).as("no snapshot to guess by").isTrue();
        assertThat(shop.upkeep("status").out()).contains("running      back-up since ", ": 0 files, 0.0 MB");
        Files.writeString(goOn, "");
        assertThat(backup.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(status().get("job").isNull()).isTrue();
        assertThat(Files.readString(log))
                .as("no bar where there is no terminal")
                .contains("Snapshot ")
                .doesNotContain("\r", "\u001B", "Backing up");
        Files.delete(goOn);
        Process again = shop.start(log, "backup", "acme");
        long files = status().at("/lastSnapshot/files").asLong();
        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .until(() -> status().at("/job/aboutFiles").asLong() == files);
        again.destroyForcibly().waitFor();
    }

    @Test
    void aTerminalShowsABar() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/script")), "SKIPPED: no script(1) to make a terminal with");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process backup = new ProcessBuilder(
                        "/usr/bin/script",
                        "-qec",
                        "stty cols 70; '" + java + "' -cp '" + Shop.classPath() + "' " + Upkeep.class.getName()
                                + " --home '" + shop.home + "' backup acme",
                        "/dev/null")
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(log.toFile())
                .start();
        Awaitility.await(log.toString()).atMost(Duration.ofMinutes(1)).until(() -> Files.readString(log)
                .contains("Backing up"));
        Files.writeString(goOn, "");
        assertThat(backup.waitFor(2, TimeUnit.MINUTES)).isTrue();
        String seen = Files.readString(log);
        assertThat(seen).contains("acme, 0 files").contains("\r\u001B[K");
        List<String> lines = Stream.of(seen.split("\n"))
                .map(String::strip)
                .map(line -> line.replaceAll(".*\r\u001B\\[K", ""))
                .toList();
        assertThat(lines)
                .as("lines of the log, unharmed")
                .anyMatch(line -> line.matches("\\d{4}-.*INFO .*Snapshot .*sealed.*"));
        assertThat(lines).anyMatch(line -> line.matches("/.*  \\d+ files, \\d+ bytes, \\d+ new"));
    }

    private JsonNode status() throws Exception {
        return JSON.readTree(shop.upkeep("status", "--json").out()).at("/stores/0");
    }
}
