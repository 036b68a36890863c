package cocart.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import cocart.upkeep.store.EmbeddedFtp;
import cocart.upkeep.store.EmbeddedFtp.Security;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All four jobs for a store that offers FTP only, through the command line and the routes. */
class FtpShopTest {

    @TempDir
    Path folder;

    @Test
    void aStoreOnFtpsIsDetectedBackedUpMigratedAndCompletedAndItsFilesAreFetchedOnce() throws Exception {
        Path keys = EmbeddedFtp.certificate(folder.resolve("keys.p12"), "IP:127.0.0.1");
        try (Shop shop = new Shop(folder, "automatic", "2.9.3", 20);
                EmbeddedFtp ftp = new EmbeddedFtp(shop.root, true, Security.EXPLICIT, keys, 0)) {
            Files.copy(keys, shop.home.resolve("config/trust.p12"));
            shop.settings(
                    "upkeep.data-update = automatic",
                    "upkeep.store.acme.files = ftps:deploy@127.0.0.1:" + ftp.port() + "/?password=RAW("
                            + EmbeddedFtp.PASSWORD + ")&ftpClient.trustStore.file=config/trust.p12"
                            + "&ftpClient.trustStore.password=RAW(changeit)");
            shop.files.plugin("4.3.6");
            quiet(shop.root);

            Shop.Said check = shop.upkeep("check");
            assertThat(check.out()).as(check.err()).contains("ok      acme: files");
            Shop.Said once = shop.upkeep("once");
            assertThat(once.code()).as(once.out() + once.err()).isZero();
            assertThat(shop.database.columns()).isEqualTo(Shop.NEW_COLUMNS);
            assertThat(once.out() + once.err()).doesNotContain(EmbeddedFtp.PASSWORD, "changeit");

            long uploads = uploads(ftp);
            assertThat(uploads).isPositive();
            assertThat(shop.upkeep("backup", "acme").code()).isZero();
            assertThat(uploads(ftp)).isEqualTo(uploads);
            try (Stream<Path> snapshots = Files.list(shop.home.resolve("data/backups/snapshots/acme"))) {
                assertThat(snapshots).hasSizeGreaterThan(1).allSatisfy(snapshot -> assertThat(
                                snapshot.resolve("wp-content/uploads/2026/11/köttbullar.txt"))
                        .hasContent("not a picture"));
            }
        }
    }

    /** Files of uploads that were fetched; the plugin's header is read at every look. */
    private static long uploads(EmbeddedFtp ftp) {
        return ftp.commands.stream()
                .filter(command -> command.startsWith("RETR ") && command.contains("/uploads/"))
                .count();
    }

    /** Sets all times an hour back, so that no backup takes a file for just changed. */
    private static void quiet(Path root) throws Exception {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.toList()) {
                Files.setLastModifiedTime(path, FileTime.from(Instant.now().minusSeconds(3600)));
            }
        }
    }
}
