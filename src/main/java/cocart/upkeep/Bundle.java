package cocart.upkeep;

import cocart.upkeep.backup.BackUp;
import cocart.upkeep.backup.Backups;
import cocart.upkeep.backup.Copies;
import cocart.upkeep.backup.DatabaseDump;
import cocart.upkeep.backup.DatabaseLoad;
import cocart.upkeep.backup.Drill;
import cocart.upkeep.backup.KnownSnapshots;
import cocart.upkeep.backup.OffSite;
import cocart.upkeep.backup.ProgressReports;
import cocart.upkeep.backup.Recipients;
import cocart.upkeep.backup.Restores;
import cocart.upkeep.backup.Retention;
import cocart.upkeep.backup.Scratch;
import cocart.upkeep.backup.Snapshots;
import cocart.upkeep.backup.Verified;
import cocart.upkeep.backup.Verify;
import cocart.upkeep.backup.Verifying;
import cocart.upkeep.complete.Completion;
import cocart.upkeep.complete.HandedOver;
import cocart.upkeep.complete.Mark;
import cocart.upkeep.console.Access;
import cocart.upkeep.console.Answers;
import cocart.upkeep.console.Api;
import cocart.upkeep.console.Assets;
import cocart.upkeep.console.Chronicle;
import cocart.upkeep.console.ConsoleException;
import cocart.upkeep.console.ConsoleFile;
import cocart.upkeep.console.ConsoleServer;
import cocart.upkeep.console.ConsoleSettings;
import cocart.upkeep.console.Decisions;
import cocart.upkeep.console.Gate;
import cocart.upkeep.console.KnownHeaders;
import cocart.upkeep.console.Pages;
import cocart.upkeep.console.Progress;
import cocart.upkeep.console.Sessions;
import cocart.upkeep.console.Status;
import cocart.upkeep.console.TlsPair;
import cocart.upkeep.console.Token;
import cocart.upkeep.console.page.Reader;
import cocart.upkeep.detect.Detector;
import cocart.upkeep.detect.PhpVersion;
import cocart.upkeep.detect.PluginFolder;
import cocart.upkeep.detect.Sightings;
import cocart.upkeep.migrate.ByWordPress;
import cocart.upkeep.migrate.OwnUpdater;
import cocart.upkeep.migrate.Planning;
import cocart.upkeep.migrate.Queue;
import cocart.upkeep.migrate.Rehearsal;
import cocart.upkeep.migrate.Rehearsals;
import cocart.upkeep.migrate.Replanning;
import cocart.upkeep.migrate.StepLimits;
import cocart.upkeep.migrate.StepRunner;
import cocart.upkeep.migrate.Steps;
import cocart.upkeep.notify.Messages;
import cocart.upkeep.notify.Notices;
import cocart.upkeep.notify.Notifying;
import cocart.upkeep.observe.JsonLines;
import cocart.upkeep.observe.RouteContext;
import cocart.upkeep.plan.Plans;
import cocart.upkeep.plan.Proofs;
import cocart.upkeep.state.Away;
import cocart.upkeep.state.Database;
import cocart.upkeep.state.Events;
import cocart.upkeep.state.History;
import cocart.upkeep.state.Instance;
import cocart.upkeep.state.Jobs;
import cocart.upkeep.state.OwnUpdaters;
import cocart.upkeep.state.PluginStates;
import cocart.upkeep.state.StateDatabase;
import cocart.upkeep.state.StateException;
import cocart.upkeep.state.Troubles;
import cocart.upkeep.state.Updates;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFilesFactory;
import cocart.upkeep.store.StoreSettings;
import cocart.upkeep.store.Stores;
import cocart.upkeep.wordpress.ActionScheduler;
import cocart.upkeep.wordpress.ObjectCache;
import cocart.upkeep.wordpress.WpCron;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.camel.CamelContext;
import org.apache.camel.RuntimeCamelException;
import org.apache.camel.component.platform.http.PlatformHttpComponent;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;
import org.jspecify.annotations.Nullable;

