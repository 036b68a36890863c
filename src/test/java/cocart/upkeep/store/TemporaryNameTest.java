package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TemporaryNameTest {

    @Test
    void onlyWhatIsWrittenUnderSuchANameIsTakenForOurs() {
        assertThat(TemporaryName.is(TemporaryName.beside("a.jpg"))).isTrue();
        assertThat(TemporaryName.isOf(TemporaryName.beside("a.jpg"), "a.jpg")).isTrue();
        assertThat(TemporaryName.beside("x".repeat(255))).matches(TemporaryName::is);
        for (String theirs : new String[] {
            ".upkeep-1",
            ".upkeep-0123456789abcdef",
            ".a.upkeep-1",
            ".a.upkeep-0123456789abcde",
            "a.upkeep-0123456789abcdef"
        }) {
            assertThat(TemporaryName.is(theirs)).as(theirs).isFalse();
        }
    }
}
