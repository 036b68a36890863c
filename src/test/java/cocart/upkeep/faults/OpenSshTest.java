package cocart.upkeep.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.OpenSshd;
import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.ZoneOffset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The server that most hosts have, with the limits that some of them set. */
class OpenSshTest {

    @TempDir(factory = InMemory.class)
    Path folder;

    private FaultyStore store;

    @BeforeEach
    void start() throws Exception {
        OpenSshd.assumeInstalled();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        store = new FaultyStore(folder).fill(4);
    }

    @AfterEach
    void stop() throws Exception {
        if (store != null) {
            store.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"MaxSessions 1", "MaxStartups 1", "MaxSessions 4"})
    void aLimitOfSessionsIsEnoughForAWholeSnapshot(String limit) throws Exception {
        try (OpenSshd server = OpenSshd.unprivileged(folder.resolve("sshd"), limit)) {
            store.connections = 8;
            Snapshot snapshot = backUp(server);
            SnapshotCheck.assertWholeAndEqual(snapshot.path(), store.wpContent);
        }
    }

    @Test
    void aLoginThatNoSessionIsOpenedForIsOneSentence() throws Exception {
        try (OpenSshd server = OpenSshd.unprivileged(folder.resolve("sshd"), "MaxSessions 0")) {
            assertThatThrownBy(() -> backUp(server))
                    .isInstanceOf(StoreException.class)
                    .hasMessageMatching(
                            "store \\w+: 127.0.0.1:\\d+ lets the user \\w+ in, but opens no session for SFTP;"
                                    + " it may have too many of them now \\(MaxSessions\\), or the login may be for forwarding"
                                    + " only");
        }
    }

    @Test
    void whatTheUserMayNotReadIsNamedAndTheRestIsWhole() throws Exception {
        store.write("closed/inside.php", "inside".getBytes());
        store.settle();
        Path file = store.wpContent.resolve("plugins/p0/includes/0/class-0.php");
        Path closed = store.wpContent.resolve("closed");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
        try (OpenSshd server = OpenSshd.unprivileged(folder.resolve("sshd"))) {
            Snapshot snapshot = backUp(server);
            assertThat(snapshot.failed()).isEqualTo(2);
            SnapshotCheck.assertWhole(snapshot.path());
            assertThat(SnapshotCheck.errors(snapshot.path()))
                    .containsOnlyKeys("wp-content/plugins/p0/includes/0/class-0.php", "wp-content/closed")
                    .allSatisfy((path, reason) -> assertThat(reason).contains("permission denied"));
            store.settle();
            SnapshotCheck.assertWholeAndEqual(backUp(server).path(), store.wpContent);
        }
    }

    @Test
    void aPipeAndLinksInCirclesAreRecordedAndNotOpened() throws Exception {
        Path pipe = store.wpContent.resolve("uploads/pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        Files.createSymbolicLink(store.wpContent.resolve("uploads/self"), Path.of("self"));
        Files.createSymbolicLink(store.wpContent.resolve("uploads/up"), Path.of("../.."));
        try (OpenSshd server = OpenSshd.unprivileged(folder.resolve("sshd"))) {
            Snapshot snapshot = backUp(server);
            SnapshotCheck.assertWholeAndEqual(snapshot.path(), store.wpContent);
        }
    }

    private Snapshot backUp(OpenSshd server) throws Exception {
        Path knownHosts = store.home.resolve("config/known_hosts");
        server.trustIn(knownHosts);
        String uri = server.uri(folder.resolve("shop")) + "&soTimeout=5000&serverAliveInterval=0";
        try (StoreFiles files = store.open(uri)) {
            return store.backUp(Clock.fixed(FaultyStore.OLD.plusSeconds(9_000_000), ZoneOffset.UTC), files);
        }
    }
}
