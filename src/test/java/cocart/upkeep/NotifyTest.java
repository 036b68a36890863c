package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import cocart.upkeep.console.Paint;
import cocart.upkeep.console.Tables;
import cocart.upkeep.demo.EmbeddedSftp;
import cocart.upkeep.notify.Message;
import cocart.upkeep.notify.Notice;
import cocart.upkeep.notify.Outbox;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.mail.internet.MimeMessage;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;

/** News through the shipped routes to a real SMTP server and a real HTTP server. */
class NotifyTest {

    private static final String MAIL_PASSWORD = "m4il-s3cret";

    @TempDir
    Path folder;

    private final WebHook hook = hook();
    private final GreenMail mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    private final Hours clock = new Hours();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final List<Running> running = new ArrayList<>();
    private Path home;

    /** An instance of the program. */
    private record Running(Bundle bundle, CamelContext camel, ProducerTemplate template) {

        void send() {
            template.requestBody("direct:notify", (Object) null);
        }

        /** A run of a job that ends with an error, or well with null. */
        void job(String store, String job, String error) {
            assertThat(bundle.jobs.claim(store, job)).isTrue();
            bundle.jobs.finish(store, job, error);
            bundle.notices.refresh(store);
        }
    }

    /** A clock that stands still until it is set. */
    private static final class Hours extends Clock {

