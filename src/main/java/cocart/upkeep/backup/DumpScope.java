package cocart.upkeep.backup;

import cocart.upkeep.plan.Rights;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.PlainText;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What of a store's database a dump can have. A dump program fails as a whole at the first view that does not work or
 * routine that it may not read, so that is looked at before.
 *
 * @param options for the dump program
 * @param lacks what the dump does not have or cannot promise, and what to do about it; one clause each
 * @param views text of the views that are left out because they do not work in the store either, by name
 */
record DumpScope(List<String> options, List<String> lacks, Map<String, String> views) {

    private static final int NAMED = 10;
    private static final Set<Integer> MISSING_RIGHT = Set.of(1142, 1370);
    private static final List<String> LIST_ROUTINES =
            List.of("EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE", "SHOW CREATE ROUTINE", "SHOW_ROUTINE");
    private static final String READ_ROUTINES =
            "grant SELECT ON mysql.proc, from MariaDB 11.3 on SHOW CREATE ROUTINE, in MySQL 8 SHOW_ROUTINE";
    private static final int NO_SCHEDULER = 1577;
    private static final int LOCKED = 1205;
    private static final int LOCK_SECONDS = 5;

    /**
     * @param mariadb true if the dump program is MariaDB's
     * @throws StoreException also if a view or a table below it is locked: the dump would wait for it, so it is tried
     *     again later
     */
    static DumpScope of(StoreDatabase database, boolean mariadb) {
        String name = database.address().name();
        DumpScope scope = new DumpScope(new ArrayList<>(), new ArrayList<>(), new LinkedHashMap<>());
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SET SESSION lock_wait_timeout = " + LOCK_SECONDS);
            if (!Rights.lacking(connection, name, "SELECT", List.of("*")).isEmpty()) {
                scope.lacks.add("tables and columns that the user may not read are not in it (grant SELECT on the whole"
                        + " database)");
            }
            scope.views(statement, name);
            scope.routines(connection, name);
            scope.events(statement);
            if (!Rights.mayHave(connection, name, "TRIGGER")) {
                scope.lacks.add("triggers, if there are any, are not in it (grant TRIGGER)");
            }
            scope.engines(statement);
            scope.sequences(statement, name);
            scope.versioned(statement);
            if (mariadb && !version(statement).contains("MariaDB")) {
                scope.generated(statement);
            }
        } catch (SQLException e) {
            if (e.getErrorCode() == LOCKED) {
                throw new StoreException(
                        "store " + database.store() + ": a view or table of the database " + name
                                + " has been locked for " + LOCK_SECONDS + " seconds (" + PlainText.of(Faults.words(e))
                                + "), so the dump is not begun; it is tried again later",
                        e);
            }
            throw new StoreException(
                    "store " + database.store() + ": what is in the database " + name + " cannot be listed: "
                            + Faults.words(e),
                    e);
        }
        return scope;
    }

    private void views(Statement statement, String name) throws SQLException {
        List<String> unreadable = new ArrayList<>();
        for (String view : column(
                statement,
                "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1")) {
            String quoted = "`" + view.replace("`", "``") + "`";
            String text = "";
            try {
                text = column(statement, "SHOW CREATE VIEW " + quoted, 2).get(0);
                // of a view whose definer is gone all can be shown, but it cannot be used, nor loaded elsewhere
                column(statement, "SELECT 1 FROM " + quoted + " LIMIT 0");
                column(statement, "SHOW FIELDS FROM " + quoted);
                continue;
            } catch (SQLException e) {
                if (e.getErrorCode() == LOCKED
                        || String.valueOf(e.getSQLState()).startsWith("08")) {
                    throw e; // also where the server does not answer: it says nothing about the view
                }
                if (MISSING_RIGHT.contains(e.getErrorCode()) || text.isEmpty()) {
                    unreadable.add(view);
                } else {
                    views.put(view, text);
                }
            }
            options.add("--ignore-table=" + name + "." + view);
        }
        if (!views.isEmpty()) {
            lacks.add("the views " + named(views.keySet()) + " are not in it, because they do not work in the store"
                    + " either; their text is in comments at its end");
        }
        if (!unreadable.isEmpty()) {
            lacks.add("the views " + named(unreadable) + " are not in it (grant SELECT and SHOW VIEW, and EXECUTE"
                    + " where they call functions)");
        }
    }

    /** A routine that the user may call but not read has no definition; one that he may not call is not even listed. */
    private void routines(Connection connection, String name) throws SQLException {
        List<String> unreadable;
        try (Statement statement = connection.createStatement()) {
            unreadable = column(
                    statement,
                    "SELECT DISTINCT ROUTINE_NAME FROM information_schema.ROUTINES"
                            + " WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION IS NULL ORDER BY 1");
        }
        if (!unreadable.isEmpty()) {
            lacks.add("stored routines are not in it, because the text of " + named(unreadable) + " may not be read ("
                    + READ_ROUTINES + ")");
            return;
        }
        options.add("--routines");
        boolean all =
                Rights.lacking(connection, "mysql", "SELECT", List.of("proc")).isEmpty();
        for (String right : LIST_ROUTINES) {
            all = all || Rights.mayHave(connection, name, right);
        }
        if (!all) {
            lacks.add("stored routines of others, if there are any, are not in it (" + READ_ROUTINES + ")");
        }
    }

    private void events(Statement statement) {
        try {
            column(statement, "SHOW EVENTS");
            options.add("--events");
        } catch (SQLException e) {
            // where the server's scheduler is out of order (it runs without rights, say), no event runs anyway
            if (e.getErrorCode() != NO_SCHEDULER) {
                lacks.add("events, if there are any, are not in it (grant EVENT)");
            }
        }
    }

    private void engines(Statement statement) throws SQLException {
        List<String> tables = column(
                statement,
                "SELECT t.TABLE_NAME FROM information_schema.TABLES t JOIN information_schema.ENGINES e"
                        + " ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = DATABASE()"
                        + " AND COALESCE(e.TRANSACTIONS, 'NO') <> 'YES' ORDER BY 1");
        if (!tables.isEmpty()) {
            lacks.add("the tables " + named(tables) + " are not of the same moment as the rest, because their engine"
                    + " knows no transactions (ALTER TABLE ... ENGINE=InnoDB)");
        }
    }

    /**
     * A table that takes its default from a sequence cannot be filled while it alone is locked; and the sequence stands
     * there with the name of the database.
     */
    private void sequences(Statement statement, String name) throws SQLException {
        List<String> tables = column(
                statement,
                "SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
                        + " AND COLUMN_DEFAULT LIKE '%nextval(%' ORDER BY 1");
        if (!tables.isEmpty()) {
            options.add("--skip-add-locks");
            lacks.add("it is to be loaded only into a database called " + PlainText.of(name) + ", because the tables "
                    + named(tables) + " count by a sequence of it");
        }
    }

    private void versioned(Statement statement) throws SQLException {
        List<String> tables = column(
                statement,
                "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
                        + " AND TABLE_TYPE = 'SYSTEM VERSIONED' ORDER BY 1");
        if (!tables.isEmpty()) {
            lacks.add("of the tables " + named(tables)
                    + " (WITH SYSTEM VERSIONING) the rows of now are in it, not their history");
        }
    }

    /** MariaDB's program writes their values, which MariaDB overlooks at loading and MySQL refuses. */
    private void generated(Statement statement) throws SQLException {
        List<String> tables = column(
                statement,
                "SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
                        + " AND (EXTRA LIKE '%VIRTUAL GENERATED%' OR EXTRA LIKE '%STORED GENERATED%') ORDER BY 1");
        tables.removeAll(views.keySet());
        if (!tables.isEmpty()) {
            lacks.add("MySQL does not load the tables " + named(tables) + ", because they have generated columns, which"
                    + " MariaDB's dump program writes in a way that only MariaDB takes (set upkeep.backup.dump-program"
                    + " to MySQL's mysqldump)");
        }
    }

    private static String version(Statement statement) throws SQLException {
        return column(statement, "SELECT VERSION()").get(0);
    }

    private static List<String> column(Statement statement, String query) throws SQLException {
        return column(statement, query, 1);
    }

    private static List<String> column(Statement statement, String query, int column) throws SQLException {
        List<String> values = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery(query)) {
            while (rows.next()) {
                values.add(String.valueOf(rows.getString(column)));
            }
        }
        return values;
    }

    private static String named(java.util.Collection<String> names) {
        List<String> shown = names.stream().limit(NAMED).map(PlainText::of).toList();
        return String.join(", ", shown) + (names.size() > NAMED ? " and " + (names.size() - NAMED) + " more" : "");
    }

    /** Lines to end a dump with: what it lacks, as comments, and once more that it is whole. */
    String epilogue() {
        if (lacks.isEmpty()) {
            return "";
        }
        StringBuilder text = new StringBuilder("\n-- Of this dump:\n");
        lacks.forEach(lack -> text.append("-- * ").append(PlainText.of(lack)).append('\n'));
        views.forEach(
                (name, view) -> text.append("-- ").append(PlainText.of(view)).append(";\n"));
        return text.append(DatabaseDump.END).append('\n').toString();
    }
}
