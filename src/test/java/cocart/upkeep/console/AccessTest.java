package cocart.upkeep.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules by themselves, for addresses that one machine does not have. */
class AccessTest {

    private static final String LOCAL = "127.0.0.1";
    private static final String FOREIGN = "192.0.2.7";

    @TempDir
    Path folder;

    private final SetClock clock = new SetClock();
    private Token token;
    private String secret;
    private Sessions sessions;
    private Access access;

    @BeforeEach
    void start() {
        token = new Token(folder.resolve("data/token"));
        secret = token.show();
        sessions = new Sessions(token, clock);
        access = new Access(token, sessions, Set.of("upkeep.example"), "https", false, clock);
    }

    @Test
    void theTokenIsMadeOnceLongRandomAndPrivate() throws Exception {
        Path file = folder.resolve("data/token");
        assertThat(Base64.getUrlDecoder().decode(secret)).hasSize(32);
        assertThat(token.show()).isEqualTo(secret);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        token.show();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(token.replace()).isNotEqualTo(secret).hasSize(43);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "short", "a b"})
    void aFileThatHoldsNoTokenLetsNobodyIn(String content) throws Exception {
        Files.writeString(folder.resolve("data/token"), content);
        assertThat(ask("GET", FOREIGN, "upkeep.example", "Authorization", "Bearer " + content.strip()))
                .isEqualTo(401);
        Files.delete(folder.resolve("data/token"));
        assertThat(ask("GET", FOREIGN, "upkeep.example", "Authorization", "Bearer "))
                .isEqualTo(401);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, localhost:8080, 0",
        "127.0.0.1, LOCALHOST, 0",
        "127.0.0.1, 127.0.0.1:8080, 0",
        "127.0.0.1, [::1]:8080, 0",
        "::1, localhost, 0",
        "127.9.9.9, 127.0.0.1, 0",
        "127.0.0.1, upkeep.example, 401",
        "192.0.2.7, upkeep.example, 401",
        "192.0.2.7, localhost, 401",
        "192.0.2.7, 198.51.100.1:8080, 401",
        "2001:db8::1, 198.51.100.1:8080, 401",
        "127.0.0.1, evil.example, 421",
        "127.0.0.1, localhost.evil.example, 421",
        "127.0.0.1, 127.0.0.1.evil.example, 421",
        "127.0.0.1, evil.example:127.0.0.1, 421",
        "127.0.0.1, localhost@evil.example, 421",
        "127.0.0.1, [::1].evil.example, 421",
        "127.0.0.1, [::1, 421",
        "127.0.0.1, 198.51.100.2, 421",
        "127.0.0.1, '', 421",
    })
    void readingNeedsNoTokenOnThisMachineOnly(String peer, String host, int status) throws Exception {
        assertThat(ask("GET", peer, host)).isEqualTo(status);
        if (status == 0) {
            assertThat(ask("POST", peer, host)).isEqualTo(401);
        }
        if (status == 401) {
            assertThat(ask("GET", peer, host, "Authorization", "Bearer " + secret))
                    .isZero();
            assertThat(ask("GET", peer, host, "Authorization", basic("anybody", secret)))
                    .isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Forwarded-For", "x-forwarded-host", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP"})
    void behindAProxyReadingNeedsTheToken(String header) throws Exception {
        assertThat(ask("GET", LOCAL, "localhost", header, "127.0.0.1")).isEqualTo(401);
        assertThat(ask("GET", LOCAL, "localhost", header, "127.0.0.1", "Authorization", "Bearer " + secret))
                .isZero();
    }

    @Test
    void changingNeedsTheTokenInAWayThatNoBrowserKnowsByItself() throws Exception {
        for (String method : List.of("POST", "DELETE", "PUT", "PATCH", "BREW")) {
            assertThat(ask(method, LOCAL, "localhost", "Authorization", "Bearer " + secret))
                    .isZero();
            assertThat(ask(method, LOCAL, "localhost", "authorization", "bearer  " + secret))
                    .isZero();
            assertThat(ask(method, LOCAL, "localhost", "Authorization", basic("x", secret)))
                    .isEqualTo(401);
            assertThat(ask(method, LOCAL, "localhost", "Cookie", "token=" + secret))
                    .isEqualTo(401);
        }
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer " + secret + "x"))
                .isEqualTo(401);
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer")).isEqualTo(401);
    }

    @ParameterizedTest
    @CsvSource({
        "Origin, https://localhost:8080, 0",
        "Origin, HTTPS://LOCALHOST:8080, 0",
        "Origin, http://localhost:8080, 403",
        "Origin, https://localhost, 403",
        "Origin, https://evil.example, 403",
        "Origin, null, 403",
        "Origin, '', 403",
        "Sec-Fetch-Site, same-origin, 0",
        "Sec-Fetch-Site, same-site, 403",
        "Sec-Fetch-Site, cross-site, 403",
        "Sec-Fetch-Site, none, 403",
    })
    void aPageFromAnotherPlaceChangesNothing(String header, String value, int status) throws Exception {
        assertThat(ask("POST", LOCAL, "localhost:8080", header, value, "Authorization", "Bearer " + secret))
                .isEqualTo(status);
    }

    @Test
    void aHeaderThatIsThereTwiceIsRefused() throws Exception {
        Map<String, List<String>> headers = new TreeMap<>(Map.of("host", List.of("localhost", "evil.example")));
        assertThat(status(access, LOCAL, "GET", headers)).isEqualTo(400);
    }

    @Test
    void whoGuessesIsNotListenedToForTheRestOfAMinuteAndNobodyElseIsHeldUp() throws Exception {
        for (int i = 0; i < WrongTokens.MOST; i++) {
            assertThat(ask("GET", FOREIGN, "upkeep.example", "Authorization", "Bearer " + i))
                    .isEqualTo(401);
        }
        assertThat(ask("GET", FOREIGN, "upkeep.example", "Authorization", "Bearer x"))
                .isEqualTo(429);
        // others may share the address, as behind a proxy
        assertThat(ask("GET", FOREIGN, "upkeep.example", "Authorization", "Bearer " + secret))
                .isZero();
        assertThat(ask("GET", "192.0.2.8", "upkeep.example", "Authorization", "Bearer " + secret))
                .isZero();
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer " + secret))
                .isZero();
        clock.now = clock.now.plusSeconds(30);
        assertThat(ask("GET", FOREIGN, "upkeep.example", "Authorization", "Bearer x"))
                .isEqualTo(429);
        clock.now = clock.now.plusSeconds(31);
        assertThat(ask("GET", FOREIGN, "upkeep.example", "Authorization", "Bearer x"))
                .isEqualTo(401);
    }

    @Test
    void whoHasANetworkOfAddressesIsCountedAsOneAndManyTakeNoMemory() throws Exception {
        for (int i = 0; i < WrongTokens.MOST; i++) {
            assertThat(ask("GET", "2001:db8::" + i, "upkeep.example", "Authorization", "Bearer x"))
                    .isEqualTo(401);
        }
        assertThat(ask("GET", "2001:db8::ffff", "upkeep.example", "Authorization", "Bearer x"))
                .isEqualTo(429);
        WrongTokens wrong = new WrongTokens(clock);
        for (int i = 0; i < 5000; i++) {
            wrong.add("address " + i);
        }
        assertThat(wrong.remembered()).isLessThanOrEqualTo(1000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-For",
                "X-Original-Forwarded-For",
                "X_Forwarded_For",
                "Forwarded",
                "Via",
                "X-Real-IP",
                "X-Cluster-Client-IP",
                "Fastly-Client-IP",
                "X-Envoy-External-Address",
                "CDN-Loop",
                "CF-Ray",
                "X-Remote-Addr"
            })
    void whatAProxyPassesOnIsFromElsewhere(String header) throws Exception {
        assertThat(ask("GET", LOCAL, "localhost")).isZero();
        assertThat(ask("GET", LOCAL, "localhost", header, "192.0.2.1")).isEqualTo(401);
    }

    @Test
    void readingCanNeedTheTokenEverywhere() throws Exception {
        access = new Access(token, sessions, Set.of(), "http", true, clock);
        assertThat(ask("GET", LOCAL, "localhost")).isEqualTo(401);
        assertThat(ask("GET", LOCAL, "localhost", "Authorization", "Bearer " + secret))
                .isZero();
    }

    @Test
    void aPagesKeyCountsAsTheTokenUntilTheProcessTheTokenOrTwelveHoursEnd() throws Exception {
        String key = key();
        String other = key();
        assertThat(key).hasSize(43).isNotEqualTo(secret).isNotEqualTo(other);
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer " + key))
                .isZero();
        assertThat(ask("GET", FOREIGN, "upkeep.example", "Authorization", "Bearer " + key))
                .isZero();
        for (String cookie : List.of("key=" + key, "upkeep-key=" + key)) {
            assertThat(ask("POST", LOCAL, "localhost", "Cookie", cookie)).isEqualTo(401);
        }
        clock.now = clock.now.plusSeconds(11 * 3600);
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer " + key))
                .isZero();
        clock.now = clock.now.plusSeconds(11 * 3600);
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer " + key))
                .isZero();
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer " + other))
                .isEqualTo(401);

        Access next = new Access(token, new Sessions(token, clock), Set.of(), "http", false, clock);
        assertThat(status(
                        next,
                        LOCAL,
                        "POST",
                        Map.of("host", List.of("localhost"), "authorization", List.of("Bearer " + key))))
                .isEqualTo(401);
        token.replace();
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer " + key))
                .isEqualTo(401);
    }

    @Test
    void manyPagesTakeNoMemory() throws Exception {
        String first = key();
        for (int i = 0; i < 100; i++) {
            key();
        }
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer " + first))
                .isEqualTo(401);
        assertThat(ask("POST", LOCAL, "localhost", "Authorization", "Bearer " + key()))
                .isZero();
    }

    private String key() {
        return sessions.begin().replaceAll("\\{\"key\":\"(.*)\"}", "$1");
    }

    @Test
    void anotherPageCannotMakeABrowserReadButALinkCan() throws Exception {
        assertThat(ask("GET", LOCAL, "localhost", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"))
                .isEqualTo(403);
        assertThat(ask("GET", LOCAL, "localhost", "Sec-Fetch-Site", "same-site"))
                .isEqualTo(403);
        assertThat(ask("GET", LOCAL, "localhost", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"))
                .isZero();
        assertThat(ask("GET", LOCAL, "localhost", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"))
                .isZero();
    }

    private int ask(String method, String peer, String host, String... headers) throws Exception {
        Map<String, List<String>> all = new TreeMap<>();
        all.put("host", List.of(host));
        for (int i = 0; i < headers.length; i += 2) {
            all.put(headers[i].toLowerCase(java.util.Locale.ROOT), List.of(headers[i + 1]));
        }
        return status(access, peer, method, all);
    }

    /** 0 if the request may go on. */
    private static int status(Access access, String peer, String method, Map<String, List<String>> headers)
            throws Exception {
        return access.refuse(new Access.Asked(
                        method, InetAddress.getByName(peer), InetAddress.getByName("198.51.100.1"), headers))
                .map(refusal -> refusal.problem().status())
                .orElse(0);
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    private static final class SetClock extends Clock {

        private Instant now = Instant.parse("2026-11-24T12:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }
}
