package cocart.upkeep.plan;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether a store's database user may do what a data update does, by {@code SHOW GRANTS}; changes nothing. */
public final class Rights {

    private static final Pattern GRANT = Pattern.compile("GRANT (.+) ON (?:TABLE )?(\\S+)\\.(\\S+) TO .*");

    private Rights() {}

    /**
     * False if the user of a connection surely lacks a right on a database or anything in it; rights that come with a
     * role are not listed, so then the answer is true.
     *
     * @param right as {@code SHOW GRANTS} has it, for example {@code TRIGGER}
     */
    public static boolean mayHave(Connection connection, String name, String right) throws SQLException {
        boolean may = false;
        try (Statement statement = connection.createStatement();
                ResultSet grants = statement.executeQuery("SHOW GRANTS")) {
            while (grants.next()) {
                Matcher parts = GRANT.matcher(grants.getString(1));
                if (!parts.matches()) {
                    may = true; // a role, whose rights are not listed here: not surely missing
                } else if (covers(parts.group(2), name)) {
                    String rights = ", " + parts.group(1).toUpperCase(Locale.ROOT) + ",";
                    may |= rights.contains(", ALL PRIVILEGES,") || rights.contains(", " + right + ",");
                }
            }
        }
        return may;
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
