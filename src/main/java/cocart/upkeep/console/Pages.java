package cocart.upkeep.console;

import cocart.upkeep.console.page.Reader;
import cocart.upkeep.console.page.Templates;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The console's pages, as HTML. */
public final class Pages {

    private static final Templates TEMPLATES = new Templates();
    private static final int EVENTS = 30;
    private static final int MOST_EVENTS = 3000;
    private static final int MOST_PAGES = 1_000_000;

    private final Stores stores;
    private final Reader reader;

    public Pages(Stores stores, Reader reader) {
        this.stores = stores;
        this.reader = reader;
    }

    /**
     * All stores.
     *
     * @param query the URL's query string as it was sent, or null: {@code q} words to search for, {@code show} a group
     *     ({@code attention}, {@code updating}, {@code fine}), {@code page} from 1
     * @throws ConsoleException if it asks for something else
     */
    public String stores(@Nullable String query) {
        Query asked = Query.of(query).only("q", "show", "page");
        return TEMPLATES.render(
                "stores",
                Map.of(
                        "list",
                        reader.list(asked.text("q"), asked.text("show"), asked.number("page", 1, 1, MOST_PAGES))));
    }

    /**
     * One store.
     *
     * @param id as in the URL, decoded; perhaps no store's
     * @param query the URL's query string as it was sent, or null: {@code events} how many sentences of its history,
     *     {@code snapshots} {@code all} for all of them
     * @throws ConsoleException if there is no such store
     */
    public String store(String id, @Nullable String query) {
        Query asked = Query.of(query).only("events", "snapshots");
        StoreSettings store = stores.all().stream()
                .filter(one -> one.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new ConsoleException(
                        404, "There is no store of this name. Stores are named in upkeep.stores."));
        return TEMPLATES.render(
                "store",
                Map.of(
                        "page",
                        reader.store(
                                store,
                                asked.number("events", EVENTS, 1, MOST_EVENTS),
                                asked.text("snapshots").equals("all"))));
    }

    /**
     * A page that says what went wrong and what to do next.
     *
     * @param title a few words
     * @param text one or two sentences
     */
    static String problem(String title, String text) {
        return TEMPLATES.render("problem", Map.of("title", title, "text", text));
    }
}
