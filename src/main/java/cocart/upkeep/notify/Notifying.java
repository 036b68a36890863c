package cocart.upkeep.notify;

import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.store.Stores;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/**
 * Notices and the outbox, put together.
 *
 * @param notices what there is to say
 * @param outbox what was not said yet
 */
public record Notifying(Notices notices, Outbox outbox) {

    /**
     * What the settings say about both.
     *
     * @param backups folder of the backups
     * @param free bytes that should be free there; 0 if that is no matter
     * @param channels names of the channels that are switched on
     */
    public record Settings(
            NoticeSettings notices, OutboxSettings outbox, Path backups, long free, List<String> channels) {}

    /** @param clock tells when quiet hours are */
    public Notifying(Database database, Stores stores, Jobs jobs, Events events, Settings settings, Clock clock) {
        this(
                new Notices(
                        database,
                        stores,
                        events,
                        settings.notices(),
                        new BundleCauses(settings.backups(), settings.free(), jobs, settings.channels())),
                database,
                stores,
                jobs,
                events,
                settings,
                clock);
    }

    private Notifying(
            Notices notices,
            Database database,
            Stores stores,
            Jobs jobs,
            Events events,
            Settings settings,
            Clock clock) {
        this(notices, new Outbox(database, stores, notices, jobs, events, settings.outbox(), clock));
    }
}
