package cocart.upkeep.store;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The database settings in a {@code wp-config.php}: constants by {@code define} or {@code const}, and
 * {@code $table_prefix}. PHP is read, not run: a value that PHP computes is told apart from one that is written out.
 */
public final class WpConfig {

    /** @param computed true if PHP computes the value; the text is then of no use */
    public record Value(String text, boolean computed, int line) {}

    private final Map<String, Value> values = new HashMap<>();
    private final String source;
    private int position;
    private int counted;
    private int lines;

    /** @param content bytes of the file */
    public WpConfig(byte[] content) {
        source = new String(content, StandardCharsets.UTF_8);
        parse();
    }

    /** A constant such as {@code DB_NAME}, or {@code $table_prefix}; the first definition counts, as in PHP. */
    public Optional<Value> value(String name) {
        return Optional.ofNullable(values.get(name));
    }

    private void parse() {
        boolean php = false;
        while (position < source.length()) {
            if (!php) {
                int start = source.indexOf("<?php", position);
                if (start < 0) {
                    return;
                }
                position = start + 5;
                php = true;
            } else if (source.startsWith("?>", position)) {
                position += 2;
                php = false;
            } else if (!skipComment()) {
                char c = source.charAt(position);
                if (c == '\'' || c == '"') {
                    string();
                } else if (Character.isLetter(c) || c == '_' || c == '$') {
                    word();
                } else {
                    position++;
                }
            }
        }
    }

    private void word() {
        int start = position++;
        while (position < source.length() && isWord(source.charAt(position))) {
            position++;
        }
        String word = source.substring(start, position);
        boolean method = start >= 2 && (source.startsWith("->", start - 2) || source.startsWith("::", start - 2));
        if (word.toLowerCase(Locale.ROOT).equals("define") && !method) {
            space();
            if (at('(')) {
                position++;
                space();
                Value name = at('\'') || at('"') ? string() : null;
                space();
                if (name != null && !name.computed() && at(',')) {
                    position++;
                    values.putIfAbsent(name.text(), expression(",)"));
                }
            }
        } else if (word.toLowerCase(Locale.ROOT).equals("const")) {
            space();
            int from = position;
            while (position < source.length() && isWord(source.charAt(position))) {
                position++;
            }
            String name = source.substring(from, position);
            space();
            if (at('=')) {
                position++;
                values.putIfAbsent(name, expression(";,"));
            }
        } else if (word.equals("$table_prefix")) {
            space();
            if (at('=') && !source.startsWith("==", position)) {
                position++;
                values.put(word, expression(";"));
            }
        }
    }

    /** One string and then the end, or something that PHP computes. */
    private Value expression(String ends) {
        space();
        int line = line();
        if (at('\'') || at('"')) {
            Value text = string();
            space();
            if (position < source.length() && ends.indexOf(source.charAt(position)) >= 0) {
                return new Value(text.text(), text.computed(), line);
            }
        }
        return new Value("", true, line);
    }

    /** Reads a string by PHP's rules; a double-quoted one with a variable in it is computed. */
    private Value string() {
        int line = line();
        char quote = source.charAt(position++);
        StringBuilder text = new StringBuilder();
        boolean computed = false;
        while (position < source.length() && source.charAt(position) != quote) {
            char c = source.charAt(position++);
            if (c == '\\' && position < source.length()) {
                char next = source.charAt(position++);
                if (next == quote || next == '\\') {
                    text.append(next);
                } else if (quote == '"') {
                    escape(next, text);
                } else {
                    text.append(c).append(next);
                }
            } else {
                if (quote == '"'
                        && c == '$'
                        && position < source.length()
                        && (Character.isLetter(source.charAt(position))
                                || "_{".indexOf(source.charAt(position)) >= 0)) {
                    computed = true;
                }
                if (quote == '"' && c == '{' && at('$')) {
                    computed = true;
                }
                text.append(c);
            }
        }
        position++;
        return new Value(text.toString(), computed, line);
    }

    private void escape(char c, StringBuilder text) {
        switch (c) {
            case 'n' -> text.append('\n');
            case 't' -> text.append('\t');
            case 'r' -> text.append('\r');
            case 'v' -> text.append('\u000b');
            case 'e' -> text.append('\u001b');
            case 'f' -> text.append('\f');
            case '$' -> text.append('$');
            case 'x' -> number(16, 2, "\\x", text);
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                position--;
                number(8, 3, "\\", text);
            }
            default -> text.append('\\').append(c);
        }
    }

    private void number(int radix, int most, String asIs, StringBuilder text) {
        int from = position;
        while (position < source.length()
                && position - from < most
                && Character.digit(source.charAt(position), radix) >= 0) {
            position++;
        }
        if (position == from) {
            text.append(asIs);
        } else {
            text.append((char) (Integer.parseInt(source.substring(from, position), radix) & 255));
        }
    }

    private void space() {
        while (position < source.length() && (Character.isWhitespace(source.charAt(position)) || skipComment())) {
            if (position < source.length() && Character.isWhitespace(source.charAt(position))) {
                position++;
            }
        }
    }

    private boolean skipComment() {
        if (source.startsWith("/*", position)) {
            int end = source.indexOf("*/", position + 2);
            position = end < 0 ? source.length() : end + 2;
            return true;
        }
        if (source.startsWith("//", position) || (at('#') && !source.startsWith("#[", position))) {
            while (position < source.length()
                    && source.charAt(position) != '\n'
                    && !source.startsWith("?>", position)) {
                position++;
            }
            return true;
        }
        return false;
    }

    private boolean at(char c) {
        return position < source.length() && source.charAt(position) == c;
    }

    private static boolean isWord(char c) {
        return Character.isLetterOrDigit(c) || c == '_';
    }

    /** The line of the position; it only grows, so each character is counted once. */
    private int line() {
        for (int end = Math.min(position, source.length()); counted < end; counted++) {
            if (source.charAt(counted) == '\n') {
                lines++;
            }
        }
        return lines + 1;
    }
}
