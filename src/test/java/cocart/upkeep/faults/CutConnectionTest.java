package cocart.upkeep.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import cocart.upkeep.backup.Snapshot;
import cocart.upkeep.faults.CuttingProxy.End;
import cocart.upkeep.faults.CuttingProxy.Way;
import cocart.upkeep.store.StoreException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The network or the server goes away in the middle of a backup. That run ends with one sentence and nothing is sealed;
 * the next run makes a whole snapshot.
 */
class CutConnectionTest {

    @TempDir(factory = InMemory.class)
    static Path folder;

    private static FaultyStore store;
    private static long toServer;
    private static long toClient;

    @BeforeAll
    static void start() throws Exception {
        store = new FaultyStore(folder).fill(1);
        store.proxy.heal();
        SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
        toServer = store.proxy.passed(Way.TO_SERVER);
        toClient = store.proxy.passed(Way.TO_CLIENT);
        assertThat(toClient).as("bytes of a whole run").isGreaterThan(6_000_000);
    }

    @AfterAll
    static void stop() throws Exception {
        store.close();
    }

    @AfterEach
    void forget() throws Exception {
        heal(store);
        store.forgetBackups();
    }

    private static void heal(FaultyStore store) {
        store.server.closed = false;
        store.proxy.heal();
    }

    static LongStream fewSeeds() {
        return LongStream.rangeClosed(1, 8);
    }

    static LongStream manySeeds() {
        return LongStream.rangeClosed(1, 50);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("fewSeeds")
    void cutAtARandomByteTheNextRunMakesItWhole(long seed) throws Exception {
        cutThenMakeWhole(seed);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("manySeeds")
    @Tag("soak")
    void cutAtManyRandomBytesTheNextRunMakesItWhole(long seed) throws Exception {
        cutThenMakeWhole(seed);
    }

    private static void cutThenMakeWhole(long seed) throws Exception {
        store.forgetBackups();
        Map<String, String> outside = SnapshotCheck.outside(folder, store.snapshots());
        Random random = new Random(seed);
        Way way = random.nextBoolean() ? Way.TO_SERVER : Way.TO_CLIENT;
        long most = way == Way.TO_SERVER ? toServer : toClient;
        // Half of the cuts are in the first tenth, where logins and listings are.
        long at = (long) (most * (random.nextBoolean() ? random.nextDouble() / 10 : random.nextDouble()));
        End end = random.nextBoolean() ? End.CLOSED : End.RESET;
        // That nobody is let in again ends a run sooner than that nobody answers.
        store.proxy.cutAfter(way, at, end, () -> store.server.closed = true);

        Throwable error = catchThrowable(store::backUp);
        if (error != null) {
            assertSentence(error);
            assertThat(SnapshotCheck.sealed(store.snapshots())).isEmpty();
        } else {
            // The last bytes are those that end the connection.
            SnapshotCheck.assertWholeAndEqual(
                    SnapshotCheck.sealed(store.snapshots()).get(0), store.wpContent);
        }
        assertThat(SnapshotCheck.outside(folder, store.snapshots())).isEqualTo(outside);

        heal(store);
        Snapshot snapshot = store.backUp();
        SnapshotCheck.assertWholeAndEqual(snapshot.path(), store.wpContent);
        SnapshotCheck.assertClean(store.snapshots());
        assertThat(SnapshotCheck.outside(folder, store.snapshots())).isEqualTo(outside);
    }

    @Test
    void whatWasFetchedBeforeTheCutIsNotFetchedAgain(@TempDir(factory = InMemory.class) Path own) throws Exception {
        try (FaultyStore store = new FaultyStore(own)) {
            byte[] bytes = new byte[20_000];
            for (int i = 0; i < 200; i++) {
                new Random(i).nextBytes(bytes);
                store.write("uploads/" + i % 10 + "/" + i + ".jpg", bytes);
            }
            store.settle();
            store.inFlight = 8; // what is on its way when the line is cut is lost
            store.proxy.cutAfter(Way.TO_CLIENT, 3_000_000, End.RESET, () -> store.server.closed = true);
            assertThatThrownBy(store::backUp).satisfies(CutConnectionTest::assertSentence);
            heal(store);
            SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
            assertThat(store.proxy.passed(Way.TO_CLIENT)).isLessThan(2_000_000);
        }
    }

    @ParameterizedTest(name = "after {0} bytes to the client")
    @CsvSource({"0", "2000000"})
    void aServerThatStallsForEverIsNotWaitedFor(long bytes) throws Exception {
        store.forgetBackups();
        String options = store.options;
        store.options = "password=x&soTimeout=700&serverAliveInterval=0&connectTimeout=700";
        try {
            store.proxy.stallAfter(Way.TO_CLIENT, bytes);
            assertThatThrownBy(store::backUp)
                    .satisfies(CutConnectionTest::assertSentence)
                    .hasMessageContaining("answer");
        } finally {
            store.options = options;
        }
        assertThat(SnapshotCheck.sealed(store.snapshots())).isEmpty();
        store.proxy.heal();
        SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
        SnapshotCheck.assertClean(store.snapshots());
    }

    @Test
    void aKeyThatIsRevokedMidwayEndsTheRunAndWorksAgainWhenItIsBack(@TempDir Path own) throws Exception {
        try (FaultyStore store = new FaultyStore(own).fill(2)) {
            KeyPair key = Keys.write(store.home.resolve("config/id"));
            store.server.onlyKeys();
            store.server.keys.add(key.getPublic());
            store.options = "privateKeyFile=config/id&soTimeout=3000&serverAliveInterval=0";
            store.proxy.cutAfter(Way.TO_CLIENT, 1_000_000, End.CLOSED, store.server.keys::clear);
            assertThatThrownBy(store::backUp).satisfies(CutConnectionTest::assertSentence);
            assertThat(SnapshotCheck.sealed(store.snapshots())).isEmpty();
            assertThatThrownBy(store::backUp)
                    .satisfies(CutConnectionTest::assertSentence)
                    .hasMessageContaining("does not let the user deploy in with the key")
                    .hasMessageContaining("upkeep.store.acme.files");
            store.server.keys.add(key.getPublic());
            SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
            SnapshotCheck.assertClean(store.snapshots());
        }
    }

    private static void assertSentence(Throwable error) {
        assertThat(error)
                .isInstanceOf(StoreException.class)
                .message()
                .startsWith("store acme: ")
                .doesNotContain("Exception", "\n");
    }
}
