package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.backup.SmallShop;
import cocart.upkeep.backup.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Retention as people meet it: the command, the step after a backup, the notice. */
class PruneTest {

    private static final Instant NOW = Instant.now().minusSeconds(60);

    @TempDir
    Path folder;

    private Path home;
    private SmallShop small;

    @BeforeEach
    void start() throws Exception {
        home = Files.createDirectories(folder.resolve("home"));
        small = new SmallShop(folder.resolve("small"), home.resolve("data/backups"));
        small.files("plugins/a", 20, "a");
        Shop.copy(Path.of("routes"), home.resolve("routes"));
        Shop.copy(Path.of("config/updates"), home.resolve("config/updates"));
        settings("upkeep.backup.keep = last=2");
    }

    @Test
    void aDryRunSaysWhatStaysByWhichRuleAndChangesNothing() throws Exception {
        List<Snapshot> all = days(-3, -2, -1);
        Shop.Said said = prune("--dry-run");
        assertThat(said.code()).as(said.err()).isZero();
        assertThat(said.out().lines())
                .containsExactly(
                        "keep    acme  " + all.get(2).id() + "  last, newest, newest whole",
                        "keep    acme  " + all.get(1).id() + "  last",
                        "remove  acme  " + all.get(0).id(),
                        "acme: 2 stay, 1 would go, "
                                + Files.size(all.get(0).path().resolve("manifest.jsonl")) + " bytes would be free");
        assertThat(small.snapshots.list("acme")).hasSize(3);
        assertThat(prune("acme", "--dry-run").out()).isEqualTo(said.out());
    }

    @Test
    void pruneRemovesAndSaysIt() throws Exception {
        List<Snapshot> all = days(-3, -2, -1);
        Snapshot other = small.backUp("not-in-the-settings", NOW.minus(Duration.ofDays(9)));
        Shop.Said said = prune();
        assertThat(said.code()).as(said.err()).isZero();
        assertThat(said.out())
                .contains("removed acme  " + all.get(0).id(), "acme: 2 kept, 1 removed, ")
                .contains(" bytes freed");
        assertThat(small.snapshots.list()).containsExactly(all.get(2), all.get(1), other);
        assertThat(prune().out()).contains("2 kept, 0 removed, 0 bytes freed");
    }

    @Test
    void aStoreThatShrankIsANoticeUntilAHumanAcceptsIt() throws Exception {
        days(-4, -3);
        assertThat(prune().code()).isZero();
        deletePlugin();
        small.files("plugins/b", 4, "b");
        days(-2, -1);
        Shop.Said said = prune();
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.err()).contains("has 4 files where there were 20", "upkeep prune acme --accept");
        assertThat(said.out()).contains("4 kept, 0 removed");
        Shop.Said status = say("status");
        assertThat(status.code()).isEqualTo(1);
        assertThat(status.out()).contains("Store acme may be damaged: Snapshot ", "has 4 files where there were 20");
        assertThat(say("snapshots").out().lines().filter(line -> line.endsWith("suspicious")))
                .hasSize(2);
        assertThat(say("snapshots", "--json").out()).contains("\"suspicion\":\"Snapshot ");
        assertThat(prune("--dry-run").code()).as("seen without writing, too").isEqualTo(1);

