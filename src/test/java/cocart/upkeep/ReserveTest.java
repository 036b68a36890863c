package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.faults.SmallDisk;
import cocart.upkeep.faults.SnapshotCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code upkeep.backup.reserve}: a backup leaves room for others on the disk. */
class ReserveTest {

    @TempDir
    Path folder;

    @Test
    void aBackupStopsBeforeTheReserveIsUsedUp() throws Exception {
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 5);
                SmallDisk disk = new SmallDisk(folder.resolve("disk"), "size=160m")) {
            byte[] video = new byte[100 << 20];
            new Random(1).nextBytes(video);
            Files.write(shop.root.resolve("wp-content/uploads/video.mp4"), video);
            Path backups = folder.resolve("disk/backups");
            shop.settings("upkeep.backup.directory = " + backups, "upkeep.backup.reserve = 100MB");
            Shop.Said said = shop.upkeep("backup", "acme");
            assertThat(said.code()).as(said.toString()).isEqualTo(1);
            assertThat(said.err()).contains("store acme", "upkeep.backup.reserve", "make room");
            assertThat(said.err())
                    .containsPattern("What was stored until then, \\d+\\.\\d [kM]B, stays in " + backups
                            + "/snapshots/acme/.unfinished-\\S+ for the next run");
            assertThat(SnapshotCheck.sealed(backups.resolve("snapshots/acme"))).isEmpty();
            assertThat(Files.getFileStore(backups).getUsableSpace()).isGreaterThan(66L << 20);

            disk.resize("size=400m");
            assertThat(shop.upkeep("backup", "acme").code()).isZero();
            assertThat(SnapshotCheck.assertAllWhole(backups.resolve("snapshots/acme")))
                    .isEqualTo(1);
            SnapshotCheck.assertClean(backups.resolve("snapshots/acme"));
        }
    }
}
