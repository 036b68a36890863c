package cocart.upkeep.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cocart.upkeep.store.DatabaseAddress;
import cocart.upkeep.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The programs demand of the connection what the JDBC URL demands. */
class ClientOptionsTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            delimiter = '|',
            value = {
                "-                                        | loose-ssl-verify-server-cert=0",
                "sslMode=disable                          | loose-ssl-verify-server-cert=0",
                "sslMode=trust                            | loose-ssl=1 loose-ssl-verify-server-cert=0 loose-ssl-mode=REQUIRED",
                "sslMode=0                                | loose-ssl-verify-server-cert=0",
                "sslMode=REQUIRED                         | loose-ssl=1 loose-ssl-verify-server-cert=0 loose-ssl-mode=REQUIRED",
                "sslmode=Trust                            | loose-ssl=1 loose-ssl-verify-server-cert=0 loose-ssl-mode=REQUIRED",
                "sslMode=VERIFY_CA                        | loose-ssl=1 loose-ssl-verify-server-cert=1 loose-ssl-mode=VERIFY_CA",
                "sslMode=VERIFY_FULL                      | loose-ssl=1 loose-ssl-verify-server-cert=1"
                        + " loose-ssl-mode=VERIFY_IDENTITY",
                "sslMode=Verify-Full                      | loose-ssl=1 loose-ssl-verify-server-cert=1"
                        + " loose-ssl-mode=VERIFY_IDENTITY",
                "sslMode=VERIFY_IDENTITY                  | loose-ssl=1 loose-ssl-verify-server-cert=1"
                        + " loose-ssl-mode=VERIFY_IDENTITY",
                "sslMode=1                                | loose-ssl=1 loose-ssl-verify-server-cert=1"
                        + " loose-ssl-mode=VERIFY_IDENTITY",
                "useSSL=true&trustServerCertificate=true  | loose-ssl=1 loose-ssl-verify-server-cert=0 loose-ssl-mode=REQUIRED",
                "sslMode=verify-ca                        | loose-ssl=1 loose-ssl-verify-server-cert=1 loose-ssl-mode=VERIFY_CA",
                "x=y&useSsl=true                          | loose-ssl=1 loose-ssl-verify-server-cert=1"
                        + " loose-ssl-mode=VERIFY_IDENTITY",
                "sslMode=verify-full&serverSslCert=/a b.pem | loose-ssl=1 loose-ssl-verify-server-cert=1"
                        + " loose-ssl-mode=VERIFY_IDENTITY ssl-ca=\"/a b.pem\""
            })
    void encryptionIsThatOfTheUrl(@Nullable String options, String lines) throws IOException {
        assertThat(String.join(
                        " ",
                        text(options, "::1", null)
                                .subList(6, text(options, "::1", null).size())))
                .isEqualTo(lines);
    }

    @Test
    void anUnknownModeIsRefused() {
        assertThatThrownBy(() -> text("sslMode=verfy-full", "::1", null))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("verfy-full")
                .hasMessageContaining("sslMode is one of disable, trust, verify-ca and verify-full");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whoAndWhereIsQuoted() throws IOException {
        assertThat(text(null, "[2001:db8::1]", null).subList(0, 6))
                .containsExactly(
                        "[client]",
                        "user=\"sh\\\"op\"",
                        "password=\"a\\\\b#c\"",
                        "protocol=tcp",
                        "host=\"2001:db8::1\"",
                        "port=3307");
        assertThat(text(null, "", "/run/mysqld.sock")).contains("socket=\"/run/mysqld.sock\"");
        assertThat(folder).isEmptyDirectory();
    }

    private java.util.List<String> text(@Nullable String options, String host, @Nullable String socket)
            throws IOException {
        Path file = folder.resolve("client.cnf");
        DatabaseAddress address = new DatabaseAddress(
                host.equals("::1") ? "[::1]" : host, 3307, socket, "shop", "sh\"op", "a\\b#c", "wp_", options);
        try (ClientOptions written = new ClientOptions(file, address)) {
            assertThat(written.argument()).isEqualTo("--defaults-file=" + file);
            assertThat(written.hidden("password a\\b#c")).isEqualTo("password ***");
            return Files.readAllLines(file);
        }
    }
}
