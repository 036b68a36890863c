package cocart.upkeep;

import cocart.upkeep.backup.DatabaseDump;
import cocart.upkeep.backup.DatabaseLoad;
import cocart.upkeep.console.Paint;
import cocart.upkeep.console.Tables;
import cocart.upkeep.detect.InstalledCode;
import cocart.upkeep.detect.PhpVersion;
import cocart.upkeep.plan.DryRun;
import cocart.upkeep.plan.UpdatePlan;
import cocart.upkeep.store.Beside;
import cocart.upkeep.store.Faults;
import cocart.upkeep.store.StoreDatabase;
import cocart.upkeep.store.StoreException;
import cocart.upkeep.store.StoreFiles;
import cocart.upkeep.store.StoreSettings;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Looks whether everything that a run needs is there and as it should be. */
@Command(
        name = "check",
        description = "Check settings, routes, plans and connections; changes nothing in a store.",
        mixinStandardHelpOptions = true)
final class CheckCommand extends Commands.Base {

    private static final ObjectMapper JSON = new ObjectMapper();

    /** It may be fine. */
    private static final String UNTRIED = "untried";

    @Option(names = "--json", description = "As JSON, for programs.")
    boolean json;

    private final ArrayNode checks = JSON.createArrayNode();

    /** Said once more at the end, for with many stores it has long left the screen. */
    private final List<String> notOk = new ArrayList<>();

    @Override
    public Integer call() {
        try (Bundle bundle = upkeep.open(false)) {
            bundle.lookAtConsole();
            bundle.start();
            boolean fine = attempt(
                    "",
                    "settings, routes, update plans, state database",
                    () -> bundle.plans.checkOrder(PhpVersion::compare));
            fine &= attempt("", "dump program", () -> {
                if (!new DatabaseDump(List.of(
                                bundle.settings().value("backup.dump-program").split("\\s*,\\s*")))
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
                if (!new DatabaseLoad(List.of(
                                bundle.settings().value("backup.client-program").split("\\s*,\\s*")))
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
            fine &= channels(bundle);
            if (bundle.stores.all().stream().anyMatch(store -> bundle.settings().rehearses(store.id()))) {
                fine &= attempt("", "scratch server for rehearsals", bundle.scratch::check);
            }
            for (StoreSettings store : bundle.stores.all()) {
                Map<String, InstalledCode> codes = new HashMap<>();
                boolean files = attempt(store.id(), "files", () -> files(bundle, store, codes));
                String door = store.database().tunnel() ? "database (through the SFTP login)" : "database";
                if (!files && store.database().isIncomplete()) {
                    say(store.id(), door, "skipped", "wp-config.php cannot be read");
                    fine = false;
                } else {
                    Map<UpdatePlan, DryRun> tried = new LinkedHashMap<>();
                    fine &= files & attempt(store.id(), door, () -> database(bundle, store, tried));
                    if (!json) {
                        tried.forEach((plan, run) -> dryRun(plan, run, codes.get(plan.plugin())));
                    }
                }
            }
            if (json) {
                out().println(JSON.createObjectNode().set("checks", checks));
            } else if (!notOk.isEmpty()) {
                out().println("Not ok: " + String.join(", ", notOk));
            }
            out().flush();
            return fine ? Upkeep.FINE : Upkeep.NEEDS_A_HUMAN;
        }
    }

    /** What run serves, and where news goes, as far as they are switched on. */
    private boolean channels(Bundle bundle) {
        boolean fine = true;
        if (bundle.settings().value("console.enabled").equals("true")) {
            fine = attempt("", "console address", bundle::checkConsole);
            if (bundle.settings().console().isTls()) {
                fine &= attempt("", "console certificate", () -> Bundle.checkTls(bundle.settings()));
            }
        }
        if (bundle.settings().value("notify.webhook.enabled").equals("true")) {
            fine &= webhook(bundle);
        }
        if (bundle.settings().value("notify.mail.enabled").equals("true")) {
            fine &= attempt("", "mail", () -> Channels.mail(bundle.camel()));
        }
        return fine;
    }

    private boolean webhook(Bundle bundle) {
        Optional<String> impossible = WebhookTrial.impossible(bundle.camel());
        impossible.ifPresent(reason -> say("", "webhook", UNTRIED, reason));
        return impossible.isPresent()
                || attempt(
                        "",
                        "webhook",
                        () -> WebhookTrial.of(bundle.camel(), bundle.settings().value("notify.webhook.url")));
    }

    /** @param code that is installed; null if that is not known */
    private void dryRun(UpdatePlan plan, DryRun run, @Nullable InstalledCode code) {
        if (code != null && !code.needs(plan)) {
            out().println("        " + plan.plugin() + " " + plan.version() + ": nothing due for " + code.version()
                    + (PhpVersion.compare(code.version(), plan.version()) < 0
                            ? ", but from code of version " + plan.version() + " on"
                            : ", whose own list of updates does not name it"));
        } else {
            Tables.dryRun(out(), plan, run, code != null, Paint.forStdout());
        }
    }

    private static void writable(Path folder, long reserve) {
        Path there = folder;
        while (there.getParent() != null && Files.notExists(there)) {
            if (Files.isSymbolicLink(there)) {
                throw new StoreException(
                        there + " is a link that leads nowhere; is a disk not mounted? Mend it, or change"
                                + " upkeep.backup.directory",
                        null,
                        true);
            }
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

    /** @param codes what is installed of each plugin, where that can be seen */
    private static void files(Bundle bundle, StoreSettings store, Map<String, InstalledCode> codes) {
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
                InstalledCode.read(store.id(), files, plugin).ifPresent(code -> codes.put(plugin, code));
            }
        }
    }

    /** @param tried what each plan would do, as far as the store was asked */
    private static void database(Bundle bundle, StoreSettings store, Map<UpdatePlan, DryRun> tried) {
        List<String> wrong = new ArrayList<>();
        try (StoreDatabase database = bundle.stores.database(store.id())) {
            for (UpdatePlan plan : bundle.plans.of(store.plugins())) {
                DryRun run = DryRun.of(plan, bundle.plans, database);
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
        try {
            check.run();
            say(store, what, "ok", null);
            return true;
        } catch (StoreException | SettingsException e) {
            say(store, what, "failed", Beside.id(store, String.valueOf(e.getMessage())));
            return false;
        }
    }

    /** @param reason why it is not ok; null if it is */
    private void say(String store, String what, String outcome, @Nullable String reason) {
        if (!outcome.equals("ok") && !outcome.equals(UNTRIED)) {
            notOk.add((store.isEmpty() ? "" : store + ": ") + what);
        }
        if (json) {
            checks.addObject()
                    .put("store", store.isEmpty() ? null : store)
                    .put("check", what)
                    .put("outcome", outcome)
                    .put("reason", reason);
            return;
        }
        out().println(Paint.forStdout().state(String.format("%-7s", outcome)) + " "
                + (store.isEmpty() ? "" : store + ": ") + what
                + (reason == null ? "" : (outcome.equals("failed") ? ": " : ", because ") + reason));
    }
}
