package cocart.upkeep.state;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import cocart.upkeep.store.StoreException;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the log says of runs that fail again and again. */
class TroublesTest {

    private static final String AWAY = "store acme: nothing listens at h:22";

    private final HikariDataSource source =
            StateDatabase.open(Path.of("."), "jdbc:h2:mem:" + UUID.randomUUID(), "sa", "");
    private final Database database = new Database(source);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    /** What one process has of its own. */
    private record Process(Jobs jobs, Troubles troubles) {

        void fail(String sentence) {
            assertThat(jobs.claim("acme", "detect")).isTrue();
            troubles.job("acme", "detect", new StoreException(sentence, null));
        }

        void succeed() {
            assertThat(jobs.claim("acme", "detect")).isTrue();
            jobs.finish("acme", "detect", null);
        }
    }

    private Process process(String name) {
        Events events = new Events(database, new Instance(name));
        Jobs jobs = new Jobs(
                database,
                new Instance(name),
                Duration.ofMinutes(1),
                Duration.ofMinutes(15),
                List.of("acme"),
                (store, job) -> new Jobs.Schedule("0 0 3 * * ?", "UTC"));
        return new Process(jobs, new Troubles(jobs, new Updates(database, events), events));
    }

    @BeforeEach
    void listen() {
        log.start();
        ((Logger) LoggerFactory.getLogger("upkeep")).addAppender(log);
    }

    @AfterEach
    void close() {
        ((Logger) LoggerFactory.getLogger("upkeep")).detachAppender(log);
        source.close();
    }

    @Test
    void aFailureIsSaidOnceUntilItChangesOrWasOver() {
        Process process = process("one");
        process.fail(AWAY);
        process.fail(AWAY);
        assertThat(warnings()).containsExactly("Job detect failed: " + AWAY);
        process.fail("store acme: another");
        process.fail(AWAY);
        assertThat(warnings()).hasSize(3);
        process.succeed();
        process.fail(AWAY);
        assertThat(warnings()).hasSize(4);
    }

    @Test
    void aProcessSaysWhatWasSoBeforeItBeganButTheHistoryHasItOnce() {
        process("one").fail(AWAY);
        log.list.clear();
        Process second = process("two");
        second.fail(AWAY);
        second.fail(AWAY);
        assertThat(warnings()).containsExactly("Job detect failed: " + AWAY);
        assertThat(database.sql("events-of")
                        .param("store", "acme")
                        .param("before", "g")
                        .query()
                        .listOfRows())
                .hasSize(1);
    }

    private List<String> warnings() {
        return log.list.stream()
                .filter(event -> event.getLevel() == Level.WARN)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }
}
