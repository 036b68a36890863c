package cocart.upkeep;

import cocart.upkeep.backup.Keep;
import cocart.upkeep.backup.Recipients;
import cocart.upkeep.backup.Scratch;
import cocart.upkeep.backup.Skips;
import cocart.upkeep.console.ConsoleSettings;
import cocart.upkeep.store.FileNames;
import cocart.upkeep.store.Secrets;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.camel.util.TimeUtils;
import org.jspecify.annotations.Nullable;

/**
 * All settings of a home folder: {@code config/application.properties}, over it {@code application-PROFILE.properties},
 * over that environment variables ({@code UPKEEP_STORE_ACME_DATABASE_PASSWORD}), over all system properties. Values may
 * use Camel's {@code {{env:NAME}}} and {@code {{file:PATH}}}. Everything is checked here, so that a wrong setting is one
 * sentence before anything has started.
 */
public final class Settings {

    private static final String SKIP = "cache,upgrade,upgrade-temp-backup,updraft,ai1wm-backups,wpvividbackups,"
            + "backups-dup-lite,backupbuddy_backups,backup*,*backups,litespeed,et-cache,wflogs,debug.log,"
            + "uploads/backup*,uploads/*backups,uploads/backwpup*,uploads/wp-clone";

    /** Options of one store that have a value for all stores too; {@code upkeep.X} and {@code upkeep.store.ID.X}. */
    private static final Map<String, String> SHARED = Map.ofEntries(
            Map.entry("plugins", "cart-rest-api-for-woocommerce"),
            Map.entry("data-update", "manual"),
            Map.entry("migrate.rehearse", "false"),
            Map.entry("zone", "UTC"),
            Map.entry("detect.cron", "0 * * * * ?"),
            Map.entry("detect.settle", "30s"),
            Map.entry("backup.cron", "0 0 3 * * ?"),
            Map.entry("backup.skip", SKIP),
            Map.entry("backup.keep", "last=3,within=2d,daily=14,weekly=8,monthly=12"),
            Map.entry("backup.connections", "2"),
            Map.entry("backup.near", "5ms"),
            Map.entry("backup.in-flight", "128"),
            Map.entry("backup.memory", "16MB"),
            Map.entry("backup.drill.cron", ""),
            Map.entry("migrate.updater-wait", "10m"),
            Map.entry("migrate.wordpress-wait", "1h"),
            Map.entry("flush-cache.address", ""),
            Map.entry("notices.backup-age", "2d"),
            Map.entry("notices.exposure", "15m"));

    /** Options of one store only. */
    private static final List<String> OWN = List.of(
            "files",
            "url",
            "database.url",
            "database.username",
            "database.password",
            "database.prefix",
            "database.tunnel");

    private static final Pattern DURATION = Pattern.compile("0|([0-9]+(ms|[dhms]))+");

    /** Options of the bundle. */
    private static final Map<String, String> GLOBAL = Map.ofEntries(
            Map.entry("stores", ""),
            Map.entry("tick.cron", "0/5 * * * * ?"),
            Map.entry("database.url", "jdbc:h2:file:./data/upkeep;AUTO_SERVER=TRUE"),
            Map.entry("database.username", "sa"),
            Map.entry("database.password", ""),
            Map.entry("database.keep", "90d"),
            Map.entry("backup.directory", "data/backups"),
            Map.entry("backup.dump-program", "mariadb-dump,mysqldump"),
            Map.entry("backup.client-program", "mariadb,mysql"),
            Map.entry("backup.reserve", "256MB"),
            Map.entry("scratch.url", ""),
            Map.entry("scratch.username", ""),
            Map.entry("scratch.password", ""),
            Map.entry("off-site.enabled", "false"),
            Map.entry("off-site.recipients", ""),
            Map.entry("flush-cache.enabled", "false"),
            Map.entry("migrate.attempts", "5"),
            Map.entry("migrate.workers", "4"),
            Map.entry("migrate.back-off", "10s"),
            Map.entry("migrate.block", "5s"),
            Map.entry("migrate.lock-wait", "5s"),
            Map.entry("migrate.pause", "10ms"),
            Map.entry("notices.cron", "30 * * * * ?"),
            Map.entry("notices.disk", "1GB"),
            Map.entry("notify.webhook.enabled", "false"),
            Map.entry("notify.webhook.url", ""),
            Map.entry("notify.webhook.format", "json"),
            Map.entry("notify.mail.enabled", "false"),
            Map.entry("notify.mail.server", ""),
            Map.entry("notify.mail.from", ""),
            Map.entry("notify.mail.to", ""),
            Map.entry("notify.digest.cron", ""),
            Map.entry("notify.quiet", ""),
            Map.entry("notify.pause", "1m"),
            Map.entry("notify.back-off", "10s"),
            Map.entry("console.enabled", "true"),
            Map.entry("console.address", "127.0.0.1"),
            Map.entry("console.port", "8080"),
            Map.entry("console.hosts", ""),
            Map.entry("console.read-token", "elsewhere"),
            Map.entry("console.tls.certificate", ""),
            Map.entry("console.tls.key", ""),
            Map.entry("retry.after", "15m"),
            Map.entry("health.snapshot-slack", "6h"),
            Map.entry("health.queue-slack", "10m"),
            Map.entry("metrics.store-label", "true"),
            Map.entry("tracing.enabled", "false"),
            Map.entry("tracing.endpoint", "http://127.0.0.1:4318"),
            Map.entry("log.format", "text"),
            Map.entry("lease", "60s"));

