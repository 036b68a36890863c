package cocart.upkeep.detect;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code $db_updates = array( 'VERSION' => array( 'CALLBACK', … ), … )} out of PHP source: the one list that is
 * needed, by PHP's own rules for strings and comments, in {@code array()} or {@code []}. Nothing is executed. Anything
 * else than a list of literal texts is not guessed at.
 */
public final class DbUpdates {

    private static final int MOST_VERSIONS = 50;
    private static final int MOST_CALLBACKS = 50;
    private static final Pattern VERSION = Pattern.compile("[0-9][A-Za-z0-9._+-]{0,63}");

    /** A function, or a static method by its name; the store's column for arguments holds 191 characters. */
    private static final Pattern CALLBACK = Pattern.compile("[A-Za-z_\\\\][A-Za-z0-9_\\\\:]{0,119}");

    /**
     * What was found.
     *
     * @param updates callbacks by version, in the order of the source; null if there is a list that cannot be read
     * @param strings every text literal of the source that was read, for example names of hooks
     */
    record Found(@Nullable Map<String, List<String>> updates, List<String> strings) {}

    private enum Kind {
        TEXT,
        NAME,
        VARIABLE,
        SIGN,
        OTHER,
        END
    }

    private record Token(Kind kind, String text) {
        boolean is(String sign) {
            return kind == Kind.SIGN && text.equals(sign);
        }
    }

    private final String source;
    private int at;

    private DbUpdates(String source) {
        this.source = source;
    }

    /** Reads a whole source file; empty if it has no list of that name. */
    static Optional<Found> read(String source) {
        return new DbUpdates(source).find();
    }

    private Optional<Found> find() {
        List<String> strings = new ArrayList<>();
        Map<String, List<String>> updates = null;
        boolean seen = false;
        html();
        for (Token token = next(); token.kind() != Kind.END; token = next()) {
            if (token.kind() == Kind.TEXT) {
                strings.add(token.text());
            }
            if (token.kind() == Kind.VARIABLE && token.text().equals("db_updates")) {
                int before = at;
                if (next().is("=")) {
                    Map<String, List<String>> found = list();
                    seen |= found == null || !found.isEmpty();
                    updates = updates == null || updates.isEmpty() ? found : updates;
                }
                at = before;
            }
        }
        return seen ? Optional.of(new Found(updates, List.copyOf(strings))) : Optional.empty();
    }

    /** An array of arrays; null if it is something else. */
    private @Nullable Map<String, List<String>> list() {
        String close = open(next());
        if (close == null) {
            return null;
        }
        Map<String, List<String>> updates = new LinkedHashMap<>();
        while (true) {
            Token version = next();
            if (version.is(close)) {
                return updates;
            }
            if (version.kind() != Kind.TEXT
                    || !VERSION.matcher(version.text()).matches()
                    || updates.size() >= MOST_VERSIONS
                    || !next().is("=>")) {
                return null;
            }
            List<String> callbacks = callbacks(next());
            if (callbacks == null) {
                return null;
            }
            updates.put(version.text(), callbacks);
            Token after = next();
            if (after.is(close)) {
                return updates;
            }
            if (!after.is(",")) {
                return null;
            }
        }
    }

    private @Nullable List<String> callbacks(Token first) {
        if (first.kind() == Kind.TEXT) {
            return CALLBACK.matcher(first.text()).matches() ? List.of(first.text()) : null;
        }
        String close = open(first);
        if (close == null) {
            return null;
        }
        List<String> callbacks = new ArrayList<>();
        while (true) {
            Token name = next();
            if (name.is(close)) {
                return callbacks;
            }
            if (name.kind() != Kind.TEXT
                    || !CALLBACK.matcher(name.text()).matches()
                    || callbacks.size() >= MOST_CALLBACKS) {
                return null;
            }
            callbacks.add(name.text());
            Token after = next();
            if (after.is(close)) {
                return callbacks;
            }
            if (!after.is(",")) {
                return null;
            }
        }
    }

    /** The sign that closes the array which this token opens; null if it opens none. */
    private @Nullable String open(Token token) {
        if (token.is("[")) {
            return "]";
        }
        return token.kind() == Kind.NAME && token.text().equalsIgnoreCase("array") && next().is("(") ? ")" : null;
    }