/** The bundle, put together: settings, state database, and every bean that routes call, bound by its name. */
public final class Bundle implements AutoCloseable {

    /** When a missing off-site copy is tried (again). */
    private static final String EVERY_QUARTER = "0 0/15 * * * ?";

    /** When old rows of the state database are removed. */
    private static final String DAILY = "0 20 4 * * ?";

    private final Settings settings;
    private final HikariDataSource state;
    private final Main main = new Main();
    private final Map<String, Object> beans = new HashMap<>();
    private final ConsoleFile consoleFile;
    private @Nullable Gate gate;
    private @Nullable ConsoleServer console;

    /** That of which only the routes are looked at. */
    private @Nullable ConsoleServer looked;

    /** Ends when the stores' addresses are checked. */
    private final CompletableFuture<Void> addresses;

    private @Nullable Observation observation;

    /** The beans that commands use too. */
    final Stores stores;

    final Plans plans;
    final Proofs proofs = new Proofs(PhpVersion::compare);
    final Updates updates;
    final PluginStates plugins;
    final OwnUpdaters ownUpdaters;
    final Notices notices;
    final Events events;
    final Jobs jobs;
    private final Queue queue;
    final Snapshots snapshots;
    final KnownSnapshots known;
    final Retention retention;
    final Verify verify;
    final Verified verified;
    final Scratch scratch;
    final Status status;
    final Restores restores;
    final ProgressReports reports;
    final Replanning replanning;
    final Decisions decisions;

    /**
     * Opens everything that needs no Camel.
     *
     * @param settings checked settings
     * @param ticks false if routes that start by a schedule stay stopped, as commands want it
     */
    public Bundle(Settings settings, boolean ticks) {
        this(settings, ticks, Clock.systemUTC());
    }

