package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WpConfigTest {

    private static final String REST = "define('DB_USER','u');define('DB_PASSWORD','p');$table_prefix='wp_';";

    @Test
    void constantsAreReadByPhpsRules() {
        WpConfig config =
                config("// define('DB_NAME', 'no');\n/* define('DB_NAME', 'no'); */\n# define('DB_NAME','no');\n"
                        + "DEFINE ( \"DB_NAME\" , 'it\\'s' ) ;\ndefine('DB_NAME', 'second');\nconst DB_USER = \"a\\x41\\\"\\$\";\n"
                        + "define('DB_PASSWORD', 'a\\nb//c#d');\n$table_prefix = \"shop_\";");
        assertThat(config.value("DB_NAME").orElseThrow().text()).isEqualTo("it's");
        assertThat(config.value("DB_USER").orElseThrow().text()).isEqualTo("aA\"$");
        assertThat(config.value("DB_PASSWORD").orElseThrow().text()).isEqualTo("a\\nb//c#d");
        assertThat(config.value("$table_prefix").orElseThrow().text()).isEqualTo("shop_");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {"getenv('DB')", "'a' . 'b'", "\"$x\"", "\"{$x}\"", "SOME_CONSTANT", "$_ENV['DB']"})
    void aComputedValueNamesConstantLineAndProperty(String expression) {
        assertThatThrownBy(() ->
                        resolve("\ndefine('DB_HOST','localhost');\ndefine('DB_NAME', " + expression + ");" + REST))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("DB_NAME in wp-config.php, line 4")
                .hasMessageContaining("upkeep.store.acme.database.url");
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, 127.0.0.1, 3306, ",
        "db.example:3307, db.example, 3307, ",
        "localhost:/run/my.sock, 127.0.0.1, 3306, /run/my.sock",
        "[::1]:3308, [::1], 3308, ",
        "::1, [::1], 3306, "
    })
    void hostsAreReadAsWordPressReadsThem(String given, String host, int port, String socket) {
        DatabaseAddress address = resolve("\ndefine('DB_NAME','shop');define('DB_HOST','" + given + "');" + REST);
        assertThat(address.host()).isEqualTo(host);
        assertThat(address.port()).isEqualTo(port);
        assertThat(address.socket()).isEqualTo(socket);
    }

    @Test
    void aPrefixThatIsNoIdentifierIsRefused() {
        assertThatThrownBy(() -> resolve("define('DB_NAME','s');define('DB_HOST','localhost');define('DB_USER','u');"
                        + "define('DB_PASSWORD','p');$table_prefix='wp_; DROP TABLE x';"))
                .hasMessageContaining("$table_prefix");
    }

    private static DatabaseAddress resolve(String php) {
        StoreSettings store = new StoreSettings(
                "acme",
                "file:/x",
                null,
                List.of("p"),
                new StoreSettings.DatabaseSettings(null, null, null, null, false),
                false,
                Duration.ZERO,
                "0 * * * * ?",
                "UTC",
                new StoreSettings.Backup("0 0 3 * * ?", "", List.of(), "", 2, Duration.ZERO, 128, 16L << 20));
        return DatabaseAddresses.resolve(store, () -> Optional.of(("<?php\n" + php).getBytes(StandardCharsets.UTF_8)));
    }

    private static WpConfig config(String php) {
        return new WpConfig(("<?php\n" + php).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aMegabyteOfStringsIsReadInNoTime() {
        byte[] hostile = ("<?php\n" + "''\n".repeat(300_000) + "define('DB_NAME', 'shop');").getBytes();
        org.junit.jupiter.api.Assertions.assertTimeoutPreemptively(java.time.Duration.ofMinutes(4), () -> assertThat(
                        new WpConfig(hostile).value("DB_NAME").orElseThrow().line())
                .isEqualTo(300_002));
    }
}