    private static final Pattern OTHER_STORE = Pattern.compile("upkeep\\.store\\.([A-Za-z0-9_-]+)\\.(.+)");

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})\\s*((?:[KMG]B?|B?))", Pattern.CASE_INSENSITIVE);

    private final Path home;
    private final SettingsSource source;
    private final Map<String, String> values;
    private final Map<String, StoreSettings> stores = new LinkedHashMap<>();

    private Settings(Path home, SettingsSource source) {
        this.home = home;
        this.source = source;
        this.values = source.values();
    }

    /**
     * Reads and checks the settings.
     *
     * @param home folder with {@code config/}
     * @param profile name of a second file whose values win, or null
     * @throws SettingsException if anything is wrong
     */
    public static Settings load(Path home, @Nullable String profile) {
        SettingsSource source = new SettingsSource(home);
        source.read(home.resolve("config/application.properties"));
        if (profile != null) {
            source.read(home.resolve("config/application-" + profile + ".properties"));
        }
        Map<String, String> environment = System.getenv();
        String ids = environment.getOrDefault("UPKEEP_STORES", source.values().getOrDefault("upkeep.stores", ""));
        source.readEnvironment(environment, known(split(ids)));
        source.readSystem();
        source.resolvePlaceholders();
        Settings settings = new Settings(home, source);
        settings.check();
        return settings;
    }

    /** The home folder, absolute. */
    public Path home() {
        return home;
    }

    /** The stores in the order of {@code upkeep.stores}. */
    public Map<String, StoreSettings> stores() {
        return stores;
    }

    /** Value of {@code upkeep.NAME}, a bundle-wide option. */
    public String value(String name) {
        String value = values.get("upkeep." + name);
        if (value != null) {
            return value;
        }
        String fallback = GLOBAL.containsKey(name) ? GLOBAL.get(name) : SHARED.get(name);
        if (fallback == null) {
            throw new IllegalArgumentException("no such option: upkeep." + name);
        }
        return fallback;
    }

    /** A duration in Camel's syntax ({@code 30s}, {@code 10m}). */
    public Duration duration(String name) {
        return duration("upkeep." + name, value(name));
    }

    /** A duration of one store: its own, else the one for all stores. */
    public Duration durationOf(String store, String name) {
        return duration(nameOf(store, name), shared(store, name));
    }

    /** A value of one store: its own, else the one for all stores. */
    public String valueOf(String store, String name) {
        return shared(store, name);
    }

    /** A whole number of at least 1. */
    public int number(String name) {
        return number("upkeep." + name, value(name), Integer.MAX_VALUE);
    }

    /** A number of bytes: {@code 500KB}, {@code 64MB}, {@code 2GB}, by powers of 1024. */
    public long size(String name) {
        return size("upkeep." + name, value(name));
    }

    /** A path; relative ones are relative to the home folder. */
    public Path path(String name) {
        return home.resolve(value(name)).normalize();
    }

    /** True if a store's data updates go on by themselves, but only after a rehearsal. */
    boolean rehearses(String id) {
        return stores.get(id).automatic() && rehearse(id);
    }

    private boolean rehearse(String id) {
        return yesOrNo(nameOf(id, "migrate.rehearse"), shared(id, "migrate.rehearse"));
    }

    /** Everything, with defaults, as Camel's property placeholders see it. */
    public Properties forCamel() {
        Properties all = new Properties();
        GLOBAL.forEach((name, value) -> all.setProperty("upkeep." + name, value));
        SHARED.forEach((name, value) -> all.setProperty("upkeep." + name, value));
        all.putAll(values);
        all.setProperty("upkeep.home", home.toString());
        return all;
    }

    private void check() {
        List<String> ids = split(value("stores"));
        if (ids.isEmpty()) {
            throw wrong(
                    "upkeep.stores",
                    "names no store; set for example upkeep.stores = acme and upkeep.store.acme.files");
        }
        for (String id : ids) {
            if (!id.matches("[A-Za-z0-9][A-Za-z0-9_-]{0,62}")) {
                throw wrong(
                        "upkeep.stores",
                        "has the id '" + id + "'; an id is letters, digits, - and _, at most 63 of them");
            }
        }
        Set<String> known = new LinkedHashSet<>(known(ids)); // looked into for each property of a thousand stores
        for (String name : values.keySet()) {
            if (name.startsWith("upkeep.") ? !known.contains(name) : isNearlyOurs(name)) {
                throw unknown(name, ids, known);
            }
        }
        duration("migrate.back-off");
        atLeastASecond("migrate.block");
        atLeastASecond("migrate.lock-wait");
        duration("migrate.pause");
        duration("lease");
        duration("retry.after");
        duration("database.keep");
        number("migrate.attempts");
        number("migrate.workers");
        size("backup.reserve");
        yesOrNo("upkeep.off-site.enabled", value("off-site.enabled"));
        yesOrNo("upkeep.flush-cache.enabled", value("flush-cache.enabled"));
        yesOrNo("upkeep.metrics.store-label", value("metrics.store-label"));
        yesOrNo("upkeep.tracing.enabled", value("tracing.enabled"));
        duration("health.snapshot-slack");
        duration("health.queue-slack");
        if (!value("tracing.endpoint").matches("https?://[^\\s/]+(/\\S*)?")) {
            throw wrong(
                    "upkeep.tracing.endpoint",
                    "must be the address of a collector that takes OTLP by HTTP, such as http://127.0.0.1:4318");
        }
        if (!List.of("text", "json").contains(value("log.format"))) {
            throw wrong("upkeep.log.format", "must be text or json, not '" + value("log.format") + "'");
        }
        try {
            Recipients.parse(value("off-site.recipients"));
        } catch (StoreException e) {
            throw wrong("upkeep.off-site.recipients", String.valueOf(e.getMessage()));
        }
        scratch();
        yesOrNo("upkeep.console.enabled", value("console.enabled"));
        if (!Set.of("elsewhere", "always").contains(value("console.read-token"))) {
            throw wrong("upkeep.console.read-token", "must be elsewhere or always, not " + value("console.read-token"));
        }
        console();
        cron("upkeep.tick.cron", value("tick.cron"));
        cron("upkeep.notices.cron", value("notices.cron"));
        if (!value("notify.digest.cron").isBlank()) {
            cron("upkeep.notify.digest.cron", value("notify.digest.cron").strip());
        }
        zone("upkeep.zone", value("zone"));
        NotifySettings.check(this);
        values.forEach((name, value) -> {
            if (name.endsWith("password")) {
                Secrets.hide(value);
            } else if (name.endsWith("notify.webhook.url")) {
                Secrets.hideAddress(value);
            } else {
                Secrets.hideIn(value);
            }
        });
        for (String id : ids) {
            if (stores.put(id, store(id)) != null) {
                throw wrong("upkeep.stores", "names the store " + id + " twice");
            }
        }
    }

    /** {@code upkep.stores} would be nobody's, and {@code upkeep.stores} its default. */
    private static boolean isNearlyOurs(String name) {
        String first = name.replaceFirst("\\..*", "");
        return !first.equals("upkeep")
                && NearestOption.of(first, Set.of("upkeep")).isPresent();
    }

    private SettingsException unknown(String name, List<String> ids, Set<String> known) {
        Matcher other = OTHER_STORE.matcher(name);
        boolean ofStore = other.matches();
        String id = ofStore ? other.group(1) : ids.get(0);
        String option = ofStore ? other.group(2) : name.replaceFirst("[^.]*\\.", "");
        Optional<String> store = ofStore && !ids.contains(id) ? NearestOption.of(id, ids) : Optional.of(id);
        if (ofStore && !ids.contains(id) && isOfStores(option)) {
            return new SettingsException(where(name) + name
                    + " belongs to no store, because upkeep.stores does not name " + id
                    + store.map(meant -> "; did you mean upkeep.store." + meant + "." + option + "?")
                            .orElse("; add it there, or put a # before this line"));
        }
        if (ofStore && GLOBAL.containsKey(option)) {
            return new SettingsException(
                    where(name) + name + " is no option of one store; for all stores it is upkeep." + option);
        }
        if (!ofStore && OWN.contains(option)) {
            return new SettingsException(where(name) + name
                    + " is no option of all stores; for one store it is upkeep.store." + id + "." + option);
        }
        Optional<String> meant = NearestOption.of(name, known)
                .or(() -> ofStore
                        ? store.flatMap(its -> NearestOption.of(option, optionsOfStores())
                                .map(near -> "upkeep.store." + its + "." + near))
                        : Optional.empty());
        return new SettingsException(where(name) + "unknown property " + name
                + meant.map(near -> "; did you mean " + near + "?").orElse("; remove it"));
    }

    private @Nullable String url(String id) {
        String url = own(id, "url");
        if (url != null && !url.matches("https?://[^\\s/]+.*")) {
            throw wrong(nameOf(id, "url"), "must be the shop's address, such as https://shop.example, not " + url);
        }
        return url;
    }

    /** Where the console listens, whether or not it is switched on. */
    ConsoleSettings console() {
        Path certificate = pem("console.tls.certificate");
        Path key = pem("console.tls.key");
        if ((certificate == null) != (key == null)) {
            throw wrong(
                    "upkeep.console.tls." + (key == null ? "certificate" : "key"),
                    "needs upkeep.console.tls." + (key == null ? "key" : "certificate") + " beside it");
        }
        String address = value("console.address").strip();
        Set<String> hosts = new HashSet<>(split(value("console.hosts").toLowerCase(Locale.ROOT)));
        if (!address.matches("[0-9.]*|.*:.*")) {
            hosts.add(address.toLowerCase(Locale.ROOT)); // a name, under which the log says that it is
        }
        return new ConsoleSettings(
                address,
                port("upkeep.console.port", value("console.port")),
                Set.copyOf(hosts),
                value("console.read-token").equals("always"),
                certificate,
                key);
    }

    private @Nullable Path pem(String name) {
        if (value(name).isBlank()) {
            return null;
        }
        Path file = path(name);
        if (!Files.isReadable(file)) {
            throw wrong("upkeep." + name, "is " + file + ", which cannot be read; it must be a PEM file");
        }
        return file;
    }

    private int port(String name, String value) {
        return value.strip().equals("0") ? 0 : number(name, value, 65535);
    }

    private void atLeastASecond(String name) {
        if (duration(name).toSeconds() < 1) {
            throw wrong("upkeep." + name, "must be at least 1s, not '" + value(name) + "'");
        }
    }

    private static boolean isOfStores(String name) {
        return OWN.contains(name) || SHARED.containsKey(name);
    }

    private static List<String> optionsOfStores() {
        return Stream.concat(OWN.stream(), SHARED.keySet().stream()).toList();
    }

    private StoreSettings store(String id) {
        String files = own(id, "files");
        if (files == null || files.isBlank()) {
            throw wrong(
                    "upkeep.store." + id + ".files",
                    "is missing; set it to the WordPress root, for example sftp:deploy@shop.example:22/var/www/shop");
        }
        String scheme = files.contains(":") ? files.substring(0, files.indexOf(':')) : "";
        if (!List.of("file", "sftp", "ftps", "ftp").contains(scheme)) {
            throw wrong(
                    "upkeep.store." + id + ".files",
                    "must start with sftp:, ftps:, ftp: or file:, for example"
                            + " sftp:deploy@shop.example:22/var/www/shop");
        }
        List<String> plugins = split(shared(id, "plugins"));
        if (plugins.isEmpty() || !plugins.stream().allMatch(FileNames::isPlain)) {
            throw wrong(nameOf(id, "plugins"), "must name plugin folders, for example cart-rest-api-for-woocommerce");
        }
        String update = shared(id, "data-update");
        if (!List.of("manual", "automatic").contains(update)) {
            throw wrong(nameOf(id, "data-update"), "must be manual or automatic, not '" + update + "'");
        }
        rehearse(id);
        String prefix = own(id, "database.prefix");
        if (prefix != null && !prefix.matches("[A-Za-z0-9_]{1,40}")) {
            throw wrong(
                    "upkeep.store." + id + ".database.prefix",
                    "must be letters, digits and underscores, as $table_prefix in wp-config.php");
        }
        String zone = shared(id, "zone");
        zone(nameOf(id, "zone"), zone);
        cron(nameOf(id, "detect.cron"), shared(id, "detect.cron"));
        durationOf(id, "migrate.updater-wait");
        durationOf(id, "migrate.wordpress-wait");
        durationOf(id, "notices.backup-age");
        durationOf(id, "notices.exposure");
        return new StoreSettings(
                id,
                files,
                url(id),
                plugins,
                new StoreSettings.DatabaseSettings(
                        own(id, "database.url"),
                        own(id, "database.username"),
                        own(id, "database.password"),
                        prefix,
                        tunnel(id, scheme)),
                update.equals("automatic"),
                duration(nameOf(id, "detect.settle"), shared(id, "detect.settle")),
                shared(id, "detect.cron"),
                zone,
                backup(id));
    }

    private boolean tunnel(String id, String scheme) {
        String name = "upkeep.store." + id + ".database.tunnel";
        if (!yesOrNo(name, own(id, "database.tunnel"))) {
            return false;
        }
        if (!scheme.equals("sftp")) {
            throw wrong(
                    name,
                    "goes through an SFTP login, and the files of this store are " + scheme + ":; take it out, or set"
                            + " upkeep.store." + id + ".files = sftp:...");
        }
        return true;
    }

    private StoreSettings.Backup backup(String id) {
        cron(nameOf(id, "backup.cron"), shared(id, "backup.cron"));
        String drill = shared(id, "backup.drill.cron");
        if (!drill.isBlank()) {
            cron(nameOf(id, "backup.drill.cron"), drill);
            try {
                new Scratch(value("scratch.url").strip(), "", "", home).check();
            } catch (StoreException e) {
                throw wrong(nameOf(id, "backup.drill.cron"), "asks for restore drills. " + e.getMessage());
            }
        }
        try {
            Keep.parse(shared(id, "backup.keep"));
        } catch (StoreException e) {
            throw wrong(nameOf(id, "backup.keep"), String.valueOf(e.getMessage()));
        }
        return new StoreSettings.Backup(
                shared(id, "backup.cron"),
                drill.strip(),
                skips(id),
                shared(id, "backup.keep"),
                number(nameOf(id, "backup.connections"), shared(id, "backup.connections"), 16),
                durationOf(id, "backup.near"),
                number(nameOf(id, "backup.in-flight"), shared(id, "backup.in-flight"), 4096),
                memory(id));
    }

    private void scratch() {
        String url = value("scratch.url").strip();
        if (!url.isEmpty() && !Scratch.isUrl(url)) {
            throw wrong(
                    "upkeep.scratch.url",
                    "must name a server and no database, such as jdbc:mariadb://127.0.0.1:3306/; databases named"
                            + " upkeep_scratch_... are made and dropped there");
        }
    }

    private long memory(String id) {
        String name = nameOf(id, "backup.memory");
        long size = size(name, shared(id, "backup.memory"));
        if (size < 1 << 20) {
            throw wrong(name, "must be at least 1MB");
        }
        return size;
    }

    private List<String> skips(String id) {
        List<String> patterns = split(shared(id, "backup.skip"));
        for (String pattern : patterns) {
            try {
                new Skips(List.of(pattern));
            } catch (StoreException e) {
                throw wrong(
                        nameOf(id, "backup.skip"),
                        "has the pattern '" + pattern + "', which is not a path below wp-content; write it like cache"
                                + " or uploads/backup*, where * does not cross a /");
            }
        }
        return patterns;
    }

    private static List<String> known(List<String> ids) {
        List<String> known = new ArrayList<>();
        GLOBAL.keySet().forEach(name -> known.add("upkeep." + name));
        SHARED.keySet().forEach(name -> known.add("upkeep." + name));
        for (String id : ids) {
            SHARED.keySet().forEach(name -> known.add("upkeep.store." + id + "." + name));
            OWN.forEach(name -> known.add("upkeep.store." + id + "." + name));
        }
        return known;
    }

    private @Nullable String own(String id, String name) {
        return values.get("upkeep.store." + id + "." + name);
    }

    private String shared(String id, String name) {
        String own = own(id, name);
        return own != null ? own : value(name);
    }

    /** The name under which a store's value was given: its own, or the one for all stores. */
    private String nameOf(String id, String name) {
        return own(id, name) != null ? "upkeep.store." + id + "." + name : "upkeep." + name;
    }

    private Duration duration(String name, String value) {
        // Camel's own parser takes for 0 what it does not understand
        if (DURATION.matcher(value.trim()).matches()) {
            try {
                return Duration.ofMillis(TimeUtils.toMilliSeconds(value.trim()));
            } catch (RuntimeException e) {
                // it throws several kinds, for example for what is too long; said below
            }
        }
        throw wrong(name, "must be a duration such as 30s, 10m or 1d, not '" + value + "'");
    }

    private int number(String name, String value, int most) {
        try {
            int number = Integer.parseInt(value.trim());
            if (number >= 1 && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(
                name,
                "must be a whole number " + (most == Integer.MAX_VALUE ? "of at least 1" : "from 1 to " + most)
                        + ", not '" + value + "'");
    }

    private long size(String name, String value) {
        Matcher size = SIZE.matcher(value.strip());
        if (!size.matches()) {
            throw wrong(name, "must be a size such as 500KB, 64MB or 2GB, not '" + value + "'");
        }
        String unit = size.group(2).toUpperCase(Locale.ROOT);
        int shift = unit.startsWith("K") ? 10 : unit.startsWith("M") ? 20 : unit.startsWith("G") ? 30 : 0;
        return Long.parseLong(size.group(1)) << shift;
    }

    private void zone(String name, String zone) {
        try {
            ZoneId.of(zone);
        } catch (DateTimeException e) {
            throw wrong(name, "must be a time zone such as UTC or Europe/Berlin, not '" + zone + "'");
        }
    }

    /** True or false, and nothing else. */
    boolean yesOrNo(String name) {
        return yesOrNo("upkeep." + name, value(name));
    }

    private boolean yesOrNo(String name, @Nullable String value) {
        if (value == null || value.equals("false")) {
            return false;
        }
        if (value.equals("true")) {
            return true;
        }
        throw wrong(name, "must be true or false, not '" + value + "'");
    }

    private void cron(String name, String value) {
        String wrong = CronText.wrong(value);
        if (wrong != null) {
            throw wrong(name, wrong);
        }
    }

    /** The property whose value is a URI of a scheme with an option that is found so. */
    Optional<String> withOption(String scheme, Pattern option) {
        return values.entrySet().stream()
                .filter(property -> property.getKey().startsWith("upkeep.")
                        && property.getValue().startsWith(scheme + ":")
                        && option.matcher(property.getValue()).find())
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** Where a property was set, to begin a sentence with. */
    String where(String name) {
        return source.where(name);
    }

    /** What is wrong with a property, and where it was set. */
    SettingsException wrong(String name, String what) {
        return new SettingsException(where(name) + name + " " + what);
    }

    private static List<String> split(String list) {
        return Stream.of(list.split(","))
                .map(String::strip)
                .filter(s -> !s.isEmpty())
                .toList();
    }
}
