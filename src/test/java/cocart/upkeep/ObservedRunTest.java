package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import cocart.upkeep.faults.CuttingProxy;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** A running bundle as load balancers, Prometheus and a collector of traces see it, while things break around it. */
class ObservedRunTest {

    private static final Duration PATIENCE = Duration.ofSeconds(100);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path folder;

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final Queue<String> answers = new ConcurrentLinkedQueue<>();
    private URI console;

    private record Seen(int code, JsonNode json) {

        JsonNode check(String name) {
            for (JsonNode check : json.get("checks")) {
                if (check.get("name").asText().equals(name)) {
                    return check;
                }
            }
            throw new AssertionError("no check " + name + " in " + json);
        }
    }

    @Test
    void whatBreaksIsSeenFromOutsideAndNothingElseIs() throws Exception {
        StateServers.Place place = StateServers.POSTGRESQL.create();
        Queue<String> spans = new ConcurrentLinkedQueue<>();
        HttpServer collector = collector(spans);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.addAppender(log);
        try (Shop shop = new Shop(folder, "manual", "2.9.3", 5);
                CuttingProxy way = new CuttingProxy(TestServers.postgres().getPort())) {
            shop.files.plugin("4.3.6");
            shop.settings(
                    "upkeep.stores = acme,gone",
                    "upkeep.store.gone.files = sftp:deploy@127.0.0.1:" + freePort() + "/?password=RAW(g0ne-s3cret)",
                    "upkeep.database.url = "
                            + place.url().replace(":" + TestServers.postgres().getPort() + "/", ":" + way.port() + "/"),
                    "upkeep.database.username = " + place.username(),
                    "upkeep.console.enabled = true",
                    "upkeep.console.port = 0",
                    "upkeep.tracing.enabled = true",
                    "upkeep.tracing.endpoint = http://127.0.0.1:"
                            + collector.getAddress().getPort());
            try (Bundle bundle = new Bundle(Settings.load(shop.home, null), true)) {
                bundle.start();
                console = bundle.consoleAddress().orElseThrow();
                oneStoreOfTwoIsAway();
                theMetricsThatDashboardAndAlertsNameAreThere();
                shop.sftp.close();
                noStoreIsThere();
                way.refuse();
                way.cut(CuttingProxy.End.CLOSED);
                theStateDatabaseIsAway();
                way.heal();
                await().atMost(PATIENCE).until(() -> probe("/ready").code() == 200);
            }
            assertThat(spans).anyMatch(sent -> sent.contains("detect")).anyMatch(sent -> sent.contains("look"));
            assertThat(spans).anyMatch(sent -> sent.contains("cocart-upkeep"));
        } finally {
            collector.stop(0);
            root.detachAppender(log);
        }
        assertThat(String.join("\n", answers)).doesNotContain("s3cret", Shop.PASSWORD, "Exception", "\tat ");
        assertThat(String.join("\n", spans)).doesNotContain("s3cret", Shop.PASSWORD);
        assertThat(log.list)
                .isNotEmpty()
                .noneMatch(event -> event.getLevel() == Level.ERROR)
                .filteredOn(event -> event.getFormattedMessage().startsWith("Job back-up failed"))
                .isNotEmpty()
                .allMatch(event -> event.getMDCPropertyMap().get("store").equals("gone"));
    }

