package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code upkeep check} looks whether news could be sent and the page be served, and sends nothing. */
class ChannelsCheckTest {

    @TempDir
    Path folder;

    private final GreenMail mail = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    private WebHook hook;
    private Shop shop;

    @BeforeEach
    void open() throws Exception {
        hook = new WebHook();
        mail.start();
        mail.setUser("upkeep@example.org", "upkeep", "m4il-s3cret");
        shop = new Shop(folder, "manual", "2.9.3", 5);
        shop.files.plugin("2.9.3");
    }

    @AfterEach
    void close() throws Exception {
        shop.close();
        mail.stop();
        hook.close();
    }

    @Test
    void whatIsThereIsFineAndGetsNothing() throws Exception {
        Shop.Said check = check();
        assertThat(check.code()).as(check.out() + check.err()).isZero();
        assertThat(check.out())
                .contains("ok      console address\nok      webhook\nok      mail\n")
                .contains("ok      acme: database\n        " + Shop.SLUG
                        + " 3.0.0: nothing due for 2.9.3, but from code of version 3.0.0 on\n")
                .doesNotContain("step ", "proof ");
        assertThat(hook.got).isEmpty();
        assertThat(mail.getReceivedMessages()).isEmpty();
    }

    @Test
    void whatIsNotThereIsSaidInASentenceEach() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Shop.Said check = check(
                    "upkeep.console.port = " + taken.getLocalPort(),
                    "upkeep.notify.webhook.url = http://127.0.0.1:1/" + WebHook.SECRET,
                    server("wr0ng-s3cret"));
            assertThat(check.code()).isEqualTo(1);
            assertThat(check.out())
                    .contains(
                            "failed  console address: The console cannot listen at 127.0.0.1:" + taken.getLocalPort()
                                    + ", because another program does",
                            "failed  webhook: nothing listens at 127.0.0.1:1 (Connection refused);"
                                    + " check upkeep.notify.webhook.url\n",
                            "failed  mail: 127.0.0.1:" + mail.getSmtp().getPort()
                                    + " does not let user upkeep in (535 ")
                    .doesNotContain("s3cret");
        }
        assertThat(check(
                                "upkeep.notify.webhook.url = http://no-such-host.invalid/x",
                                "upkeep.notify.mail.enabled = false")
                        .out())
                .contains("failed  webhook: there is no host no-such-host.invalid, or no name server answers")
                .doesNotContain("mail");
        assertThat(check("upkeep.notify.webhook.url = https://127.0.0.1:"
                                + mail.getSmtp().getPort() + "/x")
                        .out())
                .contains("failed  webhook: no TLS connection can be made to 127.0.0.1:")
                .endsWith("\nNot ok: webhook\n");
    }

    private Shop.Said check(String... more) throws Exception {
        shop.settings(Stream.concat(
                        Stream.of(
                                "upkeep.console.enabled = true",
                                "upkeep.console.port = 0",
                                "upkeep.notify.webhook.enabled = true",
                                "upkeep.notify.webhook.url = " + hook.url(),
                                "upkeep.notify.mail.enabled = true",
                                server("m4il-s3cret"),
                                "upkeep.notify.mail.from = upkeep@example.org",
                                "upkeep.notify.mail.to = ops@example.org"),
                        Stream.of(more))
                .toArray(String[]::new));
        return shop.upkeep("check");
    }

    private String server(String password) {
        return "upkeep.notify.mail.server = smtp:127.0.0.1:" + mail.getSmtp().getPort()
                + "?username=upkeep&password=RAW(" + password + ")";
    }
}
