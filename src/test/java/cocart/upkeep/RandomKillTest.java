package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    private static final int MANY = 20;
    // leases short, and no step given up for the kills that it met
    private static final String[] SETTINGS = {"upkeep.lease = 1s", "upkeep.migrate.attempts = 10"};
    private static final String BEFORE = "not begun";
    private static final String AFTER = "recorded";

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
                Fleet processes = new Fleet(opened, folder, Fleet.place(server, opened), SETTINGS)) {
            shop = opened;
            fleet = processes;
            LongUpdate.plan(shop, 10, 20);
            shop.files.plugin("4.3.6");
            carts = shop.database.carts();
            // the first one is not killed, and says how much an update says
            assertThat(fleet.start("first", "once").waitFor())
                    .as(fleet.said("first"))
                    .isZero();
            int lines = lines(fleet.said("first")).size();
            int updates = 1;
            assertComplete(updates, "not killed");
            reset();
            // how long an update takes, from those that are not killed
            long life = TimeUnit.SECONDS.toNanos(2);
            int kills = 0;
            int within = 0;
            while (true) {
                boolean last = kills == times;
                String context = "seed " + seed + ", kill " + kills;
                Process child = fleet.start("child", "once");
                if (!last && waitForSomeMoment(child, random, lines, life) && Fleet.kill(child)) {
                    kills++;
                    String moment = moment(lines(fleet.said("child")));
                    if (!moment.equals(BEFORE) && !moment.equals(AFTER)) {
                        within++;
                    }
                    moments.merge(moment, 1, Integer::sum);
                    if (kills % MANY == 0) {
                        System.out.printf(
                                "%s: %d kills so far, %d within an update, %d updates, %d s, seed %d, %s%n",
                                server, kills, within, updates, seconds(begun), seed, moments);
                    }
                    assertThat(shop.database.carts()).as(context).isEqualTo(carts);
                    continue;
                }
                assertThat(child.waitFor()).as(context + fleet.said("child")).isZero();
                assertComplete(++updates, context);
                if (last) {
                    break;
                }
                reset();
            }
            System.out.printf(
                    "%s: %d kills, %d of them within the life of %d updates, %d s, seed %d, killed at: %s%n",
                    server, kills, within, updates, seconds(begun), seed, moments);
            if (times >= MANY) {
                assertThat(within).as("%s", moments).isGreaterThan(times / 2);
            }
        }
    }

    /**
     * Lets a process work until some moment of an update's life, most often just after something was said.
     *
     * @return false if it has told how it ended and only stops now, which is no moment of an update
     */
    private boolean waitForSomeMoment(Process child, Random random, int lines, long life) throws Exception {
        if (random.nextInt(10) == 0) {
            waitFor(child, (long) (random.nextDouble() * TimeUnit.SECONDS.toNanos(3)));
            return true;
        }
        if (random.nextBoolean()) {
            return waitForLines(child, 1 + random.nextInt(1 + random.nextInt(lines)))
                    && waitFor(child, random.nextInt(40_000_000));
        }
        return waitForLines(child, 1) && waitFor(child, (long) (random.nextDouble() * life));
    }

    private static long seconds(long begun) {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun);
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

    /** What a process was at when it was killed, by what it had said of the update. */
    private static String moment(List<String> lines) {
        if (lines.isEmpty()) {
            return BEFORE;
        }
        String last = lines.get(lines.size() - 1).replaceFirst(".*?\\[acme] ", "");
        Matcher step =
                Pattern.compile("Step (\\S+) (in progress|taken over|complete)").matcher(last);
        if (step.find()) {
            return (step.group(2).equals("complete") ? "after " : "in ") + step.group(1);
        }
        return last.contains("is pending")
                ? "planned, being backed up"
                : last.contains("sealed")
                        ? "backed up"
                        : last.contains("complete: proven") ? AFTER : "at a step's edge";
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

    private static boolean waitFor(Process child, long nanos) throws Exception {
        return !child.waitFor(nanos, TimeUnit.NANOSECONDS);
    }

    /** False if it has told how it ended and only stops now, which is no moment of an update. */
    private boolean waitForLines(Process child, int lines) throws Exception {
        while (child.isAlive()) {
            String said = fleet.said("child");
            if (said.lines().anyMatch(line -> line.startsWith("acme"))) {
                return false;
            }
            if (lines(said).size() >= lines) {
                return true;
            }
            Thread.sleep(1);
        }
        return false;
    }

    /** What was said of the store's data update. */
    private static List<String> lines(String said) {
        return said.lines()
                .filter(line -> line.contains("[acme]") && !line.contains("[look]"))
                .toList();
    }
}
