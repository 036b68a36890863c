package cocart.upkeep.notify;

import cocart.upkeep.store.PlainText;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Takes out of error messages what must not be in a log: addresses that let everybody in who knows them, and passwords. */
final class Secrets {

    private static final Pattern PATH = Pattern.compile("(https?://)(?:[^/@\\s]*@)?([^/\\s]+)/\\S*");
    private static final Pattern VALUE =
            Pattern.compile("[?&](?:password|username)=(?:RAW[({](.*?)[)}](?=&|$)|([^&]*))");

    private final List<String> secrets;

    /** @param addresses URLs and endpoint URIs; empty ones are left out */
    Secrets(String... addresses) {
        secrets = Stream.of(addresses)
                .filter(address -> !address.isBlank())
                .flatMap(address -> Stream.concat(
                        Stream.of(address, address.replaceFirst("^[a-z]+:(//)?[^/?]*", "")),
                        VALUE.matcher(address)
                                .results()
                                .map(found -> found.group(1) == null ? found.group(2) : found.group(1))))
                .filter(secret -> secret.length() > 3)
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    /** The text in one line without them. */
    String without(String text) {
        String clean = text;
        for (String secret : secrets) {
            clean = clean.replace(secret, "…");
        }
        return PlainText.of(PATH.matcher(clean)
                .replaceAll(found -> Matcher.quoteReplacement(found.group(1) + found.group(2) + "/…")));
    }
}
