package cocart.upkeep;

import cocart.upkeep.backup.DatabaseDump;
import cocart.upkeep.backup.DatabaseLoad;
import cocart.upkeep.console.ProgressLine;
import cocart.upkeep.console.Tables;
import cocart.upkeep.console.Terminal;
import cocart.upkeep.plan.DryRun;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.state.DataUpdate;
import cocart.upkeep.state.StateException;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreSettings;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** The commands. Those that only read or change state need no Camel and work beside a running {@code run}. */
final class Commands {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int STORES_AT_ONCE = 8;
    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    private Commands() {}

    /** What all commands share. */
    abstract static class Base implements java.util.concurrent.Callable<Integer> {

        @ParentCommand
        Upkeep upkeep;

        @Spec
        CommandSpec spec;

        PrintWriter out() {
            return spec.commandLine().getOut();
        }

        PrintWriter err() {
            return spec.commandLine().getErr();
        }

        /** Fails with exit code 2 if a store is not in the settings. */
        static StoreSettings store(Bundle bundle, String id) {
            return bundle.stores.get(id);
        }
    }

    /** A command about one store's data update or notice. */
    abstract static class OfStore extends Base {

        @Parameters(paramLabel = "STORE", description = "Id of the store, as in upkeep.stores.")
        String store;

        @Override
        public Integer call() {
            try (Bundle bundle = upkeep.open(false)) {
                store(bundle, store);
                String done = change(bundle);
                bundle.notices.refresh(store);
                if (done == null) {
                    return Upkeep.NEEDS_A_HUMAN;
                }
                out().println(done);
                return Upkeep.FINE;
            }
        }

        /** Says what was done; null, after a word on stderr, if there was nothing to do. */
        abstract @Nullable String change(Bundle bundle);

        @Nullable
        String nothing(String why) {
            err().println("upkeep: store " + store + ": " + why);
            return null;
        }
    }

    @Command(
            name = "run",
            description = "Look after all stores until stopped (default).",
            mixinStandardHelpOptions = true)
    static final class Run extends Base {

        @Override
        public Integer call() {
            try (Bundle bundle = upkeep.open(true)) {
                return runUntilStopped(bundle);
            }
        }
    }

    /** On a signal: what is begun may be taken up by another run at once, and this one ends where it is. */
    static void stopAtOnce(Bundle bundle) {
        Signals.on(number -> {
            bundle.jobs.release();
            System.err.println("upkeep: stopped; the next run takes up what is unfinished");
            Runtime.getRuntime().halt(128 + number);
        });
    }

    /** Long runs are shown by a bar if somebody watches the terminal, else by lines in the log. */
    static void showProgress(Bundle bundle) {
        if (Terminal.isThere()) {
            bundle.reports.show(new ProgressLine());
        }
    }

