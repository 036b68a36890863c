package cocart.upkeep.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hosts that allow little: what they allow is enough for a whole snapshot. */
class LimitedHostTest {

    @TempDir(factory = InMemory.class)
    Path folder;

    private FaultyStore store;

    @BeforeEach
    void start() throws Exception {
        store = new FaultyStore(folder).fill(3);
    }

    @AfterEach
    void stop() throws Exception {
        store.close();
    }

    @ParameterizedTest(name = "{0} SSH connections allowed, {1} wanted")
    @CsvSource({"1, 2", "4, 8"})
    void fewerConnectionsThanWanted(int allowed, int wanted) throws Exception {
        store.server.mostConnections(allowed);
        store.connections = wanted;
        assertWholeBackup();
    }

    @Test
    void oneChannelForEachConnection() throws Exception {
        store.server.mostChannels(1);
        assertWholeBackup();
    }

    @Test
    void aLoginThatNoSessionIsOpenedForIsOneSentence() {
        store.server.noChannels();
        assertThatThrownBy(() -> store.open().close())
                .isInstanceOf(StoreException.class)
                .hasMessageMatching(
                        "store \\w+: 127.0.0.1:\\d+ lets the user \\w+ in, but opens no session for SFTP; it may"
                                + " have too many of them now \\(MaxSessions\\), or the login may be for forwarding only");
    }

    @Test
    void aConnectionThatAnotherJobHoldsIsNotThereForTheBackup() throws Exception {
        store.server.mostConnections(2);
        try (StoreFiles other = store.open()) {
            assertThat(other.stat("wp-content")).isPresent();
            assertWholeBackup();
            assertThat(other.stat("wp-content")).as("it is still let alone").isPresent();
        }
    }

    private void assertWholeBackup() throws Exception {
        SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
        SnapshotCheck.assertClean(store.snapshots());
    }
}
