package cocart.upkeep.store;

import cocart.upkeep.backup.BackUp;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.backup.Snapshots;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;

/** One backup as a process of its own, for tests that give it little memory. */
final class BackUpOnce {

    private BackUpOnce() {}

    /** @param args home, files URI, backup directory; exits with 0 and the snapshot's path, or 1 and the sentence */
    public static void main(String[] args) {
        try (StoreFiles files = SftpServers.open(Path.of(args[0]), args[1])) {
            Snapshot snapshot = new BackUp(new Snapshots(Path.of(args[2])), Clock.systemUTC(), 0)
                    .run(SftpServers.store(args[1]), files, BackUpOnce::dump);
            System.out.println(snapshot.path());
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
