package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.faults.SmallDisk;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The disk of the state database is full in the middle of an update: nothing is lost, and it goes on when there is room. */
@Tag("soak")
class FullStateDiskTest {

    private static final int CARTS = 300;

    @TempDir
    Path folder;

    @Test
    @Timeout(300)
    void h2() throws Exception {
        try (SmallDisk disk = new SmallDisk(folder.resolve("small"), "size=8m");
                Shop shop = new Shop(folder, "automatic", "2.9.3", CARTS);
                Fleet fleet = new Fleet(
                        shop,
                        folder,
                        new StateServers.Place(
                                "jdbc:h2:file:" + folder.resolve("small/upkeep") + ";AUTO_SERVER=TRUE", "sa", ""))) {
            LongUpdate.plan(shop, 5, 100);
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();
            Process run = fleet.start("run", "run");
            LongUpdate.awaitFilled(fleet, 30);
            Path filler = folder.resolve("small/filler");
            fill(filler);
            await().atMost(Fleet.PATIENCE)
                    .untilAsserted(() -> assertThat(fleet.said("run")).contains("is full"));
            assertThat(run.isAlive()).isTrue();
            Thread.sleep(3000);
            Files.delete(filler);
            fleet.awaitState("complete", "run");
            fleet.assertEndedWell(carts);
            assertThat(LongUpdate.filled(shop)).isEqualTo(CARTS);
            assertThat(fleet.said("run")).doesNotContain("\tat ", "Unforeseen");
            assertThat(fleet.said("run").lines().filter(line -> line.contains("is full")))
                    .hasSizeLessThanOrEqualTo(3);
        }
    }

    private static void fill(Path file) throws IOException {
        byte[] block = new byte[4096];
        try (OutputStream out = Files.newOutputStream(file)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }
}
