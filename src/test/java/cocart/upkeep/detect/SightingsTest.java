package cocart.upkeep.detect;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.StateDatabase;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Since when a store is exposed, and what is waited for. */
class SightingsTest {

    private static final String PLUGIN = "cart-rest-api-for-woocommerce";

    private final HikariDataSource source =
            StateDatabase.open(Path.of("."), "jdbc:h2:mem:" + UUID.randomUUID(), "sa", "");
    private final Sightings sightings = new Sightings(new Database(source));

    @AfterEach
    void close() {
        source.close();
    }

    private Sighting see(String fingerprint, String version, Duration settle) throws Exception {
        Thread.sleep(5); // so that each look has a time of its own
        return sightings.record("acme", new PluginLook(PLUGIN, true, fingerprint, version, false, null), settle);
    }

    @Test
    void exposureBeginsWhenTheFilesBeganToChange() throws Exception {
        see("a", "2.9.3", Duration.ofHours(1));
        see("a", "2.9.3", Duration.ZERO);
        Sighting half = see("b", "2.9.3", Duration.ofHours(1)); // some files are new, the main one is not yet
        see("c", "4.3.6", Duration.ofHours(1));
        see("c", "4.3.6", Duration.ZERO);
        assertThat(sightings.exposedSince("acme", PLUGIN)).contains(half.firstSeen());
    }

    @Test
    void exposureBeginsWithTheFirstOfTwoUpdatesOfWhichOnlyTheSecondHasSettled() throws Exception {
        see("a", "2.9.3", Duration.ofHours(1));
        see("a", "2.9.3", Duration.ZERO);
        Sighting first = see("b", "4.3.5", Duration.ofHours(1));
        see("c", "4.3.6", Duration.ofHours(1));
        see("c", "4.3.6", Duration.ZERO);
        assertThat(sightings.exposedSince("acme", PLUGIN)).contains(first.firstSeen());
    }

    @Test
    void aMaintenanceBeforeAnUpdateDoesNotMakeTheOldCodeNew() throws Exception {
        see("a", "2.9.2", Duration.ofHours(1));
        see("a", "2.9.2", Duration.ZERO);
        see("b", "2.9.3", Duration.ofHours(1));
        see("b", "2.9.3", Duration.ZERO);
        sightings.record("acme", new PluginLook(PLUGIN, true, "b", "2.9.3", true, "an update runs"), Duration.ZERO);
        Sighting changed = see("c", "4.3.6", Duration.ofHours(1));
        see("c", "4.3.6", Duration.ZERO);
        assertThat(sightings.exposedSince("acme", PLUGIN)).contains(changed.firstSeen());
    }

    @Test
    void codeThatWasNeverSeenSettledSaysNothingOfWhenTheFilesChanged() throws Exception {
        see("a", "2.9.3", Duration.ofHours(1)); // the first look at all
        Sighting changed = see("b", "4.3.6", Duration.ofHours(1));
        see("b", "4.3.6", Duration.ZERO);
        assertThat(sightings.exposedSince("acme", PLUGIN)).contains(changed.firstSeen());
    }

    @Test
    void aChangeIsWaitedForUntilItHasSettled() throws Exception {
        assertThat(sightings.waiting()).isEmpty();
        Sighting changed = see("a", "4.3.6", Duration.ofHours(1));
        assertThat(sightings.waiting()).containsEntry("acme", changed.firstSeen());
        Sighting again = see("b", "4.3.6", Duration.ofHours(1));
        assertThat(sightings.waiting()).containsEntry("acme", again.firstSeen());
        see("b", "4.3.6", Duration.ZERO);
        assertThat(sightings.waiting()).isEmpty();
    }

    @Test
    void whatIsUnfitIsNotWaitedFor() {
        sightings.record("acme", new PluginLook(PLUGIN, true, "a", null, false, "it has no main file"), Duration.ZERO);
        assertThat(sightings.waiting()).isEmpty();
    }
}
