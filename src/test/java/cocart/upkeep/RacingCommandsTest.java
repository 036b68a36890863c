package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two people at two machines give commands about the same data update at the same time. */
class RacingCommandsTest {

    @TempDir
    Path folder;

    /** A process that executes commands as they come; one command line after the other, without a start for each. */
    public static final class Clerk {

        private Clerk() {}

        public static void main(String[] args) throws Exception {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ");
                Thread.sleep(Math.max(0, Long.parseLong(words[0]) - System.currentTimeMillis()));
                Shop.Said said = Shop.say("--home", args[0], words[1], "acme");
                System.out.println(said.code() + " " + (said.out() + said.err()).replace('\n', ' '));
            }
        }
    }

    @Test
    void aFewTimes() throws Exception {
        race(StateServers.POSTGRESQL, 6);
    }

    @Tag("soak")
    @ParameterizedTest
    @EnumSource(names = {"H2", "POSTGRESQL", "MARIADB"})
    @Timeout(1800)
    void manyTimes(StateServers server) throws Exception {
        race(server, Integer.getInteger("cocart.test.races", 200));
    }

    private void race(StateServers server, int times) throws Exception {
        long seed = Long.getLong("cocart.test.seed", new Random().nextLong());
        Random random = new Random(seed);
        TreeMap<String, Integer> ends = new TreeMap<>();
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 5);
                Fleet fleet = new Fleet(
                        shop,
                        folder,
                        Fleet.place(server, shop),
                        "upkeep.data-update = manual",
                        "upkeep.stores = acme")) {
            shop.files.plugin("4.3.6");
            shop.upkeep("once");
            String state = state(fleet);
            assertThat(state).isEqualTo("awaiting-approval");
            try (Running one = new Running(shop);
                    Running two = new Running(shop)) {
                for (int i = 0; i < times; i++) {
                    if (state.equals("pending") && random.nextInt(3) == 0) {
                        // a fresh one to be approved; no command leads back there
                        fleet.change("UPDATE data_update SET state = 'awaiting-approval'");
                        state = "awaiting-approval";
                    }
                    List<String> commands = state.equals("awaiting-approval")
                            ? List.of("approve", "cancel")
                            : state.equals("canceled") ? List.of("retry", "cancel") : List.of("cancel", "retry");
                    int events = events(fleet).size();
                    long at = System.currentTimeMillis() + 30;
                    String first = commands.get(0);
                    String second = random.nextInt(4) == 0 ? first : commands.get(1);
                    one.say((at + random.nextInt(10)) + " " + first);
                    two.say((at + random.nextInt(10)) + " " + second);
                    String firstSaid = one.answer();
                    String secondSaid = two.answer();
                    List<String> told = events(fleet);
                    told = told.subList(events, told.size());
                    String after = state(fleet);
                    String context = "seed " + seed + ", race " + i + ": " + state + ", " + first + " -> " + firstSaid
                            + ", " + second + " -> " + secondSaid + ", now " + after + ", " + told;
                    ends.merge(state + " " + first + "+" + second + " -> " + after, 1, Integer::sum);
                    assertThat(List.of(firstSaid.charAt(0), secondSaid.charAt(0)))
                            .as(context)
                            .isSubsetOf('0', '1');
                    assertLegal(state, first, second, firstSaid, secondSaid, after, told, context);
                    state = after;
                }
            }
            System.out.printf("%s: %d races, seed %d: %s%n", server, times, seed, ends);
        }
    }

    /** Whoever was told that it is done has exactly one event, and the their outcome is the state. */
    private static void assertLegal(
            String before,
            String first,
            String second,
            String firstSaid,
            String secondSaid,
            String after,
            List<String> told,
            String context) {
        List<String> done = new ArrayList<>();
        if (firstSaid.startsWith("0")) {
            done.add(first);
        }
        if (secondSaid.startsWith("0")) {
            done.add(second);
        }
        List<String> changes = told.stream()
                .filter(text -> text.startsWith("Data update of"))
                .map(text -> text.contains("approved")
                        ? "approve"
                        : text.contains("canceled") ? "cancel" : text.contains("tried again") ? "retry" : text)
                .toList();
        assertThat(changes).as(context).containsExactlyInAnyOrderElementsOf(done);
        // two transactions of the same millisecond may be told in either order
        List<String> turned = new ArrayList<>(changes);
        Collections.reverse(turned);
        assertThat(List.of(outcome(before, changes), outcome(before, turned)))
                .as(context)
                .contains(after);
    }

    /** Where changes lead, one after the other; "impossible" if one of them was not to be made. */
    private static String outcome(String before, List<String> changes) {
        String state = before;
        for (String change : changes) {
            boolean possible =
                    switch (change) {
                        case "approve" -> state.equals("awaiting-approval");
                        case "cancel" -> !state.equals("canceled");
                        default -> state.equals("canceled");
                    };
            if (!possible) {
                return "impossible";
            }
            state = change.equals("cancel") ? "canceled" : "pending";
        }
        return state;
    }

    private static String state(Fleet fleet) throws Exception {
        return fleet.ask("SELECT state FROM data_update").get(0);
    }

    private static List<String> events(Fleet fleet) throws Exception {
        return fleet.ask("SELECT text FROM event ORDER BY at, id");
    }

    /** A clerk's process. */
    private final class Running implements AutoCloseable {

        private final Process process;
        private final BufferedReader out;

        Running(Shop shop) throws Exception {
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+UseSerialGC",
                            "-cp",
                            Shop.classPath(),
                            Clerk.class.getName(),
                            shop.home.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            out = process.inputReader(StandardCharsets.UTF_8);
        }

        void say(String line) throws Exception {
            process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        }

        String answer() throws Exception {
            String line = out.readLine();
            while (line != null && !line.matches("[0-9] .*")) {
                line = out.readLine();
            }
            return String.valueOf(line);
        }

        @Override
        public void close() throws Exception {
            process.destroyForcibly().waitFor();
        }
    }
}
