package cocart.upkeep.notify;

import cocart.upkeep.notify.Message.Item;
import cocart.upkeep.store.Beside;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.mail.internet.MimeUtility;
import java.io.UnsupportedEncodingException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A message in the forms that channels take. Whatever a store has put into a text is text there, and stays in its line. */
public final class Messages {

    /** So many are shown in full; of the others it is said which stores have them. */
    private static final int FULL_IN_MAIL = 100;

    private static final int FULL_IN_SLACK = 20;
    private static final String MARK = "[CoCart Upkeep] ";
    private static final int SUBJECT = 120;
    private static final int SLACK_LINE = 500;
    private static final int SLACK_STORES = 500;
    private static final int MAIL_STORES = 8000;
    /** With more items than that, long texts are cut in JSON. */
    private static final int FULL_IN_JSON = 200;

    private static final int JSON_TEXT = 300;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One line that says what it is about. */
    public String subject(Message message) {
        List<Item> items = message.items();
        String what;
        if (message.digest()) {
            what = items.isEmpty()
                    ? "nothing is open"
                    : count(items.size(), "notice") + " open at " + count(stores(items), "store");
        } else if (items.size() == 1) {
            what = items.get(0).where() + ": " + prefix(items.get(0)) + text(items.get(0));
        } else {
            what = count(items.size(), "notice") + " from " + count(stores(items), "store") + ": "
                    + items.stream()
                            .map(item -> item.notice().cause())
                            .distinct()
                            .collect(Collectors.joining(", "));
        }
        return cut(MARK + (message.urgent() ? "URGENT: " : "") + what, SUBJECT);
    }

    /**
     * The same as the subject of a mail: in ASCII, as RFC 2047 has it, whatever the machine's own encoding is, with places
     * to fold it.
     */
    public String mailSubject(Message message) {
        String plain = subject(message).substring(MARK.length()).replace("=?", "= ?");
        try {
            // the mark stays out of the encoded words, so that the header's name and the first of them fit in a line
            return MARK + MimeUtility.encodeText(plain, "UTF-8", null);
        } catch (UnsupportedEncodingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The whole of it as plain text, at most some hundred lines. */
    public String text(Message message) {
        StringBuilder text = new StringBuilder();
        if (message.digest()) {
            text.append(
                    message.items().isEmpty()
                            ? "Nothing is open.\n"
                            : "What is open at " + message.at().truncatedTo(ChronoUnit.SECONDS) + ":\n");
        }
        String store = null;
        for (Item item : message.items().stream().limit(FULL_IN_MAIL).toList()) {
            if (message.digest() && !item.where().equals(store)) {
                store = item.where();
                text.append('\n').append(store).append('\n');
            }
            text.append(message.digest() ? "  " : item.where() + ": ")
                    .append(line(item))
                    .append('\n');
        }
        rest(message, FULL_IN_MAIL, MAIL_STORES)
                .forEach(line -> text.append(line).append('\n'));
        return text.append("\nAll of it: upkeep status\n").toString();
    }

    /** For programs: {@code {"id", "source", "type", "urgent", "at", "summary", "notices": […]}}. */
    public String json(Message message) {
        ObjectNode root = JSON.createObjectNode()
                .put("id", message.id())
                .put("source", "cocart-upkeep")
                .put("type", message.digest() ? "digest" : "news")
                .put("urgent", message.urgent())
                .put("at", message.at().toString())
                .put("summary", subject(message));
        ArrayNode notices = root.putArray("notices");
        boolean many = message.items().size() > FULL_IN_JSON;
        for (Item item : message.items()) {
            Notice notice = item.notice();
            notices.addObject()
                    .put("id", notice.id())
                    .put("change", item.change())
                    .put("store", notice.store().equals(Notices.BUNDLE) ? null : notice.store())
                    .put("kind", notice.kind())
                    .put("cause", notice.cause())
                    .put("urgent", notice.urgent())
                    .put("text", many ? cut(notice.text(), JSON_TEXT) : notice.text())
                    .put("raisedAt", notice.raisedAt().toString())
                    .put("changedAt", notice.changedAt().toString())
                    .put("clearedAt", Objects.toString(item.clearedAt(), null));
        }
        return write(root);
    }

    /** For a Slack-compatible incoming webhook. Nothing in it is a link, a mention or markup. */
    public String slack(Message message) {
        StringBuilder text = new StringBuilder(escaped(subject(message)));
        message.items().stream()
                .limit(message.items().size() == 1 ? 0 : FULL_IN_SLACK)
                .map(item -> item.where() + ": " + line(item))
                .forEach(line -> text.append("\n• ").append(escaped(cut(line, SLACK_LINE))));
        if (message.items().size() == 1) {
            Item only = message.items().get(0);
            text.append('\n').append(escaped(cut(line(only), 4 * SLACK_LINE)));
        }
        rest(message, FULL_IN_SLACK, SLACK_STORES)
                .forEach(line -> text.append('\n').append(escaped(line)));
        return write(JSON.createObjectNode()
                .put("text", text.toString())
                .put("mrkdwn", false)
                .put("parse", "none")
                .put("link_names", false)
                .put("unfurl_links", false));
    }

    /** What is said of one notice, in one line. */
    static String line(Item item) {
        return prefix(item) + text(item) + " (" + item.notice().cause() + ")";
    }

    /** Its text, to follow {@link Item#where()}. */
    private static String text(Item item) {
        return Beside.id(item.notice().store(), item.notice().text());
    }

    private static String prefix(Item item) {
        return switch (item.change()) {
            case "cleared" -> "Over: ";
            case "changed" -> "Changed: ";
            default -> "";
        };
    }

    /** A line for each cause of which more stores have it than are shown in full. */
    private static List<String> rest(Message message, int full, int length) {
        TreeMap<String, Set<String>> others = message.items().stream()
                .skip(full)
                .collect(Collectors.groupingBy(
                        item -> prefix(item) + item.notice().cause(),
                        TreeMap::new,
                        Collectors.mapping(Item::where, Collectors.toCollection(TreeSet::new))));
        return others.entrySet().stream()
                .map(cause -> "… and " + cause.getKey() + " at "
                        + count(cause.getValue().size(), "more store") + ": "
                        + cut(String.join(", ", cause.getValue()), length))
                .toList();
    }

    private static int stores(List<Item> items) {
        return (int) items.stream().map(Item::where).distinct().count();
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    /**
     * Slack reads {@code <…>} as a link or mention; others {@code @channel} too, and addresses as links and images. So those
     * have a space without width in them.
     */
    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("@", "@\u200b")
                .replace("://", ":\u200b//");
    }

    private static String cut(String text, int length) {
        if (text.length() <= length) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(length - 2)) ? length - 2 : length - 1;
        return text.substring(0, end) + "…";
    }

    private static String write(ObjectNode node) {
        try {
            return JSON.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