        Shop.Said accepted = prune("acme", "--accept");
        assertThat(accepted.code()).as(accepted.err()).isZero();
        assertThat(accepted.out()).contains("2 kept, 2 removed");
        assertThat(say("status").out()).doesNotContain("damaged");
        assertThat(prune("acme", "--accept").err()).contains("there was nothing to accept");
    }

    @ParameterizedTest
    @CsvSource({"--accept", "--accept --dry-run acme", "acme extra"})
    void wrongUsageIsSaid(String arguments) {
        assertThat(prune(arguments.split(" ")).code()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "upkeep.backup.keep = last=0 | config/application.properties, line 3: upkeep.backup.keep has last=0; it must be",
                "upkeep.store.acme.backup.keep = fortnightly=1 | upkeep.store.acme.backup.keep has the unknown rule 'fortnightly'",
                "upkeep.off-site.recipients = age1abc | upkeep.off-site.recipients has the recipient age1abc, which is mistyped",
                "upkeep.off-site.recipients = AGE-SECRET-KEY-1X | upkeep.off-site.recipients must hold public keys of age",
                "upkeep.off-site.enabled = perhaps | upkeep.off-site.enabled must be true or false"
            })
    void wrongSettingsAreSaidAtTheStart(String setting, String said) throws Exception {
        settings(setting.strip());
        Shop.Said status = say("status");
        assertThat(status.code()).isEqualTo(2);
        assertThat(status.err()).contains(said.strip()).doesNotContain("SECRET");
    }

    @Test
    void aRetentionThatFailsIsSaidAndMended() throws Exception {
        days(-2);
        small.files("plugins/c", 4, "c"); // what did not change is not compared
        Snapshot snapshot = days(-1).get(0);
        Path manifest = snapshot.path().resolve("manifest.jsonl");
        String text = Files.readString(manifest);
        Files.delete(manifest);
        Files.writeString(manifest, text.replaceFirst("\\{\"path\"", "{\"pa"));
        Shop.Said said = prune();
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.err()).contains("upkeep: Store acme: no old snapshot is removed, because ");
        assertThat(say("status").out()).contains("no old snapshot is removed");
        Files.delete(manifest);
        Files.writeString(manifest, text);
        assertThat(prune().code()).isZero();
        assertThat(say("status").out()).doesNotContain("no old snapshot");
    }

    @Test
    void afterABackupOldSnapshotsGoAndARetentionThatFailsIsNoFailedBackup() throws Exception {
        try (Shop shop = new Shop(folder.resolve("large"), "manual", "2.9.3", 3)) {
            shop.settings("upkeep.backup.keep = last=1");
            try (Bundle bundle = new Bundle(Settings.load(shop.home, null), false);
                    ProducerTemplate template = bundle.start().createProducerTemplate()) {
                Snapshot first = backUp(template);
                Snapshot second = backUp(template);
                assertThat(bundle.snapshots.list("acme")).containsExactly(second);
                assertThat(first.path()).doesNotExist();

                Path manifest = second.path().resolve("manifest.jsonl");
                String text = Files.readString(manifest);
                Files.delete(manifest);
                Files.writeString(manifest, text.replaceFirst("\\{\"path\"", "{\"pa"));
                Snapshot third = backUp(template);
                assertThat(bundle.snapshots.list("acme")).containsExactly(third, second);
                assertThat(bundle.jobs.hasFailed("acme", "back-up")).isFalse();
                assertThat(bundle.jobs.error("acme", "prune").orElse("")).contains("no old snapshot is removed");
                assertThat(bundle.notices.current("acme").orElseThrow().text()).contains("no old snapshot is removed");
            }
        }
    }

    private static Snapshot backUp(ProducerTemplate template) {
        return (Snapshot) template.requestBodyAndHeader("direct:back-up", null, "store", "acme");
    }

    private List<Snapshot> days(int... days) {
        List<Snapshot> made = new ArrayList<>();
        for (int day : days) {
            made.add(small.backUp("acme", NOW.plus(Duration.ofDays(day))));
        }
        return made;
    }

    private void deletePlugin() throws Exception {
        Files.move(small.root.resolve("wp-content/plugins/a"), folder.resolve("away"));
    }

    private Shop.Said prune(String... arguments) {
        List<String> all = new ArrayList<>(List.of("prune"));
        all.addAll(List.of(arguments));
        return say(all.toArray(String[]::new));
    }

    private Shop.Said say(String... arguments) {
        List<String> all = new ArrayList<>(List.of("--home", home.toString()));
        all.addAll(List.of(arguments));
        return Shop.say(all.toArray(String[]::new));
    }

    private void settings(String more) throws Exception {
        Files.createDirectories(home.resolve("config"));
        Files.writeString(
                home.resolve("config/application.properties"),
                String.join("\n", "upkeep.stores = acme", "upkeep.store.acme.files = file:" + small.root, more, ""));
    }
}
