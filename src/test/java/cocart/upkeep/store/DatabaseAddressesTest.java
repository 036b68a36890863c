package cocart.upkeep.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a database is, from a wp-config.php that may have been written by somebody who means harm. */
class DatabaseAddressesTest {

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            nullValues = "-",
            value = {
                "db.example,            db.example, 3306, -",
                "db.example:3307,       db.example, 3307, -",
                "localhost,             127.0.0.1,  3306, -",
                "127.0.0.1:33306,       127.0.0.1,  33306, -",
                "localhost:/run/my.sock, 127.0.0.1, 3306, /run/my.sock",
                ":/run/my.sock,         127.0.0.1,  3306, /run/my.sock",
                "[::1]:3307,            [::1],      3307, -",
                "::1,                   [::1],      3306, -"
            })
    void hostsAsWordPressReadsThem(String dbHost, String host, int port, String socket) {
        DatabaseAddress address = address("file:/var/www/shop", "shop", dbHost, "shop", "pw");
        assertThat(address.host()).isEqualTo(host);
        assertThat(address.port()).isEqualTo(port);
        assertThat(address.socket()).isEqualTo(socket);
    }

    /** Else a hacked shop could make us use our own machine's database, whoever may enter it from here. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "",
                "127.0.0.1",
                "127.0.0.1:3306",
                "127.1:3306",
                "0.0.0.0",
                "0",
                "[::1]",
                "[::ffff:127.0.0.1]:3306",
                "evil.example:/run/mysqld/mysqld.sock",
                ":/run/mysqld/mysqld.sock"
            })
    void aRemoteStoreNeverLeadsToThisMachine(String dbHost) {
        assertThatThrownBy(() -> address("sftp:deploy@shop.example/var/www", "shop", dbHost, "shop", "pw"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("which only the store's own host can reach")
                .hasMessageContainingAll("upkeep.store.acme.database.tunnel = true", "upkeep.store.acme.database.url");
        assertThatThrownBy(() -> address("ftps:deploy@shop.example/var/www", "shop", dbHost, "shop", "pw"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("which only the store's own host can reach; FTP leads to no database");
    }

    @Test
    void aTunnelIsRecommendedOnlyWhereThereIsAnSshLogin() {
        assertThatThrownBy(() -> address("ftp:deploy@shop.example/var/www", "shop", "localhost", "shop", "pw"))
                .hasMessageContaining("upkeep.store.acme.database.url = jdbc:mariadb://HOST:3306/shop")
                .hasMessageNotContaining("tunnel");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            nullValues = "-",
            value = {
                "localhost,             127.0.0.1,   3306,  -",
                "127.0.0.1:33306,       127.0.0.1,   33306, -",
                "db.internal:3307,      db.internal, 3307,  -",
                "[::1],                 [::1],       3306,  -",
                "localhost:/run/my.sock, 127.0.0.1,  3306,  /run/my.sock"
            })
    void withATunnelHostsAreAsTheStoresOwnHostSeesThem(String dbHost, String host, int port, String socket) {
        DatabaseAddress address =
                address("sftp:deploy@shop.example/var/www", "shop", dbHost, "shop", "pw", tunnel(null));
        assertThat(address.host()).isEqualTo(host);
        assertThat(address.port()).isEqualTo(port);
        assertThat(address.socket()).isEqualTo(socket);
    }

    /** Else the driver would look for it on this machine. */
    @Test
    void aSocketInTheUrlIsTheAddressAndNoOptionAnyMore() {
        String url = "jdbc:mariadb://localhost/shop?sslMode=trust&localSocket=/run/my.sock&useCompression=true";
        DatabaseAddress address = address("sftp:deploy@shop.example/var/www", "x", "x", "shop", "pw", tunnel(url));
        assertThat(address.socket()).isEqualTo("/run/my.sock");
        assertThat(address.options()).isEqualTo("sslMode=trust&useCompression=true");
        assertThat(address.at(3307).socket()).isNull();
    }

    private static StoreSettings.DatabaseSettings tunnel(String url) {
        return new StoreSettings.DatabaseSettings(url, null, null, null, true);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--result-file=/etc/passwd",
                "-x",
                "shop?credentialType=ENV&userKey=HOME",
                "shop/x",
                "shop#x",
                "shop;x",
                "shop`x",
                "shop'x",
                "shop\nx",
                "a\u202eb"
            })
    void aNameThatMeansSomethingElseElsewhereIsRefused(String name) {
        assertRefused("the database name", name, "db.example", "shop", "pw");
    }

    @ParameterizedTest
    @ValueSource(strings = {"db/x?allowLocalInfile=true&a=", "db?x", "db,other", "(db)", "a b", "db\nx", "address=(x)"})
    void aHostThatMeansSomethingElseElsewhereIsRefused(String host) {
        assertRefused("the database host", "shop", host, "shop", "pw");
    }

    @Test
    void aUserOrPasswordThatWouldBreakAnOptionFileIsRefused() {
        assertRefused("the database user", "shop", "db.example", "A".repeat(4088) + "plugin-dir=/tmp #", "pw");
        assertRefused("the database user", "shop", "db.example", "shop\nplugin-dir=/tmp", "pw");
        assertRefused("the database password", "shop", "db.example", "shop", "p\rw");
        assertRefused("the database password", "shop", "db.example", "shop", "ö".repeat(300));
        assertThat(address("file:/x", "shop", "db.example", "shop", "p\"w' \\# ;$ö")
                        .password())
                .isEqualTo("p\"w' \\# ;$ö");
    }

    private static void assertRefused(String what, String name, String host, String user, String password) {
        assertThatThrownBy(() -> address("file:/var/www/shop", name, host, user, password))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.isPermanent()).isTrue())
                .hasMessageStartingWith("store acme: " + what)
                .hasMessageContaining("upkeep.store.acme.database.");
    }

    private static DatabaseAddress address(String files, String name, String host, String user, String password) {
        return address(
                files, name, host, user, password, new StoreSettings.DatabaseSettings(null, null, null, null, false));
    }

    private static DatabaseAddress address(
            String files,
            String name,
            String host,
            String user,
            String password,
            StoreSettings.DatabaseSettings database) {
        String config = "<?php\ndefine('DB_NAME', '" + php(name) + "');\ndefine('DB_USER', '" + php(user)
                + "');\ndefine('DB_PASSWORD', '" + php(password) + "');\ndefine('DB_HOST', '" + php(host)
                + "');\n$table_prefix = 'wp_';\n";
        return DatabaseAddresses.resolve(
                SftpServers.store(files, database), () -> Optional.of(config.getBytes(StandardCharsets.UTF_8)));
    }

    private static String php(String text) {
        return text.replace("\\", "\\\\").replace("'", "\\'");
    }
}
