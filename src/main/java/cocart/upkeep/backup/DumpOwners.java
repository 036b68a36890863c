package cocart.upkeep.backup;

import cocart.upkeep.plan.Rights;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/**
 * Looks, before a dump is loaded, for what in it belongs to another user than the one who loads it: the server refuses
 * that when half of the tables are replaced already, and then also the dump of what was there before.
 */
final class DumpOwners {

    /** Rights to make what belongs to others, of MariaDB and MySQL, new and old. */
    private static final Set<String> ENOUGH = Set.of("SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER");

    private static final int NAMED = 3;

    private DumpOwners() {}

    /**
     * Makes sure that a user may load a dump.
     *
     * @throws StoreException (permanent) if surely not; also if the database cannot be entered
     */
    static void check(Path dump, StoreDatabase database) {
        String where = "store " + database.store() + ": ";
        Set<String> others;
        String we;
        try {
            others = owners(dump);
            if (others.isEmpty()) {
                return;
            }
            try (Connection connection = database.connect();
                    Statement statement = connection.createStatement();
                    ResultSet user = statement.executeQuery("SELECT CURRENT_USER()")) {
                user.next();
                we = user.getString(1);
                others.remove(we);
                if (others.isEmpty() || Rights.mayHaveEverywhere(connection, ENOUGH)) {
                    return;
                }
            }
        } catch (IOException e) {
            throw new StoreException(where + "the dump " + dump + " cannot be read: " + e.getMessage(), e);
        } catch (SQLException e) {
            throw new StoreException(
                    where + "the database " + database.address().name() + " does not say what its user may do: "
                            + PlainText.of(Faults.words(e)),
                    e);
        }
        throw new StoreException(
                where + "nothing was changed, as the dump " + dump + " has views, triggers, routines or events of "
                        + others.stream().limit(NAMED).map(PlainText::of).collect(Collectors.joining(", "))
                        + (others.size() > NAMED ? " and others" : "") + ", and " + PlainText.of(we)
                        + " may not make what belongs to others. Let an administrator give that right for as long as it"
                        + " takes (GRANT SET USER ON *.* TO " + PlainText.of(quoted(we)) + "; in MySQL SET_USER_ID or"
                        + " SET_ANY_DEFINER, in old servers SUPER), or load the dump, after a restore with --files-only",
                null,
                true);
    }

    private static String quoted(String user) {
        int at = user.lastIndexOf('@');
        return "'" + user.substring(0, at) + "'@'" + user.substring(at + 1) + "'";
    }

    /** Users, as {@code CURRENT_USER()} has them, whom a view, trigger, routine or event of a dump belongs to. */
    static Set<String> owners(Path dump) throws IOException {
        try (InputStream in = new GZIPInputStream(Disk.read(dump), 1 << 16)) {
            DumpText text = new DumpText(in, true);
            while (text.next().length > 0) {}
            return new TreeSet<>(text.owners());
        }
    }
}
