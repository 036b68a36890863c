package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The process is killed (SIGKILL) at random moments, again and again, over the whole life of data updates, and started
 * again: each update is complete once, each step recorded once, the carts are the same all the while.
 */
class RandomKillTest {

    private static final int CARTS = 200;

    @TempDir
    Path folder;

    private final Map<String, Integer> moments = new TreeMap<>();
    private Shop shop;
    private Fleet fleet;
    private List<String> carts;

    @Test
    void killedAFewTimes() throws Exception {
        kill(StateServers.POSTGRESQL, 3);
    }

    @Tag("soak")
    @ParameterizedTest
    @EnumSource(names = {"H2", "POSTGRESQL", "MARIADB"})
    @Timeout(value = 90, unit = TimeUnit.MINUTES)
    void killedVeryOften(StateServers server) throws Exception {
        kill(server, Integer.getInteger("cocart.test.kills", 200));
    }

    private void kill(StateServers server, int times) throws Exception {
        long seed = Long.getLong("cocart.test.seed", new Random().nextLong());
        Random random = new Random(seed);
        long begun = System.nanoTime();
        try (Shop opened = new Shop(folder, "automatic", "2.9.3", CARTS);
                Fleet processes = new Fleet(opened, folder, Fleet.place(server, opened), "upkeep.lease = 1s")) {
            shop = opened;
            fleet = processes;
            LongUpdate.plan(shop, 20, 5);
            shop.files.plugin("4.3.6");
            carts = shop.database.carts();
            int updates = 0;
            int kills = 0;
            // what an update says and how long it takes, from those that are not killed
            int lines = 14;
            long life = TimeUnit.SECONDS.toNanos(5);
            while (true) {
                boolean last = kills == times;
                long started = System.nanoTime();
                Process child = fleet.start("child", "once");
                String context = "seed " + seed + ", kill " + kills;
                if (!last) {
                    boolean working = true;
                    if (random.nextInt(4) == 0) {
                        waitFor(child, started + (long) (random.nextDouble() * life));
                    } else {
                        working = waitForLines(child, 1 + random.nextInt(lines));
                        waitFor(child, System.nanoTime() + random.nextInt(40_000_000));
                    }
                    if (working && Fleet.kill(child)) {
                        if (++kills % 20 == 0) {
                            System.out.printf(
                                    "%s: %d kills so far, %d updates, seed %d, %s%n",
                                    server, kills, updates, seed, moments);
                        }
                        moments.merge(moment(), 1, Integer::sum);
                        assertThat(shop.database.carts()).as(context).isEqualTo(carts);
                        continue;
                    }
                }
                assertThat(child.waitFor()).as(context + fleet.said("child")).isZero();
                life = (life + System.nanoTime() - started) / 2;
                lines = Math.max(lines, (int)
                        said().stream().filter(line -> line.contains("[acme]")).count());
                assertComplete(++updates, context);
                if (last) {
                    break;
                }
                reset();
            }
            System.out.printf(
                    "%s: %d kills in the life of %d updates, %d s, seed %d, killed at: %s%n",
                    server, kills, updates, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun), seed, moments);
        }
    }

    private void assertComplete(int updates, String context) throws Exception {
        assertThat(fleet.ask("SELECT COUNT(*) FROM data_update"))
                .as(context + fleet.ask("SELECT at, text FROM event ORDER BY at"))
                .containsExactly(String.valueOf(updates));
        assertThat(fleet.ask("SELECT DISTINCT state FROM data_update")).containsExactly("complete");
        assertThat(fleet.ask("SELECT DISTINCT status FROM data_update_step")).containsExactly("complete");
        assertThat(fleet.ask("SELECT COUNT(*) FROM data_update_step")).containsExactly(String.valueOf(4 * updates));
        fleet.assertStepsRecordedOnce(updates);
        assertThat(fleet.ask("SELECT kind FROM notice WHERE kind <> 'update-complete' AND cleared_at IS NULL"))
                .as(context)
                .isEmpty();
        assertThat(shop.database.columns()).as(context).isEqualTo(Shop.NEW_COLUMNS);
        assertThat(shop.database.carts()).as(context).isEqualTo(carts);
        assertThat(LongUpdate.filled(shop)).as(context).isEqualTo(CARTS);
        assertThat(shop.database.option("cocart_db_version")).as(context).isEqualTo("3.0.0");
    }

    /** Where in the life of an update the process was. */
    private String moment() throws Exception {
        try {
            List<String> state =
                    fleet.ask("SELECT state, CASE WHEN snapshot_id IS NULL THEN 'no' ELSE 'a' END FROM data_update"
                            + " ORDER BY created_at DESC");
            if (state.isEmpty() || state.get(0).startsWith("complete")) {
                return "3.0.0".equals(shop.database.option("cocart_db_version")) ? "8 recorded" : "1 before the plan";
            }
            if (state.get(0).endsWith(" no")) {
                return "2 planned, being backed up";
            }
            List<String> steps = fleet.ask("SELECT s.position, s.status FROM data_update_step s JOIN data_update u ON"
                    + " u.id = s.data_update_id WHERE u.state IN ('pending', 'in-progress') AND s.status <> 'complete'"
                    + " ORDER BY s.position");
            if (steps.isEmpty()) {
                return "3.0.0".equals(shop.database.option("cocart_db_version"))
                        ? "7 marked, not recorded"
                        : "6 steps done, not marked";
            }
            return steps.get(0).endsWith("in-progress")
                    ? "5 in step " + steps.get(0).charAt(0)
                    : "4 before step " + steps.get(0).charAt(0);
        } catch (SQLException e) {
            return "0 before there were tables";
        }
    }

    private void reset() throws Exception {
        for (String table : List.of(
                "options",
                "cocart_carts",
                "actionscheduler_actions",
                "actionscheduler_groups",
                "actionscheduler_logs")) {
            shop.database.execute("DROP TABLE wp_" + table);
        }
        shop.database.create("2.9.3", CARTS);
        assertThat(shop.database.carts()).isEqualTo(carts);
    }

    private static void waitFor(Process child, long nanoTime) throws Exception {
        child.waitFor(Math.max(0, nanoTime - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    /** False if it has told how it ended and only stops now, which is no moment of an update. */
    private boolean waitForLines(Process child, int lines) throws Exception {
        while (child.isAlive()) {
            List<String> said = said();
            if (said.stream().anyMatch(line -> line.startsWith("acme"))) {
                return false;
            }
            if (said.size() >= lines) {
                return true;
            }
            Thread.sleep(1);
        }
        return false;
    }

    /** What the child has said so far, but for the beginning of a line. */
    private List<String> said() throws Exception {
        String text = Files.readString(fleet.log("child"));
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }
}
