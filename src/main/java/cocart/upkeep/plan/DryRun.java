package cocart.upkeep.plan;

import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a plan would do in a store, asked in a transaction that can change nothing.
 *
 * @param rights that the database user needs for it
 * @param due true if a proof does not hold
 * @param wrong what is wrong with the plan or with the user's rights, a sentence each; empty if the update can be made
 */
public record DryRun(List<Step> steps, List<Proof> proofs, List<Right> rights, List<String> wrong, boolean due) {

    /**
     * @param status {@code to run}, {@code done already} or why that is not known yet
     * @param sql with the prefix put in
     * @param rows estimate of the rows in the largest table that the statement names, or null
     */
    public record Step(
            String name,
            String status,
            String sql,
            @Nullable Long rows) {}

    /** @param found the value, or null for none */
    public record Proof(
            String name,
            boolean holds,
            String expected,
            @Nullable String found) {}

    /** @param there false if it is surely missing */
    public record Right(String name, boolean there) {}

    private static final String LOCK = "LOCK TABLES";
    private static final int NAMED = 5;
    private static final int SYNTAX_ERROR = 1064;
    private static final int UNKNOWN_DATA_TYPE = 4161;
    private static final Pattern WORD = Pattern.compile("\\s*([A-Za-z]+)");
    private static final Set<String> RIGHTS = Set.of("ALTER", "UPDATE", "DELETE", "INSERT", "CREATE", "DROP");
    private static final Pattern TABLE = Pattern.compile("\\{prefix\\}([A-Za-z0-9_]+)");