    /** @param clock tells when quiet hours are */
    Bundle(Settings settings, boolean ticks, Clock clock) {
        this.settings = settings;
        Instance instance = Instance.current();
        if (settings.value("log.format").equals("json")) {
            JsonLines.use(instance.id());
        }
        consoleFile = new ConsoleFile(settings.home());
        // beside the state database, which takes as long
        addresses = CompletableFuture.runAsync(() -> checkStores(settings));
        plans = new Plans(settings.home().resolve("config/updates"));
        state = StateDatabase.open(
                settings.home(),
                settings.value("database.url"),
                settings.value("database.username"),
                settings.value("database.password"));

        Database database = new Database(state);
        events = new Events(database, instance);
        updates = new Updates(database, events);
        ownUpdaters = new OwnUpdaters(database, events);
        jobs = new Jobs(
                database,
                instance,
                settings.duration("lease"),
                settings.duration("retry.after"),
                List.copyOf(settings.stores().keySet()),
                (store, job) -> schedule(settings, store, job));
        plugins = new PluginStates(database);
        stores = new ConfiguredStores(settings, main::getCamelContext);
        Notifying notifying = new Notifying(database, stores, jobs, events, NotifySettings.of(settings, ticks), clock);
        notices = notifying.notices();
        status = new Status(database, stores, plugins, updates, jobs, notices);
        snapshots = new Snapshots(settings.path("backup.directory"));
        known = new KnownSnapshots(database, snapshots);
        retention = new Retention(database, stores, snapshots, updates, jobs, events, Clock.systemUTC());
        verify = new Verify(snapshots, stores);
        verified = new Verified(database, snapshots, events);
        reports = new ProgressReports(jobs);
        queue = new Queue(
                database,
                instance,
                events,
                settings.duration("lease"),
                settings.number("migrate.attempts"),
                settings.duration("migrate.back-off"));
        ActionScheduler scheduler = new ActionScheduler();
        OwnUpdater ownUpdater = new OwnUpdater(
                scheduler, ownUpdaters, proofs, store -> settings.durationOf(store, "migrate.updater-wait"));
        replanning = new Replanning(database, plans, updates, events, settings.duration("lease"));
        decisions = new Decisions(stores, updates, ownUpdaters, replanning, notices, settings.value("lease"));
        Rehearsals rehearsals =
                new Rehearsals(database, plans, updates, events, settings::rehearses, settings.duration("retry.after"));
        Planning planning = new Planning(
                stores, plans, proofs, updates, plugins, queue, replanning, rehearsals, ownUpdater, ownUpdaters);
        StepRunner runner = new StepRunner(new StepLimits(
                settings.duration("migrate.lock-wait"),
                settings.duration("migrate.block"),
                settings.duration("migrate.pause")));

        bind("dataSource", state);
        bind("jobs", jobs);
        bind("updates", updates);
        bind("verifying", new Verifying(verify, verified));
        bind("notices", notices);
        bind("outbox", notifying.outbox());
        bind("messages", new Messages());
        bind("history", new History(database, updates, events, settings.duration("database.keep")));
        bind("troubles", new Troubles(jobs, updates, events));
        bind("progress", new Progress(stores, plugins, updates, jobs, plans, ownUpdaters));
        bind(
                "detector",
                new Detector(
                        stores,
                        plans,
                        proofs,
                        updates,
                        new PluginFolder(Clock.systemUTC()),
                        new Sightings(database),
                        plugins,
                        events,
                        ownUpdaters,
                        jobs));
        Backups backups = new Backups(
                database,
                stores,
                new BackUp(snapshots, Clock.systemUTC(), settings.size("backup.reserve")),
                new DatabaseDump(List.of(settings.value("backup.dump-program").split("\\s*,\\s*"))),
                events,
                reports);
        restores = new Restores(
                database,
                snapshots,
                stores,
                backups,
                jobs,
                events,
                new DatabaseLoad(List.of(settings.value("backup.client-program").split("\\s*,\\s*"))));
        bind("backups", backups);
        if (!settings.value("off-site.enabled").equals("true")) {
            jobs.switchedOff("off-site");
        }
        bind("retention", retention);
        bind(
                "offSite",
                new OffSite(
                        database,
                        snapshots,
                        Recipients.parse(settings.value("off-site.recipients")),
                        jobs,
                        events,
                        settings.value("off-site.enabled").equals("true")));
        scratch = new Scratch(
                settings.value("scratch.url").strip(),
                settings.value("scratch.username"),
                settings.value("scratch.password"),
                settings.home().resolve("data/scratch"));
        Copies copies = new Copies(
                stores,
                snapshots,
                scratch,
                List.of(settings.value("backup.client-program").split("\\s*,\\s*")),
                plans);
        bind("copies", copies);
        bind(
                "rehearsal",
                new Rehearsal(stores, plans, proofs, updates, plugins, ownUpdaters, runner, PhpVersion::compare));
        bind("rehearsals", rehearsals);
        bind("drill", new Drill(stores, snapshots, verify, verified, scratch, copies, plans, proofs, events));
        bind("planning", planning);
        bind("queue", queue);
        bind("steps", new Steps(stores, plans, runner, queue, replanning, database));
        ByWordPress byWordPress = new ByWordPress(
                stores,
                updates,
                ownUpdaters,
                scheduler,
                new WpCron(),
                store -> settings.durationOf(store, "migrate.wordpress-wait"));
        bind("byWordPress", byWordPress);
        bind("handedOver", new HandedOver(stores, plans, proofs, updates, ownUpdaters, PhpVersion::compare));
        bind(
                "objectCache",
                new ObjectCache(
                        stores,
                        ownUpdaters,
                        store -> settings.valueOf(store, "flush-cache.address"),
                        settings.value("flush-cache.enabled").equals("true")));
        bind("completion", new Completion(stores, plans, proofs, new Mark(PhpVersion::compare), updates, plugins));

        bind("routeContext", new RouteContext());
        main.configure().health().withEnabled(ticks);
        if (ticks) {
            // what lives for seconds is not observed
            observe();
        }

        Properties properties = settings.forCamel();
        properties.setProperty("upkeep.instance", instance.id());
        properties.setProperty(
                "upkeep.heartbeat",
                String.valueOf(Math.max(100, settings.duration("lease").toMillis() / 3)));
        // the outbox tries again by itself; the client would post what was answered by 503 twice
        properties.putIfAbsent("camel.component.http.automatic-retries-disabled", "true");
        if (!ticks) {
            // a scheduler that nobody starts is not managed either, and the beans for it take a while
            properties.putIfAbsent("camel.component.quartz.enable-jmx", "false");
        }
        bind(
                "ticks",
                new TickHealth(main::getCamelContext, SharedTicks.prepare(properties, state, instance.id(), ticks)));
        main.setOverrideProperties(properties);
        main.setPropertyPlaceholderLocations("false");
        main.addMainListener(new MainListenerSupport() {
            @Override
            public void beforeConfigure(BaseMainSupport starting) {
                // without it {{file:x}} in a route would be the text x
                starting.getCamelContext()
                        .getPropertiesComponent()
                        .addPropertiesFunction(new FilePropertiesFunction(settings.home()));
            }
        });
        main.configure().withName("upkeep");
        main.configure().setRoutesIncludePattern("file:" + settings.home() + "/routes/*.camel.yaml");
        console(database, ticks);
        if (!ticks) {
            // nor what waits for their news: each would be waited for at the end
            main.configure().setAutoStartupExcludePattern("quartz:*,seda:*");
        }
        main.configure().setLogMask(true);
        main.configure().setShutdownTimeout(20);
        main.configure().setAutoConfigurationLogSummary(false);
        main.configure().setStreamCachingEnabled(false);
    }

