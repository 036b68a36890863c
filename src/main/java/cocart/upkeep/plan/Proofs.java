package cocart.upkeep.plan;

import cocart.upkeep.store.Faults;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.Site;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Asks a store's schema whether a data update is done. Options, notices and Action Scheduler are not believed. */
public final class Proofs {

    /**
     * What the proofs found in one site of a network, or in the store where it is none.
     *
     * @param result its table is never missing
     */
    public record Found(Site site, ProofResult result) {}

    private static final int UNKNOWN_COLUMN = 1054;
    private static final String MARK =
            "SELECT CONVERT(LEFT(option_value, 65) USING utf8mb4) FROM {prefix}options WHERE option_name = '%s' LIMIT 1";

    /** Sites that are asked in one statement. */
    private static final int AT_ONCE = 100;

    private static final int SAID = 10;

    private final Comparator<String> versions;

    /** @param versions PHP's order of versions */
    public Proofs(Comparator<String> versions) {
        this.versions = versions;
    }

    /**
     * Evaluates all proofs of a plan, in every site of a network; changes nothing. It holds where it holds in all of
     * them, and the mark is the lowest of theirs.
     */
    public ProofResult check(UpdatePlan plan, StoreDatabase database) {
        List<Found> found = ofEach(plan, database);
        if (found.isEmpty()) {
            return new ProofResult(true, List.of(missing(plan, database)), List.of(), null);
        }
        List<String> failures = found.stream()
                .flatMap(site -> site.result().failures().stream())
                .toList();
        if (failures.size() > SAID) {
            long sites = found.stream().filter(site -> !site.result().holds()).count();
            failures = Stream.concat(
                            failures.stream().limit(SAID),
                            Stream.of("And " + (failures.size() - SAID) + " more do not; " + sites + " of "
                                    + found.size() + " sites are outdated."))
                    .toList();
        }
        List<@Nullable String> marks = new ArrayList<>();
        found.forEach(site -> marks.add(site.result().markValue()));
        List<String> remedies = found.stream()
                .filter(site -> !site.result().holds())
                .findFirst()
                .map(site -> site.result().remedies())
                .orElse(List.of());
        return new ProofResult(
                false, failures, remedies, marks.contains(null) ? null : Collections.min(marks, versions));
    }

