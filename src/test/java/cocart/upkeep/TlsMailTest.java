package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mail over TLS, from its first byte and by STARTTLS, to servers whose certificate is right, unknown, or another's. */
class TlsMailTest {

    private static final String HOST = "localhost";

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(names = {"SMTPS", "STARTTLS"})
    void newsArrivesAndNothingOfItIsSentInTheClear(TlsSmtp.Kind kind) throws Exception {
        Path keys = TlsSmtp.certificate(folder.resolve("keys.p12"), "dns:" + HOST);
        try (TlsSmtp server = new TlsSmtp(kind, keys)) {
            assertThat(send(server, kind, keys)).isEmpty();
            assertThat(server.got)
                    .contains(
                            "MAIL FROM:<upkeep@example.org>",
                            "RCPT TO:<ops@example.org>",
                            "Subject: [CoCart Upkeep] acme: away")
                    .anyMatch(line -> line.startsWith("AUTH "));
            assertThat(server.plain).allMatch(line -> line.startsWith("EHLO ") || line.equals("STARTTLS"));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SMTPS", "STARTTLS"})
    void aCertificateThatNobodyVouchesForIsOneSentence(TlsSmtp.Kind kind) throws Exception {
        Path keys = TlsSmtp.certificate(folder.resolve("keys.p12"), "dns:" + HOST);
        try (TlsSmtp server = new TlsSmtp(kind, keys)) {
            assertThat(send(server, kind, null))
                    .containsExactly("Notices cannot be sent by mail: its certificate is not signed by anybody that is"
                            + " trusted here. Check upkeep.notify.mail.server, .from and .to; they are tried again.");
            assertThat(server.got).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SMTPS", "STARTTLS"})
    void aCertificateOfAnotherServerIsOneSentence(TlsSmtp.Kind kind) throws Exception {
        Path keys = TlsSmtp.certificate(folder.resolve("keys.p12"), "dns:other.example");
        try (TlsSmtp server = new TlsSmtp(kind, keys)) {
            assertThat(send(server, kind, keys))
                    .containsExactly("Notices cannot be sent by mail: its certificate is made out to another name (No"
                            + " subject alternative DNS name matching localhost found). Check"
                            + " upkeep.notify.mail.server, .from and .to; they are tried again.");
            assertThat(server.got).isEmpty();
        }
    }

    @Test
    void aServerWithoutTlsIsToldNothing() throws Exception {
        Path keys = TlsSmtp.certificate(folder.resolve("keys.p12"), "dns:" + HOST);
        try (TlsSmtp server = new TlsSmtp(TlsSmtp.Kind.NONE, keys)) {
            assertThat(send(server, TlsSmtp.Kind.STARTTLS, keys))
                    .containsExactly("Notices cannot be sent by mail: STARTTLS is required but host does not support"
                            + " STARTTLS. Check upkeep.notify.mail.server, .from and .to; they are tried again.");
            assertThat(server.plain).allMatch(line -> line.matches("(EHLO|QUIT).*"));
        }
    }

    /** The route file that the comment beside the mail settings shows. */
    private static String documented() throws Exception {
        List<String> lines = Files.readAllLines(Path.of("config/application.properties"));
        int from = lines.indexOf("#   - beans:");
        assertThat(from).isPositive();
        return lines.subList(from, lines.size()).stream()
                .takeWhile(line -> line.startsWith("#   "))
                .map(line -> line.substring(4))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    /**
     * Sends one notice as an operator would have it sent.
     *
     * @param trusted key store with the certificate that is trusted; null for those that Java trusts
     * @return what the notices about the channel say
     */
    private List<String> send(TlsSmtp server, TlsSmtp.Kind kind, @Nullable Path trusted) throws Exception {
        Path home = Files.createDirectories(folder.resolve("home/config")).getParent();
        Shop.copy(Path.of("routes"), home.resolve("routes"));
        Shop.copy(Path.of("config/updates"), home.resolve("config/updates"));
        if (trusted != null) {
            // as config/application.properties says
            Files.copy(trusted, home.resolve("config/mail-ca.p12"));
            Files.writeString(home.resolve("routes/mail-tls.camel.yaml"), documented());
        }
        Files.writeString(
                home.resolve("config/application.properties"),
                String.join(
                        "\n",
                        "upkeep.stores = acme",
                        "upkeep.store.acme.files = file:" + folder,
                        "upkeep.notices.disk = 0B",
                        "upkeep.notify.mail.enabled = true",
                        "upkeep.notify.mail.server = " + (kind == TlsSmtp.Kind.SMTPS ? "smtps:" : "smtp:") + HOST + ":"
                                + server.port()
                                + (kind == TlsSmtp.Kind.SMTPS
                                        ? "?"
                                        : "?mail.smtp.starttls.enable=true&mail.smtp.starttls.required=true&")
                                + "username=upkeep&password=RAW(s3cret-w0rd)"
                                + (trusted == null ? "" : "&sslContextParameters=#mailTls"),
                        "upkeep.notify.mail.from = upkeep@example.org",
                        "upkeep.notify.mail.to = ops@example.org",
                        ""));
        try (Bundle bundle = new Bundle(Settings.load(home, null), false)) {
            CamelContext camel = bundle.start();
            assertThat(bundle.jobs.claim("acme", "detect")).isTrue();
            bundle.jobs.finish("acme", "detect", "store acme: away");
            bundle.notices.refresh("acme");
            camel.createProducerTemplate().requestBody("direct:notify", (Object) null);
            bundle.notices.refreshAll();
            return bundle.notices.open("").stream().map(notice -> notice.text()).toList();
        }
    }
}
