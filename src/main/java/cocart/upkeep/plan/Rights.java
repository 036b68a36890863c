package cocart.upkeep.plan;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Whether a store's database user may do what a data update does, by {@code SHOW GRANTS}; changes nothing. */
public final class Rights {

    private static final Pattern GRANT = Pattern.compile("GRANT (.+) ON (?:TABLE )?(\\S+)\\.(\\S+) TO .*");

    /** A right on a routine, or to act as another user: neither is on a database, nor a role. */
    private static final Pattern ELSE = Pattern.compile("GRANT [A-Z, ]+ ON .*");

    private Rights() {}

    /**
     * False if the user of a connection surely lacks a right on a database or anything in it; rights that come with a
     * role are not listed, so then the answer is true.
     *
     * @param right as {@code SHOW GRANTS} has it, for example {@code TRIGGER}
     */
    public static boolean mayHave(Connection connection, String name, String right) throws SQLException {
        return mayHave(connection, name, right, table -> true);
    }

    /**
     * Those of the tables on which the user of a connection surely lacks a right.
     *
     * @param tables full names
     */
    public static List<String> lacking(Connection connection, String name, String right, List<String> tables)
            throws SQLException {
        Set<String> granted = new HashSet<>();
        boolean all = mayHave(connection, name, right, table -> {
            granted.add(table);
            return table.equals("*");
        });
        return all
                ? List.of()
                : tables.stream().filter(t -> !granted.contains(t)).toList();
    }

    /**
     * False if the user of a connection surely has none of some rights that are given for all databases at once.
     *
     * @param rights as {@code SHOW GRANTS} has them
     */
    public static boolean mayHaveEverywhere(Connection connection, Set<String> rights) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet grants = statement.executeQuery("SHOW GRANTS")) {
            while (grants.next()) {
                Matcher parts = GRANT.matcher(grants.getString(1));
                if (!parts.matches()) {
                    if (isRole(grants.getString(1))) {
                        return true;
                    }
                    continue;
                }
                String given = parts.group(1).toUpperCase(Locale.ROOT);
                if (parts.group(2).equals("*")
                        && (given.equals("ALL PRIVILEGES")
                                || Stream.of(given.split(", ?")).anyMatch(rights::contains))) {
                    return true;
                }
            }
        }
        return false;
    }

    /** @param on whether a grant on a table, or on {@code *}, is enough; asked of all that give the right */
    private static boolean mayHave(Connection connection, String name, String right, Predicate<String> on)
            throws SQLException {
        boolean may = false;
        try (Statement statement = connection.createStatement();
                ResultSet grants = statement.executeQuery("SHOW GRANTS")) {
            while (grants.next()) {
                Matcher parts = GRANT.matcher(grants.getString(1));
                if (!parts.matches()) {
                    may |= isRole(grants.getString(1));
                } else if (covers(parts.group(2), name)) {
                    String rights = ", " + parts.group(1).toUpperCase(Locale.ROOT) + ",";
                    if (rights.contains(", ALL PRIVILEGES,") || rights.contains(", " + right + ",")) {
                        may |= on.test(parts.group(3).replace("`", ""));
                    }
                }
            }
        }
        return may;
    }

    /** The rights of a role are not listed, so they are not surely missing. */
    private static boolean isRole(String grant) {
        return !ELSE.matcher(grant).matches();
    }

    /** A database in a grant is a pattern of LIKE in backticks. */
    private static boolean covers(String granted, String name) {
        StringBuilder regex = new StringBuilder();
        String pattern = granted.replace("`", "");
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '\\' && i + 1 < pattern.length()) {
                regex.append(Pattern.quote(String.valueOf(pattern.charAt(++i))));
            } else if (c == '%' || c == '*') {
                regex.append(".*");
            } else if (c == '_') {
                regex.append('.');
            } else {
                regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return name.matches(regex.toString());
    }
}
