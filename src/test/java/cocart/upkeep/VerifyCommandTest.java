package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code upkeep verify} as users call it: what it says, its exit code, and what status shows afterwards. */
class VerifyCommandTest extends OutdatedShop {

    private Path snapshot;

    VerifyCommandTest() {
        super("manual", 5);
    }

    @BeforeEach
    void aSnapshot() throws Exception {
        assertThat(shop.upkeep("backup", "acme").code()).isZero();
        try (Stream<Path> all = Files.list(shop.home.resolve("data/backups/snapshots/acme"))) {
            snapshot = all.findFirst().orElseThrow();
        }
    }

    @Test
    void aWholeSnapshotIsVerifiedInStatusAndADamagedOneNeedsAttentionUntilItIsWholeAgain() throws Exception {
        assertThat(status().at("/lastSnapshot/verifiedAt").isNull()).isTrue();
        Shop.Said whole = shop.upkeep("verify", "acme");
        assertThat(whole.code()).as(whole.err()).isZero();
        assertThat(whole.out()).contains("whole, ", ": all whole");
        assertThat(status().at("/lastSnapshot/verifiedAt").asText())
                .startsWith("20")
                .endsWith("Z");
        assertThat(status().get("notice").isNull()).isTrue();
        assertThat(shop.upkeep("snapshots").out().lines().toList())
                .hasSize(3)
                .satisfies(lines -> assertThat(lines.get(0)).matches("STORE +SNAPSHOT +FILES +SIZE +NEW +MARKS"))
                .satisfies(lines -> assertThat(lines.get(1))
                        .matches("acme +" + snapshot.getFileName() + " +\\d+ +\\d+\\.\\d kB +\\d+\\.\\d kB +verified"))
                .satisfies(lines -> assertThat(lines.get(2))
                        .contains(snapshot.getParent().getParent().toString()));
        assertThat(shop.upkeep("status").out()).containsPattern("files, \\d+\\.\\d kB, verified");

        String file = "wp-content/themes/storefront/style.css";
        flip(snapshot.resolve(file));
        Shop.Said seen = shop.upkeep("verify", "acme", "--no-repair");
        assertThat(seen.code()).isEqualTo(1);
        assertThat(seen.out())
                .contains("changed  acme/" + snapshot.getFileName() + "/" + file, "HURT: 1 left", "1 hurt");
        assertThat(status().at("/lastSnapshot/verifiedAt").isNull()).isTrue();
        assertThat(status().at("/notice/kind").asText()).isEqualTo("attention");
        assertThat(shop.upkeep("snapshots").out()).contains("HURT").doesNotContain("verified");
        JsonNode listed = new ObjectMapper()
                .readTree(shop.upkeep("snapshots", "--json").out())
                .at("/snapshots/0");
        assertThat(listed.get("damage").asText()).contains("1 changed");
        assertThat(listed.get("verifiedAt").isNull()).isTrue();
        assertThat(status().at("/notice/text").asText())
                .contains("is damaged: 1 changed, first " + file, "upkeep verify acme");

        Shop.Said sampled = shop.upkeep("verify", "acme", "--sample", "100%", "--no-repair");
        assertThat(sampled.code()).isEqualTo(1);
        assertThat(IntStream.range(1, 6)
                        .mapToObj(seed -> shop.upkeep(
                                "verify", "acme", "--sample", "1%", "--seed", String.valueOf(seed), "--no-repair")))
                .as("whether or not the sample meets the damage")
                .allMatch(one -> one.code() == 1 && one.out().contains("1 hurt"))
                .anyMatch(one -> one.out().contains("as far as looked at, but HURT as an earlier run has found"));

        Shop.Said repaired = shop.upkeep("verify");
        assertThat(repaired.code()).as(repaired.out() + repaired.err()).isZero();
        assertThat(repaired.out())
                .contains(
                        "repaired: put back from the store acme",
                        "whole again, 1 repaired",
                        "all whole, repaired completely");
        assertThat(status().at("/lastSnapshot/verifiedAt").isNull()).isFalse();
        assertThat(status().get("notice").isNull()).isTrue();
        assertThat(snapshot.resolve(file)).hasContent("/* Theme Name: Storefront */\n");
    }

    @Test
    void aForeignFileIsToBeRemovedAndTheSnapshotIsWhole() throws Exception {
        Path foreign = Files.writeString(snapshot.resolve("wp-content/uploads/notes.txt"), "mine");
        Shop.Said said = shop.upkeep("verify", "acme");
        assertThat(said.code()).as("somebody has to look at it").isEqualTo(1);
        assertThat(said.out())
                .contains("foreign  acme/" + snapshot.getFileName() + "/wp-content/uploads/notes.txt")
                .contains("own content is not touched", "remove " + foreign)
                .contains("whole, 1 foreign to be removed", ": all whole, with what is not theirs in some")
                .doesNotContain("HURT", "NOT repaired");
        assertThat(status().at("/lastSnapshot/verifiedAt").isNull()).isFalse();
        assertThat(status().get("notice").isNull()).as(status().toString()).isTrue();

        Files.delete(foreign);
        Shop.Said again = shop.upkeep("verify", "acme");
        assertThat(again.code()).isZero();
        assertThat(again.out()).contains(": all whole\n");
    }

    @Test
    void aDamagedSnapshotThatIsRemovedConcernsNobodyAnyMore() throws Exception {
        Path dump = snapshot.resolve("database.sql.gz");
        flip(dump);
        assertThat(shop.upkeep("verify", "acme").code()).isEqualTo(1);
        assertThat(status().at("/notice/text").asText()).contains("database.sql.gz");
        try (Stream<Path> all = Files.walk(snapshot)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
        Shop.Said said = shop.upkeep("verify", "acme");
        assertThat(said.code()).isZero();
        assertThat(said.out()).contains("0 snapshots");
        assertThat(status().get("notice").isNull()).isTrue();
    }

    @Test
    void aSampleProvesNoSnapshotWholeAndItsSeedIsPrinted() throws Exception {
        Shop.Said said = shop.upkeep("verify", "acme", "--sample", "20%", "--seed", "42");
        assertThat(said.code()).isZero();
        assertThat(said.out()).contains("(--sample 20% --seed 42)", "whole as far as looked at");
        assertThat(status().at("/lastSnapshot/verifiedAt").isNull()).isTrue();
        assertThat(shop.upkeep("verify", "--sample", "0.5%").out()).containsPattern("--sample 0.5% --seed [0-9]+");
    }

    @Test
    void wrongInputIsSaidInASentence() {
        for (String wrong : new String[] {"0", "0%", "abc", "150%", "-1%", "10", "1e1%"}) {
            Shop.Said said = shop.upkeep("verify", "--sample=" + wrong);
            assertThat(said.code()).as(wrong).isEqualTo(2);
            assertThat(said.err())
                    .as(wrong)
                    .contains("--sample must be a percentage", "'" + wrong + "'")
                    .hasLineCount(1);
        }
        assertThat(shop.upkeep("verify", "--seed", "1").code()).isEqualTo(2);
        Shop.Said said = shop.upkeep("verify", "amce");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).contains("no store amce");
    }

    private JsonNode status() throws Exception {
        return new ObjectMapper()
                .readTree(shop.upkeep("status", "--json").out())
                .at("/stores/0");
    }

    private static void flip(Path file) throws Exception {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(3);
            int b = bytes.read();
            bytes.seek(3);
            bytes.write(b ^ 4);
        }
    }
}
