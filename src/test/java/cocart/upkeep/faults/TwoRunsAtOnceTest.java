package cocart.upkeep.faults;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Two runs for one store at once, which its lease forbids, but which happen when a run sleeps for longer than that, or
 * two homes share a backup directory: what is sealed is whole all the same.
 */
class TwoRunsAtOnceTest {

    @TempDir(factory = InMemory.class)
    Path folder;

    private FaultyStore store;
    private final ExecutorService threads = Executors.newFixedThreadPool(2);

    @BeforeEach
    void start() throws Exception {
        store = new FaultyStore(folder).fill(6);
    }

    @AfterEach
    void stop() throws Exception {
        threads.shutdownNow();
        store.close();
    }

    @ParameterizedTest(name = "asleep when {0} {1}")
    @CsvSource({
        "listed, plugins",
        "listed, uploads/2026/11/video.mp4",
        "opened, uploads/2026/11/video.mp4",
        "opened, plugins/p8/includes/1/class-17.php"
    })
    void aRunThatWasOvertakenWhileItSleptSealsNothingThatIsNotWhole(String when, String path) throws Exception {
        CountDownLatch asleep = new CountDownLatch(1);
        CountDownLatch wake = new CountDownLatch(1);
        Meddling.Deed sleep = () -> {
            asleep.countDown();
            try {
                wake.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        Future<?> sleeper = threads.submit(() -> run(files -> when.equals("listed")
                ? Meddling.whenListed(files, path, sleep)
                : Meddling.whenOpened(files, path, sleep)));
        asleep.await();
        SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
        wake.countDown();
        assertEndedOrSaid(sleeper);
        assertWholeAndNextRunToo(1);
    }

    @Test
    void twoRunsThatBeginTogetherSealOnlyWhatIsWhole() throws Exception {
        for (int round = 0; round < 3; round++) {
            store.forgetBackups();
            CountDownLatch together = new CountDownLatch(2);
            List<Future<?>> runs = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                runs.add(threads.submit(() -> {
                    together.countDown();
                    together.await();
                    run(files -> files);
                    return null;
                }));
            }
            for (Future<?> run : runs) {
                assertEndedOrSaid(run);
            }
            assertWholeAndNextRunToo(0);
        }
    }

    private void assertWholeAndNextRunToo(int atLeast) throws Exception {
        assertThat(SnapshotCheck.assertAllWhole(store.snapshots())).isGreaterThanOrEqualTo(atLeast);
        SnapshotCheck.assertWholeAndEqual(store.backUp().path(), store.wpContent);
        SnapshotCheck.assertAllWhole(store.snapshots());
        SnapshotCheck.assertClean(store.snapshots());
    }

    private interface Way {
        StoreFiles through(StoreFiles files);
    }

    private void run(Way way) {
        try (StoreFiles files = store.open("file:" + store.folder.resolve("shop"))) {
            store.backUp(Clock.fixed(FaultyStore.OLD.plusSeconds(9_000_000), ZoneOffset.UTC), way.through(files));
        }
    }

    private static void assertEndedOrSaid(Future<?> run) throws Exception {
        try {
            run.get();
        } catch (ExecutionException e) {
            assertThat(e.getCause())
                    .isInstanceOf(StoreException.class)
                    .message()
                    .contains("store acme")
                    .doesNotContain("Exception");
        }
    }
}
