package cocart.upkeep;

import cocart.upkeep.console.ConsoleException;
import cocart.upkeep.console.Decisions;
import cocart.upkeep.console.Paint;
import cocart.upkeep.console.PlainWriter;
import cocart.upkeep.console.ProgressLine;
import cocart.upkeep.console.RunningConsole;
import cocart.upkeep.console.Tables;
import cocart.upkeep.console.Terminal;
import cocart.upkeep.console.Token;
import cocart.upkeep.state.StateException;
import cocart.upkeep.store.Beside;
import cocart.upkeep.store.StoreSettings;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
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
    private static final int FEW = 5;
    private static final Logger LOG = LoggerFactory.getLogger("upkeep");

    private Commands() {}

    /** What all commands share. */
    abstract static class Base implements java.util.concurrent.Callable<Integer> {

        @ParentCommand
        Upkeep upkeep;

        @Spec
        CommandSpec spec;

        PrintWriter out() {
            return PlainWriter.over(
                    spec.commandLine().getOut(), Paint.forStdout().isOn());
        }

        PrintWriter err() {
            return PlainWriter.over(spec.commandLine().getErr(), false);
        }

        /** Fails with exit code 2 if a store is not in the settings. */
        static StoreSettings store(Bundle bundle, String id) {
            return bundle.stores.get(id);
        }
    }

    /**
     * Opens the bundle for a command that no run has answered.
     *
     * @param run that was asked in vain, if one is alive
     * @throws StateException if that cannot be; it also says why the run did not answer
     */
    static Bundle instead(Settings settings, Optional<RunningConsole> run) {
        try {
            return new Bundle(settings, false);
        } catch (StateException e) {
            throw run.flatMap(RunningConsole::trouble)
                    .map(why -> new StateException(e.getMessage() + ". " + why, e))
                    .orElse(e);
        }
    }

    /** A command about one store's data update or notice. */
    abstract static class OfStore extends Base {

        @Parameters(
                paramLabel = "STORE",
                completionCandidates = StoreIds.class,
                description = "Id of the store, as in upkeep.stores.")
        String store;

        @Override
        public Integer call() {
            Settings settings = upkeep.settings();
            ConfiguredStores.get(settings, store);
            Optional<RunningConsole> running = RunningConsole.of(settings.home());
            Decisions.Outcome outcome = running.flatMap(run -> run.decide(store, name(), options()))
                    .orElseGet(() -> {
                        try (Bundle bundle = instead(settings, running)) {
                            return decide(bundle.decisions);
                        }
                    });
            if (outcome.done()) {
                out().println(outcome.text());
                return Upkeep.FINE;
            }
            err().println("upkeep: store " + store + ": " + Beside.id(store, outcome.text()));
            return Upkeep.NEEDS_A_HUMAN;
        }

        /** Its name here, and in the API. */
        private String name() {
            return spec.name();
        }

        /** What it adds to the API's URL. */
        String options() {
            return "";
        }

        abstract Decisions.Outcome decide(Decisions decisions);
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
            bundle.release();
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
        LOG.info("Looking after {}; stop with Ctrl-C.", names(bundle));
        bundle.consoleAddress()
                .ifPresentOrElse(
                        address -> LOG.info("The page is at {}", address),
                        () -> LOG.info("There is no page, because upkeep.console.enabled is false."));
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

    /** All stores while they fit in a line, else how many there are and the first. */
    private static String names(Bundle bundle) {
        int all = bundle.stores.all().size();
        String names =
                bundle.stores.all().stream().limit(FEW).map(StoreSettings::id).collect(Collectors.joining(", "));
        return all <= FEW ? names : all + " stores: " + names + " and " + (all - FEW) + " more";
    }

    @Command(
            name = "once",
            description = "Do every due thing for the stores, then exit; waits until a changed plugin has settled.",
            mixinStandardHelpOptions = true)
    static final class Once extends Base {

        @Parameters(
                paramLabel = "STORE",
                arity = "0..*",
                completionCandidates = StoreIds.class,
                description = "Ids of stores; default: all.")
        List<String> stores = new ArrayList<>();

        @Option(names = "--json", description = "At the end, what is known of them as JSON, as status --json says it.")
        boolean json;

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
                    tell(bundle, template);
                } catch (ExecutionException e) {
                    throw new StateException(RouteFiles.reason(e), e);
                } finally {
                    threads.shutdown();
                }
                int code = Upkeep.FINE;
                ObjectNode all = JSON.createObjectNode();
                ArrayNode list = all.putArray("stores");
                for (StoreSettings store : chosen) {
                    ObjectNode status = bundle.status.of(store);
                    list.add(status);
                    if (!json) {
                        Tables.store(out(), status, Paint.forStdout());
                    }
                    code = Math.max(code, Tables.exitCode(status));
                }
                if (json) {
                    out().println(JSON.writeValueAsString(all));
                }
                out().flush();
                return code;
            }
        }
    }

    /** Sends what is new, as nobody else may be there to do it. */
    private static void tell(Bundle bundle, ProducerTemplate template) {
        bundle.notices.refreshAll();
        template.requestBody("direct:notify", (Object) null);
    }

    @Command(name = "approve", description = "Let a store's data update go on.", mixinStandardHelpOptions = true)
    static final class Approve extends OfStore {

        @Option(
                names = "--by-wordpress",
                description = "An update that no plan describes: let WordPress run CoCart's own callbacks.")
        boolean byWordPress;

        @Override
        String options() {
            return byWordPress ? "?byWordpress=true" : "";
        }

        @Override
        Decisions.Outcome decide(Decisions decisions) {
            return decisions.approve(store, byWordPress);
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
        String options() {
            return replan ? "?replan=true" : "";
        }

        @Override
        Decisions.Outcome decide(Decisions decisions) {
            return decisions.retry(store, replan);
        }
    }

    @Command(
            name = "cancel",
            description = "Cancel a store's data update; steps that are done stay done.",
            mixinStandardHelpOptions = true)
    static final class Cancel extends OfStore {

        @Override
        Decisions.Outcome decide(Decisions decisions) {
            return decisions.cancel(store);
        }
    }

    @Command(name = "dismiss", description = "Dismiss what is shown for a store.", mixinStandardHelpOptions = true)
    static final class Dismiss extends OfStore {

        @Override
        Decisions.Outcome decide(Decisions decisions) {
            return decisions.dismiss(store);
        }
    }

    @Command(
            name = "token",
            description = "Show the token that changing anything in the console needs; makes it if there is none.",
            mixinStandardHelpOptions = true)
    static final class ShowToken extends Base {

        @Option(names = "--new", description = "Make another one; the one before is worth nothing from now on.")
        boolean replace;

        @Override
        public Integer call() {
            Token token = Bundle.token(upkeep.settings());
            try {
                out().println(replace ? token.replace() : token.show());
            } catch (ConsoleException e) {
                throw new SettingsException(e.getMessage());
            }
            out().flush();
            return Upkeep.FINE;
        }
    }
}