        private volatile Instant now = Instant.parse("2026-11-24T12:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }

    @BeforeEach
    void start() throws Exception {
        mail.start();
        mail.setUser("upkeep@example.org", "upkeep", MAIL_PASSWORD);
        home = Files.createDirectories(folder.resolve("home"));
        Shop.copy(Path.of("routes"), home.resolve("routes"));
        Shop.copy(Path.of("config/updates"), home.resolve("config/updates"));
        log.start();
        root().addAppender(log);
    }

    @AfterEach
    void stop() {
        root().detachAppender(log);
        running.forEach(one -> one.bundle().close());
        mail.stop();
        hook.close();
    }

    @Test
    void eachChangeIsToldOnceToEachChannelAndWhatIsOverTooButNotWhatCameAndWent() throws Exception {
        Running one = start(false, both());
        one.job("acme", "detect", "store acme: nothing listens at 127.0.0.1:2222");
        one.send();
        assertThat(hook.got).hasSize(1);
        WebHook.Got got = hook.got.get(0);
        assertThat(got.method()).isEqualTo("POST");
        assertThat(got.path()).isEqualTo("/" + WebHook.SECRET);
        assertThat(got.headers().get("Content-type")).containsExactly("application/json; charset=utf-8");
        assertThat(got.json().get("type").asText()).isEqualTo("news");
        JsonNode notice = got.json().at("/notices/0");
        assertThat(got.json().get("notices")).hasSize(1);
        assertThat(notice.get("change").asText()).isEqualTo("raised");
        assertThat(notice.get("store").asText()).isEqualTo("acme");
        assertThat(notice.get("kind").asText()).isEqualTo("attention");
        assertThat(notice.get("cause").asText()).isEqualTo("job-failed");
        assertThat(notice.get("text").asText()).isEqualTo("store acme: nothing listens at 127.0.0.1:2222");
        MimeMessage first = mails(2).get(0);
        assertThat(first.getSubject()).isEqualTo("[CoCart Upkeep] acme: nothing listens at 127.0.0.1:2222");
        assertThat(first.getFrom()[0]).hasToString("upkeep@example.org");
        assertThat(first.getHeader("To", null)).isEqualTo("ops@example.org, boss@example.org");
        assertThat(first.getHeader("Auto-Submitted", null)).isEqualTo("auto-generated");
        assertThat(first.getContent().toString()).startsWith("acme: nothing listens at 127.0.0.1:2222 (job-failed)");

        one.bundle().notices.refreshAll();
        one.send();
        assertThat(hook.got).as("nothing is new").hasSize(1);

        one.job("acme", "detect", "store acme: does not let the user deploy in");
        one.send();
        assertThat(hook.got.get(1).json().at("/notices/0/change").asText()).isEqualTo("changed");
        one.job("acme", "detect", null);
        one.send();
        assertThat(hook.got.get(2).json().at("/notices/0/change").asText()).isEqualTo("cleared");
        assertThat(hook.got.get(2).json().at("/notices/0/clearedAt").isTextual())
                .isTrue();
        one.send();
        assertThat(hook.got).hasSize(3);
        assertThat(mails(2 * 3).get(2).getSubject()).contains("acme: Over: ");

        one.job("acme", "detect", "store acme: away for a moment");
        one.job("acme", "detect", null);
        one.send();
        assertThat(hook.got).as("it came and went").hasSize(3);
        one.job("acme", "detect", "store acme: away for a moment");
        one.send();
        assertThat(hook.got.get(3).json().at("/notices/0/change").asText()).isEqualTo("raised");
    }

    @Test
    void aTextWhoseFiguresChangeIsNoNewsAndStaysDismissedUntilItSaysSomethingElse() throws Exception {
        Running one = start(false, both());
        for (int i = 0; i < 5; i++) {
            one.job("acme", "back-up", "store acme: only " + (700 - i) + " MB are free after " + i + " s");
            one.send();
        }
        assertThat(hook.got).hasSize(1);
        Notice notice = one.bundle().notices.open("acme").get(0);
        assertThat(notice.text()).as("but it is shown").contains("only 696 MB");
        assertThat(notice.cause()).isEqualTo("backup-failed");
        assertThat(notice.changedAt()).isEqualTo(notice.raisedAt());

        assertThat(one.bundle().notices.dismiss("other", notice.id())).isFalse();
        assertThat(one.bundle().notices.dismiss("acme", notice.id())).isTrue();
        assertThat(one.bundle().notices.dismiss("acme", notice.id())).isFalse();
        one.job("acme", "back-up", "store acme: only 12 MB are free after 9 s");
        one.send();
        assertThat(one.bundle().notices.open("acme")).isEmpty();
        assertThat(hook.got).hasSize(1);

        one.job("acme", "back-up", "store acme: the disk is broken");
        one.send();
        assertThat(one.bundle().notices.open("acme"))
                .singleElement()
                .extracting(Notice::text)
                .isEqualTo("store acme: the disk is broken");
        assertThat(hook.got).hasSize(2);
    }

    @Test
    void aDismissedFailureStaysDismissedWhicheverJobMeetsItNext() throws Exception {
        Running one = start(false, both());
        String away = "store acme: nothing listens at 127.0.0.1:";
        one.job("acme", "back-up", away + 22);
        assertThat(error(one)).isEqualTo(away + 22);
        one.send();
        assertThat(hook.got).hasSize(1);
        assertThat(one.bundle().decisions.dismiss("acme").done()).isTrue();
        assertThat(error(one)).as("dismissed, too").isNull();
        assertThat(one.bundle().notices.dismissed(List.of("acme"))).isEqualTo(Map.of("acme", List.of(away + 22)));
        assertThat(shown(one)).isEqualTo("0:   dismissed    " + away + 22);

        one.job("acme", "detect", away + 23);
        one.job("acme", "prune", away + 24);
        one.job("acme", "detect", null);
        one.job("acme", "back-up", null);
        one.send();
        assertThat(one.bundle().notices.open("acme")).as("prune still says it").isEmpty();
        assertThat(error(one)).isNull();
        assertThat(hook.got).hasSize(1);

        one.job("acme", "detect", "store acme: does not let the user in");
        assertThat(one.bundle().notices.open("acme"))
                .extracting(Notice::text)
                .containsExactly("store acme: does not let the user in");
        assertThat(error(one)).isEqualTo("store acme: does not let the user in");
        assertThat(shown(one)).as("something else").startsWith("1: ");
        one.job("acme", "prune", null);
        one.job("acme", "detect", away + 22);
        assertThat(one.bundle().notices.open("acme"))
                .as("it was over in between")
                .extracting(Notice::text)
                .containsExactly(away + 22);
    }

    /** The exit code of {@code status}, and what it shows as dismissed. */
    private static String shown(Running one) {
        StringWriter text = new StringWriter();
        ObjectNode status = one.bundle().status.of(one.bundle().stores.get("acme"));
        Tables.store(new PrintWriter(text, true), status, Paint.PLAIN);
        return Tables.exitCode(status) + ": "
                + text.toString()
                        .lines()
                        .filter(line -> line.contains("dismissed"))
                        .collect(Collectors.joining("\n"));
    }

    private static String error(Running one) {
        return one.bundle()
                .status
                .of(one.bundle().stores.get("acme"))
                .get("error")
                .textValue();
    }

    @Test
    void aSubjectIsFoldedAndInAsciiWhateverItSays() throws Exception {
        String id = "shop-" + "x".repeat(58);
        Running one = start(
                false,
                Stream.concat(
                                Stream.of(both()),
                                Stream.of(
                                        "upkeep.stores = acme," + id,
                                        "upkeep.store.acme.files = file:/var/www/shop",
                                        "upkeep.store." + id + ".files = file:/var/www/other"))
                        .toArray(String[]::new));
        one.job(
                id,
                "detect",
                "store " + id + ": größer\r\nBcc: all@example.org \uD83D\uDED2\uD83D\uDED2 " + "ö".repeat(80));
        one.send();
        MimeMessage got = mails(2).get(0);
        assertThat(got.getSubject())
                .startsWith("[CoCart Upkeep] " + id + ": größer Bcc: all@example.org \uD83D\uDED2\uD83D\uDED2 ö")
                .endsWith("ö…")
                .hasSizeLessThanOrEqualTo(120);
        String raw = got.getHeader("Subject", null);
        assertThat(raw).matches("\\p{ASCII}+");
        assertThat(("Subject: " + raw).split("\r\n"))
                .hasSizeGreaterThan(2)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(78))
                .noneMatch(line -> line.startsWith("Bcc"));
        assertThat(got.getHeader("Bcc")).isNull();
    }

