package cocart.upkeep.complete;

import cocart.upkeep.plan.ProofResult;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Comparator;

/** Sets the option by which the plugin knows its database version. wp-admin then shows its own completion notice. */
public final class Mark {

    private final Proofs proofs;
    private final Comparator<String> versions;

    /** @param versions PHP's order of versions */
    public Mark(Comparator<String> versions) {
        this.versions = versions;
        this.proofs = new Proofs(versions);
    }

    /**
     * Sets the option, in each site of a network, whether it exists or not; a higher value stays.
     *
     * @throws StoreException (permanent) and touches nothing if a proof does not hold
     */
    public void set(UpdatePlan plan, StoreDatabase database) {
        ProofResult before = proofs.check(plan, database);
        if (!before.holds()) {
            throw new StoreException(
                    "store " + database.store() + ": " + plan.mark() + " is not set, because the schema is not proven: "
                            + String.join(" ", before.failures()),
                    null,
                    true);
        }
        if (isReached(plan, before)) {
            return;
        }
        for (Proofs.Found found : proofs.ofEach(plan, database)) {
            if (found.result().holds() && !isReached(plan, found.result())) {
                set(plan, found.site());
            }
        }
        ProofResult after = proofs.check(plan, database);
        if (!after.holds() || !isReached(plan, after)) {
            throw new StoreException(
                    "store " + database.store() + ": the option " + plan.mark() + " was set in "
                            + database.address().table("options") + " but does not read as " + plan.version()
                            + "; does something else write it?",
                    null);
        }
    }

    private static void set(UpdatePlan plan, Site database) {
        String table = database.address().table("options");
        try (Connection connection = database.connect()) {
            if (update(connection, table, plan) == 0) {
                // the row may have come in between; where the option's name is unique, the insert then changes it
                try (PreparedStatement insert = connection.prepareStatement("INSERT INTO " + table
                        + " (option_name, option_value, autoload) VALUES (?, ?, 'yes')"
                        + " ON DUPLICATE KEY UPDATE option_value = VALUES(option_value)")) {
                    insert.setString(1, plan.mark());
                    insert.setString(2, plan.version());
                    insert.executeUpdate();
                }
            }
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the option " + plan.mark() + " cannot be set in " + table + ": "
                            + Faults.words(e),
                    e);
        }
    }

    private boolean isReached(UpdatePlan plan, ProofResult result) {
        return result.markValue() != null && versions.compare(result.markValue(), plan.version()) >= 0;
    }

    private static int update(Connection connection, String table, UpdatePlan plan) throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement("UPDATE " + table + " SET option_value = ? WHERE option_name = ?")) {
            update.setString(1, plan.version());
            update.setString(2, plan.mark());
            return update.executeUpdate();
        }
    }
}
