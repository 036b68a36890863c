package cocart.upkeep.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A WordPress root like a real shop's: many small files of plugins and themes, uploads by month, some large files. The
 * same shape and seed always give the same tree; every file's content is its own, so nobody saves by finding doubles.
 *
 * @param root WordPress root; {@code wp-content} lies in it
 * @param shape what was asked for
 */
record ShopTree(Path root, Shape shape) {

    private static final int SMALLEST = 200;
    private static final int LARGEST_SMALL = 30_000;
    private static final int MEDIAN_SMALL = 3_500;
    private static final long LARGE_AVERAGE = 4_250_000;
    private static final int DEEPEST = 7;
    private static final long OLDEST = Instant.parse("2019-01-01T00:00:00Z").getEpochSecond();
    private static final long NEWEST = Instant.parse("2025-06-01T00:00:00Z").getEpochSecond();
    private static final String PLUGIN = "plugins/cart-rest-api-for-woocommerce";
    private static final String[] WORDS = {
        "admin",
        "api",
        "assets",
        "blocks",
        "cart",
        "checkout",
        "css",
        "data",
        "email",
        "fonts",
        "form",
        "gateway",
        "helpers",
        "images",
        "includes",
        "js",
        "languages",
        "lib",
        "model",
        "order",
        "payment",
        "product",
        "rest",
        "schema",
        "settings",
        "shipping",
        "src",
        "tax",
        "templates",
        "vendor",
        "views",
        "widgets"
    };
    private static final String[] CODE = {".php", ".php", ".php", ".js", ".css", ".svg", ".json", ".mo"};

    /**
     * How large a tree is.
     *
     * @param scale 1 is 20,000 small files in 1,600 folders and 100 large ones, about 530 MB; at least 0.01
     * @param seed of its names, sizes, times and contents
     */
    record Shape(double scale, long seed) {

        int small() {
            return (int) Math.round(20_000 * scale);
        }

        int large() {
            return (int) Math.round(100 * scale);
        }

        int folders() {
            return (int) Math.round(1_600 * scale);
        }

        private String name() {
            return String.format(Locale.ROOT, "shop-%d-%d-%d-seed%d", small(), large(), folders(), seed);
        }
    }

    /** The tree of this shape below a folder: the one that is there, or a new one. */
    static ShopTree in(Path folder, Shape shape) throws IOException {
        Path root = folder.resolve(shape.name());
        ShopTree tree = new ShopTree(root, shape);
        if (Files.notExists(root)) {
            Path unfinished = folder.resolve(shape.name() + ".unfinished");
            Listing.remove(unfinished);
            new ShopTree(unfinished, shape).write();
            Files.move(unfinished, root);
        }
        return tree;
    }

    Path content() {
        return root.resolve("wp-content");
    }

    private void write() throws IOException {
        Random random = new Random(shape.seed);
        Files.createDirectories(root);
        Files.writeString(root.resolve("wp-config.php"), "<?php // made for a benchmark\n");
        List<String> folders = folders(random);
        for (String folder : folders) {
            Files.createDirectories(content().resolve(folder));
        }
        for (int i = 0; i < shape.small(); i++) {
            String folder = folders.get(random.nextInt(folders.size()));
            double size = MEDIAN_SMALL * Math.exp(random.nextGaussian() * 1.1);
            file(folder, i, (int) Math.max(SMALLEST, Math.min(LARGEST_SMALL, size)), random);
        }
        for (int i = 0; i < shape.large(); i++) {
            file("uploads", shape.small() + i, (int) (LARGE_AVERAGE * (0.25 + 1.5 * random.nextDouble())), random);
        }
        Path plugin = content().resolve(PLUGIN + "/cart-rest-api-for-woocommerce.php");
        Files.writeString(plugin, "<?php\n/**\n * Plugin Name: CoCart\n * Version: 4.3.6\n */\n");
        age(plugin, random);
        // last, because a folder's time changes with what is made in it
        for (String folder : folders) {
            age(content().resolve(folder), random);
        }
    }

    /** Paths below wp-content, parents before children. */
    private List<String> folders(Random random) {
        List<String> code = new ArrayList<>(List.of(PLUGIN));
        List<String> all = new ArrayList<>(List.of("", "plugins", PLUGIN, "themes", "uploads"));
        while (all.size() < shape.folders()) {
            int number = all.size();
            String word = WORDS[random.nextInt(WORDS.length)];
            int kind = random.nextInt(100);
            if (kind < 6 && number + 1 < shape.folders()) {
                int month = random.nextInt(12 * 7);
                String year = "uploads/" + (2019 + month / 12);
                addNew(all, year);
                addNew(all, String.format("%s/%02d", year, month % 12 + 1));
            } else if (kind < 10) {
                String own = (kind == 9 ? "themes/" : "plugins/") + "woo-" + word + "-" + number;
                all.add(own);
                code.add(own);
            } else {
                String parent = code.get(random.nextInt(code.size()));
                if (parent.chars().filter(c -> c == '/').count() < DEEPEST) {
                    String child = parent + "/" + word + (number % 3 == 0 ? "" : "-" + number);
                    if (addNew(all, child)) {
                        code.add(child);
                    }
                }
            }
        }
        return all;
    }

    private static boolean addNew(List<String> all, String folder) {
        return !all.contains(folder) && all.add(folder);
    }

    private void file(String folder, int number, int size, Random random) throws IOException {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        String word = WORDS[random.nextInt(WORDS.length)];
        String name = folder.startsWith("uploads")
                ? "IMG_" + number + (number % 4 == 0 ? ".jpg" : "-" + word + "-300x300.webp")
                : "class-wc-" + word + "-" + number + CODE[random.nextInt(CODE.length)];
        Path file = content().resolve(folder).resolve(name);
        Files.write(file, bytes);
        age(file, random);
    }

    private static void age(Path path, Random random) throws IOException {
        long second = OLDEST + (long) (random.nextDouble() * (NEWEST - OLDEST));
        Files.setLastModifiedTime(path, FileTime.from(Instant.ofEpochSecond(second)));
    }
}
