package cocart.upkeep.console;

import cocart.upkeep.console.page.Reader;
import cocart.upkeep.console.page.StoreList;
import cocart.upkeep.console.page.StorePage;
import cocart.upkeep.console.page.Templates;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import java.util.Map;
import java.util.Optional;

/** The pages for people, as HTML; whatever a request says in its parameters, there is a page for it. */
public final class Pages {

    private static final int EVENTS = 30;
    private static final int MOST_EVENTS = 3000;

    private final Stores stores;
    private final Reader reader;
    private final Templates templates = new Templates();

    public Pages(Stores stores, Reader reader) {
        this.stores = stores;
        this.reader = reader;
    }

    /**
     * The list of stores.
     *
     * @param words what is searched for, or empty
     * @param show {@code attention}, {@code updating} or {@code fine}; anything else shows all
     * @param page number of the page, from 1
     */
    public String stores(String words, String show, String page) {
        StoreList list = reader.list(words, show, number(page, 1));
        return templates.render("stores", Map.of("list", list));
    }

    /**
     * The page of one store; empty if there is none of that id.
     *
     * @param events how many sentences of its history to show
     * @param snapshots {@code all} for all of them
     */
    public Optional<String> store(String id, String events, String snapshots) {
        Optional<StoreSettings> store =
                stores.all().stream().filter(one -> one.id().equals(id)).findFirst();
        return store.map(settings -> {
            StorePage page = reader.store(settings, Math.max(EVENTS, Math.min(MOST_EVENTS, number(events, EVENTS))), snapshots.equals("all"));
            return templates.render("store", Map.of("page", page));
        });
    }

    /**
     * A page that says what went wrong and what to do next.
     *
     * @param title a few words
     * @param text one or two sentences
     */
    public String problem(String title, String text) {
        return templates.render("problem", Map.of("title", title, "text", text));
    }

    private static int number(String text, int otherwise) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            return otherwise;
        }
    }
}
