package cocart.upkeep;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Which of the names that there are somebody meant who has mistyped one. */
final class NearestOption {

    private static final int MOST = 3;

    private NearestOption() {}

    /** The nearest name; empty if none is near enough that it was surely meant. */
    static Optional<String> of(String typed, Collection<String> names) {
        return names.stream()
                .filter(name -> isNear(typed, name))
                .min(Comparator.comparing((String name) -> !isCut(typed, name))
                        .thenComparing(name -> distance(typed, name))
                        .thenComparing(Comparator.naturalOrder()));
    }

    /** A quarter of it may be wrong, or the end be missing; another number is another name, not a mistake. */
    private static boolean isNear(String typed, String name) {
        return (isCut(typed, name) || distance(typed, name) <= Math.min(MOST, Math.max(1, typed.length() / 4)))
                && (typed.equals(name) || !typed.replaceAll("[0-9]+", "#").equals(name.replaceAll("[0-9]+", "#")));
    }

    private static boolean isCut(String typed, String name) {
        return typed.length() > 2 && name.startsWith(typed) && name.indexOf('.', typed.length()) < 0;
    }

    /** How many letters are wrong, missing, too many, or changed places with the next. */
    private static int distance(String a, String b) {
        int[][] rows = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    rows[i][j] = i + j;
                    continue;
                }
                int other = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                rows[i][j] = Math.min(rows[i - 1][j - 1] + other, Math.min(rows[i - 1][j], rows[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
                }
            }
        }
        return rows[a.length()][b.length()];
    }
}
