package cocart.upkeep.migrate;

import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.Database;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Runs a claimed step against its store. */
public final class Steps {

    private static final Logger LOG = LoggerFactory.getLogger(Steps.class);

    /** So long are steps looked at that may be done already, before what is known is recorded. */
    private static final Duration LOOK_AHEAD = Duration.ofSeconds(1);

    private final Stores stores;
    private final Plans plans;
    private final StepRunner runner;
    private final Queue queue;
    private final Replanning replanning;
    private final Database state;

    public Steps(Stores stores, Plans plans, StepRunner runner, Queue queue, Replanning replanning, Database state) {
        this.replanning = replanning;
        this.state = state;
        this.stores = stores;
        this.plans = plans;
        this.runner = runner;
        this.queue = queue;
    }

    /** Runs a step; what it returns goes to {@link Queue#completeAndClaim}. */
    public StepResult run(ClaimedStep claim) {
        Place place = Place.at(claim.position());
        UpdatePlan plan = plans.find(claim.plugin(), claim.toVersion())
                .filter(found -> has(found, place, claim.name()))
                .orElseThrow(() -> new StoreException(
                        "store " + claim.store() + ": config/updates has no step " + claim.name()
                                + " any more at place "
                                + (place.step() + 1) + " of " + claim.plugin() + " " + claim.toVersion()
                                + "; put it back, or upkeep cancel " + claim.store(),
                        null,
                        true));
        replanning.require(claim, plan);
        try (StoreDatabase database = stores.database(claim.store())) {
            Site site = site(database, plan, place);
            if (site == null) {
                return noOp(claim, plan, database);
            }
            StepRunner.Outcome outcome = runner.run(
                    plan, plan.steps().get(place.step()), site, claim.reachedKey(), new StepRunner.Checkpoint() {
                        @Override
                        public void before(long count, String checksum) {
                            queue.measured(claim, count, checksum);
                        }

                        @Override
                        public String remedy() {
                            String snapshot = state.sql("update-get")
                                    .param("id", claim.dataUpdateId())
                                    .query((row, n) -> row.getString("snapshot_id"))
                                    .single();
                            String restore = "upkeep restore " + claim.store() + " " + snapshot;
                            return "Restore the table from the snapshot " + snapshot + ": load its dump into another"
                                    + " database (" + restore
                                    + " --database-only --database-url JDBC) and copy the table"
                                    + " from there; " + restore
                                    + " --in-place --database-only takes back the whole shop,"
                                    + " orders since then too. Mend the step in config/updates.";
                        }

                        @Override
                        public void reached(long key) {
                            queue.reached(claim, key);
                        }

                        @Override
                        public void progress(long rowsDone, long rowsTotal, @Nullable Long secondsLeft) {
                            ours(state.sql("long-step-progress")
                                    .param("done", rowsDone)
                                    .param("total", rowsTotal)
                                    .param("left", secondsLeft));
                        }

                        @Override
                        public void note(String text) {
                            ours(state.sql("long-step-note").param("note", Database.cut(PlainText.of(text))));
                        }

                        private void ours(JdbcClient.StatementSpec statement) {
                            statement
                                    .param("update", claim.dataUpdateId())
                                    .param("position", claim.position())
                                    .param("token", claim.token())
                                    .update();
                        }
                    });
            return outcome.cartsChecked().equals("no-op")
                    ? noOp(claim, plan, database)
                    : StepResult.of(outcome.cartsChecked());
        }
    }

    private static boolean has(UpdatePlan plan, Place place, String name) {
        return plan.steps().size() > place.step() && place.isOf(plan.steps().get(place.step()), name);
    }

    /**
     * Where a step has nothing to do, those behind it often have nothing to do either, as in the blogs of a network that is
     * migrated already. To look at them needs no claim.
     */
    private StepResult noOp(ClaimedStep claim, UpdatePlan plan, StoreDatabase database) {
        int done = 0;
        long end = System.nanoTime() + LOOK_AHEAD.toNanos();
        List<Queue.Ahead> ahead = queue.ahead(claim);
        if (ahead.isEmpty()) {
            return StepResult.of("no-op");
        }
        try (Connection connection = database.connect()) {
            for (Queue.Ahead next : ahead) {
                Place place = Place.at(next.position());
                if (System.nanoTime() > end
                        || !has(plan, place, next.name())
                        || !isDone(connection, plan, place, database)) {
                    break;
                }
                done++;
            }
        } catch (SQLException e) {
            LOG.debug(
                    "store {}: the steps behind {} were not looked at: {}",
                    claim.store(),
                    claim.name(),
                    Faults.words(e));
        }
        return new StepResult("no-op", done);
    }

    private static boolean isDone(Connection connection, UpdatePlan plan, Place place, StoreDatabase database)
            throws SQLException {
        Site site = place.blog() == Site.MAIN ? database.main() : blog(connection, plan, place, database);
        return site == null || StepRunner.isDoneAlready(connection, plan.steps().get(place.step()), site);
    }

    /** The place's site; null if it was taken out of the network, and there is nothing to do any more. */
    private static @Nullable Site site(StoreDatabase database, UpdatePlan plan, Place place) {
        if (place.blog() == Site.MAIN) {
            return database.main();
        }
        try (Connection connection = database.connect()) {
            return blog(connection, plan, place, database);
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the blog " + place.blog() + " cannot be looked for: "
                            + Faults.words(e),
                    e);
        }
    }

    private static @Nullable Site blog(Connection connection, UpdatePlan plan, Place place, StoreDatabase database)
            throws SQLException {
        return database.site(connection, plan.carts().table(), place.blog()).orElse(null);
    }
}