    /**
     * @param plan one of the plans
     * @throws StoreException if the database cannot be asked
     */
    public static DryRun of(UpdatePlan plan, Plans plans, StoreDatabase database) {
        try (Connection connection = database.connect()) {
            execute(connection, "SET SESSION TRANSACTION READ ONLY");
            execute(connection, "START TRANSACTION");
            try {
                return new Asking(plan, plans, database, connection).run();
            } finally {
                execute(connection, "ROLLBACK");
            }
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the plan of " + plan.plugin() + " " + plan.version()
                            + " cannot be tried: " + Faults.words(e),
                    e);
        }
    }

    /** One connection's questions. */
    private static final class Asking {

        private final UpdatePlan plan;
        private final Plans plans;
        private final StoreDatabase database;
        private final Connection connection;
        private final List<String> wrong = new ArrayList<>();

        Asking(UpdatePlan plan, Plans plans, StoreDatabase database, Connection connection) {
            this.plan = plan;
            this.plans = plans;
            this.database = database;
            this.connection = connection;
        }

        DryRun run() throws SQLException {
            columns();
            List<Step> steps = new ArrayList<>();
            boolean afterOthers = false;
            for (UpdatePlan.Step step : plan.steps()) {
                String status = status(step, afterOthers);
                afterOthers |= !status.equals("done already");
                steps.add(new Step(step.name(), status, Proofs.prefixed(step.sql(), database), rows(step)));
            }
            List<Proof> proofs = new ArrayList<>();
            for (UpdatePlan.Proof proof : plan.proofs()) {
                proofs.add(proof(proof));
            }
            for (UpdatePlan.Step step : plan.steps()) {
                parse(step);
            }
            return new DryRun(
                    steps, proofs, rights(), List.copyOf(wrong), proofs.stream().anyMatch(p -> !p.holds()));
        }

        /** What the carts are measured by must be there before the first step, but for what an earlier update makes. */
        private void columns() throws SQLException {
            List<String> there = Carts.columns(connection, plan, database);
            if (there.isEmpty()) {
                return;
            }
            missing("key of carts", List.of(plan.carts().key()), there);
            missing("columns of carts", plan.carts().columns(), there);
        }

        private void missing(String field, List<String> named, List<String> there) {
            List<String> missing = named.stream()
                    .filter(column -> there.stream().noneMatch(column::equalsIgnoreCase) && !isMadeBefore(column))
                    .toList();
            if (!missing.isEmpty()) {
                wrong.add(where(field) + (missing.size() == 1 ? "names a column" : "names columns") + " that "
                        + database.address().table(plan.carts().table()) + " does not have, "
                        + String.join(", ", missing) + "; it has " + String.join(", ", there));
            }
        }

        private boolean isMadeBefore(String column) {
            Pattern name = Pattern.compile("(?i)\\b" + Pattern.quote(column) + "\\b");
            return plans.of(plan.plugin()).stream()
                    .takeWhile(earlier -> !earlier.equals(plan))
                    .flatMap(earlier -> earlier.steps().stream())
                    .anyMatch(step -> name.matcher(step.sql()).find());
        }

        private List<Right> rights() throws SQLException {
            Set<String> needed = new LinkedHashSet<>();
            for (UpdatePlan.Step step : plan.steps()) {
                Matcher word = WORD.matcher(step.sql());
                if (word.lookingAt() && RIGHTS.contains(word.group(1).toUpperCase(Locale.ROOT))) {
                    needed.add(word.group(1).toUpperCase(Locale.ROOT));
                }
            }
            Set<String> forSteps = Set.copyOf(needed);
            needed.addAll(List.of("UPDATE", "INSERT", LOCK)); // the mark; carts that nobody else touches meanwhile
            List<Right> rights = new ArrayList<>();
            List<String> tables = database.sites(connection, plan.carts().table()).stream()
                    .map(site -> site.address().table(plan.carts().table()))
                    .toList();
            for (String right : needed) {
                List<String> lacking = forSteps.contains(right)
                        ? Rights.lacking(connection, database.address().name(), right, tables)
                        : List.of();
                boolean there = lacking.isEmpty()
                        && Rights.mayHave(connection, database.address().name(), right);
                rights.add(new Right(right, there));
                if (!there && !right.equals(LOCK)) {
                    boolean step = forSteps.contains(right);
                    wrong.add("store " + database.store() + ": the database user "
                            + database.address().username() + " may not " + right
                            + (step
                                    ? " tables (" + few(lacking) + "), so the data update cannot be made"
                                    : ", so " + plan.mark() + " cannot be set")
                            + "; run as an administrator: GRANT " + right + (step ? ", " + LOCK + " ON `" : " ON `")
                            + database.address().name() + "`."
                            + (step ? "*" : "`" + database.address().table("options") + "`") + " TO that user");
                }
            }
            return List.copyOf(rights);
        }

        private static String few(List<String> tables) {
            return tables.stream().limit(NAMED).collect(Collectors.joining(", "))
                    + (tables.size() > NAMED ? " and " + (tables.size() - NAMED) + " more tables" : "");
        }

        /** @param afterOthers a step before it is to run, which may make what is asked for here */
        private String status(UpdatePlan.Step step, boolean afterOthers) {
            try {
                String done = value("unless of step " + step.name(), step.unless());
                return done != null && !done.equals("0") ? "done already" : "to run";
            } catch (SQLException e) {
                if (afterOthers && isUnknown(e)) {
                    return "not known before the steps above have run (" + Faults.words(e) + ")";
                }
                wrong.add(where("unless of step " + step.name()) + "cannot be evaluated: " + Faults.words(e));
                return "cannot be asked";
            }
        }

        private Proof proof(UpdatePlan.Proof proof) {
            try {
                String found = value("query of proof " + proof.name(), proof.query());
                return new Proof(proof.name(), proof.expect().equals(found), proof.expect(), found);
            } catch (SQLException e) {
                wrong.add(where("query of proof " + proof.name()) + "cannot be evaluated: " + Faults.words(e));
                return new Proof(proof.name(), false, proof.expect(), null);
            }
        }

        /** The first value that a question is answered by; a second one is a mistake. */
        private @Nullable String value(String field, String query) throws SQLException {
            try (Statement statement = connection.createStatement();
                    ResultSet result = statement.executeQuery(Proofs.prefixed(query, database))) {
                int columns = result.getMetaData().getColumnCount();
                String first = result.next() ? result.getString(1) : null;
                if (columns > 1 || result.next()) {
                    wrong.add(where(field) + "must ask for one value, not "
                            + (columns > 1 ? "for " + columns + " columns" : "for several rows"));
                }
                return first;
            }
        }

        /** Lets the server read a statement, without running it. Tables and columns may be made by steps before it. */
        private void parse(UpdatePlan.Step step) throws SQLException {
            String sql = Proofs.prefixed(step.sql(), database);
            if (step.chunk() != null) {
                sql = sql.replace(":from", "0").replace(":to", "0");
            }
            try (PreparedStatement set = connection.prepareStatement("SET @upkeep_check = ?")) {
                set.setString(1, sql);
                set.execute();
                execute(connection, "PREPARE upkeep_check FROM @upkeep_check");
                execute(connection, "DEALLOCATE PREPARE upkeep_check");
            } catch (SQLException e) {
                if (e.getErrorCode() == SYNTAX_ERROR || e.getErrorCode() == UNKNOWN_DATA_TYPE) {
                    wrong.add(where("sql of step " + step.name()) + "is no SQL for this server: " + Faults.words(e));
                }
            }
        }

        private @Nullable Long rows(UpdatePlan.Step step) throws SQLException {
            Set<String> tables = new LinkedHashSet<>();
            TABLE.matcher(step.sql())
                    .results()
                    .forEach(found -> tables.add(database.address().table(found.group(1))));
            Long most = null;
            for (String table : tables) {
                try (PreparedStatement statement = connection.prepareStatement("SELECT table_rows FROM"
                        + " information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?")) {
                    statement.setString(1, table);
                    try (ResultSet result = statement.executeQuery()) {
                        if (result.next() && (most == null || result.getLong(1) > most)) {
                            most = result.getLong(1);
                        }
                    }
                }
            }
            return most;
        }

        private String where(String field) {
            return "store " + database.store() + ": " + plans.place(plan, field) + ": " + field + " ";
        }
    }

    /** A table or a column that is not there. */
    private static boolean isUnknown(SQLException e) {
        return e.getErrorCode() == 1146 || e.getErrorCode() == 1054;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
