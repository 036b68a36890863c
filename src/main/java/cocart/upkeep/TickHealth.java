package cocart.upkeep;

import cocart.upkeep.state.Away;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.apache.camel.component.quartz.QuartzComponent;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
import org.quartz.TriggerKey;
import org.quartz.impl.matchers.GroupMatcher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ticks that instances share lie in the state database. One that Quartz could not read there at a bad moment is put aside
 * as erroneous, for all instances and for ever; here it is taken back.
 */
public final class TickHealth {

    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    private final Supplier<CamelContext> camel;
    private final boolean shared;

    /** @param shared false if each instance has ticks of its own, in memory */
    TickHealth(Supplier<CamelContext> camel, boolean shared) {
        this.camel = camel;
        this.shared = shared;
    }

    /** Fires again what Quartz has put aside. */
    public void heal() throws SchedulerException {
        if (!shared) {
            return;
        }
        try {
            Scheduler scheduler =
                    camel.get().getComponent("quartz", QuartzComponent.class).getScheduler();
            for (TriggerKey tick : scheduler.getTriggerKeys(GroupMatcher.anyGroup())) {
                if (scheduler.getTriggerState(tick) == Trigger.TriggerState.ERROR) {
                    scheduler.resetTriggerFromErrorState(tick);
                    LOG.info("The tick {} was put aside after an error and goes on.", tick.getName());
                }
            }
        } catch (SchedulerException e) {
            if (!Away.isLost(e)) {
                throw e;
            }
        }
    }
}
