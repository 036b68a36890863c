package cocart.upkeep.migrate;

import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.Database;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.Stores;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Runs a claimed step against its store. */
public final class Steps {

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

    /** Runs a step; what it returns goes to {@link Queue#complete}. */
    public String run(ClaimedStep claim) {
        Place place = Place.at(claim.position());
        UpdatePlan plan = plans.find(claim.plugin(), claim.toVersion())
                .filter(found -> found.steps().size() > place.step()
                        && place.isOf(found.steps().get(place.step()), claim.name()))
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
                return "no-op";
            }
            StepRunner.Outcome outcome = runner.run(
                    plan, plan.steps().get(place.step()), site, claim.reachedKey(), new StepRunner.Checkpoint() {
                        @Override
                        public void before(long count, String checksum) {
                            queue.measured(claim, count, checksum);
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
            return outcome.cartsChecked();
        }
    }

    /** The place's site; null if it was taken out of the network, and there is nothing to do any more. */
    private static @Nullable Site site(StoreDatabase database, UpdatePlan plan, Place place) {
        if (place.blog() == Site.MAIN) {
            return database.main();
        }
        try (Connection connection = database.connect()) {
            return database.site(connection, plan.carts().table(), place.blog()).orElse(null);
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the blog " + place.blog() + " cannot be looked for: "
                            + e.getMessage(),
                    e);
        }
    }
}