    /** The console's beans, and its server with run; other commands leave its routes out, to be quick. */
    private void console(Database database, boolean ticks) {
        bind("answers", new Answers());
        bind("pages", new Pages(stores, new Reader(database, stores, status, updates, jobs, known)));
        bind("assets", new Assets());
        bind("api", new Api(stores, status, known, new Chronicle(database), decisions, jobs));
        if (ticks && settings.value("console.enabled").equals("true")) {
            token(settings).show();
            console(true);
        } else {
            main.configure().setRoutesExcludePattern("**/console.camel.yaml");
        }
    }

    /** To be started with the console's routes, but without its port, to see whether they can be used. */
    void lookAtConsole() {
        main.configure().setRoutesExcludePattern(null);
        observe();
        console(false);
    }

    /**
     * Looks whether run could listen where the console shall be, or does already.
     *
     * @throws StoreException if not
     */
    void checkConsole() {
        ConsoleServer there = looked;
        if (there == null || consoleFile.isSaid()) {
            return; // a run of this home has it
        }
        try {
            there.check();
        } catch (ConsoleException e) {
            throw new StoreException(String.valueOf(e.getMessage()), e, true);
        }
    }

    CamelContext camel() {
        return main.getCamelContext();
    }

    private void observe() {
        observation = Observation.begin(settings, jobs, state, main::getCamelContext, this::bind);
    }

    private void console(boolean listens) {
        ConsoleSettings where = settings.console();
        Sessions sessions = new Sessions(token(settings), Clock.systemUTC());
        bind("sessions", sessions);
        Gate first = new Gate(
                new Access(
                        token(settings),
                        sessions,
                        where.hosts(),
                        where.scheme(),
                        where.alwaysToken(),
                        Clock.systemUTC()),
                where.isTls());
        ConsoleServer server = new ConsoleServer(where, first, listens);
        if (listens) {
            gate = first;
            console = server;
        } else {
            looked = server;
        }
        main.addMainListener(new MainListenerSupport() {
            @Override
            public void beforeConfigure(BaseMainSupport starting) {
                CamelContext camel = starting.getCamelContext();
                camel.getComponent("platform-http", PlatformHttpComponent.class)
                        .setHeaderFilterStrategy(new KnownHeaders());
                try {
                    camel.addService(server, true, true);
                } catch (Exception e) {
                    throw RuntimeCamelException.wrapRuntimeException(e);
                }
            }
        });
    }

    private void bind(String name, Object bean) {
        main.bind(name, bean);
        beans.put(name, bean);
    }