    @Test
    void aChannelThatFailsIsTriedAgainAndSaidOnceAndKeepsNoOtherBack() throws Exception {
        Running one = start(false, both());
        hook.status = 503;
        one.job("acme", "detect", "store acme: away");
        one.send();
        mails(2);
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            one.send();
            return hook.got.size() == 2;
        });
        one.bundle().notices.refreshAll();
        assertThat(one.bundle().notices.open("")).singleElement().satisfies(notice -> {
            assertThat(notice.cause()).isEqualTo("channel-failed");
            assertThat(notice.text()).contains("webhook", "status 503", "upkeep.notify.webhook.url");
        });
        assertThat(said("cannot be sent by webhook")).hasSize(1);
        hook.status = 200;
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            one.send();
            return hook.got.size() == 3;
        });
        assertThat(causes(hook.got.get(2))).containsExactly("job-failed", "channel-failed");
        assertThat(hook.got.get(2).json().at("/notices/1/store").isNull()).isTrue();
        assertThat(said("can be sent by webhook again")).hasSize(1);
        one.bundle().notices.refreshAll();
        assertThat(one.bundle().notices.open("")).isEmpty();
        one.send();
        assertThat(mails(6))
                .as("news of acme, of the webhook, and that it is over")
                .hasSize(6);

        mail.stop();
        one.job("acme", "detect", "store acme: another error");
        one.send();
        assertThat(hook.got).hasSize(5);
        assertThat(said("cannot be sent by mail")).hasSize(1);
        assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage).noneMatch(line -> line.contains("s3cret"));
    }

    @Test
    void afterAFailureItWaits() throws Exception {
        Running one = start(false, both("upkeep.notify.back-off = 1h"));
        hook.status = 503;
        one.job("acme", "detect", "store acme: away");
        for (int i = 0; i < 4; i++) {
            one.send();
        }
        assertThat(hook.got).hasSize(1);
        assertThat(mails(2)).hasSize(2);
    }

    @Test
    void aWrongPasswordOrAddressIsNotShownAnywhere() throws Exception {
        Running one = start(
                false,
                "upkeep.notify.mail.enabled = true",
                "upkeep.notify.mail.server = smtp:127.0.0.1:" + mail.getSmtp().getPort()
                        + "?username=upkeep&password=RAW(wr0ng-s3cret)",
                "upkeep.notify.mail.from = upkeep@example.org",
                "upkeep.notify.mail.to = ops@example.org",
                "upkeep.notify.webhook.enabled = true",
                "upkeep.notify.webhook.url = http://127.0.0.1:1/" + WebHook.SECRET);
        one.job("acme", "detect", "store acme: away");
        one.send();
        assertThat(said("cannot be sent by mail: ")).hasSize(1);
        assertThat(said("cannot be sent by webhook: ")).hasSize(1);
        one.bundle().notices.refreshAll();
        assertThat(log.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .noneMatch(line -> line.contains("s3cret") || line.contains("Exception"));
        assertThat(one.bundle().notices.open("")).hasSize(2).noneMatch(notice -> notice.text()
                .contains("s3cret"));
    }

    @Test
    void hostileTextIsTextInEveryChannel() throws Exception {
        Running one = start(false, both("upkeep.notify.webhook.format = slack"));
        String hostile =
                "store acme: \"}],\\ </script>\r\nBcc: all@example.org\r\n\r\n<!channel> <https://evil|x> & \u202e \u0000 end";
        one.job("acme", "detect", hostile);
        one.send();
        JsonNode slack = hook.got.get(0).json();
        assertThat(slack.get("text").asText())
                .contains("&lt;!channel&gt; &lt;https:\u200b//evil|x&gt; &amp;")
                .doesNotContain("<", "\r", "\u202e", "\u0000", "://", "all@example")
                .satisfies(text -> assertThat(text.lines().filter(line -> line.startsWith("Bcc")))
                        .isEmpty());
        assertThat(slack.get("mrkdwn").asBoolean()).isFalse();
        MimeMessage got = mails(2).get(0);
        assertThat(got.getHeader("Bcc")).isNull();
        assertThat(got.getSubject())
                .contains("\"}],\\ </script> Bcc: all@example.org")
                .doesNotContain("\n", "\r");
        assertThat(got.getContent().toString().lines()).noneMatch(line -> line.startsWith("Bcc"));
        assertThat(mail.getReceivedMessages()).as("to nobody else").hasSize(2);
    }

    @Test
    void inQuietHoursOnlyWhatIsUrgentIsSentAndWhatIsOverByTheirEndNever() throws Exception {
        Running one = start(false, both("upkeep.notify.quiet = 22:00-07:00", "upkeep.zone = Europe/Berlin"));
        clock.now = Instant.parse("2026-11-24T21:30:00Z"); // 22:30 in Berlin
        one.job("acme", "detect", "store acme: away");
        one.job("acme", "drill", "store acme: the drill failed");
        one.send();
        assertThat(hook.got).isEmpty();
        one.job("acme", "verify", "store acme: the host key of h:22 is not the one in known_hosts");
        one.send();
        assertThat(hook.got).hasSize(1);
        assertThat(causes(hook.got.get(0))).containsExactly("host-key");
        assertThat(hook.got.get(0).json().get("urgent").asBoolean()).isTrue();
        assertThat(mails(2).get(0).getSubject()).startsWith("[CoCart Upkeep] URGENT: acme: ");
        one.job("acme", "detect", null);
        clock.now = Instant.parse("2026-11-25T05:59:00Z"); // 06:59 in Berlin
        one.send();
        assertThat(hook.got).hasSize(1);
        clock.now = Instant.parse("2026-11-25T06:00:00Z");
        one.send();
        assertThat(hook.got).hasSize(2);
        assertThat(texts(hook.got.get(1))).containsExactly("store acme: the drill failed");
    }

    @Test
    void theDigestListsWhatIsOpenPerStoreWhenItsTimeComes() throws Exception {
        Running one = start(
                false,
                both(
                        "upkeep.stores = acme,shop2",
                        "upkeep.store.acme.files = file:" + folder,
                        "upkeep.store.shop2.files = file:" + folder,
                        "upkeep.notify.digest.cron = 0/2 * * * * ?"));
        one.job("acme", "detect", "store acme: away");
        one.job("shop2", "detect", "store shop2: away");
        one.job("shop2", "drill", "store shop2: drill");
        one.send();
        // news and digest, in whichever order: on a slow machine the digest is due at once
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    one.send();
                    return hook.got.size() >= 2 && mail.getReceivedMessages().length >= 2;
                });
        assertThat(causes(hook.got.get(0))).hasSize(3);
        WebHook.Got digest = hook.got.get(isDigest(hook.got.get(0)) ? 0 : 1);
        assertThat(isDigest(digest)).isTrue();
        assertThat(texts(digest)).containsExactly("store acme: away", "store shop2: away", "store shop2: drill");
        MimeMessage[] mails = mail.getReceivedMessages();
        MimeMessage letter = mails[mails[0].getSubject().contains(" open at ") ? 0 : 1];
        assertThat(letter.getSubject()).isEqualTo("[CoCart Upkeep] 3 notices open at 2 stores");
        assertThat(letter.getContent().toString().replace("\r\n", "\n"))
                .contains("acme\n  away (job-failed)\n\nshop2\n  away (job-failed)\n")
                .startsWith("What is open at ");
    }

    private static boolean isDigest(WebHook.Got message) throws Exception {
        return message.json().get("type").asText().equals("digest");
    }

    @Test
    void aLineAboutNoStoreNamesNone() throws Exception {
        Running one = start(false, both("upkeep.stores = acme", "upkeep.store.acme.files = file:" + folder));
        Logger upkeep = (Logger) LoggerFactory.getLogger("upkeep");
        Level before = upkeep.getLevel();
        upkeep.setLevel(Level.INFO);
        try {
            one.camel()
                    .getRegistry()
                    .lookupByNameAndType("outbox", Outbox.class)
                    .log(new Message("log", true, Instant.now(), List.of()));
        } finally {
            upkeep.setLevel(before);
        }
        assertThat(log.list)
                .filteredOn(event -> event.getFormattedMessage().equals("Digest: 0 notices are open."))
                .hasSize(1)
                .noneMatch(event -> event.getMDCPropertyMap().containsKey("store"));
    }

    @Test
    void aThousandStoresThatFailAtOnceAreOneMessage() throws Exception {
        List<String> stores = IntStream.range(0, 1000).mapToObj(i -> "s" + i).toList();
        Running one = start(
                false,
                both(Stream.concat(
                                Stream.of("upkeep.stores = " + String.join(",", stores)),
                                stores.stream().map(id -> "upkeep.store." + id + ".files = file:" + folder))
                        .toArray(String[]::new)));
        JdbcClient.create(one.camel().getRegistry().lookupByNameAndType("dataSource", DataSource.class))
                .sql("INSERT INTO job_run (store, job, error)"
                        + " SELECT 's' || x, 'detect', 'store s' || x || ': the network is unreachable'"
                        + " FROM SYSTEM_RANGE(0, 999)")
                .update();
        one.bundle().notices.refreshAll();
        one.send();
        one.send();
        assertThat(hook.got).hasSize(1);
        assertThat(hook.got.get(0).json().get("notices")).hasSize(1000);
        assertThat(mails(2).get(0).getSubject()).isEqualTo("[CoCart Upkeep] 1000 notices from 1000 stores: job-failed");
        String text = mails(2).get(0).getContent().toString();
        assertThat(text).contains("… and job-failed at 900 more stores: ").hasSizeLessThan(40_000);
    }

    @Test
    void twoInstancesSendEachNewsOnce() throws Exception {
        List<String> stores = IntStream.range(0, 40).mapToObj(i -> "s" + i).toList();
        String[] settings = both(Stream.concat(
                        Stream.of("upkeep.stores = " + String.join(",", stores)),
                        stores.stream().map(id -> "upkeep.store." + id + ".files = file:" + folder))
                .toArray(String[]::new));
        Running one = start(false, settings);
        Running two = start(false, settings);
        hook.millis = 30;
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Future<?>> runs = new ArrayList<>();
            for (Running instance : List.of(one, two)) {
                runs.add(threads.submit(() -> IntStream.range(0, 60).forEach(i -> instance.send())));
            }
            runs.add(threads.submit(
                    () -> stores.forEach(store -> one.job(store, "detect", "store " + store + ": away"))));
            for (Future<?> run : runs) {
                run.get();
            }
        } finally {
            threads.shutdownNow();
        }
        one.send();
        List<String> told = new ArrayList<>();
        for (WebHook.Got got : hook.got) {
            told.addAll(texts(got));
        }
        assertThat(told).doesNotHaveDuplicates().hasSize(40);
        String mails =
                Stream.of(mail.getReceivedMessages()).map(NotifyTest::content).collect(Collectors.joining("\n"));
        for (String store : stores) {
            // each mail goes to two people
            assertThat(mails.split("\\b" + store + ": away", -1)).as(store).hasSize(1 + 2);
        }
    }

    @Test
    void theLogIsAlwaysToldOnceByTheRunningProgram() throws Exception {
        Running one = start(
                true,
                "upkeep.console.enabled = false",
                "upkeep.notices.cron = * * * * * ?",
                "upkeep.detect.cron = * * * * * ?");
        // there is no WordPress in that folder, which the first look finds out by itself
        await().atMost(Duration.ofSeconds(60))
                .until(() -> !one.bundle().notices.open("acme").isEmpty());
        one.bundle().jobs.claim("acme", "drill");
        one.bundle().jobs.finish("acme", "drill", "store acme: the drill failed");
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(said("Notice (attention): store acme: the drill failed"))
                        .hasSize(1));
        one.bundle().jobs.claim("acme", "drill");
        one.bundle().jobs.finish("acme", "drill", null);
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(said("Notice (attention) is over: store acme: the drill failed"))
                        .hasSize(1));
        assertThat(said("Notice (attention): store acme: the drill failed")).hasSize(1);
    }

    @Test
    void killedBetweenRaisingAndSendingItIsSentByTheNextRunOnce() throws Exception {
        String[] settings = both("upkeep.lease = 1s");
        write(settings);
        Path routes = home.resolve("routes/notify.camel.yaml");
        String shipped = Files.readString(routes);
        Files.writeString(
                routes,
                shipped.replace(
                        "                    - removeHeaders:\n",
                        "                    - bean:\n                        beanType: " + Pause.class.getName()
                                + "\n                        method: here\n                    - removeHeaders:\n"));
        assertThat(Files.readString(routes)).contains("method: here");
        Path marker = folder.resolve("reached");
        Process child = once(marker);
        await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(marker) || !child.isAlive());
        assertThat(child.isAlive())
                .as(Files.readString(folder.resolve("child.log")))
                .isTrue();
        child.destroyForcibly().waitFor();
        assertThat(hook.got).isEmpty();
        Files.writeString(routes, shipped);

        Running one = start(false, settings);
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            one.send();
            return !hook.got.isEmpty();
        });
        one.send();
        assertThat(hook.got).hasSize(1);
        assertThat(mails(2)).hasSize(2);
        assertThat(causes(hook.got.get(0))).contains("job-failed");
    }

    @Test
    void whatOneThatDiedHadUnderWayAnotherSendsWithTheSameId() throws Exception {
        Running one = start(false, both());
        Running two = start(false, both());
        one.job("acme", "detect", "store acme: away");
        Message underWay = one.camel()
                .getRegistry()
                .lookupByNameAndType("outbox", Outbox.class)
                .next("webhook");
        assertThat(underWay).isNotNull();
        two.send();
        assertThat(hook.got).as("the first may still live").isEmpty();
        assertThat(mails(2)).as("which keeps no other channel back").hasSize(2);
        // its claim has run out
        one.bundle().jobs.release();
        two.send();
        assertThat(hook.got).hasSize(1);
        assertThat(hook.got.get(0).json().get("id").asText()).isEqualTo(underWay.id());
    }

    @Test
    void aServerWithAnotherHostKeyIsUrgent() throws Exception {
        Path root = Files.createDirectories(folder.resolve("shop"));
        int port;
        try (EmbeddedSftp sftp = new EmbeddedSftp(root, folder.resolve("key-1"), 0, "s3cret!", List.of())) {
            sftp.trustIn(home.resolve("config/known_hosts"));
            port = sftp.port();
        }
        try (EmbeddedSftp sftp = new EmbeddedSftp(root, folder.resolve("key-2"), port, "s3cret!", List.of())) {
            Running one = start(
                    false,
                    "upkeep.store.acme.files = sftp:deploy@127.0.0.1:" + sftp.port() + "/?password=RAW(s3cret!)");
            one.template().requestBodyAndHeader("direct:detect", null, "store", "acme");
            assertThat(one.bundle().notices.open("acme")).singleElement().satisfies(notice -> {
                assertThat(notice.cause()).isEqualTo("host-key");
                assertThat(notice.urgent()).isTrue();
                assertThat(notice.text()).contains("--replace");
            });
        }
    }

    @Test
    void wrongSettingsAreSaidWithoutTheirSecret() throws Exception {
        assertWrong(
                "upkeep.notify.webhook.url must be an address",
                "upkeep.notify.webhook.enabled = true",
                "upkeep.notify.webhook.url = s3cret");
        assertWrong("must be json or slack, not 'xml'", both("upkeep.notify.webhook.format = xml"));
        assertWrong(
                "upkeep.notify.mail.server must be a Camel endpoint",
                both("upkeep.notify.mail.server = imap:h?password=s3cret"));
        assertWrong(
                "upkeep.notify.mail.to must be an address such as", both("upkeep.notify.mail.to = a@b\\r\\nBcc:c@d"));
        assertWrong("upkeep.notify.mail.from must be an address such as", both("upkeep.notify.mail.from ="));
        assertWrong("upkeep.notify.quiet must be hours such as 22:00-07:00", "upkeep.notify.quiet = 22-7");
        assertWrong("upkeep.notify.digest.cron is no Quartz cron", "upkeep.notify.digest.cron = daily");
        assertWrong("upkeep.notices.disk must be a size", "upkeep.notices.disk = much");
        assertWrong("upkeep.notices.exposure must be a duration", "upkeep.notices.exposure = soon");
    }

    @Test
    void aWrongOptionOfAChannelIsSaidWhereItStands() throws Exception {
        String server = "upkeep.notify.mail.server = smtps:mail.example:465?password=RAW(s3cret)&";
        String place = home.resolve("config/application.properties") + ", line ";
        assertWrong(
                "check",
                ": upkeep.notify.mail.server: Camel's component smtps has no option usrname; did you mean username?\n",
                both(server + "usrname=x"));
        assertWrong(
                "check",
                ": upkeep.notify.mail.server: the option connectionTimeout of Camel's component smtps cannot be 'soon'",
                both(server + "connectionTimeout=soon"));
        assertWrong("check", place, both(server + "connectionTimeout=soon"));
        Path route = home.resolve("routes/notify.camel.yaml");
        String text = Files.readString(route);
        Files.writeString(route, text.replace("httpMethod: POST", "httpMethod: PSOT"));
        assertWrong(
                "check",
                route + ", line "
                        + (text.substring(0, text.indexOf("httpMethod")).lines().count())
                        + ": the option httpMethod of Camel's component http cannot be 'PSOT'",
                both());
    }

    private void assertWrong(String expected, String... settings) throws Exception {
        assertWrong("status", expected, settings);
    }

    private void assertWrong(String command, String expected, String[] settings) throws Exception {
        write(settings);
        Shop.Said said = Shop.say("--home", home.toString(), command);
        assertThat(said.code()).as(said.err()).isEqualTo(2);
        assertThat(said.err()).contains(expected).doesNotContain("s3cret").hasLineCount(1);
    }

    private Process once(Path marker) throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        Shop.classPath(),
                        "-D" + Pause.MARKER + "=" + marker,
                        Upkeep.class.getName(),
                        "--home",
                        home.toString(),
                        "once")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("child.log").toFile())
                .start();
    }

    private Running start(boolean ticks, String... settings) throws Exception {
        write(settings);
        Bundle bundle = new Bundle(Settings.load(home, null), ticks, clock);
        CamelContext camel = bundle.start();
        Running started = new Running(bundle, camel, camel.createProducerTemplate());
        running.add(started);
        return started;
    }

    /** Settings for one store, acme, and these; a later line wins. */
    private void write(String... more) throws Exception {
        Files.createDirectories(home.resolve("config"));
        Files.writeString(
                home.resolve("config/application.properties"),
                String.join(
                        "\n",
                        String.join("\n", more).contains("upkeep.stores")
                                ? ""
                                : "upkeep.stores = acme\nupkeep.store.acme.files = file:" + folder,
                        "upkeep.notices.disk = 0B",
                        "upkeep.notify.pause = 0s",
                        "upkeep.notify.back-off = 500ms",
                        "upkeep.tick.cron = * * * * * ?",
                        String.join("\n", more),
                        ""));
    }

    /** Webhook and mail, and these lines. */
    private String[] both(String... more) {
        return Stream.concat(
                        Stream.of(
                                "upkeep.notify.webhook.enabled = true",
                                "upkeep.notify.webhook.url = " + hook.url(),
                                "upkeep.notify.mail.enabled = true",
                                "upkeep.notify.mail.server = smtp:127.0.0.1:"
                                        + mail.getSmtp().getPort() + "?username=upkeep&password=RAW(" + MAIL_PASSWORD
                                        + ")",
                                "upkeep.notify.mail.from = upkeep@example.org",
                                "upkeep.notify.mail.to = ops@example.org, boss@example.org"),
                        Stream.of(more))
                .toArray(String[]::new);
    }

    /** All mails that arrived, each once for each recipient. */
    private List<MimeMessage> mails(int count) {
        assertThat(mail.waitForIncomingEmail(5000, count)).isTrue();
        assertThat(mail.getReceivedMessages()).hasSize(count);
        return List.of(mail.getReceivedMessages());
    }

    private static String content(MimeMessage message) {
        try {
            return message.getContent().toString();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> causes(WebHook.Got got) throws Exception {
        return got.json().get("notices").findValuesAsText("cause");
    }

    private static List<String> texts(WebHook.Got got) throws Exception {
        return got.json().get("notices").findValuesAsText("text");
    }

    private List<String> said(String part) {
        return List.copyOf(log.list).stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(line -> line.contains(part))
                .toList();
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    private static WebHook hook() {
        try {
            return new WebHook();
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
