package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.faults.Child;
import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store with more files than memory holds ends its own backup with a sentence, not the process of all stores. */
class ManyNamesTest {

    @TempDir
    Path folder;

    @Test
    void moreFilesThanFitIntoMemoryAreToldBeforeItIsFull() throws Exception {
        Child.Ended ended = Child.run(
                folder.resolve("child.log"),
                List.of("-Xmx64m", "-XX:+ExitOnOutOfMemoryError"),
                Main.class.getName(),
                folder.resolve("backups").toString());
        assertThat(ended.said())
                .contains("store acme: it has more files and folders than fit into memory")
                .contains("upkeep.backup.skip")
                .contains("JAVA_OPTS");
        assertThat(ended.code()).isEqualTo(1);
    }

    /** Backs up a store that lists a million files and gives none. */
    static final class Main {

        public static void main(String[] args) {
            StoreFiles million = (StoreFiles) Proxy.newProxyInstance(
                    Main.class.getClassLoader(), new Class<?>[] {StoreFiles.class}, (proxy, method, arguments) -> {
                        if (method.getName().equals("stat")) {
                            return Optional.empty();
                        }
                        StoreFiles.Visitor visitor = (StoreFiles.Visitor) arguments[1];
                        for (int i = 0; i < 1_000_000; i++) {
                            visitor.found(new FileEntry("f" + i, FileEntry.Type.FILE, 1, 0, 0644, null, null));
                        }
                        return null;
                    });
            StoreSettings store = new StoreSettings(
                    "acme",
                    "file:/shop",
                    null,
                    List.of("a"),
                    new StoreSettings.DatabaseSettings(null, null, null, null, false),
                    false,
                    Duration.ZERO,
                    "0 * * * * ?",
                    "UTC",
                    new StoreSettings.Backup("0 0 3 * * ?", "", List.of(), "", 2, Duration.ZERO, 128, 16L << 20));
            try {
                new BackUp(new Snapshots(Path.of(args[0])), Clock.systemUTC(), 0).run(store, million, Main::dump);
                System.exit(0);
            } catch (StoreException e) {
                System.out.println(e.getMessage());
                System.exit(1);
            }
        }

        private static long dump(Path target) {
            try {
                return Files.size(Files.writeString(target, "dump"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
