package cocart.upkeep.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The made shop, and how a copy of it is judged. */
class ShopTreeTest {

    private static final ShopTree.Shape SMALL = new ShopTree.Shape(0.01, 1);

    @TempDir
    Path folder;

    @Test
    void theSameSeedGivesTheSameTree() throws Exception {
        ShopTree one = ShopTree.in(folder.resolve("one"), SMALL);
        ShopTree two = ShopTree.in(folder.resolve("two"), SMALL);
        ShopTree other = ShopTree.in(folder.resolve("other"), new ShopTree.Shape(0.01, 2));

        Listing listing = Listing.of(one.content());
        assertThat(listing.files()).hasSize(200 + 1 + 1);
        assertThat(listing.folders()).isEqualTo(16);
        assertThat(Listing.of(two.content())).isEqualTo(listing);
        assertThat(listing.unequal(one.content(), two.content())).isEmpty();
        assertThat(Listing.of(other.content())).isNotEqualTo(listing);
        for (String file : listing.files().keySet()) {
            assertThat(Files.getLastModifiedTime(one.content().resolve(file)))
                    .isEqualTo(Files.getLastModifiedTime(two.content().resolve(file)))
                    .isLessThan(FileTime.from(Instant.now()));
        }
    }

    @Test
    void aTreeThatIsThereIsUsedAgain() throws Exception {
        Path root = ShopTree.in(folder, SMALL).root();
        Files.writeString(root.resolve("mark"), "");

        assertThat(ShopTree.in(folder, SMALL).root().resolve("mark")).exists();
    }

    @Test
    void aCopyThatIsNotCompleteIsFound() throws Exception {
        Path content = ShopTree.in(folder.resolve("shop"), SMALL).content();
        Path copy = ShopTree.in(folder.resolve("copy"), SMALL).content();
        Listing source = Listing.of(content);
        assertThat(source.difference(Listing.of(copy))).isEmpty();

        String file = source.files().firstKey();
        byte[] bytes = Files.readAllBytes(copy.resolve(file));
        bytes[bytes.length - 1]++;
        Files.write(copy.resolve(file), bytes);
        assertThat(source.difference(Listing.of(copy))).isEmpty();
        assertThat(source.unequal(content, copy)).contains(file + " has another content");

        Files.write(copy.resolve(file), List.of("cut off"));
        assertThat(source.difference(Listing.of(copy)))
                .hasValueSatisfying(said -> assertThat(said).contains(file + " has 8 bytes"));
        Files.delete(copy.resolve(file));
        assertThat(source.difference(Listing.of(copy)))
                .hasValueSatisfying(said -> assertThat(said).contains("201 of 202 files", file + " is missing"));
        Files.copy(content.resolve(file), copy.resolve(file));
        Files.writeString(copy.resolve("foreign"), "");
        assertThat(source.difference(Listing.of(copy))).contains("has 1 files too many");
    }
}
