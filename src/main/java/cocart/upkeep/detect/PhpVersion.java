package cocart.upkeep.detect;

import java.util.List;

/**
 * PHP's {@code version_compare}, as php-src {@code ext/standard/versioning.c} has it ({@code php_canonicalize_version},
 * {@code php_version_compare}, {@code compare_special_version_forms}): WordPress and CoCart decide by it.
 */
public final class PhpVersion {

    private static final List<String> FORMS = List.of("dev", "alpha", "a", "beta", "b", "RC", "rc", "#", "pl", "p");
    private static final int[] ORDER = {0, 1, 1, 2, 2, 3, 3, 4, 5, 5};

    private PhpVersion() {}

    /** Negative, zero or positive as a is before, equal to or after b. */
    public static int compare(String a, String b) {
        if (a.isEmpty() && b.isEmpty()) {
            return 0;
        }
        if (a.isEmpty() || b.isEmpty()) {
            return a.isEmpty() ? -1 : 1;
        }
        String[] left = canonical(a).split("\\.", -1);
        String[] right = canonical(b).split("\\.", -1);
        int common = Math.min(left.length, right.length);
        for (int i = 0; i < common; i++) {
            int order = part(left[i], right[i]);
            if (order != 0) {
                return order;
            }
        }
        if (left.length > common) {
            return digit(left[common]) ? 1 : compareRest(left, common, true);
        }
        if (right.length > common) {
            return digit(right[common]) ? -1 : compareRest(right, common, false);
        }
        return 0;
    }

    /** What is left of one side is compared with PHP's placeholder for a number, "#N#". */
    private static int compareRest(String[] rest, int from, boolean left) {
        String text = String.join(".", List.of(rest).subList(from, rest.length));
        return left ? compare(text, "#N#") : compare("#N#", text);
    }

    private static int part(String a, String b) {
        if (digit(a) && digit(b)) {
            return new java.math.BigInteger(a).compareTo(new java.math.BigInteger(b));
        }
        if (!digit(a) && !digit(b)) {
            return Integer.compare(order(a), order(b));
        }
        return digit(a) ? Integer.compare(order("#N#"), order(b)) : Integer.compare(order(a), order("#N#"));
    }

    private static int order(String form) {
        for (int i = 0; i < FORMS.size(); i++) {
            if (form.startsWith(FORMS.get(i))) {
                return ORDER[i];
            }
        }
        return -1;
    }

    private static boolean digit(String part) {
        return !part.isEmpty() && part.charAt(0) >= '0' && part.charAt(0) <= '9';
    }

    /** A dot for {@code - _ +} and every other sign, and one between digits and letters; never two in a row. */
    private static String canonical(String version) {
        if (version.equals("#N#")) {
            return version;
        }
        StringBuilder out = new StringBuilder().append(version.charAt(0));
        for (int i = 1; i < version.length(); i++) {
            char last = version.charAt(i - 1);
            char c = version.charAt(i);
            boolean special = c == '-' || c == '_' || c == '+';
            if (special) {
                dot(out);
            } else if ((isDigit(last) && !isDigit(c) && c != '.') || (!isDigit(last) && last != '.' && isDigit(c))) {
                dot(out);
                if (isAlnum(c)) {
                    out.append(c);
                }
            } else if (!isAlnum(c)) {
                dot(out);
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static void dot(StringBuilder out) {
        if (out.charAt(out.length() - 1) != '.') {
            out.append('.');
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isAlnum(char c) {
        return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
}