    private void oneStoreOfTwoIsAway() {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(metrics().lines())
                .contains(
                        "cocart_upkeep_store_up{store=\"acme\"} 1.0",
                        "cocart_upkeep_store_up{store=\"gone\"} 0.0",
                        "cocart_upkeep_stores{state=\"down\"} 1.0",
                        "cocart_upkeep_data_updates{state=\"awaiting-approval\"} 1.0",
                        "cocart_upkeep_notices_open{kind=\"update-required\"} 1.0",
                        "cocart_upkeep_steps{status=\"pending\"} 3.0",
                        "cocart_upkeep_snapshots{store=\"acme\"} 1.0",
                        "cocart_upkeep_snapshot_overdue{store=\"acme\"} 0.0",
                        "cocart_upkeep_state_database_up 1.0"));
        assertThat(value("cocart_upkeep_snapshot_bytes{store=\"acme\"}")).isPositive();
        assertThat(value("cocart_upkeep_update_exposure_seconds{store=\"acme\"}"))
                .isBetween(0.001, 120.0);
        assertThat(value("cocart_upkeep_job_failures_total{job=\"detect\"}")).isPositive();
        assertThat(value("cocart_upkeep_jobs_failed{job=\"detect\"}")).isEqualTo(1);
        Seen all = probe("");
        assertThat(all.code()).as(all.json().toString()).isEqualTo(200);
        assertThat(all.check("stores").at("/data/downStores").toString()).isEqualTo("[\"gone\"]");
        assertThat(probe("/ready").code()).isEqualTo(200);
    }

    private void theMetricsThatDashboardAndAlertsNameAreThere() throws Exception {
        Set<String> there = metrics()
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.replaceFirst("[{ ].*", ""))
                .collect(Collectors.toSet());
        // only while a job says how far it is
        there.add("cocart_upkeep_progress_files");
        List<String> expressions = new ArrayList<>();
        Path monitoring = Path.of("src/main/dist/monitoring");
        collect(
                JSON.valueToTree(new Load(LoadSettings.builder().build())
                        .loadFromString(Files.readString(monitoring.resolve("alert-rules.yaml")))),
                expressions);
        int alerts = expressions.size();
        collect(JSON.readTree(monitoring.resolve("grafana-dashboard.json").toFile()), expressions);
        assertThat(alerts).isGreaterThanOrEqualTo(8);
        assertThat(expressions.size() - alerts).isGreaterThanOrEqualTo(15);
        Set<String> named = new LinkedHashSet<>();
        Pattern name = Pattern.compile("\\b(?:cocart_upkeep|hikaricp|camel|jvm|process)_[a-z_]+\\b");
        for (String expression : expressions) {
            Matcher found = name.matcher(expression);
            assertThat(found.find()).as(expression).isTrue();
            do {
                named.add(found.group());
            } while (found.find());
        }
        assertThat(there).containsAll(named);
    }

    /** What stands in fields named expr. */
    private static void collect(JsonNode node, List<String> expressions) {
        if (node.has("expr")) {
            expressions.add(node.get("expr").asText());
        }
        node.forEach(child -> collect(child, expressions));
    }

    private void noStoreIsThere() {
        // a login that its server was just about to answer is given up after a minute
        await().atMost(PATIENCE.plusSeconds(20)).untilAsserted(() -> {
            Seen all = probe("");
            assertThat(all.code()).as(all.json().toString()).isEqualTo(503);
            assertThat(all.check("stores").get("status").asText()).isEqualTo("DOWN");
        });
        assertThat(metrics().lines()).contains("cocart_upkeep_store_up{store=\"acme\"} 0.0");
        assertThat(probe("/ready").code()).as("the instance itself can work").isEqualTo(200);
        assertThat(probe("/live").code()).isEqualTo(200);
    }

    private void theStateDatabaseIsAway() {
        await().atMost(PATIENCE).until(() -> probe("/ready").code() == 503);
        Seen ready = probe("/ready");
        assertThat(ready.json().get("status").asText()).isEqualTo("DOWN");
        assertThat(ready.check("state-database").at("/data/message").asText()).contains("did not answer");
        assertThat(probe("/live").code()).isEqualTo(200);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(metrics().lines())
                .contains("cocart_upkeep_state_database_up 0.0")
                .noneMatch(line -> line.startsWith("cocart_upkeep_store_up")));
    }

    private Seen probe(String which) {
        HttpResponse<String> response = get("/observe/health" + which);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
        try {
            return new Seen(response.statusCode(), JSON.readTree(response.body()));
        } catch (IOException e) {
            throw new AssertionError(response.body(), e);
        }
    }

    private String metrics() {
        HttpResponse<String> response = get("/observe/metrics");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        return response.body();
    }

    private double value(String metric) {
        return metrics()
                .lines()
                .filter(line -> line.startsWith(metric + " "))
                .map(line -> Double.valueOf(line.substring(metric.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + metric));
    }

    private HttpResponse<String> get(String path) {
        try {
            HttpResponse<String> response = client.send(
                    HttpRequest.newBuilder(console.resolve(path))
                            .timeout(Duration.ofSeconds(20))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            answers.add(response.body());
            return response;
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(path, e);
        }
    }

    /** Takes OTLP by HTTP; names stand in it as they are. */
    private static HttpServer collector(Queue<String> spans) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/v1/traces", exchange -> {
            spans.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
