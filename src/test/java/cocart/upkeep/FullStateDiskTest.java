package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.demo.EmbeddedMariaDb;
import cocart.upkeep.faults.SmallDisk;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The disk of the state database is full in the middle of an update: nothing is lost, and it goes on when there is room. */
@Tag("soak")
class FullStateDiskTest {

    private static final int CARTS = 300;

    @TempDir
    Path folder;

    @Test
    void h2() throws Exception {
        Path small = folder.resolve("small");
        try (SmallDisk disk = new SmallDisk(small, "size=8m")) {
            fullInTheMiddle(
                    new StateServers.Place("jdbc:h2:file:" + small.resolve("upkeep") + ";AUTO_SERVER=TRUE", "sa", ""),
                    small,
                    false);
        }
    }

    @Test
    void postgresql() throws Exception {
        Path small = folder.resolve("small");
        try (SmallDisk disk = new SmallDisk(small, "size=256m");
                OwnPostgres server = new OwnPostgres(small.resolve("postgres"))) {
            fullInTheMiddle(server.place(), small, true);
        }
    }

    @Test
    void mariadb() throws Exception {
        Path small = folder.resolve("small");
        try (SmallDisk disk = new SmallDisk(small, "size=512m");
                EmbeddedMariaDb server = new EmbeddedMariaDb(folder.resolve("server"), small)) {
            server.create("state", "keeper", "st4te");
            fullInTheMiddle(new StateServers.Place(server.url("state"), "keeper", "st4te"), small, true);
        }
    }

    /**
     * @param disk where the database is
     * @param reserves true if a server has some pages to write to although its disk is full
     */
    private void fullInTheMiddle(StateServers.Place place, Path disk, boolean reserves) throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", CARTS);
                Fleet fleet = new Fleet(shop, folder, place)) {
            LongUpdate.plan(shop, 5, 100);
            shop.files.plugin("4.3.6");
            List<String> carts = shop.database.carts();
            Process run = fleet.start("run", "run");
            LongUpdate.awaitFilled(fleet, 30);
            Path filler = disk.resolve("filler");
            fill(filler);
            if (reserves) {
                fill(fleet);
            }
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

    /** Takes what is left in the pages of the table of events, with which each change of a step is recorded. */
    private static void fill(Fleet fleet) throws SQLException {
        try (Connection connection = fleet.connect();
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO event (id, store, instance, text) VALUES (?, 'other', 'other', 'of another store')")) {
            int refused = 0;
            for (int row = 0; refused < 20; row++) {
                assertThat(row).as("rows on a full disk").isLessThan(100_000);
                insert.setString(1, UUID.randomUUID().toString());
                try {
                    insert.executeUpdate();
                } catch (SQLException e) {
                    assertThat(e.getMessage()).containsAnyOf("No space left", "is full");
                    refused++;
                }
            }
        }
    }
}
