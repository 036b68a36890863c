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
    private static final int MISSING_RIGHT = 1142;
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
            scope.views(statement, name);
            scope.routines(statement);
            scope.events(statement);
            if (!Rights.mayHave(connection, name, "TRIGGER")) {
                scope.lacks.add("triggers, if there are any, are not in it (grant TRIGGER)");
            }
            scope.engines(statement);
            scope.sequences(statement);
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
                if (e.getErrorCode() == MISSING_RIGHT || text.isEmpty()) {
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
            lacks.add("the views " + named(unreadable) + " are not in it (grant SELECT and SHOW VIEW)");
        }
    }

    /** A routine that the user may call but not read has no definition; one that he may not call is not even listed. */
    private void routines(Statement statement) throws SQLException {
        List<String> unreadable = column(
                statement,
                "SELECT ROUTINE_NAME FROM information_schema.ROUTINES"
                        + " WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION IS NULL ORDER BY 1");
        if (unreadable.isEmpty()) {
            options.add("--routines");
        } else {
            lacks.add("stored routines are not in it, because the text of " + named(unreadable)
                    + " may not be read (grant SELECT ON mysql.proc, from MariaDB 11.3 on SHOW CREATE ROUTINE, in MySQL 8"
                    + " SHOW_ROUTINE)");
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
                        + " ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE'"
                        + " AND COALESCE(e.TRANSACTIONS, 'NO') <> 'YES' ORDER BY 1");
        if (!tables.isEmpty()) {
            lacks.add("the tables " + named(tables) + " are not of the same moment as the rest, because their engine"
                    + " knows no transactions (ALTER TABLE ... ENGINE=InnoDB)");
        }
    }

    /** A table that takes its default from a sequence cannot be filled while it alone is locked. */
    private void sequences(Statement statement) throws SQLException {
        if (!column(
                        statement,
                        "SELECT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
                                + " AND COLUMN_DEFAULT LIKE '%nextval(%' LIMIT 1")
                .isEmpty()) {
            options.add("--skip-add-locks");
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
