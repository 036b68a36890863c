package cocart.upkeep.migrate;

import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A statement that may be given {@code ALGORITHM=}: one {@code ALTER TABLE name ...} and nothing else, which has neither
 * {@code ALGORITHM} nor {@code LOCK} of its own, no comment, and no {@code PARTITION} or {@code ORDER BY}, behind which
 * the clause cannot stand. All others run as they are written.
 *
 * @param table as written, without backticks
 */
record AlterTable(String sql, String table) {

    /**
     * A way to run it.
     *
     * @param clause to be put behind it
     * @param meaning what it means for the store, when it worked
     */
    record Way(String name, String clause, String meaning) {}

    static final Way INSTANT = new Way("INSTANT", ", ALGORITHM=INSTANT", "no row was touched");
    private static final Way NOCOPY =
            new Way("NOCOPY", ", ALGORITHM=NOCOPY, LOCK=NONE", "the table was not copied and writes could go on");
    private static final Way INPLACE =
            new Way("INPLACE", ", ALGORITHM=INPLACE, LOCK=NONE", "the table was rebuilt and writes could go on");

    private static final Pattern ALTER = Pattern.compile("(?is)ALTER\\s+TABLE\\s+(`?)([A-Za-z0-9_$]+)\\1\\s+\\S.*");
    private static final Pattern QUOTED =
            Pattern.compile("(?s)'(?:[^'\\\\]|\\\\.|'')*'|\"(?:[^\"\\\\]|\\\\.|\"\")*\"|`[^`]*`");
    private static final Pattern WITHOUT_CLAUSE = Pattern.compile(
            "(?is)\\b(?:ALGORITHM|LOCK|PARTITION|PARTITIONS|PARTITIONING)\\b|\\bORDER\\s+BY\\b|;|#|--|/\\*");
    private static final Set<String> NO_TABLE = Set.of("IF", "WAIT", "NOWAIT");

    /** ER_ALTER_OPERATION_NOT_SUPPORTED, the same with a reason, ER_UNKNOWN_ALTER_ALGORITHM, a syntax error. */
    private static final Set<Integer> REFUSED = Set.of(1845, 1846, 1800, 1064);

    /** Too many instant changes already (MySQL 8.0.29 and later). */
    private static final int ROW_VERSIONS = 4092;

    /** Empty for a statement that must run as it is written. */
    static Optional<AlterTable> of(String sql) {
        String one = sql.strip().replaceFirst("\\s*;$", "");
        Matcher alter = ALTER.matcher(one);
        if (!alter.matches()
                || NO_TABLE.contains(alter.group(2).toUpperCase(Locale.ROOT))
                || WITHOUT_CLAUSE.matcher(QUOTED.matcher(one).replaceAll("''")).find()) {
            return Optional.empty();
        }
        return Optional.of(new AlterTable(one, alter.group(2)));
    }

    /** What to try, best first; if all are refused, the statement as written. */
    static List<Way> ways(boolean mariaDb) {
        return mariaDb ? List.of(INSTANT, NOCOPY, INPLACE) : List.of(INSTANT, INPLACE);
    }

    String with(Way way) {
        return sql + way.clause();
    }

    /** True if the server does not do it that way, and nothing has happened. */
    static boolean isRefused(SQLException e) {
        return REFUSED.contains(e.getErrorCode()) || e.getErrorCode() == ROW_VERSIONS;
    }
}
