package cocart.upkeep.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.faults.SmallDisk;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A disk without room for the state database is what is said, and not what H2 could not do for want of it. */
class FullDiskTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"size=100k", "size=8m,nr_inodes=2", "size=8m,nr_inodes=3"})
    void isSaidAndNotTriedAgain(String options) throws Exception {
        try (SmallDisk disk = new SmallDisk(folder.resolve("small"), options)) {
            Files.createFile(folder.resolve("small/other"));
            assertThatThrownBy(
                            () -> StateDatabase.open(folder, "jdbc:h2:file:./small/upkeep;AUTO_SERVER=TRUE", "sa", "")
                                    .close())
                    .isInstanceOf(StateException.class)
                    .hasMessage("The state database jdbc:h2:file:./small/upkeep cannot be opened, because its disk is"
                            + " full; make room there")
                    .cause()
                    .as("nobody makes room while a command waits")
                    .matches(StateFaults::isFull);
        }
    }

    @Test
    void aQuotaIsAFullDiskToo() {
        SQLException error = new SQLException(
                "Error opening database: \"Could not save properties /data/upkeep.lock.db\"",
                "08000",
                8000,
                new IOException(new FileSystemException("/data/upkeep.lock.db", null, "Disk quota exceeded")));
        assertThat(StateFaults.words(error, "sa"))
                .isEqualTo("cannot be opened, because its disk is full; make room there");
    }
}
