package cocart.upkeep.detect;

import java.math.BigInteger;
import java.util.List;

/**
 * PHP's {@code version_compare}, as php-src {@code ext/standard/versioning.c} has it ({@code php_canonicalize_version},
 * {@code php_version_compare}, {@code compare_special_version_forms}): WordPress and CoCart decide by it.
 */
public final class PhpVersion {

    private static final List<String> FORMS = List.of("dev", "alpha", "a", "beta", "b", "RC", "rc", "#", "pl", "p");
    private static final int[] ORDER = {0, 1, 1, 2, 2, 3, 3, 4, 5, 5};

    /** Stands for any number where one is compared with a word. */
    private static final String NUMBER = "#N#";

    private PhpVersion() {}

    /** Negative, zero or positive as a is before, equal to or after b. */
    public static int compare(String a, String b) {
        if (a.isEmpty() || b.isEmpty()) {
            return Boolean.compare(b.isEmpty(), a.isEmpty());
        }
        String left = canonical(a);
        String right = canonical(b);
        while (true) {
            int leftDot = left.indexOf('.');
            int rightDot = right.indexOf('.');
            int order = part(
                    leftDot < 0 ? left : left.substring(0, leftDot),
                    rightDot < 0 ? right : right.substring(0, rightDot));
            if (order != 0) {
                return order;
            }
            String leftRest = left.substring(leftDot + 1);
            String rightRest = right.substring(rightDot + 1);
            if (leftDot < 0 || rightDot < 0 || leftRest.isEmpty() || rightRest.isEmpty()) {
                if (leftDot >= 0) {
                    return isNumber(leftRest) ? 1 : compare(leftRest, NUMBER);
                }
                if (rightDot >= 0) {
                    return isNumber(rightRest) ? -1 : compare(NUMBER, rightRest);
                }
                return 0;
            }
            left = leftRest;
            right = rightRest;
        }
    }

    private static int part(String a, String b) {
        if (isNumber(a) && isNumber(b)) {
            return number(a).compareTo(number(b));
        }
        if (!isNumber(a) && !isNumber(b)) {
            return Integer.compare(order(a), order(b));
        }
        return isNumber(a) ? Integer.compare(order(NUMBER), order(b)) : Integer.compare(order(a), order(NUMBER));
    }

    /** The digits at the start, as strtol reads them. */
    private static BigInteger number(String part) {
        return new BigInteger(part.replaceFirst("[^0-9].*", ""));
    }

    private static boolean isNumber(String part) {
        return !part.isEmpty() && isDigit(part.charAt(0));
    }

    private static int order(String form) {
        for (int i = 0; i < FORMS.size(); i++) {
            if (form.startsWith(FORMS.get(i))) {
                return ORDER[i];
            }
        }
        return -1;
    }

    /** A dot for {@code - _ +} and every other sign, and one between digits and letters; never two in a row. */
    private static String canonical(String version) {
        if (version.startsWith("#")) {
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
                out.append(c);
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
