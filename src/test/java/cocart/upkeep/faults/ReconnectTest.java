package cocart.upkeep.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.faults.CuttingProxy.End;
import cocart.upkeep.faults.CuttingProxy.Way;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections are lost, and the run goes on over new ones: it seals a whole snapshot all the same. */
class ReconnectTest {

    @TempDir(factory = InMemory.class)
    static Path folder;

    private static FaultyStore store;
    private static long loginToServer;
    private static long loginToClient;
    private static long toServer;
    private static long toClient;

    @BeforeAll
    static void start() throws Exception {
        store = new FaultyStore(folder).fill(1);
        try (StoreFiles files = store.open()) {
            assertThat(files.stat("wp-content")).isPresent();
            loginToServer = store.proxy.passed(Way.TO_SERVER);
            loginToClient = store.proxy.passed(Way.TO_CLIENT);
        }
        store.proxy.heal();
        store.backUp();
        toServer = store.proxy.passed(Way.TO_SERVER);
        toClient = store.proxy.passed(Way.TO_CLIENT);
    }

    @AfterAll
    static void stop() throws Exception {
        store.close();
    }

    @AfterEach
    void heal() throws Exception {
        store.proxy.heal();
        store.forgetBackups();
        store.connections = 2;
        store.inFlight = 128;
    }

    static LongStream fewSeeds() {
        return LongStream.rangeClosed(1, 4);
    }

    static LongStream manySeeds() {
        return LongStream.rangeClosed(1, 50);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("fewSeeds")
    void cutOnceTheRunGoesOn(long seed) throws Exception {
        cutOnce(seed);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("manySeeds")
    @Tag("soak")
    void cutOnceAtManyRandomBytesTheRunGoesOn(long seed) throws Exception {
        cutOnce(seed);
    }

    private static void cutOnce(long seed) throws Exception {
        store.forgetBackups();
        Random random = new Random(seed);
        Way way = random.nextBoolean() ? Way.TO_SERVER : Way.TO_CLIENT;
        long from = way == Way.TO_SERVER ? loginToServer : loginToClient;
        long most = way == Way.TO_SERVER ? toServer : toClient;
        store.proxy.cutAfter(
                way,
                from + (long) ((most * 0.95 - from) * random.nextDouble()),
                random.nextBoolean() ? End.CLOSED : End.RESET);
        SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
        SnapshotCheck.assertClean(store.snapshots());
    }

    @Test
    void aConnectionThatIsSilentForTooLongIsReplaced() throws Exception {
        store.forgetBackups();
        String options = store.options;
        store.options = "password=x&soTimeout=1500&serverAliveInterval=0&connectTimeout=5000";
        try {
            store.proxy.freezeAfter(Way.TO_CLIENT, 2_000_000);
            SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
        } finally {
            store.options = options;
        }
    }

    @Test
    void aConnectionThatIsLostTimeAndAgainEndsTheRunWithASentence() throws Exception {
        store.forgetBackups();
        CuttingProxy proxy = store.proxy;
        proxy.cutAfter(Way.TO_CLIENT, 1_000_000, End.RESET, () -> cutAgainAndAgain(proxy));
        assertThatThrownBy(store::backUp)
                .isInstanceOf(StoreException.class)
                .message()
                .startsWith("store acme: ")
                .doesNotContain("Exception");
        assertThat(store.proxy.accepted())
                .as("it was tried again, not for ever")
                .isBetween(2, 50);
        store.proxy.heal();
        SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
    }

    @Test
    void aLargeFileOverABadLineGetsThereByAndBy(@TempDir Path own) throws Exception {
        try (FaultyStore store = new FaultyStore(own)) {
            byte[] large = new byte[30_000_000];
            new Random(3).nextBytes(large);
            store.write("uploads/video.mp4", large);
            store.settle();
            store.connections = 1;
            cutEach(store.proxy, 4_000_000);
            SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
            assertThat(store.proxy.accepted())
                    .as("it was cut more often than in a row")
                    .isGreaterThan(5);
        }
    }

    private static void cutEach(CuttingProxy proxy, long bytes) {
        proxy.cutAfter(Way.TO_CLIENT, bytes, End.RESET, () -> cutEach(proxy, bytes));
    }

    private static void cutAgainAndAgain(CuttingProxy proxy) {
        // Never more than a login.
        proxy.cutAfter(Way.TO_CLIENT, loginToClient, End.RESET, () -> cutAgainAndAgain(proxy));
    }

    @Test
    void aKeyThatIsRevokedMidwayIsSaidByTheSameRun(@TempDir Path own) throws Exception {
        try (FaultyStore store = new FaultyStore(own).fill(2)) {
            KeyPair key = Keys.write(store.home.resolve("config/id"));
            store.server.onlyKeys();
            store.server.keys.add(key.getPublic());
            store.options = "privateKeyFile=config/id&soTimeout=3000&serverAliveInterval=0";
            store.proxy.cutAfter(Way.TO_CLIENT, 1_000_000, End.CLOSED, store.server.keys::clear);
            assertThatThrownBy(store::backUp)
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("does not let the user deploy in with the key");
        }
    }

    @ParameterizedTest(name = "{0} handles allowed")
    @ValueSource(ints = {4, 20})
    void fewerHandlesThanWantedAreEnough(int handles) throws Exception {
        store.forgetBackups();
        store.server.mostHandles(handles);
        try {
            SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
        } finally {
            store.server.mostHandles(Integer.MAX_VALUE);
        }
    }

    @Test
    void asManyConnectionsAsAreAllowedAreUsed() throws Exception {
        store.proxy.heal();
        store.connections = 3;
        store.inFlight = 8; // so that enough waits to make more of them worth their logins
        store.proxy.pace(10_000_000);
        try {
            store.backUp();
        } finally {
            store.proxy.pace(0);
        }
        assertThat(store.proxy.accepted()).isBetween(2, 3);
    }
}
