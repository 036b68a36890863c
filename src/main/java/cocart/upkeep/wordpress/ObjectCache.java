package cocart.upkeep.wordpress;

import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.Troubles;
import cocart.upkeep.store.FileEntry;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.Stores;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A store's persistent object cache ({@code wp-content/object-cache.php}): WordPress may show options as they were before
 * they were set in the database, until their keys are dropped. Nothing here can fail a data update.
 */
public final class ObjectCache {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /** Keys of WordPress' group "options" that hold what an update sets, as every Redis drop-in ends them. */
    private static final List<String> KEYS =
            List.of("*options:alloptions", "*options:notoptions", "*options:cocart_db_version");

    private static final int MOST_KEYS = 100_000;

    private final Stores stores;
    private final OwnUpdaters state;
    private final Function<String, String> addresses;
    private final boolean flushing;

    /**
     * @param addresses where to flush it, by store; empty if nowhere
     * @param flushing true if the route that flushes it is switched on
     */
    public ObjectCache(Stores stores, OwnUpdaters state, Function<String, String> addresses, boolean flushing) {
        this.stores = stores;
        this.state = state;
        this.addresses = addresses;
        this.flushing = flushing;
    }

    /** Notes that the store has an object cache; true if there is one and the route to flush it is switched on. */
    public boolean note(DataUpdate update) {
        try (StoreFiles files = stores.files(update.store())) {
            if (files.stat("wp-content/object-cache.php")
                    .filter(entry -> entry.type() != FileEntry.Type.FOLDER)
                    .isEmpty()) {
                return false;
            }
        } catch (StoreException e) {
            state.cacheNote(update, "Whether the store has an object cache is not known: " + e.getMessage(), true);
            return false;
        }
        state.cacheNote(
                update,
                "The store has an object cache (wp-content/object-cache.php), so wp-admin may show the old state until"
                        + " it is flushed.",
                false);
        return flushing;
    }

    /** Says that the cache was flushed, and how. */
    public void flushed(DataUpdate update, @Nullable Object how) {
        String text = how instanceof String said && !said.isBlank() ? said.strip() : "";
        state.cacheNote(
                update,
                "The store's object cache was flushed" + (text.isEmpty() ? "." : ": " + first(text) + "."),
                false);
    }

    /** Says that the cache could not be flushed; the update is as good without. */
    public void failed(DataUpdate update, Exception error) {
        StoreException known = StoreException.in(error);
        state.cacheNote(
                update,
                "The store's object cache could not be flushed ("
                        + (known != null ? known.getMessage() : Troubles.sentence(error))
                        + "), so wp-admin may show the old state until it is.",
                true);
    }

    private static String first(String text) {
        String line = text.lines().findFirst().orElse("");
        return line.length() > 300 ? line.substring(0, 300) : line;
    }

