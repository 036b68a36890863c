package cocart.upkeep.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small WordPress tree with CoCart in it. */
public final class ShopFiles {

    private static final String SLUG = "cart-rest-api-for-woocommerce";

    private final Path root;

    public ShopFiles(Path root) {
        this.root = root;
    }

    /** wp-config.php and what else lies in wp-content. */
    public void wordPress(int port, String database, String user, String password) throws IOException {
        write(
                "wp-config.php",
                "<?php\ndefine( 'DB_NAME', '" + database + "' );\ndefine( 'DB_USER', '" + user
                        + "' );\ndefine( 'DB_PASSWORD', '"
                        + password.replace("\\", "\\\\").replace("'", "\\'")
                        + "' );\ndefine( 'DB_HOST', '127.0.0.1:" + port + "' );\n$table_prefix = 'wp_';\n");
        write("wp-content/themes/storefront/style.css", "/* Theme Name: Storefront */\n");
        write("wp-content/uploads/2026/11/köttbullar.txt", "not a picture\n");
        write("wp-content/cache/page.html", "not worth a backup\n");
    }

    /** The plugin, whole. */
    public void plugin(String version) throws IOException {
        firstHalf(version);
        secondHalf();
    }

    /** The main file and a part of the rest, as a copy by hand is after a moment. */
    public void firstHalf(String version) throws IOException {
        plugin(
                SLUG + ".php",
                "<?php\n/**\n * Plugin Name: CoCart - Headless ecommerce\n * Version:     " + version + "\n */\n");
        plugin("includes/class-cocart.php", "<?php // " + version + "\n");
    }

    /** What was missing. */
    public void secondHalf() throws IOException {
        plugin("includes/class-cocart-install.php", "<?php // " + System.nanoTime() + "\n");
        plugin("readme.txt", "=== CoCart ===\n");
    }

    public void plugin(String name, String text) throws IOException {
        write("wp-content/plugins/" + SLUG + "/" + name, text);
    }

    /** Writes a file of the tree. */
    public void write(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