    private Token next() {
        while (at < source.length()) {
            char c = source.charAt(at);
            if (Character.isWhitespace(c)) {
                at++;
            } else if (source.startsWith("//", at) || (c == '#' && !source.startsWith("#[", at))) {
                lineComment();
            } else if (source.startsWith("/*", at)) {
                int end = source.indexOf("*/", at + 2);
                at = end < 0 ? source.length() : end + 2;
            } else if (source.startsWith("?>", at)) {
                at += 2;
                html();
            } else {
                return token(c);
            }
        }
        return new Token(Kind.END, "");
    }

    private Token token(char c) {
        if (c == '\'' || c == '"') {
            return string(c);
        }
        if (source.startsWith("<<<", at)) {
            return heredoc();
        }
        if (c == '$' || isName(c)) {
            int start = at++;
            while (at < source.length() && (isName(source.charAt(at)) || isDigit(source.charAt(at)))) {
                at++;
            }
            String text = source.substring(start, at);
            return c == '$' ? new Token(Kind.VARIABLE, text.substring(1)) : new Token(Kind.NAME, text);
        }
        for (String sign : List.of("=>", "==", "=", ",", "(", ")", "[", "]")) {
            if (source.startsWith(sign, at)) {
                at += sign.length();
                return new Token(Kind.SIGN, sign);
            }
        }
        at++;
        return new Token(Kind.OTHER, String.valueOf(c));
    }

    /** A text in quotes; one that PHP would fill in or translate ({@code "$x"}, {@code "\n"}) is no literal. */
    private Token string(char quote) {
        StringBuilder text = new StringBuilder();
        boolean literal = true;
        for (at++; at < source.length(); at++) {
            char c = source.charAt(at);
            if (c == quote) {
                at++;
                return literal ? new Token(Kind.TEXT, text.toString()) : new Token(Kind.OTHER, "");
            }
            if (c == '\\' && at + 1 < source.length()) {
                char escaped = source.charAt(at + 1);
                if (escaped == quote || escaped == '\\') {
                    at++;
                    text.append(escaped);
                    continue;
                }
                literal &= quote == '\'';
            } else if (c == '$' && quote == '"') {
                literal = false;
            }
            text.append(c);
        }
        return new Token(Kind.END, "");
    }

    private Token heredoc() {
        at += 3;
        while (at < source.length() && (source.charAt(at) == ' ' || source.charAt(at) == '\t')) {
            at++;
        }
        boolean quoted = at < source.length() && (source.charAt(at) == '\'' || source.charAt(at) == '"');
        int start = quoted ? ++at : at;
        while (at < source.length() && (isName(source.charAt(at)) || isDigit(source.charAt(at)))) {
            at++;
        }
        String label = source.substring(start, at);
        if (label.isEmpty()) {
            return new Token(Kind.OTHER, "<<<");
        }
        // its end is the label alone at the start of a line, which may be indented
        int line = source.indexOf('\n', at);
        while (line >= 0) {
            int word = line + 1;
            while (word < source.length() && (source.charAt(word) == ' ' || source.charAt(word) == '\t')) {
                word++;
            }
            int end = word + label.length();
            if (source.startsWith(label, word)
                    && (end >= source.length() || !(isName(source.charAt(end)) || isDigit(source.charAt(end))))) {
                at = end;
                return new Token(Kind.OTHER, "");
            }
            line = source.indexOf('\n', line + 1);
        }
        at = source.length();
        return new Token(Kind.END, "");
    }

    /** To the end of the line, or of the PHP part, whichever comes first. */
    private void lineComment() {
        while (at < source.length()
                && source.charAt(at) != '\n'
                && source.charAt(at) != '\r'
                && !source.startsWith("?>", at)) {
            at++;
        }
    }

    /** Skips what is not PHP. */
    private void html() {
        int php = source.indexOf("<?", at);
        at = php < 0
                ? source.length()
                : php + (source.startsWith("<?php", php) ? 5 : source.startsWith("<?=", php) ? 3 : 2);
    }

    private static boolean isName(char c) {
        return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