    /**
     * Flushes a store's cache at {@code upkeep.store.ID.flush-cache.address}: {@code http(s)://} is called by POST;
     * {@code redis://[:password@]host[:port][/database]} loses the keys of WordPress' options, whatever comes before them;
     * {@code memcached://host[:port]} loses everything, also what others keep there, because it cannot list its keys.
     *
     * @return half a sentence about what was done
     */
    public String flush(String store) {
        String address = addresses.apply(store).strip();
        String property = "upkeep.store." + store + ".flush-cache.address";
        if (address.isEmpty()) {
            throw new StoreException(
                    property + " is not set; set it, for example redis://127.0.0.1:6379/0, or another way in"
                            + " routes/flush-cache.camel.yaml",
                    null,
                    true);
        }
        URI uri;
        try {
            uri = URI.create(address);
        } catch (IllegalArgumentException e) {
            throw new StoreException(property + " is no address such as redis://127.0.0.1:6379/0", null, true);
        }
        String scheme = String.valueOf(uri.getScheme());
        try {
            return switch (scheme) {
                case "http", "https" -> post(uri);
                case "redis" -> redis(uri);
                case "memcached" -> memcached(uri);
                default ->
                    throw new StoreException(
                            property + " must start with https://, http://, redis:// or memcached://", null, true);
            };
        } catch (IOException e) {
            throw new StoreException(
                    property + " (" + scheme + " at " + uri.getHost() + ") does not answer as it should: "
                            + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(property + " was not called, because this program stops", e);
        }
    }

    private static String post(URI uri) throws IOException, InterruptedException {
        int status = HttpClient.newBuilder()
                .connectTimeout(TIMEOUT)
                .build()
                .send(
                        HttpRequest.newBuilder(uri)
                                .timeout(TIMEOUT.multipliedBy(3))
                                .header("User-Agent", "CoCart-Upkeep")
                                .POST(HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
        if (status >= 300) {
            throw new IOException("it answered " + status);
        }
        return "by a call of " + uri.getHost();
    }

    private static String memcached(URI uri) throws IOException {
        try (Socket socket = connect(uri, 11211)) {
            socket.getOutputStream().write("flush_all\r\n".getBytes(StandardCharsets.US_ASCII));
            String answer = line(new BufferedInputStream(socket.getInputStream()));
            if (!answer.equals("OK")) {
                throw new IOException("it answered " + answer);
            }
            return "all of the memcached at " + uri.getHost();
        }
    }

    private static String redis(URI uri) throws IOException {
        try (Socket socket = connect(uri, 6379)) {
            Redis redis = new Redis(new BufferedInputStream(socket.getInputStream()), socket.getOutputStream());
            String user = uri.getUserInfo();
            if (user != null) {
                int colon = user.indexOf(':');
                String password = user.substring(colon + 1);
                if (colon > 0) {
                    redis.call("AUTH", user.substring(0, colon), password);
                } else {
                    redis.call("AUTH", password);
                }
            }
            String number = String.valueOf(uri.getPath()).replace("/", "");
            if (!number.isEmpty()) {
                redis.call("SELECT", number);
            }
            int dropped = 0;
            for (String pattern : KEYS) {
                for (String key : redis.scan(pattern)) {
                    redis.call("DEL", key);
                    dropped++;
                }
            }
            return dropped + " keys of WordPress' options in Redis at " + uri.getHost();
        }
    }

    private static Socket connect(URI uri, int port) throws IOException {
        if (uri.getHost() == null) {
            throw new IOException("it names no host");
        }
        Socket socket = new Socket();
        try {
            socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort() < 0 ? port : uri.getPort()), (int)
                    TIMEOUT.toMillis());
            socket.setSoTimeout((int) TIMEOUT.toMillis());
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0 || line.size() > 4096) {
                throw new IOException("the answer has no end");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    /** As much of Redis' protocol (RESP) as three commands need; a library would be larger than all of this class. */
    private record Redis(InputStream in, OutputStream out) {

        Object call(String... words) throws IOException {
            StringBuilder text = new StringBuilder("*" + words.length + "\r\n");
            for (String word : words) {
                // Latin-1, so that each byte of a key comes back as it was
                text.append("$")
                        .append(word.length())
                        .append("\r\n")
                        .append(word)
                        .append("\r\n");
            }
            out.write(text.toString().getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            return answer(0);
        }

        List<String> scan(String pattern) throws IOException {
            List<String> keys = new ArrayList<>();
            String cursor = "0";
            do {
                if (!(call("SCAN", cursor, "MATCH", pattern, "COUNT", "1000") instanceof List<?> page)
                        || page.size() != 2
                        || !(page.get(1) instanceof List<?> found)) {
                    throw new IOException("its answer to SCAN is none");
                }
                found.forEach(key -> keys.add(String.valueOf(key)));
                cursor = String.valueOf(page.get(0));
            } while (!cursor.equals("0") && keys.size() < MOST_KEYS);
            return keys;
        }

        private Object answer(int depth) throws IOException {
            String line = line(in);
            String rest = line.isEmpty() ? "" : line.substring(1);
            switch (line.isEmpty() ? ' ' : line.charAt(0)) {
                case '+', ':':
                    return rest;
                case '-':
                    throw new IOException("it says " + rest);
                case '$':
                    int length = size(rest, 1 << 20);
                    byte[] bytes = in.readNBytes(length);
                    if (bytes.length < length || !line(in).isEmpty()) {
                        throw new IOException("the answer has no end");
                    }
                    return new String(bytes, StandardCharsets.ISO_8859_1);
                case '*':
                    List<Object> list = new ArrayList<>();
                    for (int i = size(rest, MOST_KEYS); i > 0 && depth < 3; i--) {
                        list.add(answer(depth + 1));
                    }
                    return list;
                default:
                    throw new IOException("the answer is not Redis'");
            }
        }

        private static int size(String text, int most) throws IOException {
            if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) > most) {
                throw new IOException("the answer is too long");
            }
            return Integer.parseInt(text);
        }
    }
}
