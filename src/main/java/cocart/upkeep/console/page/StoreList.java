package cocart.upkeep.console.page;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/**
 * One page of the list of stores.
 *
 * @param lines the stores on it
 * @param notices about the bundle itself
 * @param filters all groups with how many stores are in each
 * @param words what was searched for; empty for everything
 * @param show the group that is shown, or {@code all}
 * @param page from 1
 * @param pages at least 1
 * @param found stores on all pages
 * @param total stores there are
 */
public record StoreList(
        List<StoreLine> lines,
        List<NoticeView> notices,
        List<Filter> filters,
        String words,
        String show,
        int page,
        int pages,
        int found,
        int total) {

    /** Stores on one page. */
    static final int PER_PAGE = 50;

    private static final int LONGEST_SEARCH = 100;
    private static final List<String> SHOWN = List.of("all", "attention", "updating", "fine");

    /**
     * A group of stores.
     *
     * @param count stores in it
     */
    public record Filter(String name, String label, long count, boolean isCurrent, String href) {}

    /**
     * @param show a group; anything else shows all
     * @param page from 1; one that is not there is the nearest that is
     */
    static StoreList of(List<StoreLine> all, List<NoticeView> notices, String words, String show, int page) {
        String searched = words.strip()
                .substring(0, Math.min(LONGEST_SEARCH, words.strip().length()));
        String shown = SHOWN.contains(show) ? show : "all";
        List<StoreLine> matching = searched.isEmpty()
                ? all
                : all.stream().filter(line -> line.matches(searched)).toList();
        List<StoreLine> found = matching.stream()
                .filter(line -> shown.equals("all") || line.group().equals(shown))
                .sorted(Comparator.comparingInt(StoreLine::rank)) // stable: else in the order of upkeep.stores
                .toList();
        int pages = Math.max(1, (found.size() + PER_PAGE - 1) / PER_PAGE);
        int current = Math.max(1, Math.min(page, pages));
        List<Filter> filters = SHOWN.stream()
                .map(name -> new Filter(
                        name,
                        label(name),
                        matching.stream()
                                .filter(line ->
                                        name.equals("all") || line.group().equals(name))
                                .count(),
                        name.equals(shown),
                        href(searched, name, 1)))
                .toList();
        return new StoreList(
                found.subList((current - 1) * PER_PAGE, Math.min(found.size(), current * PER_PAGE)),
                notices,
                filters,
                searched,
                shown,
                current,
                pages,
                found.size(),
                all.size());
    }

    private static String label(String name) {
        return switch (name) {
            case "attention" -> "Needs you";
            case "updating" -> "Working";
            case "fine" -> "Fine";
            default -> "All";
        };
    }

    /** Number of the first store on this page, from 1. */
    public int first() {
        return (page - 1) * PER_PAGE + 1;
    }

    /** Number of the last store on this page. */
    public int last() {
        return Math.min(found, page * PER_PAGE);
    }

    /** Stores that need a human, whatever is searched for. */
    public long attention() {
        return filters.get(1).count();
    }

    /** Address of another page of the same list. */
    public String hrefOf(int other) {
        return href(words, show, other);
    }

    private static String href(String words, String show, int page) {
        StringBuilder query = new StringBuilder();
        if (!words.isEmpty()) {
            query.append("&q=").append(URLEncoder.encode(words, StandardCharsets.UTF_8));
        }
        if (!show.equals("all")) {
            query.append("&show=").append(show);
        }
        if (page > 1) {
            query.append("&page=").append(page);
        }
        return query.isEmpty() ? "/" : "/?" + query.substring(1);
    }
}
