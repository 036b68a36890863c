package cocart.upkeep.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Finds the blogs of a WordPress network that have a table. First the names of tables are looked at, then {@code
 * wp_blogs} is asked for the numbers that stand in them: what else it may hold does not matter, and no text of the store
 * becomes part of a statement. Archived, spam and deleted blogs count: WordPress keeps their tables and may bring them
 * back at any time.
 */
final class Blogs {

    /** Most blogs of a network that have a table; who has more has a database that was not made by people. */
    static final int MOST = 10_000;

    private static final int AT_ONCE = 1_000;
    private static final int NO_SUCH_COLUMN = 1054;

    private Blogs() {}

    /**
     * The main site first, then by number; only those that have the table and options.
     *
     * @throws StoreException (permanent) if there are too many, or a number is too high
     */
    static List<Site> with(StoreDatabase database, Connection connection, String table) throws SQLException {
        String prefix = database.address().prefix();
        Set<String> names = names(
                connection,
                database,
                " OR table_name REGEXP '^" + prefix + "[1-9][0-9]{0,17}_(" + table + "|options)$'",
                List.of(prefix + table, prefix + "options", prefix + "blogs"));
        List<Site> sites = new ArrayList<>();
        if (names.contains(prefix + table) && names.contains(prefix + "options")) {
            sites.add(Site.of(database, Site.MAIN));
        }
        if (names.contains(prefix + "blogs")) {
            SortedSet<Long> numbers = new TreeSet<>();
            Pattern name = Pattern.compile(Pattern.quote(prefix) + "([0-9]+)_" + Pattern.quote(table));
            for (String found : names) {
                Matcher parts = name.matcher(found);
                if (parts.matches() && names.contains(prefix + parts.group(1) + "_options")) {
                    numbers.add(Long.valueOf(parts.group(1)));
                }
            }
            numbers.remove((long) Site.MAIN);
            for (long number : known(connection, prefix, List.copyOf(numbers))) {
                if (number > Site.LAST) {
                    throw new StoreException(
                            "store " + database.store() + ": the blog " + number + " in " + prefix
                                    + "blogs has a higher number than " + Site.LAST
                                    + ", up to which blogs can be looked after; name it as a store of its own by"
                                    + " upkeep.store.ID.database.prefix",
                            null,
                            true);
                }
                sites.add(Site.of(database, (int) number));
            }
        }
        return List.copyOf(sites);
    }

    /** True if a blog other than the main site is still there, with the table and options. */
    static boolean has(StoreDatabase database, Connection connection, String table, int blog) throws SQLException {
        String prefix = database.address().prefix();
        String own = prefix + blog + "_";
        return names(connection, database, "", List.of(own + table, own + "options", prefix + "blogs"))
                                .size()
                        == 3
                && !known(connection, prefix, List.of((long) blog)).isEmpty();
    }

    /** Names of tables; letters are as in the prefix where the server does not tell capitals from small ones. */
    private static Set<String> names(Connection connection, StoreDatabase database, String more, List<String> wanted)
            throws SQLException {
        int most = 2 * MOST + wanted.size();
        Set<String> names = new HashSet<>();
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT table_name, @@lower_case_table_names FROM information_schema.tables"
                        + " WHERE table_schema = DATABASE() AND (table_name IN ("
                        + String.join(",", Collections.nCopies(wanted.size(), "?")) + ")" + more + ") LIMIT "
                        + (most + 1))) {
            for (int i = 0; i < wanted.size(); i++) {
                statement.setString(i + 1, wanted.get(i));
            }
            String prefix = database.address().prefix();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    String name = rows.getString(1);
                    boolean sameLetters = rows.getInt(2) == 0;
                    names.add(
                            !sameLetters && name.toLowerCase(Locale.ROOT).startsWith(prefix.toLowerCase(Locale.ROOT))
                                    ? prefix + name.substring(prefix.length())
                                    : name);
                }
            }
        }
        if (names.size() > most) {
            throw new StoreException(
                    "store " + database.store() + ": the database "
                            + database.address().name()
                            + " has more than " + MOST
                            + " blogs, and no more can be looked after; name those that matter"
                            + " as stores of their own by upkeep.store.ID.database.prefix",
                    null,
                    true);
        }
        return names;
    }

    /** Those of the numbers that are blogs, in their order; none where the table is not WordPress's. */
    private static List<Long> known(Connection connection, String prefix, List<Long> numbers) throws SQLException {
        SortedSet<Long> known = new TreeSet<>();
        for (int i = 0; i < numbers.size(); i += AT_ONCE) {
            String some = numbers.subList(i, Math.min(numbers.size(), i + AT_ONCE)).stream()
                    .map(String::valueOf)
                    .collect(Collectors.joining(","));
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT DISTINCT CAST(blog_id AS SIGNED) FROM " + prefix
                            + "blogs WHERE blog_id IN (" + some + ")")) {
                while (rows.next()) {
                    known.add(rows.getLong(1));
                }
            } catch (SQLException e) {
                if (e.getErrorCode() == NO_SUCH_COLUMN) {
                    return List.of();
                }
                throw e;
            }
        }
        known.retainAll(numbers);
        return List.copyOf(known);
    }
}
