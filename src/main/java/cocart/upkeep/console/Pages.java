package cocart.upkeep.console;

import org.jspecify.annotations.Nullable;

/** The console's pages, as HTML. */
public final class Pages {

    /**
     * All stores.
     *
     * @param query the URL's query string as it was sent, or null
     */
    public String stores(@Nullable String query) {
        return "<!doctype html><html lang=\"en\"><title>CoCart Upkeep</title><h1>Stores</h1></html>";
    }

    /**
     * One store.
     *
     * @param id as in the URL, decoded; perhaps no store's
     * @param query the URL's query string as it was sent, or null
     * @throws ConsoleException if there is no such store
     */
    public String store(String id, @Nullable String query) {
        return "<!doctype html><html lang=\"en\"><title>CoCart Upkeep</title><h1>Store</h1></html>";
    }
}
