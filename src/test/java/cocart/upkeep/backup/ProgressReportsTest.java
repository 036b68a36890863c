package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.StateDatabase;
import cocart.upkeep.store.StoreException;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a run tells the state database, and what it hears from there. */
class ProgressReportsTest {

    private HikariDataSource source;
    private Database database;
    private Jobs ours;

    @BeforeEach
    void open() {
        source = StateDatabase.open(Path.of("."), "jdbc:h2:mem:" + UUID.randomUUID(), "sa", "");
        database = new Database(source);
        ours = jobs("us", Duration.ofMinutes(1));
    }

    @AfterEach
    void close() {
        source.close();
    }

    private Jobs jobs(String instance, Duration lease) {
        return new Jobs(
                database,
                new Instance(instance),
                lease,
                Duration.ofMinutes(15),
                List.of("acme"),
                (store, job) -> new Jobs.Schedule("", "UTC"));
    }

    @Test
    void aRunIsSeenWhileItLasts() {
        assertThat(ours.running("acme")).isEmpty();
        ours.claim("acme", "back-up");
        List<String> seen = new ArrayList<>();
        ProgressReports reports = new ProgressReports(ours);
        reports.show((what, store) -> {
            seen.add(what + " " + store);
            return new ProgressView.Run() {
                @Override
                public void at(long files, long bytes, long aboutFiles, long aboutBytes) {
                    seen.add(files + " of " + aboutFiles + ", " + bytes + " of " + aboutBytes);
                }

                @Override
                public void close() {
                    seen.add("end");
                }
            };
        });
        try (ProgressReports.Report report = reports.begin("back-up", "Backing up", "acme", 10, 1000)) {
            assertThat(ours.running("acme").orElseThrow().files()).isZero();
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
                report.at(7, 300);
                return ours.running("acme").orElseThrow().files() == 7;
            });
            report.found(9, 5000);
            report.at(8, 300);
        }
        assertThat(seen)
                .startsWith("Backing up acme", "0 of 10, 0 of 1000", "7 of 10, 300 of 1000")
                .endsWith("8 of 10, 300 of 5000", "end");
        assertThat(jobs("them", Duration.ofMinutes(1)).running("acme"))
                .as("seen by another process")
                .get()
                .satisfies(run -> assertThat(run.bytes()).isEqualTo(300))
                .satisfies(run -> assertThat(run.job()).isEqualTo("back-up"));
        ours.finish("acme", "back-up", null);
        assertThat(ours.running("acme")).isEmpty();
        ours.claim("acme", "back-up");
        assertThat(ours.running("acme")).as("the figures of the run before").isEmpty();
    }

    @Test
    void aRunThatWasTakenOverStops() {
        ours.claim("acme", "back-up");
        try (ProgressReports.Report report = new ProgressReports(ours).begin("back-up", "Backing up", "acme", 0, 0)) {
            assertThat(jobs("them", Duration.ofSeconds(-1)).claim("acme", "back-up"))
                    .as("our lease ran out")
                    .isTrue();
            assertThatThrownBy(() -> Awaitility.await()
                            .atMost(Duration.ofSeconds(60))
                            .until(() -> {
                                report.at(1, 1);
                                return false;
                            }))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("store acme: another run has taken this back-up over");
        }
    }

    @Test
    void aRunThatIsNoJobIsOnlyShown() {
        try (ProgressReports.Report report = new ProgressReports(ours).begin("restore", "Restoring", "acme", 0, 0)) {
            report.at(1, 1);
        }
        assertThat(ours.running("acme")).isEmpty();
        assertThat(ours.progress("acme", "restore", 1, 1)).isTrue();
    }
}