    static Jobs.Schedule schedule(Settings settings, String id, String job) {
        StoreSettings store = settings.stores().get(id);
        String cron =
                switch (job) {
                    case "back-up" -> store.backup().cron();
                    case "drill" -> store.backup().drillCron();
                    case "off-site" -> settings.value("off-site.enabled").equals("true") ? EVERY_QUARTER : "";
                    case "tidy" -> DAILY;
                    default -> store.detectCron();
                };
        return new Jobs.Schedule(cron, store.zone());
    }

    public Updates updates() {
        return updates;
    }

    /** True if this version of a plugin is what was last seen of it, and it has settled. */
    public boolean isSettled(String store, String plugin, String version) {
        return plugins.of(store, plugin)
                .filter(seen -> seen.state().equals("settled") && version.equals(seen.version()))
                .isPresent();
    }

    public Settings settings() {
        return settings;
    }

    /**
     * Starts Camel with the routes of {@code routes/}.
     *
     * @throws SettingsException if a route cannot be used; the message says which file and line
     * @throws StateException if the state database went away meanwhile
     */
    public CamelContext start() {
        if (!Files.isDirectory(settings.home().resolve("routes"))) {
            throw new SettingsException(
                    settings.home() + " has no folder routes; give the folder that holds it by --home DIR");
        }
        RouteFiles.check(settings.home().resolve("routes"), beans);
        try {
            addresses.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof SettingsException mistake ? mistake : e;
        }
        if (console != null) {
            checkPort(console);
            checkTls(settings);
        }
        try {
            main.start();
        } catch (Exception e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof ConsoleException console) {
                    throw new SettingsException(console.getMessage());
                }
            }
            String away = StateDatabase.away(e, settings.value("database.url"), settings.value("database.username"));
            if (away != null) {
                throw new StateException(away, e);
            }
            throw new SettingsException(
                    RouteFiles.reason(settings.home().resolve("routes"), e, settings, main.getCamelContext()));
        }
        if (console != null && gate != null) {
            consoleFile.say(console.uri(), console.certificate());
            gate.open();
        }
        return main.getCamelContext();
    }

    /** The token of a home folder. */
    static Token token(Settings settings) {
        return new Token(settings.home().resolve("data/token"));
    }

    /** Before Camel starts: a start that fails later leaves traces in the log. */
    private static void checkPort(ConsoleServer console) {
        try {
            console.check();
        } catch (ConsoleException e) {
            throw new SettingsException(e.getMessage());
        }
    }

    /**
     * Looks whether the console's certificate and key can be used, if there are any.
     *
     * @throws SettingsException if not; the message says where which of them was set
     */
    static void checkTls(Settings settings) {
        ConsoleSettings where = settings.console();
        if (where.certificate() != null && where.key() != null) {
            new TlsPair(where.certificate(), where.key()).fault().ifPresent(fault -> {
                throw settings.wrong("upkeep." + fault.option(), fault.what());
            });
        }
    }

    /** Everything about the stores' addresses that is wrong whether or not a server is up. */
    private static void checkStores(Settings settings) {
        try (DefaultCamelContext context = new DefaultCamelContext()) {
            StoreFilesFactory factory = new StoreFilesFactory(context, settings.home());
            for (StoreSettings store : settings.stores().values()) {
                try {
                    factory.check(store);
                } catch (StoreException e) {
                    throw new SettingsException(
                            settings.where("upkeep.store." + store.id() + ".files") + e.getMessage());
                }
            }
        } catch (IOException e) {
            throw new SettingsException("The stores' addresses cannot be checked: " + e.getMessage());
        }
    }

    /** Where the console of a started run is; empty if it is switched off. */
    public Optional<URI> consoleAddress() {
        ConsoleServer running = console;
        return running == null ? Optional.empty() : Optional.of(running.uri());
    }

    /** Lets others take up what this process has begun; it is stopped where it is. */
    void release() {
        jobs.release();
        queue.release();
    }

    @Override
    public void close() {
        consoleFile.close();
        if (gate != null) {
            gate.close();
        }
        main.stop();
        Away.tolerate(queue::release);
        if (observation != null) {
            observation.close();
        }
        state.close();
    }
}