    /** The same for each site that has the tables, the main site first. */
    public List<Found> ofEach(UpdatePlan plan, StoreDatabase database) {
        try (Connection connection = database.connect()) {
            List<Site> sites = database.sites(connection, plan.carts().table());
            boolean network =
                    sites.size() > 1 || !sites.isEmpty() && !sites.get(0).isMain();
            List<String> queries = new ArrayList<>();
            plan.proofs().forEach(proof -> queries.add(proof.query()));
            queries.add(MARK.formatted(plan.mark()));
            List<@Nullable String[]> values = values(connection, queries, sites);
            return IntStream.range(0, sites.size())
                    .mapToObj(i -> new Found(sites.get(i), result(plan, values.get(i), sites.get(i), network)))
                    .toList();
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the proofs of " + plan.plugin() + " " + plan.version()
                            + " cannot be evaluated: " + Faults.words(e),
                    e);
        }
    }

    /** @param network true if there are more sites than one, so that it is to be named */
    private static ProofResult result(UpdatePlan plan, @Nullable String[] values, Site site, boolean network) {
        List<String> failures = new ArrayList<>();
        List<String> remedies = new ArrayList<>();
        for (int i = 0; i < plan.proofs().size(); i++) {
            UpdatePlan.Proof proof = plan.proofs().get(i);
            if (!proof.expect().equals(values[i])) {
                failures.add("Proof " + proof.name() + " does not hold"
                        + (network ? " in " + site.address().prefix() : "") + " (" + proof.description()
                        + " Expected " + proof.expect() + ", found " + values[i] + ".)");
                if (proof.remedy() != null) {
                    remedies.add(prefixed(proof.remedy(), site));
                }
            }
        }
        return new ProofResult(
                false,
                List.copyOf(failures),
                List.copyOf(remedies),
                version(values[plan.proofs().size()]));
    }

    private static String missing(UpdatePlan plan, StoreDatabase database) {
        String carts = database.address().table(plan.carts().table());
        String options = database.address().table("options");
        try (Connection connection = database.connect()) {
            return "The table " + (exists(connection, carts) ? options : carts) + " does not exist; is upkeep.store."
                    + database.store() + ".database.prefix right, and has CoCart ever been active?";
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the table " + carts + " cannot be looked for: " + Faults.words(e),
                    e);
        }
    }

    /**
     * The main site, whatever goes on there, and each other site of a network in which the plugin's own updater has
     * actions that are yet to run or are running.
     */
    public List<Site> atWork(UpdatePlan plan, StoreDatabase database) {
        String table = "actionscheduler_actions";
        List<Site> found = new ArrayList<>(List.of(database.main()));
        if (plan.updater().isEmpty()) {
            return found;
        }
        try (Connection connection = database.connect()) {
            List<Site> others = database.sites(connection, table).stream()
                    .filter(site -> !site.isMain())
                    .toList();
            List<@Nullable String[]> open = values(
                    connection,
                    List.of("SELECT COUNT(*) FROM {prefix}" + table + " WHERE hook IN ('"
                            + String.join("','", plan.updater()) + "') AND status IN ('pending', 'in-progress')"),
                    others);
            for (int i = 0; i < others.size(); i++) {
                if (!"0".equals(open.get(i)[0])) {
                    found.add(others.get(i));
                }
            }
            return found;
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": Action Scheduler's table "
                            + database.address().table(table) + " cannot be read: " + Faults.words(e),
                    e);
        }
    }

    /** The sites that have a plan's tables: one, or the blogs of a network. */
    public List<Site> sites(UpdatePlan plan, StoreDatabase database) {
        try (Connection connection = database.connect()) {
            return database.sites(connection, plan.carts().table());
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": its blogs cannot be looked for: " + Faults.words(e), e);
        }
    }

    /**
     * How far the plugin itself is: its mark, the lowest of all sites of a network; null if one has none.
     *
     * @param plan one of the plugin's
     */
    public @Nullable String lowestMark(UpdatePlan plan, StoreDatabase database) {
        try (Connection connection = database.connect()) {
            List<@Nullable String> marks = new ArrayList<>();
            for (@Nullable
            String[] values : values(
                    connection,
                    List.of(MARK.formatted(plan.mark())),
                    database.sites(connection, plan.carts().table()))) {
                marks.add(version(values[0]));
            }
            return marks.isEmpty() || marks.contains(null) ? null : Collections.min(marks, versions);
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the option " + plan.mark() + " cannot be read: " + Faults.words(e),
                    e);
        }
    }

    /** An option that holds a version; null if the store has none, or it is no version. */
    public @Nullable String option(StoreDatabase database, String name) {
        String options = database.address().table("options");
        try (Connection connection = database.connect()) {
            return exists(connection, options) ? version(text(connection, options, name)) : null;
        } catch (SQLException e) {
            throw new StoreException(
                    "store " + database.store() + ": the option " + name + " cannot be read from " + options + ": "
                            + Faults.words(e),
                    e);
        }
    }

    /** A plan's SQL for a store: its table prefix put in. */
    public static String prefixed(String sql, StoreDatabase database) {
        return sql.replace("{prefix}", database.address().prefix());
    }

    /** The one value of a query, as text; null for NULL or no row. */
    public static @Nullable String scalar(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            return result.next() ? result.getString(1) : null;
        }
    }

    /** The one value of each query, for each site in its order. */
    private static List<@Nullable String[]> values(Connection connection, List<String> queries, List<Site> sites)
            throws SQLException {
        List<@Nullable String[]> values = new ArrayList<>();
        for (int from = 0; from < sites.size(); from += AT_ONCE) {
            List<Site> some = sites.subList(from, Math.min(sites.size(), from + AT_ONCE));
            values.addAll(Arrays.asList(ask(connection, queries, some)));
        }
        return values;
    }

    /**
     * Many sites are asked everything in one statement, site by site, so that the server opens each site's tables once;
     * if that is not possible, because a query may not stand in brackets for example, each query alone, and then each
     * site alone.
     */
    private static @Nullable String[][] ask(Connection connection, List<String> queries, List<Site> sites)
            throws SQLException {
        @Nullable String[][] found = new @Nullable String[sites.size()][queries.size()];
        if (sites.size() > 1 && together(connection, queries, sites, found)) {
            return found;
        }
        for (int q = 0; q < queries.size(); q++) {
            @Nullable
            String[][] one =
                    sites.size() > 1 && queries.size() > 1 ? ask(connection, queries.subList(q, q + 1), sites) : null;
            for (int s = 0; s < sites.size(); s++) {
                found[s][q] = one != null ? one[s][0] : answer(connection, prefixed(queries.get(q), sites.get(s)));
            }
        }
        return found;
    }

    /** Null, which proves nothing, if it asks for a column that a step is yet to add. */
    private static @Nullable String answer(Connection connection, String query) throws SQLException {
        try {
            return scalar(connection, query);
        } catch (SQLException e) {
            if (e.getErrorCode() == UNKNOWN_COLUMN) {
                return null;
            }
            throw e;
        }
    }

    private static boolean together(
            Connection connection, List<String> queries, List<Site> sites, @Nullable String[][] found)
            throws SQLException {
        String sql = IntStream.range(0, sites.size())
                .mapToObj(i -> "SELECT " + i
                        + queries.stream()
                                .map(query -> ", (" + prefixed(query, sites.get(i)) + "\n)")
                                .collect(Collectors.joining()))
                .collect(Collectors.joining(" UNION ALL "));
        int rows = 0;
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            for (; result.next(); rows++) {
                for (int q = 0; q < queries.size(); q++) {
                    found[result.getInt(1)][q] = result.getString(q + 2);
                }
            }
        } catch (SQLException e) {
            if (String.valueOf(e.getSQLState()).startsWith("08")) {
                throw e; // the server is gone
            }
            return false;
        }
        return rows == sites.size();
    }

    private static boolean exists(Connection connection, String table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?")) {
            statement.setString(1, table);
            try (ResultSet result = statement.executeQuery()) {
                return result.next() && result.getLong(1) > 0;
            }
        }
    }

    private static @Nullable String text(Connection connection, String options, String name) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT LEFT(option_value, 65) FROM " + options + " WHERE option_name = ?")) {
            statement.setString(1, name);
            try (ResultSet result = statement.executeQuery()) {
                return result.next() ? result.getString(1) : null;
            }
        }
    }

    /** What is no version counts as none: the store may be hostile, and comparing takes time. */
    private static @Nullable String version(@Nullable String value) {
        return value == null || value.length() > 64 || !PlainText.is(value) ? null : value;
    }
}
