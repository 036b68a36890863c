package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import cocart.upkeep.store.StoreException;
import cocart.upkeep.wordpress.ObjectCache;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store with wp-content/object-cache.php: noted, flushed where that is switched on, and never a reason to fail. */
class ObjectCacheTest {

    @TempDir
    Path folder;

    @Test
    void theCacheIsNotedAndFlushedWhereThatIsSwitchedOn() throws Exception {
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 5);
                Redis redis = new Redis()) {
            shop.files.plugin("4.3.6");
            shop.files.write("wp-content/object-cache.php", "<?php // drop-in\n");
            settings(shop, "upkeep.flush-cache.enabled = false");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(EndToEndTest.status(shop).at("/notice/text").asText())
                    .contains("has an object cache (wp-content/object-cache.php)")
                    .contains("until it is flushed");

            again(shop);
            settings(
                    shop,
                    "upkeep.flush-cache.enabled = true",
                    "upkeep.store.acme.flush-cache.address = redis://:geheim@127.0.0.1:" + redis.port() + "/3");
            assertThat(shop.upkeep("once").code()).isZero();
            assertThat(EndToEndTest.status(shop).at("/notice/text").asText())
                    .contains("object cache was flushed: 2 keys of WordPress' options in Redis");
            assertThat(redis.heard)
                    .startsWith("AUTH geheim", "SELECT 3")
                    .contains("DEL shop_wp_:options:alloptions", "DEL shop_wp_:options:notoptions")
                    .noneMatch(command -> command.startsWith("FLUSH"));

            again(shop);
            settings(
                    shop,
                    "upkeep.flush-cache.enabled = true",
                    "upkeep.store.acme.flush-cache.address = memcached://127.0.0.1:1");
            assertThat(shop.upkeep("once").code())
                    .as("the update is as good without")
                    .isZero();
            assertThat(EndToEndTest.status(shop).at("/dataUpdate/state").asText())
                    .isEqualTo("complete");
            assertThat(EndToEndTest.status(shop).at("/notice/text").asText())
                    .contains("could not be flushed (upkeep.store.acme.flush-cache.address (memcached at 127.0.0.1)");
        }
    }

    @Test
    void memcachedAndAnAddressOfTheShopAreFlushedToo() throws Exception {
        try (ServerSocket memcached = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            List<String> heard = new CopyOnWriteArrayList<>();
            Thread thread = new Thread(() -> {
                for (String answer : List.of("OK\r\n", "ERROR\r\n")) {
                    try (Socket socket = memcached.accept()) {
                        heard.add(new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine());
                        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
                    } catch (java.io.IOException e) {
                        return;
                    }
                }
            });
            thread.start();
            String address = "memcached://127.0.0.1:" + memcached.getLocalPort();
            assertThat(flush(address)).isEqualTo("all of the memcached at 127.0.0.1");
            assertThatThrownBy(() -> flush(address))
                    .isInstanceOf(StoreException.class)
                    .hasMessageEndingWith("does not answer as it should: it answered ERROR");
            assertThat(heard).containsExactly("flush_all", "flush_all");
        }
        HttpServer web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        List<String> called = new CopyOnWriteArrayList<>();
        web.createContext("/", exchange -> {
            called.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            exchange.sendResponseHeaders(exchange.getRequestURI().getPath().equals("/flush") ? 204 : 403, -1);
            exchange.close();
        });
        web.start();
        try {
            String address = "http://127.0.0.1:" + web.getAddress().getPort();
            assertThat(flush(address + "/flush?key=h1dden")).isEqualTo("by a call of 127.0.0.1");
            assertThatThrownBy(() -> flush(address + "/nothing?key=h1dden"))
                    .isInstanceOf(StoreException.class)
                    .hasMessageEndingWith("does not answer as it should: it answered 403")
                    .message()
                    .doesNotContain("h1dden");
            assertThat(called).containsExactly("POST /flush?key=h1dden", "POST /nothing?key=h1dden");
        } finally {
            web.stop(0);
        }
    }

    /** The real memcached, where it is installed. */
    @Test
    @Tag("soak")
    void theRealMemcachedLosesWhatItHeld() throws Exception {
        Path program = Path.of("/usr/bin/memcached");
        assumeThat(program).as("memcached is not installed here").exists();
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Process memcached = new ProcessBuilder(
                        program.toString(), "-u", "nobody", "-l", "127.0.0.1", "-p", String.valueOf(port))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("memcached.log").toFile())
                .start();
        try {
            Awaitility.await().ignoreExceptions().until(() -> said(port, "set a 0 0 1\r\n1")
                    .equals("STORED"));
            assertThat(said(port, "get a")).startsWith("VALUE");
            assertThat(flush("memcached://127.0.0.1:" + port)).startsWith("all of the memcached");
            assertThat(said(port, "get a")).isEqualTo("END");
        } finally {
            memcached.destroyForcibly().waitFor();
        }
    }

    private static String said(int port, String command) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            return new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine();
        }
    }

    private static String flush(String address) {
        return new ObjectCache(null, null, store -> address, true).flush("acme");
    }

    /** The same update is due again. */
    private static void again(Shop shop) throws Exception {
        shop.database.option("cocart_db_version", "2.9.3");
    }

    private static void settings(Shop shop, String... more) throws Exception {
        List<String> lines = new ArrayList<>(List.of("upkeep.data-update = automatic", "upkeep.detect.settle = 0s"));
        lines.addAll(List.of(more));
        shop.settings(lines.toArray(String[]::new));
    }

    /** As much of Redis as is asked of it: two keys of the options, on the second page of a scan. */
    private static final class Redis implements AutoCloseable {

        final List<String> heard = new CopyOnWriteArrayList<>();
        private final ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());

        Redis() throws Exception {
            Thread thread = new Thread(this::serve);
            thread.setDaemon(true);
            thread.start();
        }

        int port() {
            return server.getLocalPort();
        }

        private void serve() {
            while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                    BufferedReader in =
                            new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
                    for (String line = in.readLine(); line != null; line = in.readLine()) {
                        List<String> words = new ArrayList<>();
                        for (int i = Integer.parseInt(line.substring(1)); i > 0; i--) {
                            in.readLine();
                            words.add(in.readLine());
                        }
                        heard.add(String.join(" ", words));
                        socket.getOutputStream().write(answer(words).getBytes(StandardCharsets.UTF_8));
                    }
                } catch (java.io.IOException e) {
                    // closed
                }
            }
        }

        private static String answer(List<String> words) {
            if (words.get(0).equals("DEL")) {
                return ":1\r\n";
            }
            if (!words.get(0).equals("SCAN")) {
                return "+OK\r\n";
            }
            if (words.get(1).equals("0")) {
                return "*2\r\n$2\r\n17\r\n*0\r\n";
            }
            String key = "shop_wp_:" + words.get(3).substring(1);
            return "*2\r\n$1\r\n0\r\n"
                    + (key.endsWith("db_version") ? "*0\r\n" : "*1\r\n$" + key.length() + "\r\n" + key + "\r\n");
        }

        @Override
        public void close() throws Exception {
            server.close();
        }
    }
}