    static int runUntilStopped(Bundle bundle) {
        bundle.start();
        LOG.info(
                "Looking after {}; stop with Ctrl-C.",
                bundle.stores.all().stream().map(StoreSettings::id).collect(Collectors.joining(", ")));
        CountDownLatch stopped = new CountDownLatch(1);
        Signals.on(number -> stopped.countDown());
        try {
            stopped.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.info("Stopping: what is running ends first, for 20 seconds at most.");
        return Upkeep.FINE;
    }

    @Command(
            name = "once",
            description = "Do every due thing for the stores, then exit; waits until a changed plugin has settled.",
            mixinStandardHelpOptions = true)
    static final class Once extends Base {

        @Parameters(paramLabel = "STORE", arity = "0..*", description = "Ids of stores; default: all.")
        List<String> stores = new ArrayList<>();

        @Override
        public Integer call() throws Exception {
            try (Bundle bundle = upkeep.open(false)) {
                List<StoreSettings> chosen = stores.isEmpty()
                        ? List.copyOf(bundle.stores.all())
                        : stores.stream().map(id -> store(bundle, id)).toList();
                CamelContext camel = bundle.start();
                stopAtOnce(bundle);
                showProgress(bundle);
                ExecutorService threads = Executors.newFixedThreadPool(Math.min(STORES_AT_ONCE, chosen.size()));
                try (ProducerTemplate template = camel.createProducerTemplate()) {
                    List<Future<?>> runs = new ArrayList<>();
                    for (StoreSettings store : chosen) {
                        runs.add(threads.submit(
                                () -> template.requestBodyAndHeader("direct:once", null, "store", store.id())));
                    }
                    for (Future<?> run : runs) {
                        run.get();
                    }
                } catch (ExecutionException e) {
                    throw new StateException(RouteFiles.reason(e), e);
                } finally {
                    threads.shutdown();
                }
                int code = Upkeep.FINE;
                for (StoreSettings store : chosen) {
                    ObjectNode status = bundle.status.of(store);
                    Tables.store(out(), status);
                    code = Math.max(code, Tables.exitCode(status));
                }
                out().flush();
                return code;
            }
        }
    }

    @Command(name = "status", description = "Show what is known of all stores.", mixinStandardHelpOptions = true)
    static final class StatusCommand extends Base {

        @Option(names = "--json", description = "As JSON, for programs.")
        boolean json;

        @Override
        public Integer call() throws Exception {
            try (Bundle bundle = upkeep.open(false)) {
                ObjectNode all = bundle.status.all();
                int code = Upkeep.FINE;
                for (var status : all.get("stores")) {
                    code = Math.max(code, Tables.exitCode((ObjectNode) status));
                    if (!json) {
                        Tables.store(out(), (ObjectNode) status);
                    }
                }
                if (json) {
                    out().println(JSON.writeValueAsString(all));
                }
                out().flush();
                return code;
            }
        }
    }

    @Command(
            name = "check",
            description = "Check settings, routes, plans and connections; changes nothing in a store.",
            mixinStandardHelpOptions = true)
    static final class Check extends Base {

        @Override
        public Integer call() {
            try (Bundle bundle = upkeep.open(false)) {
                bundle.start();
                out().println("ok      settings, routes, update plans, state database");
                boolean fine = attempt("", "dump program", () -> {
                    if (!new DatabaseDump(List.of(bundle.settings()
                                    .value("backup.dump-program")
                                    .split("\\s*,\\s*")))
                            .isInstalled()) {
                        throw new StoreException(
                                "none of " + bundle.settings().value("backup.dump-program")
                                        + " is installed here; install the package mariadb-client, or set"
                                        + " upkeep.backup.dump-program",
                                null,
                                true);
                    }
                });
                fine &= attempt("", "load program", () -> {
                    if (!new DatabaseLoad(List.of(bundle.settings()
                                    .value("backup.client-program")
                                    .split("\\s*,\\s*")))
                            .isInstalled()) {
                        throw new StoreException(
                                "none of " + bundle.settings().value("backup.client-program")
                                        + " is installed here, so that no database could be restored; install the package"
                                        + " mariadb-client, or set upkeep.backup.client-program",
                                null,
                                true);
                    }
                });
                fine &= attempt(
                        "",
                        "backup directory",
                        () -> writable(
                                bundle.settings().path("backup.directory"),
                                bundle.settings().size("backup.reserve")));
                if (bundle.stores.all().stream()
                        .anyMatch(store -> bundle.settings().rehearses(store.id()))) {
                    fine &= attempt("", "scratch server for rehearsals", bundle.scratch::check);
                }
                for (StoreSettings store : bundle.stores.all()) {
                    boolean files = attempt(store.id(), "files", () -> files(bundle, store));
                    String door = store.database().tunnel() ? "database (through the SFTP login)" : "database";
                    if (!files && store.database().isIncomplete()) {
                        out().println("skipped " + store.id() + ": " + door + ", because wp-config.php cannot be read");
                        fine = false;
                    } else {
                        Map<UpdatePlan, DryRun> tried = new LinkedHashMap<>();
                        fine &= files & attempt(store.id(), door, () -> database(bundle, store, tried));
                        tried.forEach((plan, run) -> Tables.dryRun(out(), plan, run));
                    }
                }
                out().flush();
                return fine ? Upkeep.FINE : Upkeep.NEEDS_A_HUMAN;
            }
        }

        private static void writable(Path folder, long reserve) {
            Path there = folder;
            while (there.getParent() != null && Files.notExists(there)) {
                there = there.getParent();
            }
            if (!Files.isDirectory(there) || !Files.isWritable(there)) {
                throw new StoreException(
                        folder + " cannot be written by user " + System.getProperty("user.name")
                                + "; change upkeep.backup.directory, or who may write there",
                        null,
                        true);
            }
            try {
                long free = Files.getFileStore(there).getUsableSpace();
                if (free <= reserve) {
                    throw new StoreException(
                            (free >> 20) + " MB are free in " + there + ", and upkeep.backup.reserve keeps "
                                    + (reserve >> 20) + " MB free; make room there",
                            null,
                            true);
                }
            } catch (IOException e) {
                throw new StoreException(there + " cannot be looked at: " + Faults.words(e), e, true);
            }
        }

        private static void files(Bundle bundle, StoreSettings store) {
            try (StoreFiles files = bundle.stores.files(store.id())) {
                if (files.stat("wp-content").isEmpty()) {
                    throw new StoreException(
                            "there is no wp-content; upkeep.store." + store.id()
                                    + ".files must end with the WordPress root, where wp-config.php lies",
                            null,
                            true);
                }
                for (String plugin : store.plugins()) {
                    if (files.stat("wp-content/plugins/" + plugin).isEmpty()) {
                        throw new StoreException(
                                plugin + " is not installed in wp-content/plugins; install it, or change upkeep.store."
                                        + store.id() + ".plugins",
                                null,
                                true);
                    }
                }
            }
        }

        /** @param tried what each plan would do, as far as the store was asked */
        private static void database(Bundle bundle, StoreSettings store, Map<UpdatePlan, DryRun> tried) {
            List<String> wrong = new ArrayList<>();
            try (StoreDatabase database = bundle.stores.database(store.id())) {
                for (UpdatePlan plan : bundle.plans.of(store.plugins())) {
                    DryRun run = DryRun.of(plan, database);
                    tried.put(plan, run);
                    wrong.addAll(run.wrong());
                    if (run.wrong().isEmpty()) {
                        var result = bundle.proofs.check(plan, database);
                        if (result.tableMissing()) {
                            throw new StoreException(String.join(" ", result.failures()), null, true);
                        }
                    }
                }
            }
            if (!wrong.isEmpty()) {
                throw new StoreException(String.join("; ", new LinkedHashSet<>(wrong)), null, true);
            }
        }

        private boolean attempt(String store, String what, Runnable check) {
            String name = store.isEmpty() ? what : store + ": " + what;
            try {
                check.run();
                out().println("ok      " + name);
                return true;
            } catch (StoreException e) {
                out().println("failed  " + name + ": " + e.getMessage());
                return false;
            }
        }
    }

    @Command(name = "approve", description = "Let a store's data update go on.", mixinStandardHelpOptions = true)
    static final class Approve extends OfStore {

        @Option(
                names = "--by-wordpress",
                description = "An update that no plan describes: let WordPress run CoCart's own callbacks.")
        boolean byWordPress;

        @Override
        @Nullable
        String change(Bundle bundle) {
            Optional<DataUpdate> update = bundle.updates.current(store);
            String state = update.map(DataUpdate::state).orElse("none");
            if (byWordPress) {
                String reason = update.map(DataUpdate::reason).orElse("");
                if (state.equals("blocked") && !reason.contains("--by-wordpress")) {
                    return nothing(reason); // a network, whose blogs WordPress updates one by one
                }
                return update.isPresent() && bundle.ownUpdaters.handOver(update.get())
                        ? handedOver(bundle, update.get())
                        : nothing("no data update is blocked (state: " + state
                                + "); one that has a plan is approved without --by-wordpress");
            }
            if (update.isPresent() && bundle.updates.approve(update.get())) {
                return "Approved: the data update of " + update.get().plugin() + " to "
                        + update.get().toVersion() + " goes on with the next tick of run, or with upkeep once " + store;
            }
            return nothing(
                    state.equals("blocked")
                            ? update.get().reason()
                            : "no data update awaits approval (state: " + state + ")");
        }

        private String handedOver(Bundle bundle, DataUpdate update) {
            boolean url = bundle.stores.get(store).url() != null;
            return "Approved: with the next tick of run, or with upkeep once " + store
                    + ", the store is backed up and WordPress is asked to run "
                    + String.join(", ", bundle.ownUpdaters.of(update.id()).names()) + ". "
                    + (url
                            ? "WP-Cron is called at upkeep.store." + store + ".url."
                            : "They wait for the store's own WP-Cron, which runs with a visit, because upkeep.store."
                                    + store + ".url is not set.")
                    + " CoCart 4.2.0 and later were seen to call callbacks complete without running them, so what has"
                    + " become of the tables is not proven.";
        }
    }

    @Command(
            name = "retry",
            description = "Try a failed or canceled data update again.",
            mixinStandardHelpOptions = true)
    static final class Retry extends OfStore {

        @Option(
                names = "--replan",
                description = "Take the plan as it is now in config/updates, also for an update that is under way.")
        boolean replan;

        @Override
        @Nullable
        String change(Bundle bundle) {
            Optional<DataUpdate> update = bundle.updates.current(store);
            if (replan) {
                return update.isPresent() ? replan(bundle, update.get()) : nothing("there is no data update");
            }
            String changed = update.filter(
                            last -> !last.isOpen() && !last.state().equals("complete"))
                    .map(bundle.replanning::changedSinceBegun)
                    .orElse(null);
            if (changed != null) {
                return nothing(changed);
            }
            if (update.isPresent() && bundle.updates.retry(update.get())) {
                bundle.ownUpdaters.anew(update.get());
                return "The data update of " + update.get().plugin() + " to "
                        + update.get().toVersion()
                        + " is pending again; it goes on with the next tick of run, or with upkeep once " + store;
            }
            return nothing("no data update has failed or was canceled (state: "
                    + update.map(DataUpdate::state).orElse("none") + ")");
        }

        private @Nullable String replan(Bundle bundle, DataUpdate update) {
            if (!bundle.replanning.replan(update)) {
                return nothing("no plan can be taken now (state: " + update.state() + "); "
                        + (update.isOpen()
                                ? "a step is running, or its run was killed less than "
                                        + bundle.settings().value("lease") + " ago: ask again when it has ended"
                                : "only for an update that is under way, failed or canceled"));
            }
            DataUpdate now = bundle.updates.get(update.id());
            if (now.isApproved()) {
                bundle.updates.waiting(now.id(), null);
            }
            return "The data update of " + now.plugin() + " to " + now.toVersion()
                    + " goes by the plan as it is in config/updates now (state: " + now.state() + ")"
                    + (now.isApproved() ? "; it goes on with the next tick of run, or with upkeep once " + store : "");
        }
    }

    @Command(
            name = "cancel",
            description = "Cancel a store's data update; steps that are done stay done.",
            mixinStandardHelpOptions = true)
    static final class Cancel extends OfStore {

        @Override
        @Nullable
        String change(Bundle bundle) {
            Optional<DataUpdate> update = bundle.updates.current(store);
            if (update.isPresent()
                    && update.get().isOpen()
                    && bundle.updates.cancel(update.get(), "canceled by upkeep cancel")) {
                return "Canceled: the data update of " + update.get().plugin() + " to "
                        + update.get().toVersion() + "; upkeep retry " + store + " takes it up again";
            }
            return nothing("no data update can be canceled now (state: "
                    + update.map(DataUpdate::state).orElse("none") + ")");
        }
    }

    @Command(name = "dismiss", description = "Dismiss what is shown for a store.", mixinStandardHelpOptions = true)
    static final class Dismiss extends OfStore {

        @Override
        @Nullable
        String change(Bundle bundle) {
            return bundle.notices.dismiss(store) ? "Dismissed." : nothing("there is no notice to dismiss");
        }
    }
}
