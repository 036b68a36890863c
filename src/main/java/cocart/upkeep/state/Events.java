package cocart.upkeep.state;

import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** The history of a store: one row for each change of state, and the same line in the log. */
public final class Events {

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    private final Database database;
    private final Instance instance;

    public Events(Database database, Instance instance) {
        this.database = database;
        this.instance = instance;
    }

    /** Records and logs one sentence about a store. */
    public void record(String store, String text) {
        add(store, text);
        try (MDC.MDCCloseable ignored = MDC.putCloseable("store", store)) {
            LOG.info("{}", text);
        }
    }

    /** Records one sentence about what went wrong with a store, and logs it as a warning. */
    public void failure(String store, String text) {
        add(store, text);
        try (MDC.MDCCloseable ignored = MDC.putCloseable("store", store)) {
            LOG.warn("{}", text);
        }
    }

    private void add(String store, String text) {
        database.sql("event-add")
                .param("id", UUID.randomUUID().toString())
                .param("store", store)
                .param("instance", instance.id())
                .param("text", Database.cut(text))
                .update();
    }
}
