package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import cocart.upkeep.backup.SmallShop;
import cocart.upkeep.console.Token;
import cocart.upkeep.state.OwnUpdaters;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The console through its real server: a run with a thousand stores, of which nothing is due. */
class ConsoleTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String PLUGIN = "cart-rest-api-for-woocommerce";
    private static final String NEVER = "0 0 0 1 1 ? 2099";
    private static final int STORES = 1000;

    /** The only store with a database. */
    private static final String BACKED_UP = "s0060";

    @TempDir
    static Path folder;

    private static Path home;
    private static SmallShop shop;
    private static Bundle bundle;
    private static URI console;
    private static String token;
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @BeforeAll
    static void start() throws Exception {
        home = Files.createDirectories(folder.resolve("home"));
        shop = new SmallShop(folder.resolve("shop"), home.resolve("data/backups"));
        shop.files("plugins/a", 3, "a");
        Shop.copy(Path.of("routes"), home.resolve("routes"));
        Shop.copy(Path.of("config/updates"), home.resolve("config/updates"));
        TestServers.mariadb().create("console", "console", "c0nsole-s3cret");
        settings("upkeep.console.port = 0");
        shop.backUp("s0007", Instant.parse("2026-11-24T03:00:00Z"));
        bundle = new Bundle(Settings.load(home, null), true);
        bundle.start();
        console = bundle.consoleAddress().orElseThrow();
        token = new Token(home.resolve("data/token")).show();
    }

    @AfterAll
    static void stop() {
        bundle.close();
    }

    private static void settings(String... more) throws Exception {
        List<String> lines = new ArrayList<>(List.of(
                "upkeep.detect.cron = " + NEVER,
                "upkeep.backup.cron = " + NEVER,
                "upkeep.tick.cron = " + NEVER,
                "upkeep.stores = "
                        + String.join(
                                ",",
                                IntStream.range(0, STORES)
                                        .mapToObj(ConsoleTest::id)
                                        .toList())));
        IntStream.range(0, STORES)
                .forEach(i -> lines.add("upkeep.store." + id(i) + ".files = file:" + folder.resolve("shop")));
        lines.addAll(List.of(
                "upkeep.store." + BACKED_UP + ".database.url = "
                        + TestServers.mariadb().url("console"),
                "upkeep.store." + BACKED_UP + ".database.username = console",
                "upkeep.store." + BACKED_UP + ".database.password = c0nsole-s3cret",
                "upkeep.store." + BACKED_UP + ".database.prefix = wp_",
                "upkeep.backup.dump-program = " + TestServers.mariadb().program("mariadb-dump")));
        lines.addAll(List.of(more));
        Files.createDirectories(home.resolve("config"));
        Files.write(home.resolve("config/application.properties"), lines);
    }

    private static String id(int n) {
        return String.format("s%04d", n);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /, 200, text/html; charset=utf-8",
        "GET, /stores/s0001, 200, text/html; charset=utf-8",
        "GET, /assets/console.css, 200, text/css; charset=utf-8",
        "GET, /api/v1/status, 200, application/json",
        "HEAD, /api/v1/status, 200, application/json",
        "GET, /api/v1/nothing, 404, application/problem+json",
        "GET, /api/v1/stores/nobody, 404, application/problem+json",
        "GET, /nothing, 404, text/html; charset=utf-8",
        "GET, /api/v1/stores?limit=0, 400, application/problem+json",
        "GET, /api/v1/stores?limt=1, 400, application/problem+json",
        "GET, /api/v1/stores?state=falied, 400, application/problem+json",
        "GET, /api/v1/stores/s0001/events?before=xx, 400, application/problem+json",
        "GET, /api/v1/stores/s0001/events?before=%27%20OR%201%3D1, 400, application/problem+json",
        "GET, /api/v1/stores/s0001/approve, 405, application/problem+json",
        "POST, /api/v1/status, 401, application/problem+json",
        "POST, /, 401, text/html; charset=utf-8",
        "OPTIONS, /api/v1/stores/s0001/approve, 405, application/problem+json",
        "TRACE, /, 401, text/html; charset=utf-8"
    })
    void everyAnswerHasTheSecurityHeadersAndNothingOfTheServersInside(
            String method, String path, int status, String type) throws Exception {
        HttpResponse<String> answer = ask(method, path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue(type);
        assertSafe(answer);
        if (status >= 400) {
            assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-store");
        }
    }

    private static void assertSafe(HttpResponse<String> answer) {
        assertThat(answer.headers().map())
                .containsEntry(
                        "content-security-policy",
                        List.of("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
                                + " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"))
                .containsEntry("x-content-type-options", List.of("nosniff"))
                .containsEntry("referrer-policy", List.of("no-referrer"))
                .containsEntry("cross-origin-opener-policy", List.of("same-origin"))
                .containsEntry("cross-origin-resource-policy", List.of("same-origin"))
                .doesNotContainKeys(
                        "server", "set-cookie", "access-control-allow-origin", "store", "id", "breadcrumbid");
        assertThat(answer.headers().map().keySet()).noneMatch(name -> name.startsWith("camel"));
        assertThat(answer.body()).doesNotContain("Exception", "org.apache", "\tat ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/?CamelHttpResponseCode=201&Set-Cookie=a%3Db&Access-Control-Allow-Origin=*&store=x&Content-Type=a/b",
                "/api/v1/stores/s0001/events?limit=5",
            })
    void whatAUrlOrAHeaderSaysDoesNotBecomeAHeaderOfTheAnswer(String path) throws Exception {
        HttpResponse<String> answer = ask(
                "GET",
                path,
                "CamelHttpResponseCode",
                "201",
                "CamelHttpUri",
                "http://evil.example/",
                "CamelBeanMethodName",
                "store",
                "id",
                "s0002",
                "store",
                "s0002");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(path.startsWith("/api") ? 200 : 400);
        assertSafe(answer);
        assertThat(answer.headers().firstValue("Content-Type").orElseThrow()).doesNotContain("a/b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%22%3E%3Cscript%3E",
                "%24%7Bbody%7D",
                "a%2Cb)",
                "%27%20OR%201=1",
                "..%2f..%2f",
                "%00",
                "%F0%9F%9B%92",
                "s0001%0d%0aX-Evil:1"
            })
    void aHostileNameIsNobodysNameAndIsNotRepeated(String name) throws Exception {
        HttpResponse<String> answer = ask("GET", "/api/v1/stores/" + name);
        assertThat(answer.statusCode()).as(answer.body()).isIn(400, 404);
        assertSafe(answer);
        assertThat(answer.body()).doesNotContain("script", "OR 1");
        assertThat(answer.headers().map()).doesNotContainKey("x-evil");
        HttpResponse<String> changing =
                ask("POST", "/api/v1/stores/" + name + "/approve", "Authorization", "Bearer " + token);
        assertThat(changing.statusCode()).isIn(400, 404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/assets/../openapi.json",
                "/assets/..%2fopenapi.json",
                "/assets/%2e%2e/openapi.json",
                "/assets/....//openapi.json",
                "/assets//etc/passwd",
                "//etc/passwd",
                "/assets/",
                "/assets/logback.xml"
            })
    void onlyTheListedFilesAreServed(String path) throws Exception {
        String answer = raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 404 ").doesNotContain("openapi\":", "root:");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Host: evil.example | 421",
                "Host: localhost.evil.example | 421",
                "Host: | 421",
                "X-Nothing: 1 | 400",
                "Host: localhost~Host: evil.example | 400",
                "Host: localhost~X-Forwarded-For: 127.0.0.1 | 401",
                "Host: localhost | 200",
            })
    void aNameThatSuddenlyLeadsHereReadsNothing(String headers, int status) throws Exception {
        String answer = raw("GET /api/v1/stores?limit=1 HTTP/1.1\r\n"
                + headers.strip().replace("~", "\r\n") + "\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
        assertThat(answer.contains("\"stores\"")).isEqualTo(status == 200);
    }

    @Test
    void whatIsTooLargeIsRefusedEarly() throws Exception {
        String post = "POST /api/v1/stores/s0001/approve HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token
                + "\r\nConnection: close\r\n";
        assertThat(raw(post + "Content-Length: 20000\r\n\r\n" + "x".repeat(20_000)))
                .startsWith("HTTP/1.1 413 ");
        assertThat(raw(post + "Transfer-Encoding: chunked\r\n\r\n4e20\r\n" + "x".repeat(20_000) + "\r\n0\r\n\r\n"))
                .startsWith("HTTP/1.1 411 ");
        assertThat(raw("GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: " + "x".repeat(20_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431 ");
        assertThat(raw("GET /" + "x".repeat(20_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .matches("(?s)HTTP/1.[01] 414 .*");
        assertThat(raw("GET /api/v1/stores?search=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ")
                .contains("X-Content-Type-Options: nosniff");
        assertThat(raw("\u0000\u0001nonsense\r\n\r\n")).doesNotContain("Exception", "HTTP/1.1 2");
        assertThat(ask("GET", "/").statusCode()).isEqualTo(200);
    }

    @Test
    void wrongTokensAreCountedAndARightOneFromHereIsHeard() throws Exception {
        for (int i = 0; i < 10; i++) {
            assertThat(ask("GET", "/", "X-Forwarded-For", "192.0.2.1", "Authorization", "Bearer " + i)
                            .statusCode())
                    .isEqualTo(401);
        }
        HttpResponse<String> refused = ask("GET", "/", "X-Forwarded-For", "192.0.2.1", "Authorization", "Bearer x");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(Integer.parseInt(refused.headers().firstValue("Retry-After").orElseThrow()))
                .isBetween(1, 61);
        assertThat(ask("GET", "/", "Authorization", "Bearer " + token).statusCode())
                .isEqualTo(200);
    }

    @Test
    void aBrowserElsewhereIsAskedForThePasswordAndATokenThatWasReplacedIsWorthNothing() throws Exception {
        HttpResponse<String> asked = ask("GET", "/", "X-Forwarded-For", "192.0.2.9");
        assertThat(asked.statusCode()).isEqualTo(401);
        assertThat(asked.headers().firstValue("WWW-Authenticate").orElseThrow()).startsWith("Basic realm=");
        String before = token;
        Shop.Said said = Shop.say("--home", home.toString(), "token", "--new");
        token = said.out().strip();
        assertThat(token).isNotEqualTo(before).hasSize(43);
        assertThat(Shop.say("--home", home.toString(), "token").out().strip()).isEqualTo(token);
        assertThat(post("s0001", "dismiss", before).statusCode()).isEqualTo(401);
        assertThat(post("s0001", "dismiss", token).statusCode()).isEqualTo(409);
    }

    @Test
    void eachDecisionDoesWhatTheCommandDoesAndSaysTheSame() throws Exception {
        plan("s0010");
        plan("s0011");
        assertThat(post("s0010", "approve", "wrong").statusCode()).isEqualTo(401);
        assertThat(ask("POST", "/api/v1/stores/s0010/approve").statusCode()).isEqualTo(401);
        assertThat(ask(
                                "POST",
                                "/api/v1/stores/s0010/approve",
                                "Authorization",
                                "Bearer " + token,
                                "Origin",
                                "http://evil.example")
                        .statusCode())
                .isEqualTo(403);
        assertThat(state("s0010")).isEqualTo("awaiting-approval");
        for (String[] step : new String[][] {
            {"approve", "pending"},
            {"approve", null},
            {"cancel", "canceled"},
            {"retry", "pending"},
            {"retry", null},
            {"cancel", "canceled"},
            {"dismiss", null}
        }) {
            HttpResponse<String> answer = post("s0010", step[0], token);
            // a command of another home has no running console and asks the same database itself
            Shop.Said said = elsewhere(step[0], "s0011");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(step[1] == null ? 409 : 200);
            assertThat(said.code()).isEqualTo(step[1] == null ? 1 : 0);
            JsonNode json = JSON.readTree(answer.body());
            String sentence = (step[1] == null ? "upkeep: store s0010: " : "")
                    + json.path(step[1] == null ? "detail" : "done").asText();
            assertThat(sentence.replace("s0010", "s0011"))
                    .isEqualTo((step[1] == null ? said.err() : said.out()).strip());
            if (step[1] != null) {
                assertThat(state("s0010")).isEqualTo(step[1]).isEqualTo(state("s0011"));
            }
        }
        bundle.notices.refresh("s0010");
        assertThat(JSON.readTree(ask("GET", "/api/v1/stores/s0010/events").body())
                        .findValuesAsText("text"))
                .contains(
                        "Data update of " + PLUGIN + " approved, now pending.",
                        "Data update of " + PLUGIN + " canceled: canceled by upkeep cancel");
        assertThat(post("s0010", "approve?byWordpress=true", token).body()).contains("no data update is blocked");
        assertThat(post("s0010", "approve?byWordPress=true", token).statusCode())
                .isEqualTo(400);
        assertThat(post("s0010", "retry?replan=true", token).statusCode()).isIn(200, 409);
    }

    @Test
    void aPageGetsAKeyForTheTokenAndCanChangeThingsWithIt() throws Exception {
        plan("s0013");
        assertThat(ask("POST", "/api/v1/session").statusCode()).isEqualTo(401);
        assertThat(ask("POST", "/api/v1/session", "Authorization", "Bearer wrong")
                        .statusCode())
                .isEqualTo(401);
        assertThat(ask("POST", "/api/v1/session", "Authorization", "Bearer " + token, "Sec-Fetch-Site", "same-site")
                        .statusCode())
                .isEqualTo(403);
        HttpResponse<String> begun = ask("POST", "/api/v1/session", "Authorization", "Bearer " + token);
        assertThat(begun.statusCode()).isEqualTo(200);
        assertSafe(begun);
        assertThat(begun.headers().firstValue("Cache-Control")).hasValue("no-store");
        String key = JSON.readTree(begun.body()).get("key").asText();
        assertThat(post("s0013", "approve", key).statusCode()).isEqualTo(200);
        assertThat(state("s0013")).isEqualTo("pending");
    }

    @Test
    void aNoticeIsDismissed() throws Exception {
        plan("s0012");
        bundle.notices.refresh("s0012");
        assertThat(store("s0012").at("/notice/kind").asText()).isEqualTo("update-required");
        assertThat(post("s0012", "dismiss", token).statusCode()).isEqualTo(200);
        assertThat(store("s0012").get("notice").isNull()).isTrue();
    }

    @Test
    void jobsAreStartedAndNotWaitedFor() throws Exception {
        for (String job : List.of("verify", "detect", "backup")) {
            HttpResponse<String> answer = post("s0007", job, token);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        }
        await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(
                        JSON.readTree(ask("GET", "/api/v1/stores/s0007/events").body())
                                .findValuesAsText("text"))
                .anyMatch(text -> text.startsWith("Verified whole: 1 snapshot, 20261124T030000Z"))
                .anyMatch(text -> text.startsWith("Job back-up failed: ") && text.contains("wp-config.php"))
                .anyMatch(text -> text.equals(PLUGIN + " is absent.")));
        JsonNode snapshots =
                JSON.readTree(ask("GET", "/api/v1/stores/s0007/snapshots").body());
        assertThat(snapshots.at("/snapshots/0/id").asText()).isEqualTo("20261124T030000Z");
        assertThat(snapshots)
                .isEqualTo(JSON.readTree(Shop.say("--home", home.toString(), "snapshots", "s0007", "--json")
                        .out()));
        assertThat(JSON.readTree(ask("GET", "/api/v1/stores/s0007/sightings").body())
                        .at("/sightings/0/state")
                        .asText())
                .isEqualTo("absent");
        assertThat(bundle.jobs.claim("s0008", "back-up")).isTrue();
        assertThat(post("s0008", "backup", token).statusCode()).isEqualTo(409);
        bundle.jobs.finish("s0008", "back-up", null);
    }

    @Test
    void anUpdateWithoutAPlanIsHandedOverToWordPress() throws Exception {
        bundle.ownUpdaters.block(
                "s0015",
                PLUGIN,
                "3.0.0",
                "5.1.0",
                "5.1.1",
                Instant.now(),
                new OwnUpdaters.Source(
                        List.of(new OwnUpdaters.Declared("5.1.0", List.of("cocart_update_510_db_structure"))), null),
                1,
                "no plan; upkeep approve s0015 --by-wordpress",
                Optional.empty());
        assertThat(state("s0015")).isEqualTo("blocked");
        assertThat(post("s0015", "approve", token).statusCode()).isEqualTo(409);
        assertThat(post("s0015", "approve?byWordpress=true", "wrong").statusCode())
                .isEqualTo(401);
        assertThat(state("s0015")).isEqualTo("blocked");

        HttpResponse<String> answer = post("s0015", "approve?byWordpress=true", token);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(JSON.readTree(answer.body()).get("done").asText())
                .startsWith("Approved: ")
                .contains("WordPress is asked to run cocart_update_510_db_structure.");
        assertThat(state("s0015")).isEqualTo("pending");
        String id = bundle.updates.current("s0015").orElseThrow().id();
        assertThat(bundle.ownUpdaters.of(id).isHandedOver()).isTrue();
        assertThat(store("s0015").at("/dataUpdate/state").asText()).isEqualTo("pending");
        assertThat(post("s0015", "approve?byWordpress=true", token).statusCode())
                .isEqualTo(409);
    }

    @Test
    void aPlanThatHasChangedIsTakenByHand() throws Exception {
        plan("s0016");
        assertThat(post("s0016", "approve", token).statusCode()).isEqualTo(200);
        assertThat(post("s0016", "cancel", token).statusCode()).isEqualTo(200);
        HttpResponse<String> answer = post("s0016", "retry?replan=true", token);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(JSON.readTree(answer.body()).get("done").asText())
                .contains("goes by the plan as it is in config/updates now (state: pending)");
        JsonNode update = store("s0016").get("dataUpdate");
        assertThat(update.get("state").asText()).isEqualTo("pending");
        assertThat(update.get("steps").findValuesAsText("name"))
                .containsExactly("add-cart-created", "add-cart-source", "add-cart-hash");
        assertThat(update.get("steps").findValuesAsText("status")).containsOnly("pending");
    }

    @Test
    void aBackupIsMade() throws Exception {
        HttpResponse<String> answer = post(BACKED_UP, "backup", token);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(JSON.readTree(ask("GET", "/api/v1/stores/" + BACKED_UP + "/events")
                                        .body())
                                .findValuesAsText("text"))
                        .anyMatch(text -> text.startsWith("Snapshot ") && text.contains(" sealed: ")));
        JsonNode made = JSON.readTree(
                        ask("GET", "/api/v1/stores/" + BACKED_UP + "/snapshots").body())
                .at("/snapshots/0");
        assertThat(made.get("files").asInt()).isEqualTo(4); // three, and the dump
        assertThat(store(BACKED_UP).at("/lastSnapshot/id").asText())
                .isEqualTo(made.get("id").asText());
        Path snapshot = home.resolve("data/backups/snapshots/" + BACKED_UP)
                .resolve(made.get("id").asText());
        assertThat(snapshot.resolve("database.sql.gz")).isNotEmptyFile();
        assertThat(snapshot.resolve("wp-content/plugins/a")).isDirectory();
    }

    @Test
    void pollingCostsNothingWhileNothingChanges() throws Exception {
        HttpResponse<String> first = ask("GET", "/api/v1/stores/s0020");
        String etag = first.headers().firstValue("ETag").orElseThrow();
        HttpResponse<String> again = ask("GET", "/api/v1/stores/s0020", "If-None-Match", "W/" + etag + ", \"x\"");
        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
        assertThat(again.headers().firstValue("ETag")).hasValue(etag);
        plan("s0020");
        assertThat(ask("GET", "/api/v1/stores/s0020", "If-None-Match", etag).statusCode())
                .isEqualTo(200);
    }

    @Test
    void aThousandStoresAreShownInLessThanASecond() throws Exception {
        ask("GET", "/api/v1/status");
        long begun = System.nanoTime();
        HttpResponse<String> answer = ask("GET", "/api/v1/status");
        long millis = Duration.ofNanos(System.nanoTime() - begun).toMillis();
        System.out.println("GET /api/v1/status, " + STORES + " stores: " + millis + " ms");
        assertThat(JSON.readTree(answer.body()).get("stores")).hasSize(STORES);
        assertThat(millis).isLessThan(3000); // measured: see the line above; this machine may be busy
        JsonNode page = JSON.readTree(
                ask("GET", "/api/v1/stores?search=S09&limit=3&offset=2").body());
        assertThat(page.get("total").asInt()).isEqualTo(100);
        assertThat(page.get("stores").findValuesAsText("id")).containsExactly("s0902", "s0903", "s0904");
        plan("s0950");
        JsonNode waiting = JSON.readTree(
                ask("GET", "/api/v1/stores?state=awaiting-approval&search=s095").body());
        assertThat(waiting.get("total").asInt()).isEqualTo(1);
        assertThat(waiting.at("/stores/0/id").asText()).isEqualTo("s0950");
    }

    @Test
    void commandsAskTheRunningOneAndDoWithoutIfThereIsNone() throws Exception {
        Path file = home.resolve("data/console.json");
        assertThat(JSON.readTree(Files.readString(file)).path("url").asText()).isEqualTo(console.toString());
        plan("s0030");
        // settings that lead a command elsewhere by itself, but not to another console
        settings("upkeep.console.port = 0", "upkeep.database.url = jdbc:h2:mem:other");
        try {
            JsonNode status = JSON.readTree(
                    Shop.say("--home", home.toString(), "status", "--json").out());
            assertThat(status.at("/stores/30/dataUpdate/state").asText()).isEqualTo("awaiting-approval");
            Shop.Said approved = Shop.say("--home", home.toString(), "approve", "s0030");
            assertThat(approved.code()).as(approved.err()).isZero();
            assertThat(approved.out()).startsWith("Approved: the data update of ");
            assertThat(state("s0030")).isEqualTo("pending");
            Shop.Said again = Shop.say("--home", home.toString(), "approve", "s0030");
            assertThat(again.code()).isEqualTo(1);
            assertThat(again.err().strip())
                    .isEqualTo("upkeep: store s0030: no data update awaits approval (state: pending)");
        } finally {
            settings("upkeep.console.port = 0");
        }
    }

    @Test
    void aFileThatAKilledRunHasLeftBehindIsNoRunningOne() throws Exception {
        Path stale = Files.createDirectories(folder.resolve("elsewhere/data")).resolve("console.json");
        Files.copy(home.resolve("data/console.json"), stale);
        assertThat(JSON.readTree(elsewhere("status", "--json").out())
                        .at("/stores/0/id")
                        .asText())
                .isEqualTo("s0011");
        Files.delete(stale);
    }

    @Test
    void theOpenApiDocumentIsWhatTheRoutesAndAnswersAre() throws Exception {
        JsonNode document = JSON.readTree(ask("GET", "/api/v1/openapi.json").body());
        assertThat(document.get("openapi").asText()).startsWith("3.");
        TreeSet<String> described = new TreeSet<>();
        document.get("paths").fields().forEachRemaining(path -> path.getValue()
                .fieldNames()
                .forEachRemaining(method ->
                        described.add(method.toUpperCase(java.util.Locale.ROOT) + " /api/v1" + path.getKey())));
        TreeSet<String> served = new TreeSet<>();
        List<String> lines = Files.readAllLines(Path.of("routes/console.camel.yaml"));
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).strip().startsWith("uri: platform-http:/api/")) {
                served.add(lines.get(i + 2).strip().replaceAll("httpMethodRestrict: (GET|POST).*", "$1") + " "
                        + lines.get(i).strip().substring("uri: platform-http:".length()));
            }
        }
        assertThat(described).isEqualTo(served);
        plan("s0040");
        for (String path : List.of(
                "/stores", "/stores/{id}", "/stores/{id}/snapshots", "/stores/{id}/events", "/stores/{id}/sightings")) {
            for (String store : path.contains("{id}") ? List.of("s0040", "s0007", "s0041") : List.of("?limit=2")) {
                HttpResponse<String> answer =
                        ask("GET", "/api/v1" + (path.contains("{id}") ? path.replace("{id}", store) : path + store));
                assertValid(document, path, "get", answer);
            }
        }
        assertValid(document, "/stores/{id}", "get", ask("GET", "/api/v1/stores/nobody"));
        assertValid(document, "/session", "post", ask("POST", "/api/v1/session", "Authorization", "Bearer " + token));
        assertValid(document, "/stores/{id}/approve", "post", post("s0040", "approve", token));
        assertValid(document, "/stores/{id}/approve", "post", post("s0040", "approve", token));
        assertValid(document, "/stores/{id}/detect", "post", post("s0041", "detect", token));
        JsonNode events =
                JSON.readTree(ask("GET", "/api/v1/stores/s0040/events").body()).get("events");
        HttpResponse<String> earlier = ask(
                "GET",
                "/api/v1/stores/s0040/events?before=" + events.at("/0/id").asText());
        assertValid(document, "/stores/{id}/events", "get", earlier);
        assertThat(JSON.readTree(earlier.body()).get("events")).hasSize(events.size() - 1);
    }

    /** What goes wrong before a request reaches its route. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "400 | Authorization: Bearer x~Authorization: Bearer x",
                "401 | X-Forwarded-For: 192.0.2.77",
                "403 | Sec-Fetch-Site: cross-site~Authorization: Bearer TOKEN",
                "411 | Transfer-Encoding: chunked~Authorization: Bearer TOKEN",
                "413 | Content-Length: 20000~Authorization: Bearer TOKEN",
                "421 | Host: evil.example",
            })
    void theOpenApiDocumentHasWhatIsAnsweredEverywhere(int status, String headers) throws Exception {
        JsonNode document = JSON.readTree(ask("GET", "/api/v1/openapi.json").body());
        for (var path : document.get("paths").properties()) {
            for (var method : path.getValue().properties()) {
                String answer = raw(method.getKey().toUpperCase(java.util.Locale.ROOT) + " /api/v1"
                        + path.getKey().replace("{id}", "s0045") + " HTTP/1.1\r\n"
                        + (headers.startsWith("Host") ? "" : "Host: localhost\r\n")
                        + headers.replace("~", "\r\n").replace("TOKEN", token)
                        + "\r\nConnection: close\r\n\r\n" + "x".repeat(status == 413 ? 20_000 : 0));
                assertThat(answer).as(path.getKey()).startsWith("HTTP/1.1 " + status + " ");
                assertThat(answer).contains("\r\nContent-Type: application/problem+json\r\n");
                assertValid(
                        document,
                        path.getKey(),
                        method.getKey(),
                        status,
                        "application/problem+json",
                        answer.substring(answer.indexOf("\r\n\r\n") + 4));
            }
        }
    }

    private static void assertValid(JsonNode document, String path, String method, HttpResponse<String> answer)
            throws Exception {
        assertValid(
                document,
                path,
                method,
                answer.statusCode(),
                answer.headers().firstValue("Content-Type").orElseThrow(),
                answer.body());
    }

    private static void assertValid(JsonNode document, String path, String method, int status, String type, String body)
            throws Exception {
        JsonNode response =
                document.path("paths").path(path).path(method).path("responses").path(String.valueOf(status));
        if (response.has("$ref")) {
            response = document.at(response.get("$ref").asText().substring(1));
        }
        JsonNode content = response.path("content");
        assertThat(content.has(type)).as(path + " " + status + " " + type).isTrue();
        ObjectNode schema = content.path(type).path("schema").deepCopy();
        schema.set("components", document.get("components"));
        assertThat(SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                        .getSchema(schema.toString(), InputFormat.JSON)
                        .validate(body, InputFormat.JSON))
                .as(path + ": " + body)
                .isEmpty();
    }

    @Test
    void aPortThatIsTakenEndsTheStartWithASentence() throws Exception {
        Path other = Files.createDirectories(folder.resolve("taken"));
        Shop.copy(home.resolve("routes"), other.resolve("routes"));
        Shop.copy(home.resolve("config/updates"), other.resolve("config/updates"));
        Files.writeString(
                other.resolve("config/application.properties"),
                "upkeep.stores = acme\nupkeep.store.acme.files = file:" + folder.resolve("shop")
                        + "\nupkeep.console.port = " + console.getPort() + "\n");
        Shop.Said said = Shop.say("--home", other.toString(), "run");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err().strip())
                .isEqualTo("upkeep: The console cannot listen at 127.0.0.1:" + console.getPort()
                        + ", because another program does, perhaps another run; set upkeep.console.port to a free"
                        + " port, or upkeep.console.enabled = false");
        assertThat(other.resolve("data/console.json")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "console.port = 70000 | upkeep.console.port must be a whole number from 1 to 65535, not '70000'",
                "console.enabled = yes | upkeep.console.enabled must be true or false, not 'yes'",
                "console.tls.key = config/application.properties | upkeep.console.tls.key needs"
                        + " upkeep.console.tls.certificate beside it",
                "console.tls.certificate = none.pem | none.pem, which cannot be read; it must be a PEM file",
                "console.adress = 0.0.0.0 | unknown property upkeep.console.adress; did you mean upkeep.console.address?"
            })
    void aWrongSettingIsSaid(String line, String expected) throws Exception {
        Path other = Files.createDirectories(folder.resolve("wrong/config"));
        Files.writeString(
                other.resolve("application.properties"),
                "upkeep.stores = acme\nupkeep.store.acme.files = file:/\nupkeep." + line + "\n");
        Shop.Said said = Shop.say("--home", other.getParent().toString(), "token");
        assertThat(said.code()).isEqualTo(2);
        assertThat(said.err()).hasLineCount(1).contains("line 3: ", expected);
    }

    @ParameterizedTest
    @CsvSource({"Shop.example, shop.example", "0.0.0.0,", "::,", "192.0.2.1,"})
    void theNameThatItListensAtIsOneToAskForItBy(String address, String host) throws Exception {
        Path other = Files.createDirectories(folder.resolve("named/config"));
        Files.writeString(
                other.resolve("application.properties"),
                "upkeep.stores = acme\nupkeep.store.acme.files = file:/\nupkeep.console.hosts = proxy.example\n"
                        + "upkeep.console.address = " + address + "\n");
        List<String> hosts = new ArrayList<>(List.of("proxy.example"));
        Optional.ofNullable(host).ifPresent(hosts::add);
        assertThat(Settings.load(other.getParent(), null).console().hosts()).containsExactlyInAnyOrderElementsOf(hosts);
    }

    private static void plan(String store) {
        bundle.updates
                .plan(store, PLUGIN, "2.9.3", "3.0.0", "4.3.6", Instant.now(), false)
                .orElseThrow();
    }

    private static String state(String store) {
        return bundle.updates.current(store).orElseThrow().state();
    }

    private static JsonNode store(String id) throws Exception {
        return JSON.readTree(ask("GET", "/api/v1/stores/" + id).body());
    }

    /** A command of a home with the same state database, but no running console. */
    private static Shop.Said elsewhere(String... arguments) throws Exception {
        Path other = Files.createDirectories(folder.resolve("elsewhere"));
        if (!Files.exists(other.resolve("config"))) {
            Shop.copy(Path.of("config/updates"), other.resolve("config/updates"));
            Files.writeString(
                    other.resolve("config/application.properties"),
                    String.join(
                            "\n",
                            "upkeep.stores = s0011",
                            "upkeep.store.s0011.files = file:" + folder.resolve("shop"),
                            "upkeep.database.url = jdbc:h2:file:" + home.resolve("data/upkeep") + ";AUTO_SERVER=TRUE",
                            ""));
        }
        List<String> all = new ArrayList<>(List.of("--home", other.toString()));
        all.addAll(List.of(arguments));
        return Shop.say(all.toArray(String[]::new));
    }

    private static HttpResponse<String> post(String store, String action, String token) throws Exception {
        return ask("POST", "/api/v1/stores/" + store + "/" + action, "Authorization", "Bearer " + token);
    }

    private static HttpResponse<String> ask(String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(console.toString().replaceFirst("/$", "") + path))
                .timeout(Duration.ofSeconds(30))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Sends bytes as they are and returns all that comes until the server closes. */
    private static String raw(String request) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), console.getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            StringBuilder answer = new StringBuilder();
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[8192];
            try {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    answer.append(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
                }
            } catch (java.net.SocketException e) {
                // reset, because it does not read the rest
            }
            return answer.toString();
        }
    }
}
